"""What every registered upsampler keeps to; registering one is enough to be tested here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from segablate.errors import SegablateError
from segablate.models.upsamplers.base import Subspace, Upsampler, upsamplers

CLASSES = 5
SIZES = [(8, 8), (8, 24), (13, 7), (1, 9)]

pytestmark = pytest.mark.parametrize("name", upsamplers.names())


def made(name: str, stride: int = 4, classes: int = CLASSES) -> Upsampler:
    basis = np.random.default_rng(0).normal(size=(max(1, stride**2 * classes), 64)).astype(np.float32)
    ingredients = {"classes": classes, "stride": stride, "subspace": Subspace(basis)}
    torch.manual_seed(0)
    module: Upsampler = upsamplers.part(name).build(ingredients, {})
    return module


def code_for(name: str, size: tuple[int, int], stride: int = 4, batch: int = 2) -> torch.Tensor:
    part = upsamplers.part(name)
    channels = part.make.code_channels(CLASSES, part.settings({}))  # type: ignore[attr-defined]
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, channels, -(-size[0] // stride), -(-size[1] // stride), generator=generator)


@pytest.mark.parametrize("size", SIZES)
def test_scores_have_the_size_asked_for(name: str, size: tuple[int, int]) -> None:
    assert made(name)(code_for(name, size), size).shape == (2, CLASSES, *size)


@pytest.mark.parametrize("size", SIZES)
def test_labels_are_the_arg_max_of_the_scores(
    name: str, size: tuple[int, int], up_to_ties: Callable[[torch.Tensor, torch.Tensor], None]
) -> None:
    module, code = made(name), code_for(name, size)
    label = module.labels(code, size)
    assert label.dtype == torch.uint8
    up_to_ties(label, module(code, size))


@pytest.mark.parametrize("stride", [4, 8, 16, 32])
def test_any_stride_will_do(name: str, stride: int) -> None:
    size = (stride + 1, 2 * stride)
    assert made(name, stride)(code_for(name, size, stride), size).shape == (2, CLASSES, *size)


def test_images_of_a_batch_do_not_mix(name: str) -> None:
    module, code = made(name).eval(), code_for(name, (8, 12))
    both = module(code, (8, 12))
    torch.testing.assert_close(both[1:], module(code[1:], (8, 12)))


def test_a_gradient_reaches_every_trainable_parameter(name: str) -> None:
    module = made(name)
    module(code_for(name, (8, 12)).requires_grad_(), (8, 12)).square().sum().backward()
    learning = {n: p.grad for n, p in module.named_parameters() if p.requires_grad}
    assert [n for n, grad in learning.items() if grad is None or not grad.any()] == []


def test_a_gradient_reaches_the_code(name: str) -> None:
    code = code_for(name, (8, 12)).requires_grad_()
    made(name)(code, (8, 12)).square().sum().backward()
    assert code.grad is not None
    assert code.grad.flatten(1).any(1).all()


def test_the_same_code_gives_the_same_scores(name: str) -> None:
    code = code_for(name, (9, 12))
    assert torch.equal(made(name)(code, (9, 12)), made(name)(code, (9, 12)))


def test_a_state_dict_makes_the_same_upsampler(name: str) -> None:
    module, other = made(name), made(name)
    for parameter in other.parameters():
        nn.init.constant_(parameter, 0.5)
    other.load_state_dict(module.state_dict())
    code = code_for(name, (9, 12))
    assert torch.equal(module(code, (9, 12)), other(code, (9, 12)))


def test_it_can_be_made_on_the_meta_device(name: str) -> None:
    with torch.device("meta"):
        module = made(name)
        assert module(code_for(name, (9, 12)).to("meta"), (9, 12)).shape == (2, CLASSES, 9, 12)


def test_no_classes_and_no_stride_are_refused(name: str) -> None:
    with pytest.raises(SegablateError, match="`classes` is 0"):
        made(name, classes=0)
    with pytest.raises(SegablateError, match="`stride` is 0"):
        made(name, stride=0)


def test_a_code_too_small_for_the_size_is_not_hidden(name: str) -> None:
    if upsamplers.part(name).settings({}).get("fit") == "stretch":
        pytest.skip("stretches to any size")
    with pytest.raises(ValueError, match="do not cover"):
        made(name)(code_for(name, (8, 8)), (40, 40))

"""Norms of pooled maps: batch norms unless told otherwise, and then with the statistics of many batches."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from segablate.models.assemble import assemble
from segablate.models.contexts.base import contexts
from segablate.models.decoders.base import decoders
from segablate.models.fusions.base import fusions
from segablate.models.layers import PooledNorm
from segablate.models.networks.base import networks


def norms() -> tuple[PooledNorm, nn.BatchNorm2d]:
    ours, theirs = PooledNorm(3), nn.BatchNorm2d(3)
    with torch.no_grad():
        ours.weight.copy_(torch.tensor([1.0, 2.0, 0.5]))
        ours.bias.copy_(torch.tensor([0.0, 1.0, -1.0]))
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def seen(batches: int, size: int = 8) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([1.0, 5.0, 0.1])[:, None, None]
    return [torch.randn(size, 3, 1, 1, generator=generator) * scale + 2 for _ in range(batches)]


def test_it_is_a_batch_norm_unless_told_otherwise() -> None:
    ours, theirs = norms()
    for x in seen(3):
        assert torch.equal(ours(x), theirs(x))
    assert torch.equal(ours.eval()(x), theirs.eval()(x))
    assert all(torch.equal(one, theirs.state_dict()[name]) for name, one in ours.state_dict().items())


def test_the_first_batch_is_normalised_by_itself() -> None:
    ours, theirs = norms()
    ours.renormed = True
    ours.eps = theirs.eps = 1e-12
    (x,) = seen(1)
    # but for the variance, of which what is kept is unbiased and what is used is not
    torch.testing.assert_close(
        (ours(x) - ours.bias[:, None, None]) * (8 / 7) ** 0.5, theirs(x) - theirs.bias[:, None, None]
    )


def test_in_the_end_training_sees_what_scoring_sees() -> None:
    ours, theirs = norms()
    ours.renormed = True
    for x in seen(200):
        learned, plain = ours(x), theirs(x)
    scored = ours.eval()(x)
    torch.testing.assert_close(learned, scored)
    assert (plain - theirs.eval()(x)).abs().max() > 0.2  # a batch of eight differs from all


def test_gradients_go_through_the_statistics_of_the_batch() -> None:
    ours, _ = norms()
    ours.renormed = True
    (x,) = seen(1)
    x.requires_grad_()
    ours(x)[0].sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad.sum((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert x.grad[1:].any()  # of the others too, whose mean and variance it was


def test_a_plan_is_made_where_there_are_no_numbers() -> None:
    ours = PooledNorm(3, device="meta")
    ours.renormed = True
    assert ours(torch.empty(2, 3, 1, 1, device="meta")).shape == (2, 3, 1, 1)


def test_half_precision_is_summed_in_full() -> None:
    ours, _ = norms()
    ours.renormed = True
    (x,) = seen(1)
    assert ours(x.bfloat16()).dtype is torch.bfloat16
    assert ours.running_mean is not None
    torch.testing.assert_close(ours.running_mean, x.bfloat16().float().mean((0, 2, 3)))


def test_one_value_a_channel_has_no_variance() -> None:
    ours, _ = norms()
    ours.renormed = True
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        ours(torch.zeros(1, 3, 1, 1))


MODELS: dict[str, Any] = {
    **{
        f"context {name}": {"encoder": "efficientnet-lite0", "context": name, "decoder": "fld"}
        for name in contexts.names()
    },
    **{
        f"fusion {name}": {"encoder": "stdc1", "decoder": {"use": "fld", "fusion": name}}
        for name in fusions.names()
    },
    **{f"decoder {name}": {"encoder": "stdc1", "decoder": name} for name in decoders.names()},
    **{f"network {name}": {"use": name, "upsampler": "nearest"} for name in networks.names()},
}


@pytest.mark.parametrize("name", MODELS)
def test_whatever_norm_sees_one_value_an_image_is_one_of_these(name: str) -> None:
    with torch.device("meta"):
        network = assemble(MODELS[name], 5)
    found: set[str] = set()

    def look(called: str) -> Any:
        def hook(module: nn.Module, given: tuple[Tensor, ...], _: Tensor) -> None:
            if given[0].shape[-2:] == (1, 1) and not isinstance(module, PooledNorm):
                found.add(called)

        return hook

    for called, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(look(called))
    network(torch.empty(2, 3, 128, 192, device="meta"))
    assert found == set()

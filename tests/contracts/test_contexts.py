"""What every registered context keeps to; registering one is enough to be tested here."""

from __future__ import annotations

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.contexts.base import Context, contexts
from segablate.models.features import Feature

FEATURE = Feature("b4", 24, 16)

pytestmark = pytest.mark.parametrize("name", contexts.names())


def made(name: str, seed: int = 0, **settings: object) -> Context:
    torch.manual_seed(seed)
    part = contexts.part(name)
    width = part.defaults.get("channels")
    # a wide one does the same things, and takes its time
    narrow = {"channels": 64} if isinstance(width, int) and width > 512 else {}
    context: Context = part.build({"feature": FEATURE}, {**narrow, **settings})
    return context.eval()


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (4, 6), (7, 5), (12, 15)])
def test_the_size_stays_and_the_channels_are_those_declared(name: str, size: tuple[int, int]) -> None:
    for context in (made(name), made(name, channels=10)):
        assert context.gives.stride == FEATURE.stride
        assert context(torch.randn(2, 24, *size)).shape == (2, context.gives.channels, *size)


def test_a_gradient_reaches_every_parameter(name: str) -> None:
    context = made(name).train()
    x = torch.randn(2, 24, 5, 7, requires_grad=True)
    context(x).square().mean().backward()
    assert x.grad is not None
    assert [n for n, p in context.named_parameters() if p.grad is None] == []


def test_images_of_a_batch_do_not_mix(name: str) -> None:
    context, x = made(name), torch.randn(2, 24, 5, 7)
    torch.testing.assert_close(context(x)[1:], context(x[1:]), atol=1e-5, rtol=1e-5)


def test_a_state_dict_makes_the_same_context(name: str) -> None:
    one, two = made(name), made(name, seed=1)
    two.load_state_dict(one.state_dict())
    x = torch.randn(2, 24, 5, 7)
    assert torch.equal(one(x), two(x))


def test_it_can_be_made_on_the_meta_device(name: str) -> None:
    with torch.device("meta"):
        assert made(name)(torch.empty(2, 24, 5, 7)).shape[-2:] == (5, 7)


def test_no_channels_are_refused(name: str) -> None:
    with pytest.raises(SegablateError, match="`channels` is 0"):
        made(name, channels=0)

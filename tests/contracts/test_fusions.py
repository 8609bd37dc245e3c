"""What every registered fusion keeps to; registering one is enough to be tested here."""

from __future__ import annotations

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.fusions.base import Fusion, fusions

pytestmark = pytest.mark.parametrize("name", fusions.names())


def made(name: str, seed: int = 0, out: int = 5) -> Fusion:
    torch.manual_seed(seed)
    fusion: Fusion = fusions.part(name).build({"fine": 7, "coarse": 6, "out": out}, {})
    return fusion.eval()


@pytest.mark.parametrize(
    ("fine", "coarse"), [((8, 12), (4, 6)), ((9, 13), (5, 7)), ((4, 4), (4, 4)), ((1, 2), (1, 1))]
)
def test_the_result_is_as_fine_as_the_fine_input(
    name: str, fine: tuple[int, int], coarse: tuple[int, int]
) -> None:
    assert made(name)(torch.randn(2, 7, *fine), torch.randn(2, 6, *coarse)).shape == (2, 5, *fine)


def test_a_gradient_reaches_both_inputs_and_every_parameter(name: str) -> None:
    fusion = made(name).train()
    fine, coarse = torch.randn(2, 7, 8, 12, requires_grad=True), torch.randn(2, 6, 4, 6, requires_grad=True)
    fusion(fine, coarse).square().mean().backward()
    assert fine.grad is not None
    assert coarse.grad is not None
    assert fine.grad.any()
    assert coarse.grad.any()
    assert [n for n, p in fusion.named_parameters() if p.grad is None] == []


def test_images_of_a_batch_do_not_mix(name: str) -> None:
    fusion, fine, coarse = made(name), torch.randn(2, 7, 8, 12), torch.randn(2, 6, 4, 6)
    torch.testing.assert_close(fusion(fine, coarse)[1:], fusion(fine[1:], coarse[1:]), atol=1e-5, rtol=1e-5)


def test_a_state_dict_makes_the_same_fusion(name: str) -> None:
    one, two = made(name), made(name, seed=1)
    two.load_state_dict(one.state_dict())
    fine, coarse = torch.randn(2, 7, 8, 12), torch.randn(2, 6, 4, 6)
    assert torch.equal(one(fine, coarse), two(fine, coarse))


def test_no_channels_are_refused(name: str) -> None:
    with pytest.raises(SegablateError, match="`channels` is 0"):
        made(name, out=0)

"""What every registered fusion keeps to; registering one is enough to be tested here."""

from __future__ import annotations

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.decoders.fld import FLD
from segablate.models.features import Feature
from segablate.models.fusions.base import Fusion, fusions

pytestmark = pytest.mark.parametrize("name", fusions.names())


def made(name: str, seed: int = 0, out: int = 5, ratio: int = 2) -> Fusion:
    torch.manual_seed(seed)
    ingredients = {"fine": 7, "coarse": 6, "out": out, "ratio": ratio}
    fusion: Fusion = fusions.part(name).build(ingredients, {})
    return fusion.eval()


@pytest.mark.parametrize(
    ("fine", "coarse", "ratio"),
    [
        ((8, 12), (4, 6), 2),
        ((9, 13), (5, 7), 2),
        ((9, 13), (3, 4), 4),
        ((17, 4), (3, 1), 8),
        ((4, 4), (4, 4), 1),
        ((1, 2), (1, 1), 2),
    ],
)
def test_the_result_is_as_fine_as_the_fine_input(
    name: str, fine: tuple[int, int], coarse: tuple[int, int], ratio: int
) -> None:
    found = made(name, ratio=ratio)(torch.randn(2, 7, *fine), torch.randn(2, 6, *coarse))
    assert found.shape == (2, 5, *fine)
    assert found.isfinite().all()


def test_every_pixel_of_both_inputs_can_change_the_result(name: str) -> None:
    fusion = made(name)
    # of 16 images, since a pixel may stop at a ReLU in one
    fine, coarse = (torch.randn(16, *shape, requires_grad=True) for shape in ((7, 8, 12), (6, 4, 6)))
    fusion(fine, coarse).square().sum().backward()
    assert fine.grad is not None
    assert coarse.grad is not None
    assert fine.grad.abs().amax((0, 1)).all()
    assert coarse.grad.abs().amax((0, 1)).all()


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_every_level_of_fld_takes_it(name: str, stages: int) -> None:
    features = (
        *(Feature(f"x{stride}", 4 + stride // 8, stride) for stride in (8, 16, 32)),
        Feature("context", 16, 32),
    )
    decoder = FLD(features, 3, channels=(8, 8, 16), fusion=name, stages=stages).eval()
    given = {f.name: torch.randn(1, f.channels, 64 // f.stride, 128 // f.stride) for f in features}
    assert decoder(given)["code"].shape == (1, 3, 8, 16)


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

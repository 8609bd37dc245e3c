"""Upsamplers and upsampling fusions: parameters of the released code, and what slow loops give."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.fusions.fade import GatedUpsampling
from segablate.models.fusions.sapa import SimilarityUpsampling
from segablate.models.reassembly import by_cell, reassemble
from segablate.models.upsamplers.base import Upsampler, upsamplers


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def built(name: str, classes: int, stride: int, **settings: Any) -> Upsampler:
    torch.manual_seed(0)
    made: Upsampler = upsamplers.part(name).build({"classes": classes, "stride": stride}, settings)
    return made.eval()


# one "class" a channel, as where the released code enlarges a feature of 256 channels
@pytest.mark.parametrize(
    ("name", "stride", "settings", "params"),
    [
        ("carafe", 2, {}, 74_148),
        ("carafe", 4, {}, 247_248),
        ("dysample", 2, {}, 8_224),
        ("dysample", 2, {"dynamic_scope": True}, 16_416),
        ("dysample", 4, {}, 32_896),
        ("dysample", 4, {"dynamic_scope": True}, 65_664),
        ("dysample", 2, {"style": "pl"}, 520),
        ("dysample", 2, {"style": "pl", "dynamic_scope": True}, 1_032),
        ("dysample", 4, {"style": "pl"}, 136),
        ("dysample", 4, {"style": "pl", "dynamic_scope": True}, 264),
    ],
)
def test_an_upsampler_has_the_parameters_of_the_released_code(
    name: str, stride: int, settings: dict[str, Any], params: int
) -> None:
    assert count(built(name, 256, stride, **settings)) == params


def test_upsamplers_that_take_a_fine_feature_have_the_parameters_of_the_released_code() -> None:
    assert count(SimilarityUpsampling(256, 256, 2)) == 33_920
    assert count(GatedUpsampling(256, 2)) == 47_514


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_reassembly_is_what_a_loop_over_pixels_gives(ratio: int) -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64)
    weights = torch.rand(2, 25, 4 * ratio, 5 * ratio, generator=generator, dtype=torch.float64)
    padded = F.pad(values, (2, 2, 2, 2))
    expected = torch.zeros(2, 3, 4 * ratio, 5 * ratio, dtype=torch.float64)
    for row in range(4 * ratio):
        for column in range(5 * ratio):
            window = padded[:, :, row // ratio :, column // ratio :][:, :, :5, :5].flatten(2)
            expected[:, :, row, column] = (window * weights[:, None, :, row, column]).sum(2)
    torch.testing.assert_close(reassemble(values, by_cell(weights, ratio, 4, 5), ratio), expected)


def test_the_weights_of_carafe_are_those_of_a_pixel_shuffle() -> None:
    carafe, code = built("carafe", 6, 2), torch.randn(1, 6, 4, 5)
    shuffled = F.pixel_shuffle(carafe.weigh(carafe.narrow(code)), 2).softmax(1)  # type: ignore[operator]
    torch.testing.assert_close(carafe.restore(code), reassemble(code, by_cell(shuffled, 2, 4, 5), 2))


@pytest.mark.parametrize("settings", [{}, {"style": "pl"}, {"dynamic_scope": True}, {"groups": 1}])
@pytest.mark.parametrize("stride", [2, 4])
def test_without_offsets_dysample_is_bilinear(stride: int, settings: dict[str, Any]) -> None:
    module, code = built("dysample", 32, stride, **settings), torch.randn(2, 32, 4, 5)
    nn.init.zeros_(module.offset.weight)  # type: ignore[union-attr,arg-type]
    expected = F.interpolate(code, scale_factor=float(stride), mode="bilinear", align_corners=False)
    torch.testing.assert_close(module.restore(code), expected, atol=1e-5, rtol=1e-5)


def test_an_offset_of_a_cell_reads_the_next_cell_and_each_group_its_own() -> None:
    module, code = built("dysample", 4, 2, groups=2), torch.randn(1, 4, 3, 4)
    still = F.interpolate(code, scale_factor=2.0, mode="bilinear", align_corners=False)
    with torch.no_grad():
        module.offset.weight.zero_()  # type: ignore[union-attr,operator]
        # (group, direction, pixel of the cell): the second group reads one cell to the right
        module.offset.bias.view(2, 2, 4)[1, 0] = 1 / 0.25  # type: ignore[union-attr,operator]
        read = module.restore(code)
    torch.testing.assert_close(read[:, :2], still[:, :2], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(read[:, 2:, :, :-3], still[:, 2:, :, 2:-1], atol=1e-5, rtol=1e-5)


def test_a_code_that_cannot_be_shuffled_is_refused() -> None:
    with pytest.raises(SegablateError, match="19 channels cannot be shuffled to 2 times") as caught:
        built("dysample", 19, 2, style="pl")
    assert caught.value.field == "channels"


def test_a_pixel_that_is_like_one_cell_alone_takes_that_cell() -> None:
    sapa = SimilarityUpsampling(2, 2, 2).eval()
    for projection in (sapa.query, sapa.key):
        projection.norm = nn.Identity()
        with torch.no_grad():
            projection.linear.weight.zero_()
            projection.linear.weight[:2] = 30 * torch.eye(2)
            projection.linear.bias.zero_()
    coarse = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])
    fine = torch.tensor([[[[1.0, 0.0, 1.0, 0.0]] * 2, [[0.0, 1.0, 0.0, 1.0]] * 2]])
    torch.testing.assert_close(sapa(fine, coarse), fine, atol=1e-5, rtol=1e-5)


def test_an_open_gate_of_fade_lets_the_fine_feature_through() -> None:
    torch.manual_seed(0)
    fade, fine, coarse = GatedUpsampling(3, 2), torch.randn(1, 3, 4, 6), torch.randn(1, 3, 2, 3)
    with torch.no_grad():
        fade.gate.weight.zero_()
        fade.gate.bias.fill_(50.0)  # type: ignore[union-attr]
    torch.testing.assert_close(fade(fine, coarse), fine)

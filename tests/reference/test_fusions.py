"""Fusions: as many parameters as the released code, and a sampling that a slow loop repeats."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from segablate.errors import SegablateError
from segablate.models.fusions.alignseg import BoundaryAggregation
from segablate.models.fusions.attention_afm import ChannelWeight
from segablate.models.fusions.base import fusions
from segablate.models.fusions.fapn import Alignment, Selection
from segablate.models.fusions.ffm import FeatureFusion
from segablate.models.fusions.flow import FlowAlignment
from segablate.models.fusions.sampling import deform, warp


def count(*modules: nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def built(name: str, fine: int, coarse: int, out: int, ratio: int = 2) -> nn.Module:
    ingredients = {"fine": fine, "coarse": coarse, "out": out, "ratio": ratio}
    made: nn.Module = fusions.part(name).build(ingredients, {})
    return made


def test_fusions_have_as_many_parameters_as_the_released_code() -> None:
    assert count(FeatureFusion(256, 256, "two")) == 197_120
    assert count(FeatureFusion(256, 256, "one")) == 132_096
    assert count(FlowAlignment(256)) == 70_144
    assert count(FlowAlignment(128)) == 18_688
    assert count(BoundaryAggregation(256)) == 272_384
    assert count(Selection(256, 256), Alignment(256)) == 1_350_104
    assert count(ChannelWeight(640, 128)) == 98_816
    assert count(built("cff", 256, 256, 128)) == 328_192
    assert count(built("bga", 128, 128, 128, ratio=4)) == 478_720


def read(plane: torch.Tensor, down: float, right: float) -> float:
    """A value between four cells; outside there are zeros."""
    height, width = plane.shape
    top, left = math.floor(down), math.floor(right)
    total = 0.0
    for row, of_row in ((top, 1 - (down - top)), (top + 1, down - top)):
        for column, of_column in ((left, 1 - (right - left)), (left + 1, right - left)):
            if 0 <= row < height and 0 <= column < width:
                total += of_row * of_column * float(plane[row, column])
    return total


@pytest.mark.parametrize(("channels", "groups"), [(4, 2), (3, 1)])
def test_a_deformable_convolution_is_what_a_loop_over_taps_gives(channels: int, groups: int) -> None:
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    x, weight, bias = drawn(2, channels, 4, 5), drawn(3, channels, 3, 3), drawn(3)
    offset, mask = 2 * drawn(2, groups * 18, 4, 5), drawn(2, groups * 9, 4, 5).sigmoid()
    expected = bias[None, :, None, None].repeat(2, 1, 4, 5)
    for image in range(2):
        for row in range(4):
            for column in range(5):
                for channel in range(channels):
                    group = channel // (channels // groups)
                    for tap in range(9):
                        at = 2 * (9 * group + tap)
                        down = row + tap // 3 - 1 + float(offset[image, at, row, column])
                        right = column + tap % 3 - 1 + float(offset[image, at + 1, row, column])
                        value = read(x[image, channel], down, right)
                        value *= float(mask[image, 9 * group + tap, row, column])
                        expected[image, :, row, column] += weight[:, channel, tap // 3, tap % 3] * value
    torch.testing.assert_close(deform(x, offset, mask, weight, bias), expected)


def test_a_deformable_convolution_without_offsets_is_a_convolution() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(2, 6, 5, 7), torch.randn(4, 6, 3, 3)
    offset, mask = torch.zeros(2, 2 * 2 * 9, 5, 7), torch.ones(2, 2 * 9, 5, 7)
    expected = torch.nn.functional.conv2d(x, weight, padding=1)
    torch.testing.assert_close(deform(x, offset, mask, weight), expected, atol=1e-5, rtol=1e-5)


def test_a_warp_without_offsets_is_a_resize_and_one_by_a_cell_is_a_shift() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 2, 4, 6)
    still = warp(x, torch.zeros(1, 2, 7, 11), (1.0, 1.0))
    resized = torch.nn.functional.interpolate(x, (7, 11), mode="bilinear", align_corners=True)
    torch.testing.assert_close(still, resized, atol=1e-5, rtol=1e-5)
    right = torch.zeros(1, 2, 4, 6)
    right[:, 0] = 1
    moved = warp(x, right, (5 / 2, 3 / 2))
    torch.testing.assert_close(moved[..., :5], x[..., 1:], atol=1e-5, rtol=1e-5)
    assert moved[..., 5].abs().max() < 1e-5


def test_alignment_modules_begin_as_a_plain_sum() -> None:
    torch.manual_seed(0)
    fine, coarse = torch.randn(1, 8, 4, 6), torch.randn(1, 8, 4, 6)
    torch.testing.assert_close(BoundaryAggregation(8)(fine, coarse), fine + coarse, atol=1e-5, rtol=1e-5)


def test_bga_refuses_a_ratio_that_halving_does_not_reach() -> None:
    with pytest.raises(SegablateError, match="3 times as fine"):
        built("bga", 8, 8, 8, ratio=3)

"""Upsamplers: what each restores, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.upsamplers.base import Subspace, depth_to_space, space_to_depth, upsamplers

CLASSES, STRIDE = 3, 4


def made(name: str, subspace: Subspace | None = None, **settings: object) -> torch.nn.Module:
    ingredients = {"classes": CLASSES, "stride": STRIDE, "subspace": subspace}
    module: torch.nn.Module = upsamplers.part(name).build(ingredients, settings)
    return module


def identity() -> Subspace:
    return Subspace(np.eye(STRIDE * STRIDE * CLASSES, dtype=np.float32))


def test_space_to_depth_undoes_depth_to_space_of_a_rectangle() -> None:
    patches = torch.randn(2, STRIDE * STRIDE * CLASSES, 3, 5)
    assert torch.equal(space_to_depth(depth_to_space(patches, STRIDE), STRIDE), patches)


def test_a_patch_vector_is_ordered_by_row_then_column_then_class() -> None:
    patch = torch.zeros(1, STRIDE * STRIDE * CLASSES, 1, 1)
    row, column, label = 1, 3, 2
    patch[0, (row * STRIDE + column) * CLASSES + label] = 1
    assert depth_to_space(patch, STRIDE).nonzero().tolist() == [[0, label, row, column]]


def test_dupsampling_with_all_directions_restores_every_label() -> None:
    labels = F.one_hot(torch.randint(CLASSES, (2, 8, 20)), CLASSES).permute(0, 3, 1, 2).float()
    module = made("dupsampling", identity(), channels=STRIDE * STRIDE * CLASSES)
    assert torch.equal(module(space_to_depth(labels, STRIDE), (8, 20)), labels)


def test_dupsampling_is_w_times_the_code_plus_the_mean_over_the_temperature() -> None:
    rng = np.random.default_rng(0)
    patch = STRIDE * STRIDE * CLASSES
    fitted = Subspace(
        rng.normal(size=(patch, 7)).astype(np.float32), rng.normal(size=patch).astype(np.float32)
    )
    module = made("dupsampling", fitted, channels=5, bias=True)
    with torch.no_grad():
        module.temperature.fill_(2.0)
    code = torch.randn(2, 5, 2, 3)
    expected = np.einsum("pc,bchw->bphw", fitted.basis[:, :5], code.numpy()) + fitted.mean[:, None, None]
    restored = space_to_depth(module(code, (8, 12)), STRIDE)
    np.testing.assert_allclose(restored.detach(), expected / 2, rtol=1e-5, atol=1e-5)


def test_frozen_weights_stay_and_only_the_temperature_learns() -> None:
    module = made("dupsampling", identity(), channels=5, bias=True)
    assert [name for name, p in module.named_parameters() if p.requires_grad] == ["temperature"]


def test_tuned_weights_learn() -> None:
    module = made("dupsampling", identity(), channels=5, train="tuned")
    assert all(p.requires_grad for p in module.parameters())


def test_dupsampling_with_pca_weights_needs_labels() -> None:
    with pytest.raises(SegablateError, match="needs label maps") as caught:
        made("dupsampling", channels=5)
    assert caught.value.field == "weights"


def test_dupsampling_with_random_weights_needs_no_labels() -> None:
    made("dupsampling", weights="random", channels=5)


def test_more_channels_than_a_patch_has_numbers_are_refused() -> None:
    with pytest.raises(SegablateError, match="49 channels are more than the 48 numbers"):
        made("dupsampling", weights="random", channels=49)


def test_a_subspace_of_another_stride_is_refused() -> None:
    with pytest.raises(SegablateError, match=r"a 48×5 matrix is needed, but .* 12×5"):
        made("dupsampling", Subspace(np.zeros((12, 5), np.float32)), channels=5)


def test_a_placeholder_of_a_huge_subspace_takes_no_memory() -> None:
    assert Subspace.placeholder(150, 32, 64).basis.strides == (0, 0)


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 7, 16])
def test_a_transposed_convolution_starts_as_bilinear_interpolation(stride: int) -> None:
    code = torch.randn(2, CLASSES, 4, 6)
    ingredients = {"classes": CLASSES, "stride": stride}
    size = (4 * stride, 6 * stride)
    transposed = upsamplers.part("transposed").build(ingredients, {})(code, size)
    bilinear = upsamplers.part("bilinear").build(ingredients, {})(code, size)
    inside = (..., slice(stride, -stride), slice(stride, -stride))  # at the border zeros flow in
    torch.testing.assert_close(transposed[inside], bilinear[inside], atol=1e-5, rtol=1e-5)


def test_a_subpixel_convolution_is_dupsampling_with_other_order() -> None:
    subpixel = made("subpixel", channels=5)
    dupsampling = made("dupsampling", weights="random", channels=5, bias=True, temperature=False)
    order = torch.arange(STRIDE**2 * CLASSES).reshape(CLASSES, STRIDE, STRIDE).permute(1, 2, 0).flatten()
    with torch.no_grad():
        dupsampling.project.weight.copy_(subpixel.project.weight[order])
        dupsampling.project.bias.copy_(subpixel.project.bias[order])
    code = torch.randn(2, 5, 2, 3)
    torch.testing.assert_close(subpixel(code, (7, 9)), dupsampling(code, (7, 9)))


def test_an_even_kernel_is_refused() -> None:
    with pytest.raises(SegablateError, match="must be odd"):
        made("subpixel", kernel=2)


@pytest.mark.parametrize("name", ["nearest", "bilinear"])
def test_stretching_differs_from_cropping_only_where_the_stride_does_not_divide(name: str) -> None:
    code = torch.randn(1, CLASSES, 3, 5)
    crop, stretch = made(name), made(name, fit="stretch")
    assert torch.equal(crop(code, (12, 20)), stretch(code, (12, 20)))
    assert not torch.equal(crop(code, (9, 17)), stretch(code, (9, 17)))


def test_aligned_corners_keep_the_corner_scores() -> None:
    code = torch.randn(1, CLASSES, 3, 5)
    restored = made("bilinear", align_corners=True)(code, (12, 20))
    torch.testing.assert_close(restored[..., -1, -1], code[..., -1, -1])

"""Contexts and fusions: what their settings change."""

from __future__ import annotations

import torch

from segablate.models.contexts.base import contexts
from segablate.models.features import Feature
from segablate.models.fusions.base import fusions


def test_no_context_is_the_feature_itself() -> None:
    context = contexts.part("none").build({"feature": Feature("x", 4, 32)}, {})
    x = torch.randn(1, 4, 3, 3)
    assert context(x) is x
    assert list(context.parameters()) == []


def test_aspp_widens_its_dilations_where_the_feature_is_finer() -> None:
    def dilations(stride: int) -> list[int]:
        context = contexts.part("aspp").build({"feature": Feature("x", 4, stride)}, {"channels": 2})
        return [window.conv.dilation[0] for window in context.windows]

    assert dilations(16) == [6, 12, 18]
    assert dilations(8) == [12, 24, 36]


def test_a_separable_aspp_has_fewer_parameters() -> None:
    def parameters(separable: bool) -> int:
        settings = {"separable": separable}
        context = contexts.part("aspp").build({"feature": Feature("x", 32, 16)}, settings)
        return sum(p.numel() for p in context.parameters())

    assert parameters(True) < parameters(False)


def uafm(**settings: object) -> torch.nn.Module:
    torch.manual_seed(0)
    module: torch.nn.Module = fusions.part("uafm").build({"fine": 6, "coarse": 6, "out": 4}, settings)
    return module.eval()


def test_spatial_attention_gives_one_weight_a_pixel_and_channel_attention_one_a_channel() -> None:
    x = torch.randn(2, 6, 4, 5)
    assert uafm(attention="spatial").attend(x, x).shape == (2, 1, 4, 5)
    assert uafm(attention="channel").attend(x, x).shape == (2, 6, 1, 1)


def test_alpha_on_the_other_input_swaps_the_weights() -> None:
    fine, coarse = torch.randn(2, 6, 4, 5), torch.randn(2, 6, 4, 5)
    on_fine, on_coarse = uafm(alpha_on="fine"), uafm(alpha_on="coarse")
    both = on_fine.blend(fine, coarse) + on_coarse.blend(fine, coarse)
    torch.testing.assert_close(both, fine + coarse)


def test_without_the_maximum_attention_sees_half_as_much() -> None:
    assert uafm(maximum=False).attend.mix.conv.in_channels == 2
    assert uafm(maximum=False, attention="channel").attend.mix.conv.in_channels == 12

"""Parameters, exactly as published or as counted on the released code."""

from __future__ import annotations

import pytest
import torch
from classify import Classifier
from torch import nn

from segablate.models.assemble import planned
from segablate.models.encoders.base import encoders


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("encoder", "expected"),
    [
        ("resnet18", 11_689_512),
        ("resnet50", 25_557_032),
        ("resnet101", 44_549_160),
        ("stdc1", 8_441_504),
        ("stdc2", 12_471_968),
    ],
)
def test_a_classifier_has_as_many_parameters_as_the_original(encoder: str, expected: int) -> None:
    with torch.device("meta"):
        classifier = Classifier(encoders.part(encoder).build({"output_stride": 32}, {}))
    assert count(classifier) == expected


@pytest.mark.parametrize("stride_in", ["first", "last"])
def test_where_a_block_has_its_stride_changes_no_parameter(stride_in: str) -> None:
    with torch.device("meta"):
        encoder = encoders.part("resnet50").build({"output_stride": 16}, {"stride_in": stride_in})
    assert count(encoder) == 25_557_032 - 2048 * 1000 - 1000


@pytest.mark.parametrize(
    ("network", "variant", "inference", "training"),
    [
        ("pp-liteseg-t", "released", 8_028_320, 8_141_600),
        ("pp-liteseg-b", "released", 12_234_752, 12_366_464),
        ("pp-liteseg-t", "paper", 6_700_608, 6_700_608),
        ("pp-liteseg-b", "paper", 10_907_040, 10_907_040),
    ],
)
def test_pp_liteseg_has_as_many_parameters(network: str, variant: str, inference: int, training: int) -> None:
    model = planned({"use": network, "variant": variant}, 19)
    assert count(model) == training
    assert count(model.without_auxiliary()) == inference

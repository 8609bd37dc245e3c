"""What `oracle` hands over and what it prints; what the numbers are is tested with the measure."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROW = {
    "upsampler": "dupsampling",
    "output_stride": 16,
    "channels": 64,
    "encode": "project",
    "miou": 0.99712,
    "pixel_accuracy": 0.9991,
    "boundary_iou": 0.981,
    "per_class_iou": {"0": 0.99},
    "images": 1449,
    "pixels": 250_000_000,
    "explained": 0.998,
    "seconds": {"decode": 1.0, "fit": 2.0, "score": 3.0},
}
LINE = ("oracle", "labels", "--classes", 21, "--stride", "16,32", "--upsampler", "bilinear, dupsampling")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the measure was asked for; it answers with two rows."""
    calls: list[tuple[Any, ...]] = []

    def ceilings(*arguments: Any) -> list[dict[str, Any]]:
        calls.append(arguments)
        return [ROW, {**ROW, "upsampler": "bilinear", "channels": None, "miou": float("nan")}]

    monkeypatch.setitem(sys.modules, "segablate.measures.oneshot", SimpleNamespace(ceilings=ceilings))
    return calls


def test_the_options_are_handed_over_as_values(segablate: Callable, asked: list[tuple[Any, ...]]) -> None:
    segablate(*LINE, "--channels", "16,64", "--centre", "--fit", "train.txt", "--limit", 5)
    *given, _ = asked[0]
    upsamplers, channels = ["bilinear", "dupsampling"], [16, 64]
    fit = Path("train.txt")
    assert given == [Path("labels"), 21, 255, [16, 32], upsamplers, channels, "project", True, fit, None, 5]


def test_a_person_sees_percentages(segablate: Callable, asked: list[tuple[Any, ...]]) -> None:
    said = segablate(*LINE)
    assert said.code == 0
    assert said.out.splitlines()[1].split() == ["dupsampling", "16", "64", "99.71", "99.91", "98.10", "1,449"]
    assert said.out.splitlines()[2].split() == ["bilinear", "16", "–", "–", "99.91", "98.10", "1,449"]


def test_a_program_reads_fractions_under_the_names_of_the_contract(
    segablate: Callable, asked: list[tuple[Any, ...]]
) -> None:
    said = segablate(*LINE, "--json")
    assert said.document == {"schema": "segablate/1", "rows": [ROW, said.document["rows"][1]]}
    assert said.document["rows"][1]["miou"] is None
    assert said.err == ""

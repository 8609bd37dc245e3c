"""Configurations of the oracle and what is asked of its results, shared by its tests."""

from __future__ import annotations

from typing import Any

from segablate.measures.base import Result

SHAPES: dict[str, Any] = {"use": "shapes", "images": 4, "size": [64, 96]}
UPSAMPLERS: list[Any] = [
    "nearest",
    "bilinear",
    {"use": "bilinear", "align_corners": True},
    {"use": "dupsampling", "channels": 6},
    {"use": "dupsampling", "channels": 24},
    {"use": "dupsampling", "channels": 6, "bias": True},
]


def config(upsampler: Any = "bilinear", stride: int = 8, data: Any = None) -> dict[str, Any]:
    return {"data": data or SHAPES, "model": {"upsampler": upsampler, "output_stride": stride}}


def value(result: Result, metric: str = "miou") -> float:
    (found,) = [m.value for m in result.measurements if m.metric == metric]
    return found


def same(one: Result, other: Result) -> None:
    """Equal but for the time it took."""
    assert [(m.metric, m.samples) for m in one.measurements] == [
        (m.metric, m.samples) for m in other.measurements
    ]
    facts = [{k: v for k, v in r.facts.items() if k not in ("seconds", "explained")} for r in (one, other)]
    assert facts[0] == facts[1]
    for name in ("confusion.npz", "worst.npz"):
        first, second = one.artefacts[name], other.artefacts[name]
        assert not isinstance(first, bytes)
        assert not isinstance(second, bytes)
        assert set(first) == set(second)
        assert all((first[array] == second[array]).all() for array in first)

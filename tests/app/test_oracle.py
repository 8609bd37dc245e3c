"""Ceilings of a folder, without a study: the rows of the JSON contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segablate.app.oracle import ceilings
from segablate.errors import SegablateError

KEYS = {
    "upsampler", "output_stride", "channels", "encode", "miou", "pixel_accuracy", "boundary_iou",
    "per_class_iou", "images", "pixels", "explained", "seconds",
}  # fmt: skip


@contextmanager
def silent(what: str, total: int) -> Iterator[Callable[[int], None]]:
    yield lambda done: None


@pytest.fixture
def rows(folder: Callable[..., Path]) -> Callable[..., list[dict[str, Any]]]:
    rng = np.random.default_rng(0)
    root = folder([rng.integers(0, 3, (20, 24)).astype(np.uint8) for _ in range(4)])

    def ask(**changes: Any) -> list[dict[str, Any]]:
        asked: dict[str, Any] = {
            "labels": root, "classes": 3, "ignore": 255, "strides": [4, 8],
            "names": ["bilinear", "dupsampling"], "channels": [4, 9], "encode": "project",
            "bits": 8, "centre": False, "fit": None, "score": None, "limit": None, "progress": silent,
        }  # fmt: skip
        return ceilings(**(asked | changes))

    return ask


def test_rows_have_the_keys_of_the_contract(rows: Callable[..., list[dict[str, Any]]]) -> None:
    found = rows()
    assert all(set(row) == KEYS for row in found)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(set(row["seconds"]) == {"decode", "fit", "score"} for row in found)


def test_rows_come_by_upsampler_then_channels_then_stride(rows: Callable[..., list[dict[str, Any]]]) -> None:
    found = [(row["upsampler"], row["channels"], row["output_stride"]) for row in rows()]
    assert found == [
        ("bilinear", None, 4), ("bilinear", None, 8),
        ("dupsampling", 4, 4), ("dupsampling", 4, 8), ("dupsampling", 9, 4), ("dupsampling", 9, 8),
    ]  # fmt: skip


def test_centring_changes_what_is_fitted_only(rows: Callable[..., list[dict[str, Any]]]) -> None:
    plain, centred = rows(strides=[4]), rows(strides=[4], centre=True)
    assert plain[0]["miou"] == centred[0]["miou"]
    assert plain[1]["explained"] != centred[1]["explained"]


def test_lists_say_what_is_fitted_and_what_is_scored(
    rows: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    (tmp_path / "two.txt").write_text("000\n003\n")
    assert rows(score=tmp_path / "two.txt")[0]["images"] == 2
    fitted = rows(fit=tmp_path / "two.txt")
    assert fitted[2]["images"] == 4
    assert fitted[2]["explained"] != rows()[2]["explained"]


def test_a_limit_scores_fewer(rows: Callable[..., list[dict[str, Any]]]) -> None:
    assert rows(limit=3, encode="optimise", strides=[8], channels=[4])[0]["images"] == 3


def test_errors_are_those_of_a_study(rows: Callable[..., list[dict[str, Any]]]) -> None:
    with pytest.raises(SegablateError, match="has 48 numbers") as caught:
        rows(strides=[4], channels=[49])
    assert caught.value.field == "model.upsampler.channels"

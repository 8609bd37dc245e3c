"""Kept features are the encoder's own, and windows of them belong to windows of the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from segablate.models.assemble import assemble
from segablate.models.encoders.base import Encoder
from segablate.models.segmenter import Segmenter
from segablate.training.features import Features, tensors
from segablate.training.recipes.base import Recipe
from segablate.training.sources import GRID, Windows

SIZES = [(64, 96), (64, 96), (50, 70)]


@pytest.fixture
def encoder() -> Encoder:
    torch.manual_seed(0)
    made = assemble({"encoder": "efficientnet-lite0", "output_stride": 16}, 3)
    assert isinstance(made, Segmenter)
    return made.encoder


def picture(number: int) -> Tensor:
    return torch.randn(3, *SIZES[number], generator=torch.Generator().manual_seed(number))


@pytest.fixture
def bars() -> list[int]:
    return []


@pytest.fixture
def features(tmp_path: Path, encoder: Encoder, bars: list[int]) -> Callable[..., Features]:
    @contextmanager
    def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
        bars.append(total)
        yield lambda done: None

    def make(*names: str) -> Features:
        return Features(tmp_path, encoder, names, SIZES, picture, "cpu", progress)

    return make


def test_they_are_the_encoders_to_half_precision(features: Callable, encoder: Encoder) -> None:
    kept = features("x4", "x32")
    for number in range(3):
        with torch.no_grad():
            expected = encoder.eval()(picture(number)[None], ["x4", "x32"])
        found = tensors([kept.of(number)], "cpu")
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, atol=2e-3, rtol=2e-3)


def test_they_are_computed_once_and_coarse_ones_along_with_them(features: Callable, bars: list[int]) -> None:
    features("x32")
    features("x4", "x8", "x16")
    assert bars == [3]
    features("x2")
    assert bars == [3, 3]


def test_what_a_dead_process_left_is_computed_anew(features: Callable, tmp_path: Path) -> None:
    (tmp_path / ".x32.pack.7-abc.tmp").write_bytes(b"half")
    assert features("x32").of(0)["x32"].shape == (320, 4, 6)
    assert not list(tmp_path.glob(".*.tmp"))


def test_windows_of_features_and_labels_are_of_the_same_place(tmp_path: Path) -> None:
    class Here:
        """Features that tell where they are."""

        def window(self, number: int, top: int, left: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
            return {"place": np.array([number, top, left])}

    labels = np.arange(2 * 128 * 160).reshape(2, 128, 160) % 251
    recipe = Recipe(encoder="frozen", view=(128, 160), crop=(64, 64), batch=8)
    source = Windows(Here(), labels, recipe, 0, "cpu")  # type: ignore[arg-type]
    seen = set()
    for iteration in range(20):
        batch = source.batch(source.fetch(iteration), iteration)
        for (number, top, left), label in zip(
            batch.inputs["place"].int().tolist(), batch.labels, strict=True
        ):
            assert top % GRID == left % GRID == 0
            np.testing.assert_array_equal(label, labels[number, top : top + 64, left : left + 64])
            seen.add((number, top, left))
    assert len(seen) == 2 * 3 * 4

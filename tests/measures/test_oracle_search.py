"""What the oracle finds when it searches: never less than the projection, and the same again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asked import UPSAMPLERS, config, same, value
from toy_upsamplers import registered

from segablate.labels.ceiling import Truth
from segablate.measures.base import Result
from segablate.measures.ceilings import search

Measured = Callable[..., list[Result]]


def noisy(folder: Callable[..., Path], seed: int) -> dict[str, Any]:
    """Small maps with blocks, thin lines and ignored pixels."""
    rng = np.random.default_rng(seed)
    maps = []
    for _ in range(2):
        label = rng.integers(0, 4, (5, 6)).astype(np.uint8).repeat(6, axis=0).repeat(6, axis=1)
        label[rng.integers(0, 30)] = rng.integers(0, 4)
        label[:, rng.integers(0, 36)] = 255
        maps.append(label)
    return {"use": "folder", "root": str(folder(maps, f"noisy{seed}")), "classes": 4}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("stride", [5, 8, 16])
def test_a_search_never_ends_below_the_projection(
    measured: Measured, folder: Callable[..., Path], seed: int, stride: int
) -> None:
    data = noisy(folder, seed)
    with registered() as toy:
        every = [*UPSAMPLERS[:4], {"use": "dupsampling", "channels": 6, "bias": True}, toy]
        configs = [config(upsampler, stride, data) for upsampler in every]
        begun, ended = measured(*configs), measured(*configs, encode="optimise")
    for name, before, after in zip(every, begun, ended, strict=True):
        assert value(after) >= value(before), name
        assert after.facts["pixels"] == before.facts["pixels"]


def test_a_search_finds_more_than_the_projection_where_there_is_more(measured: Measured) -> None:
    with registered() as toy:
        every = [
            "bilinear",
            {"use": "bilinear", "align_corners": True},
            {"use": "dupsampling", "channels": 6},
            toy,
        ]
        configs = [config(upsampler, 8) for upsampler in every]
        begun = measured(*configs, limit=2)
        ended = measured(*configs, limit=2, encode="optimise")
    for name, before, after in zip(every, begun, ended, strict=True):
        assert value(after) > value(before) + 0.005, name


def test_a_search_for_nearest_has_nothing_to_find(measured: Measured) -> None:
    (before,), (after,) = measured(config("nearest")), measured(config("nearest"), encode="optimise")
    assert value(after) == value(before)


def test_a_search_gives_the_same_again(measured: Measured) -> None:
    configs = [config(upsampler, 8) for upsampler in ("bilinear", {"use": "dupsampling", "channels": 6})]
    for one, again in zip(*(measured(*configs, limit=2, encode="optimise") for _ in "ab"), strict=True):
        same(one, again)


def test_a_search_leaves_torch_its_threads(measured: Measured) -> None:
    import torch

    before = torch.get_num_threads()
    measured(config(), limit=1, encode="optimise")
    assert torch.get_num_threads() == before


def spoiled(label: np.ndarray, begun: np.ndarray) -> np.ndarray:
    """A map with nothing right."""
    return np.zeros_like(begun) if label[0, 0] else np.ones_like(begun)


def test_a_map_that_the_search_made_worse_keeps_its_projection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.CodeSearch, "_whole", lambda self, padded, begun: spoiled(padded, begun))
    label = np.random.default_rng(0).integers(0, 3, (16, 16)).astype(np.uint8)
    spec = {"use": "bilinear", "align_corners": False, "fit": "crop"}
    projected, kept = search.CodeSearch(spec, 8, 3, 255, None).both(label, Truth(label, 3, 255))
    assert (kept == projected).all()
    assert (kept != spoiled(label, projected)).any()


def test_a_data_set_that_the_search_made_worse_keeps_its_projection(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = search.CodeSearch.both

    def worse(self: search.CodeSearch, label: np.ndarray, truth: Any) -> Any:
        begun, _ = both(self, label, truth)
        return begun, spoiled(label, begun)

    monkeypatch.setattr(search.CodeSearch, "both", worse)
    (before,), (after,) = measured(config()), measured(config(), encode="optimise")
    same(before, after)

"""What the oracle finds: numbers, facts and arrays, the same whatever is measured beside."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asked import SHAPES, UPSAMPLERS, config, same, value

from segablate.app.oracle import TemporaryContext
from segablate.datasets.base import datasets
from segablate.labels import fit
from segablate.labels.confusion import confusion, scores
from segablate.measures.base import PLACES, Result
from segablate.measures.ceilings import setup
from segablate.run.context import silent

Measured = Callable[..., list[Result]]


def test_cells_measured_together_are_as_each_measured_alone(measured: Measured) -> None:
    configs = [config(upsampler, stride) for upsampler in UPSAMPLERS for stride in (16, 8)]
    for one, together in zip(configs, measured(*configs), strict=True):
        (alone,) = measured(one)
        same(alone, together)


def test_the_numbers_are_of_the_confusion_matrix_over_all_maps(
    measured: Measured, folder: Callable[..., Path]
) -> None:
    # nearest at stride 2, worked out by hand: each cell becomes its majority, the lowest of equals
    maps = [
        np.array([[0, 0, 1, 1], [0, 1, 1, 1]], np.uint8),
        np.array([[2, 2, 1, 255], [2, 2, 0, 255]], np.uint8),
    ]
    (found,) = measured(config("nearest", 2, {"use": "folder", "root": str(folder(maps)), "classes": 4}))
    restored = [
        np.array([[0, 0, 1, 1], [0, 0, 1, 1]], np.uint8),
        np.array([[2, 2, 0, 0], [2, 2, 0, 0]], np.uint8),
    ]
    matrix = sum(confusion(truth, said, 4) for truth, said in zip(maps, restored, strict=True))
    assert (found.artefacts["confusion.npz"]["confusion"] == matrix).all()
    assert found.facts["per_class_iou"] == {"0": 4 / 6, "1": 4 / 6, "2": 1.0}
    assert value(found) == pytest.approx((4 / 6 + 4 / 6 + 1) / 3)
    assert value(found, "pixel_accuracy") == 12 / 14
    assert (found.facts["images"], found.facts["pixels"]) == (2, 14)


def test_facts_and_arrays_have_the_agreed_form(measured: Measured) -> None:
    plain, fitted = measured(config(), config({"use": "dupsampling", "channels": 6}))
    for result in (plain, fitted):
        assert [m.metric for m in result.measurements] == ["miou", "pixel_accuracy", "boundary_iou"]
        assert all(0 <= m.value <= 1 and len(m.samples) == 1 and m.convention for m in result.measurements)
        facts = result.facts
        assert json.loads(json.dumps(facts, allow_nan=False)) == facts
        assert set(facts["seconds"]) == {"decode", "fit", "score"}
        assert len(facts["class_names"]) == len(facts["palette"]) == 10
        assert all(len(colour) == 3 for colour in facts["palette"])
        assert facts["boundary_ratio"] == 0.02
        assert facts["images"] == 4
        matrix = result.artefacts["confusion.npz"]["confusion"]
        assert matrix.shape == (10, 10)
        assert matrix.sum() == facts["pixels"]
        assert scores(matrix).miou == value(result)
        assert {int(c) for c in facts["per_class_iou"]} == set(np.flatnonzero(matrix.sum(axis=1)).tolist())
        assert facts["seconds"]["score"] > 0
    assert plain.facts["explained"] is None
    assert 0 < fitted.facts["explained"] < 1
    assert fitted.facts["seconds"]["fit"] > 0


@pytest.mark.parametrize("encode", ["project", "optimise"])
def test_the_worst_maps_are_shown_worst_first_beside_the_truth(measured: Measured, encode: str) -> None:
    (found,) = measured(config("bilinear", 16), encode=encode)
    pictures = found.artefacts["worst.npz"]
    data = datasets.part("shapes").build({}, {k: v for k, v in SHAPES.items() if k != "use"})
    items = {item.name: item for item in data.items("val")}
    told = [float(pictures[f"miou_{n}"]) for n in range(3)]
    assert told == sorted(told)
    assert set(pictures) == {
        f"{what}_{n}" for what in ("truth", "restored", "name", "miou") for n in range(3)
    }
    for n in range(3):
        truth, restored = pictures[f"truth_{n}"], pictures[f"restored_{n}"]
        assert truth.dtype == restored.dtype == np.uint8
        assert (truth == data.label(items[str(pictures[f"name_{n}"])])).all()
        said = np.where(truth >= 10, 0, restored)
        assert scores(confusion(truth, said, 10)).miou == told[n]
    others = measured(config("bilinear", 16), encode=encode)[0].facts["per_class_iou"]
    assert others == found.facts["per_class_iou"]


def test_the_components_are_fitted_once_and_kept(measured: Measured, ctx: Any) -> None:
    spec = {"use": "dupsampling", "channels": 24}
    (first,) = measured(config(spec))
    assert [name for name, _ in ctx.built] == ["subspace"]
    (again,) = measured(config(spec))
    (fewer,) = measured(config({"use": "dupsampling", "channels": 6}))
    assert len(ctx.built) == 1
    same(first, again)
    assert value(fewer) < value(first)
    assert fewer.facts["explained"] < first.facts["explained"]


def test_what_is_kept_of_a_fit_names_no_place(measured: Measured, ctx: Any, folder: Any) -> None:
    rng = np.random.default_rng(0)
    root = folder([rng.integers(0, 3, (16, 16)).astype(np.uint8)])
    measured(
        config({"use": "dupsampling", "channels": 4}, 4, {"use": "folder", "root": str(root), "classes": 3})
    )
    ((_, reads),) = ctx.built
    assert str(root.parent) not in json.dumps(reads)
    assert PLACES not in reads


def test_strides_and_widths_share_a_pass_over_the_maps_and_centring_has_its_own(
    measured: Measured, ctx: Any
) -> None:
    specs = [{"use": "dupsampling", "channels": k, "bias": b} for k in (4, 80) for b in (False, True)]
    measured(*(config(spec, stride) for spec in specs for stride in (4, 8)))
    assert sorted(what for what, _, _ in ctx.told) == ["fitting to train", "fitting to train", "scoring"]
    assert all(sum(done) == total for _, total, done in ctx.told)
    assert len(ctx.built) == 4
    assert {reads["components"] for _, reads in ctx.built} == {160, 256}


def test_cells_with_equal_scored_maps_but_other_training_maps_are_fitted_apart(
    measured: Measured, oracle: Callable[..., Any], folder: Callable[..., Path]
) -> None:
    rng = np.random.default_rng(0)
    scored = {"v": rng.integers(0, 3, (16, 16)).astype(np.uint8)}
    configs = []
    for name, high in (("a", 2), ("b", 3)):
        root = folder({**scored, "t": rng.integers(0, high, (16, 16)).astype(np.uint8)}, name)
        (root / "fit.txt").write_text("t\n")
        (root / "score.txt").write_text("v\n")
        data = {"use": "folder", "root": str(root), "classes": 3}
        configs.append(config({"use": "dupsampling", "channels": 9}, 4, data))
    lists = {"fit": "fit.txt", "score": "score.txt"}
    alone = [measured(one, **lists)[0] for one in configs]
    together = measured(*configs, **lists)
    assert value(alone[0]) != value(alone[1])
    for one, other in zip(alone, together, strict=True):
        same(one, other)


@pytest.mark.parametrize(
    ("limit", "expected"), [(1, [0]), (3, [0, 3, 6]), (4, [0, 2, 5, 7]), (10, range(10)), (99, range(10))]
)
def test_a_limit_takes_maps_spread_evenly(limit: int, expected: list[int]) -> None:
    items: Any = list(range(10))
    assert setup.spread(items, limit) == list(expected)
    assert setup.spread(items, None) == items


def test_a_limit_scores_so_many_maps(measured: Measured) -> None:
    (found,) = measured(config(), limit=3)
    assert found.facts["images"] == 3


def test_an_ignored_value_among_the_classes_is_not_scored_and_not_fitted(
    measured: Measured, folder: Callable[..., Path]
) -> None:
    rng = np.random.default_rng(0)
    maps = [rng.integers(0, 3, (13, 18)).astype(np.uint8) for _ in range(3)]
    usual = [np.where(label == 0, 255, label).astype(np.uint8) for label in maps]
    within = {"use": "folder", "root": str(folder(maps, "a")), "classes": 3, "ignore": 0}
    beyond = {"use": "folder", "root": str(folder(usual, "b")), "classes": 3, "ignore": 255}
    for upsampler in UPSAMPLERS[:4]:
        (one,), (other,) = measured(config(upsampler, 4, within)), measured(config(upsampler, 4, beyond))
        assert [m.samples for m in one.measurements] == [m.samples for m in other.measurements]
        assert one.facts["pixels"] == sum((label != 0).sum() for label in maps)
        assert "0" not in one.facts["per_class_iou"]


WIDE = {
    "a byte's classes and none ignored": (np.uint8, 256, None, 256),
    "bytes for more classes": (np.uint8, 300, None, 256),
    "bytes for more classes, one ignored": (np.uint8, 300, 255, 256),
    "two bytes": (np.uint16, 300, 65535, 300),
    "two bytes for an ignored value": (np.uint16, 3, 1000, 3),
}


@pytest.mark.parametrize("what", WIDE)
@pytest.mark.parametrize("encode", ["project", "optimise"])
def test_labels_of_any_width_are_measured(
    measured: Measured, folder: Callable[..., Path], what: str, encode: str
) -> None:
    dtype, classes, ignore, high = WIDE[what]
    rng = np.random.default_rng(0)
    # 13 × 14: the grid stands out, so a padding value is needed that is no class
    label = rng.integers(0, high, (13, 14)).astype(dtype)
    if ignore is not None:
        label[:3] = ignore
    small = rng.integers(0, 3, (5, 6)).astype(np.uint8)
    data = {"use": "folder", "root": str(folder([label, small])), "classes": classes, "ignore": ignore}
    exact = {"use": "dupsampling", "channels": min(classes * 4, 256)}
    scored = (label != ignore).sum() + small.size if ignore is not None else label.size + small.size
    for upsampler in (*UPSAMPLERS[:2], exact):
        (found,) = measured(config(upsampler, 2, data), encode=encode)
        assert found.facts["pixels"] == scored
        assert 0 < value(found) <= 1


LITTLE = {
    "one pixel": np.full((1, 1), 1, np.uint8),
    "one class": np.full((9, 11), 1, np.uint8),
    "one class that fits the grid": np.full((16, 16), 2, np.uint8),
    "all ignored": np.full((9, 11), 255, np.uint8),
}


@pytest.mark.parametrize("what", LITTLE)
@pytest.mark.parametrize("encode", ["project", "optimise"])
@pytest.mark.parametrize("stride", [1, 4])
def test_label_maps_with_little_on_them_are_measured(
    measured: Measured, folder: Callable[..., Path], what: str, encode: str, stride: int
) -> None:
    data = {"use": "folder", "root": str(folder([LITTLE[what]])), "classes": 3}
    upsamplers = [{**u, "channels": 3} if isinstance(u, dict) and "channels" in u else u for u in UPSAMPLERS]
    for found in measured(*(config(upsampler, stride, data) for upsampler in upsamplers), encode=encode):
        for metric in ("miou", "pixel_accuracy", "boundary_iou"):
            score = value(found, metric)
            assert math.isnan(score) if what == "all ignored" else score == 1.0


def test_stride_one_gives_exactly_one(measured: Measured) -> None:
    whole = [*UPSAMPLERS[:3], {"use": "dupsampling", "channels": 10}]
    for found in measured(*(config(upsampler, 1) for upsampler in whole)):
        for metric in ("miou", "pixel_accuracy", "boundary_iou"):
            assert value(found, metric) == 1.0


def test_more_components_never_hold_less_and_all_of_them_hold_everything(measured: Measured) -> None:
    widths = (1, 4, 16, 64, 160)
    found = measured(*(config({"use": "dupsampling", "channels": k}, 4) for k in widths))
    explained = [result.facts["explained"] for result in found]
    assert explained == sorted(explained)
    assert explained[-1] == pytest.approx(1.0, abs=1e-9)
    assert value(found[-1]) == 1.0


@pytest.mark.parametrize("solver", ["moment", "runs", "sklearn"])
def test_every_solver_gives_the_same_ceiling(measured: Measured, solver: str) -> None:
    spec = {"use": "dupsampling", "channels": 12, "bias": True}
    (usual,), (other,) = measured(config(spec, 4)), measured(config(spec, 4), solver=solver)
    assert other.facts["explained"] == pytest.approx(usual.facts["explained"], abs=1e-3)
    assert value(other) == pytest.approx(value(usual), abs=5e-3)


def test_a_map_that_cannot_be_read_stops_the_measure_with_its_name(
    measured: Measured, folder: Callable[..., Path]
) -> None:
    root = folder([np.zeros((8, 8), np.uint8), np.full((8, 8), 7, np.uint8)])
    with pytest.raises(Exception, match="value 7") as caught:
        measured(config("bilinear", 4, {"use": "folder", "root": str(root), "classes": 3}))
    assert "001.png" in str(caught.value)


def test_components_too_long_for_a_moment_are_found_from_runs(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {"use": "dupsampling", "channels": 6}
    (usual,) = measured(config(spec))
    monkeypatch.setattr(fit, "MOMENT_LIMIT", 10)
    (other,) = measured(config(spec, data={**SHAPES, "images": 4}), fit="train", solver="auto", score="val")
    assert value(other) == pytest.approx(value(usual), abs=1e-6)


@pytest.mark.parametrize("encode", ["optimise", "autoencoder"])
def test_the_seconds_of_a_cell_are_its_own(oracle: Callable[..., Any], encode: str) -> None:
    made = oracle(encode=encode, **({"iterations": 1} if encode == "autoencoder" else {}))
    reads = made.reads(config("bilinear", 8))
    cells = [reads] * 4
    told = [result.facts["seconds"] for result in made.measure(cells, 0, TemporaryContext(silent))]
    phase = "fit" if encode == "autoencoder" else "decode"
    # where they add up, the last is the sum of all
    assert told[-1][phase] < sum(one[phase] for one in told[:-1])


def test_a_file_name_that_is_no_text_is_kept_as_far_as_it_can_be_written(
    measured: Measured, folder: Callable[..., Path]
) -> None:
    place = folder([np.zeros((4, 4), np.uint8)])
    (only,) = place.iterdir()
    try:
        only.rename(place / os.fsdecode(b"b\xff.png"))
    except OSError:
        pytest.skip("this file system takes no such name")
    (found,) = measured(config("nearest", 2, {"use": "folder", "root": str(place), "classes": 2}))
    assert str(found.artefacts["worst.npz"]["name_0"]) == "b?"

"""What the oracle reads: all that its numbers depend on, nothing of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segablate.errors import SegablateError
from segablate.measures.base import PLACES, measures
from segablate.run.plan import key

SHAPES = {"use": "shapes", "images": 2, "size": [32, 48]}


def config(upsampler: Any = "bilinear", stride: Any = 8, data: Any = None) -> dict[str, Any]:
    return {"data": data or SHAPES, "model": {"upsampler": upsampler, "output_stride": stride}}


def cell_key(reads: dict[str, Any]) -> str:
    """As `plan` makes it."""
    kept = {name: value for name, value in reads.items() if name != PLACES}
    return key("oracle", measures.part("oracle").version, kept, None)


def maps(seed: int, count: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {f"m{n}": rng.integers(0, 3, (20, 24)).astype(np.uint8) for n in range(count)}


def test_the_key_of_a_plain_cell_is_pinned(oracle: Callable[..., Any]) -> None:
    # another key loses everybody's results: raise a version on purpose, or find out why it changed
    assert cell_key(oracle().reads(config())) == "bb3883571b1b8e271649"


def test_the_key_of_a_fitted_cell_is_pinned(oracle: Callable[..., Any]) -> None:
    spec = {"use": "dupsampling", "channels": 16}
    assert cell_key(oracle(encode="optimise", limit=2).reads(config(spec, 16))) == "4700734bcd3af48696ea"


def test_a_plain_cell_reads_no_fit(oracle: Callable[..., Any]) -> None:
    reads = oracle(fit="train").reads(config())
    assert set(reads) == {
        "data", "score", "scored", "limit", "encode", "output_stride", "upsampler", PLACES,
    }  # fmt: skip
    assert reads["upsampler"] == {"use": "bilinear", "version": 1, "align_corners": False, "fit": "crop"}
    assert reads["output_stride"] == 8


def test_a_fitted_cell_reads_what_it_is_fitted_to(oracle: Callable[..., Any]) -> None:
    reads = oracle(fit="val", score="test", limit=1).reads(config({"use": "dupsampling", "channels": 8}))
    assert (reads["fit"], reads["score"], reads["limit"]) == ("val", "test", 1)
    assert reads["fitted"] != reads["scored"]
    assert reads["upsampler"]["channels"] == 8
    assert reads["solver"] == "auto"


def test_how_an_upsampler_is_trained_has_no_say(oracle: Callable[..., Any]) -> None:
    tuned = {"use": "dupsampling", "channels": 8, "train": "tuned", "temperature": False}
    plain = {"use": "dupsampling", "channels": 8}
    assert oracle().reads(config(tuned)) == oracle().reads(config(plain))


def test_what_it_reads_is_plain_json(oracle: Callable[..., Any]) -> None:
    reads = oracle().reads(config({"use": "dupsampling", "channels": 8}))
    assert json.loads(json.dumps(reads, allow_nan=False)) == reads


@pytest.mark.parametrize("lists", [False, True])
def test_neither_the_key_nor_the_record_knows_where_the_data_lie(
    folder: Callable[..., Path], oracle: Callable[..., Any], lists: bool
) -> None:
    keys = set()
    for name in ("here", "there/deeper"):
        root = folder(maps(1), name)
        chosen = {}
        if lists:
            for which in ("fit", "score"):
                (root / f"{which}.txt").write_text("m0\nm2\n")
                chosen[which] = str(root / f"{which}.txt")
        data = {"use": "folder", "root": str(root), "classes": 3}
        reads = oracle(**chosen).reads(config({"use": "dupsampling", "channels": 8}, 8, data))
        keys.add(cell_key(reads))
        assert reads[PLACES]["root"] == str(root)
        recorded = json.dumps({name: value for name, value in reads.items() if name != PLACES})
        assert str(root) not in recorded
        assert "/" not in recorded
    assert len(keys) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"stride": 16},
        {"upsampler": "nearest"},
        {"upsampler": {"use": "bilinear", "align_corners": True}},
        {"data": {**SHAPES, "seed": 1}},
        {"data": {**SHAPES, "images": 3}},
    ],
)
def test_what_changes_the_number_changes_the_key(oracle: Callable[..., Any], change: dict[str, Any]) -> None:
    assert cell_key(oracle().reads(config(**change))) != cell_key(oracle().reads(config()))


@pytest.mark.parametrize("change", [{"encode": "optimise"}, {"score": "train"}, {"limit": 1}])
def test_settings_of_the_measure_change_the_key(oracle: Callable[..., Any], change: dict[str, Any]) -> None:
    assert cell_key(oracle(**change).reads(config())) != cell_key(oracle().reads(config()))


@pytest.mark.parametrize("change", [{"fit": "val"}, {"solver": "runs"}])
def test_how_components_are_found_changes_the_key_of_a_fitted_cell_only(
    oracle: Callable[..., Any], change: dict[str, Any]
) -> None:
    fitted = config({"use": "dupsampling", "channels": 8})
    assert cell_key(oracle(**change).reads(fitted)) != cell_key(oracle().reads(fitted))
    assert cell_key(oracle(**change).reads(config())) == cell_key(oracle().reads(config()))


def test_another_label_map_changes_the_key(folder: Callable[..., Path], oracle: Callable[..., Any]) -> None:
    keys = {
        cell_key(
            oracle().reads(
                config(data={"use": "folder", "root": str(folder(maps(n), f"f{n}")), "classes": 3})
            )
        )
        for n in (1, 2)
    }
    assert len(keys) == 2


def test_cells_on_the_same_label_maps_go_together(oracle: Callable[..., Any]) -> None:
    made = oracle()
    same = {
        made.together(made.reads(config(upsampler, stride)))
        for upsampler in ("bilinear", "nearest", {"use": "dupsampling", "channels": 4})
        for stride in (4, 8)
    }
    other = made.together(made.reads(config(data={**SHAPES, "seed": 1})))
    assert len(same) == 1
    assert other not in same


BAD = {
    "no data": ({"model": {"upsampler": "bilinear", "output_stride": 8}}, "data", "needs `data`"),
    "no model": ({"data": SHAPES}, "model.output_stride", "needs `model.output_stride`"),
    "no stride": ({"data": SHAPES, "model": {"upsampler": "bilinear"}}, "model.output_stride", "needs"),
    "no upsampler": ({"data": SHAPES, "model": {"output_stride": 8}}, "model.upsampler", "needs"),
    "stride 0": (config(stride=0), "model.output_stride", "output stride `0`"),
    "a negative stride": (config(stride=-8), "model.output_stride", "output stride `-8`"),
    "stride true": (config(stride=True), "model.output_stride", "output stride `True`"),
    "a stride in quotes": (config(stride="16"), "model.output_stride", "output stride `16`"),
    "half a stride": (config(stride=2.5), "model.output_stride", "output stride `2.5`"),
    "an unknown upsampler": (config("bilinaer"), "model.upsampler", "there is no upsampler `bilinaer`"),
    "an unknown data set": (config(data="shape"), "data", "there is no data set `shape`"),
    "an unknown setting": (
        config({"use": "bilinear", "aling_corners": True}),
        "model.upsampler.aling_corners",
        "no setting",
    ),
    "more channels than numbers": (
        config({"use": "dupsampling", "channels": 641}),
        "model.upsampler.channels",
        "has 640 numbers",
    ),
    "no channels": (config({"use": "dupsampling", "channels": 0}), "model.upsampler.channels", "0 channels"),
    "no linear projection": (
        config("transposed"),
        "model.upsampler",
        "`transposed` with these settings has no linear projection",
    ),
    "chance weights": (
        config({"use": "dupsampling", "weights": "random"}),
        "model.upsampler",
        "no linear projection",
    ),
    "a stretched grid": (
        config({"use": "bilinear", "fit": "stretch"}),
        "model.upsampler.fit",
        "on the grid of `fit: crop`",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_measured_is_an_error_that_names_its_field(
    oracle: Callable[..., Any], what: str
) -> None:
    bad, field, words = BAD[what]
    bad = json.loads(json.dumps(bad))
    if what == "more channels than numbers":
        assert oracle().reads(config({"use": "dupsampling", "channels": 640}))
    with pytest.raises(SegablateError) as caught:
        oracle().reads(bad)
    assert caught.value.field == field
    assert words in caught.value.message


def test_an_unknown_upsampler_is_told_the_nearest_name(oracle: Callable[..., Any]) -> None:
    with pytest.raises(SegablateError) as caught:
        oracle().reads(config("bilinaer"))
    assert caught.value.hint == "did you mean `bilinear`?"


@pytest.mark.parametrize("which", ["fit", "score"])
def test_an_unknown_split_is_an_error_of_the_measures_setting(oracle: Callable[..., Any], which: str) -> None:
    with pytest.raises(SegablateError, match="`vall`") as caught:
        oracle(**{which: "vall"}).reads(config({"use": "dupsampling", "channels": 4}))
    assert caught.value.field == which
    assert caught.value.hint == "did you mean `val`?"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_an_error(oracle: Callable[..., Any], limit: int) -> None:
    with pytest.raises(SegablateError, match="at least 1") as caught:
        oracle(limit=limit)
    assert caught.value.field == "limit"


@pytest.mark.parametrize(
    ("setting", "value"), [("encode", "autoencode"), ("solver", "svd"), ("limit", "all")]
)
def test_settings_of_another_kind_are_errors(oracle: Callable[..., Any], setting: str, value: str) -> None:
    with pytest.raises(SegablateError, match=f"another `{setting}`") as caught:
        oracle(**{setting: value})
    assert caught.value.field == setting


def test_scikit_learn_without_centring_is_refused_before_anything_runs(oracle: Callable[..., Any]) -> None:
    with pytest.raises(SegablateError, match="centres always") as caught:
        oracle(solver="sklearn").reads(config({"use": "dupsampling", "channels": 4}))
    assert caught.value.field == "solver"
    oracle(solver="sklearn").reads(config({"use": "dupsampling", "channels": 4, "bias": True}))
    oracle(solver="sklearn").reads(config("bilinear"))

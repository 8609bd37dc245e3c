"""The trained ceiling: where it starts, what it learns, what it has seen, and that it can be done again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from segablate.datasets.base import Item
from segablate.errors import SegablateError
from segablate.labels.patches import pad
from segablate.labels.work import threads
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import PLACES, Result
from segablate.measures.ceilings import autoencode
from segablate.measures.ceilings.autoencode import Pair
from segablate.measures.ceilings.encoder import Encoder, shares, steps
from segablate.measures.ceilings.setup import OracleSetup, kind
from segablate.models.upsamplers.base import upsamplers

Measured = Callable[..., list[Result]]
SHAPES = {"use": "shapes", "images": 4, "size": [64, 96]}
TINY = {"encode": "autoencoder", "iterations": 2, "crops": 2, "width": 8}
NARROW: dict[str, dict[str, Any]] = {"dupsampling": {"channels": 8}, "subpixel": {"channels": 8}}


def config(upsampler: Any = "bilinear", stride: int = 8, data: Any = None) -> dict[str, Any]:
    return {"data": data or SHAPES, "model": {"upsampler": upsampler, "output_stride": stride}}


def value(result: Result, metric: str = "miou") -> float:
    (found,) = [m.value for m in result.measurements if m.metric == metric]
    return found


def pair_of(oracle: Any, ctx: Any, upsampler: Any, seed: int = 0, **settings: Any) -> Pair:
    """A pair as the measure makes it, not yet trained."""
    reads = oracle(**{**TINY, **settings}).reads(config(upsampler))
    scene = OracleSetup(reads, ctx)
    with threads(1) as pool:
        fitted = scene.components([reads], pool, WorkerPool(1))
    subspace = fitted[kind(reads)] if "fitted" in reads else None
    return Pair(reads, scene, subspace, seed, "cpu")


def trained(pair: Pair) -> list[torch.Tensor]:
    """All weights after training."""
    with threads(1) as pool:
        pair.train(pool)
    return [*pair.encoder.state_dict().values(), *pair.upsampler.state_dict().values()]


@pytest.mark.parametrize("name", upsamplers.names())
def test_every_upsampler_can_be_trained_through(name: str, measured: Measured) -> None:
    (found,) = measured(config({"use": name, **NARROW.get(name, {})}), **TINY)
    assert 0 < value(found) <= 1
    assert found.facts["seconds"]["fit"] > 0


@pytest.mark.parametrize(
    "upsampler",
    [
        "nearest",
        "bilinear",
        {"use": "bilinear", "align_corners": True},
        {"use": "dupsampling", "channels": 12},
        {"use": "dupsampling", "channels": 12, "bias": True},
    ],
)
def test_it_starts_at_the_projection(
    measured: Measured, monkeypatch: pytest.MonkeyPatch, upsampler: Any
) -> None:
    monkeypatch.setattr(autoencode, "RATE", 0.0)
    (projected,) = measured(config(upsampler))
    (begun,) = measured(config(upsampler), **TINY)
    for metric in ("miou", "pixel_accuracy", "boundary_iou"):
        assert value(begun, metric) == pytest.approx(value(projected, metric), abs=1e-3)


def test_training_gives_back_more_than_the_projection(measured: Measured) -> None:
    data = {**SHAPES, "images": 12}
    (projected,) = measured(config(stride=16, data=data))
    (found,) = measured(config(stride=16, data=data), encode="autoencoder", iterations=40, crops=4, width=32)
    assert value(found) > value(projected) + 0.01
    assert value(found, "boundary_iou") > value(projected, "boundary_iou")


def test_one_seed_gives_the_same_weights_bit_by_bit_and_another_gives_others(oracle: Any, ctx: Any) -> None:
    one, again, other = (trained(pair_of(oracle, ctx, "transposed", seed)) for seed in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_training_leaves_the_callers_random_numbers_alone(oracle: Any, ctx: Any) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(pair_of(oracle, ctx, "bilinear"))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(("train", "changes"), [("frozen", False), ("tuned", True)])
def test_frozen_weights_stay_and_tuned_ones_are_trained(
    oracle: Any, ctx: Any, train: str, changes: bool
) -> None:
    pair = pair_of(oracle, ctx, {"use": "dupsampling", "channels": 8, "train": train})
    before = {name: tensor.clone() for name, tensor in pair.upsampler.state_dict().items()}
    trained(pair)
    after = pair.upsampler.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before) == changes
    assert pair.encoder.projection.requires_grad is False


def test_a_scored_label_map_is_never_trained_on(folder: Callable[..., Path], oracle: Any, ctx: Any) -> None:
    rng = np.random.default_rng(0)
    root = folder({f"m{n}": rng.integers(0, 3, (16, 16)).astype(np.uint8) for n in range(6)})
    data = {"use": "folder", "root": str(root), "classes": 3}
    reads = oracle(**TINY, limit=2).reads(config(data=data))
    scene = OracleSetup(reads, ctx)
    pair = Pair(reads, scene, None, 0, "cpu")
    assert [item.name for item in scene.items] == ["m0", "m3"]
    assert [item.name for item in pair.items] == ["m1", "m2", "m4", "m5"]


def test_nothing_to_train_on_but_what_is_scored_is_an_error_before_anything_runs(
    folder: Callable[..., Path], oracle: Any
) -> None:
    data = {"use": "folder", "root": str(folder([np.zeros((8, 8), np.uint8)])), "classes": 3}
    with pytest.raises(SegablateError, match="no label map to train") as caught:
        oracle(**TINY).reads(config(data=data))
    assert caught.value.field == "fit"
    assert "`limit`" in (caught.value.hint or "")


@pytest.mark.parametrize("setting", ["iterations", "crops", "width"])
def test_a_budget_of_nothing_is_an_error(oracle: Any, setting: str) -> None:
    with pytest.raises(SegablateError, match=f"`{setting}` is 0") as caught:
        oracle(**{**TINY, setting: 0})
    assert caught.value.field == setting


def test_only_the_trained_ceiling_reads_the_budget_and_depends_on_the_seed(oracle: Any) -> None:
    assert "trained" not in oracle(iterations=7).reads(config())
    assert not oracle().seeded
    assert not oracle(encode="optimise").seeded
    made = oracle(**TINY)
    assert made.seeded
    assert made.reads(config())["trained"] | {"labels": ""} == {
        "on": "train", "labels": "", "iterations": 2, "crops": 2, "width": 8,
    }  # fmt: skip


def test_whether_weights_are_tuned_matters_to_what_is_trained_only(oracle: Any) -> None:
    def read(train: str, **settings: Any) -> Any:
        spec = {"use": "dupsampling", "channels": 4, "train": train}
        reads = oracle(**settings).reads(config(spec))
        return {name: told for name, told in reads.items() if name != PLACES}

    assert read("frozen") == read("tuned")
    assert read("frozen", **TINY) != read("tuned", **TINY)


@pytest.mark.parametrize("upsampler", ["transposed", "subpixel", {"use": "dupsampling", "weights": "random"}])
def test_upsamplers_without_a_projection_have_a_trained_ceiling(oracle: Any, upsampler: Any) -> None:
    with pytest.raises(SegablateError, match="no linear projection") as caught:
        oracle().reads(config(upsampler))
    assert "`encode: autoencoder`" in (caught.value.hint or "")
    assert oracle(**TINY).reads(config(upsampler))


@pytest.mark.parametrize("stride", [1, 2, 3, 6, 8, 12, 16, 32, 33])
def test_the_layers_shrink_by_the_stride_exactly(stride: int) -> None:
    assert int(np.prod(steps(stride))) == stride
    encoder = Encoder(3, stride, 5, 4, None)
    labels = torch.randint(-1, 3, (2, 2 * stride, 3 * stride))
    assert encoder(labels).shape == (2, 5, 2, 3)


def test_classes_are_encoded_alike() -> None:
    torch.manual_seed(0)
    encoder = Encoder(4, 8, 4, 6, shares(4, 8))
    torch.nn.init.normal_(encoder.last.weight)
    labels = torch.randint(-1, 4, (2, 16, 24))
    order = torch.tensor([2, 0, 3, 1])
    renamed = torch.where(labels < 0, labels, order[labels.clamp(min=0)])
    torch.testing.assert_close(encoder(renamed)[:, order], encoder(labels))


def test_a_map_without_a_scored_pixel_has_a_code_and_no_loss(oracle: Any, ctx: Any) -> None:
    pair = pair_of(oracle, ctx, "bilinear")
    nothing = torch.full((1, 16, 16), -1)
    assert torch.isfinite(pair.encoder(nothing)).all()
    assert pair._loss(nothing).item() == 0.0


def test_crops_lie_on_the_grid_of_cells_and_hold_a_border(oracle: Any, ctx: Any) -> None:
    pair = pair_of(oracle, ctx, "bilinear")
    crops = pair._crops(0)
    side = autoencode.CROP
    assert crops.shape == (2, side, side)
    assert (crops == pair._crops(0)).all()
    assert not (crops == pair._crops(1)).all()
    for crop in crops:
        scored = crop[crop != pair.setup.ignore]
        assert len(np.unique(scored)) > 1


def test_a_crop_of_a_larger_map_is_a_piece_of_it(oracle: Any, ctx: Any) -> None:
    pair = pair_of(oracle, ctx, "bilinear")
    label = np.zeros((400, 300), np.uint8)
    label[333, 277] = 1
    side = autoencode.CROP
    crop = pair._crop(np.random.default_rng(0), label)
    row, column = (int(at[0]) for at in np.nonzero(crop == 1))
    top, left = 333 - row, 277 - column
    assert top % 8 == left % 8 == 0
    piece = pad(label, 8, pair.setup.ignore)[top : top + side, left : left + side]
    assert (crop[: piece.shape[0], : piece.shape[1]] == piece).all()


def test_unseen_is_told_by_the_file_and_by_the_name_where_there_is_none() -> None:
    items = [Item(name, None, None) for name in "abc"]
    trained, scored = (Item("0000", Path(split, "0000.png"), None) for split in ("train", "test"))
    assert autoencode.unseen([trained], [scored]) == [trained]
    assert autoencode.unseen(items, items[1:2]) == [items[0], items[2]]


# each is trained by `test_every_upsampler_can_be_trained_through`; the search is the same for all
@pytest.mark.parametrize(
    "name",
    ["transposed", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("carafe", "dysample"))],
)
def test_a_learned_upsampler_s_code_is_searched_from_where_its_encoder_ends(
    measured: Measured, name: str
) -> None:
    (begun,) = measured(config(name), **TINY)
    (found,) = measured(config(name), **{**TINY, "encode": "optimise"})
    assert value(begun) < value(found) < 1
    assert found.facts["seconds"]["fit"] > 0


def test_a_search_that_trains_has_the_budget_in_its_key_and_another_has_not(oracle: Any) -> None:
    few, many = ({"encode": "optimise", "iterations": n} for n in (2, 3))
    assert oracle(**few).reads(config("carafe")) != oracle(**many).reads(config("carafe"))
    assert oracle(**few).reads(config("bilinear")) == oracle(**many).reads(config("bilinear"))

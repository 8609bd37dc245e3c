"""What every registered recipe keeps to, the papers' numbers, and what a recipe refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segablate.app.catalogue import settings
from segablate.errors import SegablateError
from segablate.training.objective import completed
from segablate.training.recipes.base import Recipe, recipes


@pytest.mark.parametrize("name", recipes.names())
def test_it_can_be_made_told_and_explained(name: str) -> None:
    part = recipes.part(name)
    told = part.settings({})
    assert json.loads(json.dumps(told)) == told
    made = part.build({}, told)
    assert isinstance(made, Recipe)
    assert made == part.build({}, {})
    completed(made.loss)
    assert part.summary.endswith(".")
    assert [one.name for one in settings(part) if not one.meaning] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pp-liteseg-cityscapes", {
            "rate": 0.005, "power": 0.9, "decay": 5e-4, "batch": 16, "iterations": 160_000, "warmup": 1000,
            "warmup_from": 1e-5, "scale": (0.125, 1.5), "scale_step": 0.125,
            "crop": (512, 1024), "jitter": 0.5,
            "loss": {"use": "ohem", "threshold": 0.7, "min_kept": 130_000}, "auxiliary_weight": 1.0,
        }),
        ("pp-liteseg-camvid", {
            "rate": 0.01, "batch": 24, "warmup": 200, "scale": (0.5, 2.5), "scale_step": 0.25,
            "crop": (720, 960),
            "loss": {"use": "ohem", "threshold": 0.7, "min_kept": 250_000},
        }),
        ("deeplabv3plus-voc", {"rate": 0.007, "power": 0.9, "crop": (513, 513)}),
    ],
)  # fmt: skip
def test_the_papers_numbers(name: str, expected: dict[str, Any]) -> None:
    made = recipes.part(name).build({}, {})
    assert {key: getattr(made, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"iterations": 0}, "iterations"),
        ({"batch": 3, "accumulate": 2}, "accumulate"),
        ({"crop": [0, 4]}, "crop"),
        ({"scale": [2.0, 1.0]}, "scale"),
        ({"rate": -1.0}, "rate"),
        ({"warmup": 150}, "warmup"),
        ({"encoder": "frozen", "view": [64, 64], "crop": [96, 64]}, "crop"),
        ({"precision": "fp8"}, "precision"),
        ({"iteration": 4}, "iteration"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(bad: dict[str, Any], field: str) -> None:
    with pytest.raises(SegablateError) as caught:
        recipes.part("quick").build({}, bad)
    assert caught.value.field == field


def test_how_much_of_an_encoder_is_frozen_has_one_form() -> None:
    assert Recipe(frozen="all") == Recipe(encoder="frozen")
    assert Recipe(encoder="frozen", frozen="none") == Recipe(encoder="trained")
    assert Recipe(encoder="frozen", frozen="x8") == Recipe(frozen="x8")
    assert [Recipe(frozen=value).keeps for value in ("all", "none", "x8", None)] == [True, False, True, False]


def test_fine_tuning_trains_the_whole_of_it_channels_last_on_eight_images_or_more() -> None:
    made = recipes.part("finetune").build({}, {})
    assert made.encoder == "trained"
    assert made.frozen is None
    assert made.channels_last
    assert made.batch >= 8
    assert made.iterations >= 600

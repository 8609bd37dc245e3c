"""Outcomes as files: what `to_json` writes is read back, and nothing else is taken for an outcome."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from segablate.errors import SegablateError
from segablate.records import Measurement, Outcome

WHOLE = Outcome(
    key="0123456789abcdef0123",
    status="done",
    reads={"data": {"use": "shapes"}, "limit": None},
    measurements=(Measurement("miou", (0.5, 0.25), "over all images", ("small things",)),),
    facts={"classes": 3, "seconds": {"fit": 1.5}},
    artefacts=("curve.npz",),
    seconds=2.5,
    machine={"cores": 2},
    use="oracle",
    seeded=False,
    date="2026-11-30T00:00:00+00:00",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    0.5,
    "",
    "\ud800",
    [],
    ["0.5"],
    [None],
    {},
    {"a": 1},
    [[[]]],
)


def test_what_is_written_is_read_back() -> None:
    assert Outcome.from_json(WHOLE.to_json()) == WHOLE


@pytest.mark.parametrize(
    "changed",
    [
        {"facts": None},
        {"reads": []},
        {"status": "finished"},
        {"seconds": "2"},
        {"seeded": "no"},
        {"artefacts": [1]},
        {"measurements": [{"metric": "miou", "samples": ["0.5"], "convention": "", "blind_spots": []}]},
        {"measurements": [{"metric": "miou", "samples": [True], "convention": "", "blind_spots": []}]},
        {"reason": "\ud800"},
        {"unknown": 1},
    ],
)
def test_valid_json_of_wrong_types_is_no_outcome(changed: dict[str, Any]) -> None:
    raw = {**json.loads(WHOLE.to_json()), **changed}
    with pytest.raises(SegablateError, match="this is not an outcome"):
        Outcome.from_json(json.dumps(raw))


def test_deep_nesting_is_no_outcome() -> None:
    with pytest.raises(SegablateError, match="this is not an outcome"):
        Outcome.from_json("[" * 100_000 + "]" * 100_000)


def test_whatever_a_file_holds_it_is_an_outcome_of_the_right_types_or_an_error() -> None:
    rng = random.Random(0)
    taken = 0
    for _ in range(400):
        raw = json.loads(WHOLE.to_json())
        for _ in range(rng.randint(1, 2)):
            at = rng.choice([raw, raw["measurements"][0] if raw.get("measurements") else raw])
            if isinstance(at, dict) and at:
                at[rng.choice(list(at))] = rng.choice(VALUES)
            if not isinstance(raw.get("measurements"), list) or not raw["measurements"]:
                break
        try:
            outcome = Outcome.from_json(json.dumps(raw))
        except SegablateError:
            continue
        taken += 1
        assert Outcome.from_json(outcome.to_json()) == outcome
        assert all(isinstance(sample, float) for m in outcome.measurements for sample in m.samples)
        assert isinstance(outcome.facts, dict)
        assert isinstance(outcome.reads, dict)
    assert taken

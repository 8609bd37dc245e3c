"""Claims from a report's data to its page: which numbers are paired, what is kept, what the table says."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segablate.errors import SegablateError
from segablate.evidence.claim import Claim
from segablate.evidence.claims import ClaimVerdict
from segablate.quantity import Margin
from segablate.records import Measurement, Outcome
from segablate.report.claims import CLAIMS, claim_verdicts, keep, read_kept, written
from segablate.report.claims_table import claims_table, measured, sentence, verdict
from segablate.report.data import Record

BEATS = Claim("B beats A", "B", "beats", "A", "", "miou", "accuracy", Margin(0.005), source="Table 3")
TIME = replace(BEATS, metric="p50_ms", measure="latency", margin=Margin(0.02, relative=True))
CEILING = replace(BEATS, measure="oracle")
REACHES = replace(CEILING, text="B reaches 99.90", word="reaches", second="", value="99.90")


def records(
    measure: str, metric: str, values: dict[str, Sequence[float]], *, folder: Path = Path(), **changes: Any
) -> list[Record]:
    seeded = changes.pop("seeded", True)
    reads = changes.pop("reads", {})
    made = []
    for variant, own in values.items():
        for seed, value in enumerate(own):
            key = f"{measure}-{variant}-{seed}"
            taken = (Measurement(metric, (value,), "made up"),)
            outcome = Outcome(key, "done", reads, taken, seeded=seeded, use=measure)
            made.append(Record(folder, variant, {}, variant == "A", measure, seed, "", outcome))
    return made


def one(claim: Claim, found: Sequence[Record]) -> ClaimVerdict:
    return claim_verdicts([claim], found)[0]


def test_seeds_are_paired_and_the_difference_is_first_less_second() -> None:
    found = one(BEATS, records("accuracy", "miou", {"A": [0.6, 0.62, 0.61], "B": [0.65, 0.671, 0.66]}))
    assert (found.kind, found.n) == ("confirmed", 3)
    assert found.difference == pytest.approx(0.151 / 3)
    assert measured(found) == "+5.03 points [+4.89, +5.18]"
    assert sentence(found) == "B beats A in mIoU"
    assert sentence(found, True) == "B beats A in mIoU under accuracy"
    assert verdict(found) == "confirmed; scenes unknown"


def test_of_times_less_is_better_and_ratios_are_told() -> None:
    found = one(TIME, records("latency", "p50_ms", {"A": [10.0, 10.2, 10.1], "B": [9.0, 9.1, 9.12]}))
    assert (found.kind, found.ratio) == ("confirmed", True)
    assert measured(found).startswith("×0.898 [")
    assert verdict(found) == "confirmed"
    slower = one(TIME, records("latency", "p50_ms", {"A": [9.0, 9.1, 9.12], "B": [10.0, 10.2, 10.1]}))
    assert slower.kind == "refuted"


def test_exact_numbers_need_no_second_seed() -> None:
    exact = records("oracle", "miou", {"A": [0.971], "B": [0.997]}, seeded=False)
    found = one(CEILING, exact)
    assert verdict(found) == "confirmed; exact, these label maps"
    assert measured(found) == "+2.60 points"
    counts = records("complexity", "macs", {"A": [2e9], "B": [1e9]}, seeded=False)
    fewer = one(replace(BEATS, metric="macs", measure="complexity", margin=Margin(0.0)), counts)
    assert (verdict(fewer), measured(fewer)) == ("confirmed; exact", "−1.00 GMAC")
    near = records("complexity", "macs", {"A": [2e9], "B": [2e9 + 3e5]}, seeded=False)
    assert measured(one(replace(BEATS, metric="macs", measure="complexity"), near)) == "+0.00030 GMAC"


def test_some_label_maps_only_are_no_verdict_and_yet_reach_or_do_not() -> None:
    some = records("oracle", "miou", {"A": [0.971], "B": [0.9961]}, seeded=False, reads={"limit": 100})
    assert verdict(one(CEILING, some)) == "no verdict: only some label maps were scored"
    found = one(REACHES, some)
    assert (verdict(found), measured(found)) == (
        "not reproduced on part of the label maps; exact, these label maps",
        "99.61 %",
    )
    assert sentence(found) == "B reaches 99.90 % in mIoU"


def test_one_training_and_no_training_decide_nothing() -> None:
    assert verdict(one(BEATS, records("accuracy", "miou", {"A": [0.6], "B": [0.9]}))) == (
        "no verdict: one training decides nothing"
    )
    nothing = one(BEATS, records("accuracy", "miou", {"A": [0.6]}))
    assert (verdict(nothing), measured(nothing)) == ("no verdict: there are no numbers", "–")


def test_what_would_decide_is_said() -> None:
    values = {"A": [0.60, 0.62, 0.61], "B": [0.604, 0.621, 0.616]}
    found = one(BEATS, records("accuracy", "miou", values))
    assert found.needed is not None
    assert verdict(found) == f"cannot tell; about {found.needed[0]} to {found.needed[1]} seeds would"
    many = claim_verdicts(
        [BEATS, replace(BEATS, first="C")],
        records("accuracy", "miou", {**values, "C": [0.602, 0.626, 0.617]}),
    )
    assert [verdict(found).split(";")[0] for found in many] == ["cannot tell"] * 2


def matrices(path: Path, right: np.ndarray) -> None:
    """Two classes; a share of right pixels for each block."""
    each = np.round(1000 * right).astype(np.int64)
    confusions = np.stack([np.stack([each, 1000 - each], -1), np.stack([1000 - each, each], -1)], -2)
    buffer = io.BytesIO()
    np.savez(buffer, names=np.array([f"b{at}" for at in range(len(each))]), confusions=confusions)
    path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(("spread", "said_of_scenes"), [(0.0, "same"), (0.1, "these")])
def test_scenes_qualify_what_seeds_decide(tmp_path: Path, spread: float, said_of_scenes: str) -> None:
    rng = np.random.default_rng(0)
    base, away = 0.7 + 0.05 * rng.normal(size=12), spread * rng.normal(size=12)
    away -= away.mean()
    for seed in range(4):
        shift = 0.002 * rng.normal()
        matrices(tmp_path / f"accuracy-A-{seed}-blocks.npz", base + shift)
        matrices(
            tmp_path / f"accuracy-B-{seed}-blocks.npz", base + shift + 0.03 + away + 0.001 * rng.normal()
        )
    values = {"A": [0.60, 0.61, 0.62, 0.63], "B": [0.63, 0.641, 0.65, 0.66]}
    found = one(BEATS, records("accuracy", "miou", values, folder=tmp_path))
    assert (found.kind, found.scenes, found.blocks) == ("confirmed", said_of_scenes, 12)
    text = verdict(found)
    assert ("on these images" in text) == (said_of_scenes == "these")
    assert ("more seeds will not help" in text) == (said_of_scenes == "these")
    table = claims_table([found])
    assert table
    assert "over seeds and 12 scenes: [" in table.below[0]


def test_axes_that_differ_beyond_one_are_named() -> None:
    apart = replace(BEATS, apart=(("model.a", "x", "y"), ("model.b", "p", "q")))
    found = claims_table(claim_verdicts([apart, replace(BEATS, apart=(("model.a", "x", "y"),))], []))
    assert found
    assert found.below == ("“B beats A”: the two differ in model.a (x, y) and model.b (p, q).",)


# what is kept


def test_a_claim_keeps_the_day_it_first_ran_and_a_later_one_is_marked(tmp_path: Path) -> None:
    first = keep([BEATS], [], set(), "2026-11-30")
    known = {("A", "accuracy"), ("B", "accuracy")}
    (tmp_path / CLAIMS).write_text(written(first))
    later = keep([BEATS, replace(BEATS, word="matches")], read_kept(tmp_path), known, "2026-12-24")
    assert [(k.first_run, k.added_after_results) for k in later] == [("2026-11-30", False), ("", True)]
    # another margin is another claim, and the one that was dropped stays
    moved = keep([replace(BEATS, margin=Margin(0.02))], read_kept(tmp_path), known, "2026-12-24")
    assert [k.added_after_results for k in moved] == [True, False]
    # nothing was known yet: it may be changed
    assert len(keep([replace(BEATS, margin=Margin(0.02))], first, {("A", "accuracy")}, "2026-12-24")) == 1


def test_the_table_marks_what_was_added_after_results() -> None:
    found = claim_verdicts([BEATS], records("accuracy", "miou", {"A": [0.6, 0.62], "B": [0.65, 0.67]}))
    before = keep([BEATS], [], set(), "2026-11-30")
    for kept, marked in ((before, False), ([], True)):
        table = claims_table(found, kept)
        assert table
        assert ("added after results" in table.rows[0][3].text) is marked
    gone = claims_table(found, [*before, *keep([TIME], [], set(), "2026-11-30")])
    assert gone
    assert "Claimed before and no longer: “B beats A”." in gone.below


def test_without_claims_there_is_no_table() -> None:
    assert claims_table([]) is None


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "segablate/1"}', '{"schema": "other", "claims": []}'])
def test_a_damaged_record_of_claims_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / CLAIMS).write_text(text)
    with pytest.raises(SegablateError, match="this is no record of claims"):
        read_kept(tmp_path)


def test_what_is_kept_is_json_that_tells_the_claim() -> None:
    told = json.loads(written(keep([BEATS], [], set(), "2026-11-30")))["claims"][0]
    assert told["claimed"]["margin"] == "0.5 points"
    assert (told["text"], told["source"], told["first_run"]) == ("B beats A", "Table 3", "2026-11-30")

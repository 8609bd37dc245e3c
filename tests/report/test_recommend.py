"""Which variant to take, and which others cannot be told from it."""

from __future__ import annotations

import numpy as np
import pytest

from segablate.app.recommend import Constraint, by_input, recommend
from segablate.errors import SegablateError
from segablate.quantity import Margin
from segablate.records import Measurement, Outcome
from segablate.report.data import read

# five seeds each; b is a little better than a beside its spread, c is worse beyond doubt, d is slow
SCORES = {
    "a": (0.700, 0.704, 0.698, 0.702, 0.701),
    "b": (0.703, 0.701, 0.704, 0.700, 0.702),
    "c": (0.600, 0.602, 0.599, 0.601, 0.600),
    "d": (0.800, 0.801, 0.802, 0.799, 0.800),
}
MS = {"a": 5.0, "b": 8.0, "c": 2.0, "d": 30.0}


def outcome(key, metric, value, **reads):
    return Outcome(key, "done", reads, (Measurement(metric, (value,), "made up"),))


@pytest.fixture
def records(fake, tmp_path):
    def make(seeds=5, batch=1):
        lines = []
        for name, scores in SCORES.items():
            base = name == "a"
            for seed, score in enumerate(scores[:seeds]):
                found = outcome(f"{name}{seed}", "miou", score)
                lines.append(fake.Line(name, {}, base, "accuracy", found, seed))
            found = outcome(f"{name}ms", "p50_ms", MS[name], batch=batch)
            lines.append(fake.Line(name, {}, base, "latency", found))
        return read(fake.save(tmp_path, lines) / "data")

    return make


def names(group):
    return [one.variant for one, _ in group]


def test_the_best_under_a_constraint_with_those_that_cannot_be_told_from_it(records):
    found = recommend(records(), [Constraint("--max-ms", "p50_ms", 20)])
    assert found.best.variant == "b"
    assert names(found.alike) == ["a"]
    assert names(found.told_apart) == ["c"]
    assert [one.variant for one in found.left_out] == ["d"]
    assert found.alike[0][1].n == 5


def test_without_a_constraint_it_is_the_best_of_all(records):
    found = recommend(records(), [])
    assert found.best.variant == "d"
    assert names(found.told_apart) == ["a", "b", "c"]


def test_images_a_second_come_from_the_time_where_they_were_not_measured(records):
    constraint = Constraint("--min-fps", "fps", 150, least=True)
    assert recommend(records(), [constraint]).best.variant == "a"
    assert recommend(records(batch=2), [constraint]).best.variant == "b"


def test_with_one_seed_nothing_can_be_told_apart(records):
    found = recommend(records(seeds=1), [Constraint("--max-ms", "p50_ms", 20)])
    assert found.best.variant == "b"
    assert [(one.variant, verdict) for one, verdict in found.alike] == [("a", None), ("c", None)]


def test_with_one_seed_nothing_is_told_apart_whatever_the_images_say(fake, tmp_path):
    rng, lines = np.random.default_rng(0), []
    for name, right in (("a", 100), ("b", 101), ("c", 300)):
        found = outcome(name, "miou", right / 400)
        lines.append(fake.Line(name, {}, name == "a", "accuracy", found))
        (tmp_path / "data").mkdir(exist_ok=True)
        confusions = (np.eye(3) * right + rng.integers(5, 60, (40, 3, 3))).astype(np.uint32)
        names_of = np.array([f"{i}" for i in range(40)])
        np.savez_compressed(tmp_path / "data" / f"{name}-images.npz", confusions=confusions, names=names_of)
    found = recommend(read(fake.save(tmp_path, lines) / "data"), [])
    assert (found.best.variant, names(found.told_apart), names(found.alike)) == ("c", [], ["a", "b"])
    assert {one.source for _, one in found.alike} == {"images"}
    assert found.notes[0].endswith("it says nothing about training again.")


def clocked(fake, folder, times):
    lines = []
    for name, own in times.items():
        for seed, value in enumerate(own):
            found = outcome(f"{name}{seed}", "p50_ms", value)
            lines.append(fake.Line(name, {}, name == "a", "latency", found, seed))
    return read(fake.save(folder, lines) / "data")


def test_the_fastest_is_told_apart_over_processes(fake, tmp_path):
    times = {"a": [10.0, 10.2, 9.9], "b": [10.4, 9.8, 10.3], "c": [15.1, 15.3, 14.8]}
    found = recommend(clocked(fake, tmp_path, times), [], by="p50_ms")
    assert (found.best.variant, names(found.alike), names(found.told_apart)) == ("a", ["b"], ["c"])
    assert (found.told_apart[0][1].source, found.told_apart[0][1].ratio) == ("processes", True)


def test_a_margin_of_the_study_makes_variants_alike(records):
    found = recommend(records(), [], margins={"miou": Margin(0.12)})
    assert names(found.alike) == ["a", "b"]
    assert {one.kind for _, one in found.alike} == {"equivalent"}
    assert names(found.told_apart) == ["c"]


def test_a_count_that_is_higher_is_worse_unless_the_margin_says_it_does_not_matter(fake, tmp_path):
    lines = [
        fake.Line(name, {}, name == "a", "complexity", outcome(name, "macs", macs))
        for name, macs in (("a", 1.0e9), ("b", 1.01e9), ("c", 2e9))
    ]
    found = read(fake.save(tmp_path, lines) / "data")
    assert names(recommend(found, [], by="macs").told_apart) == ["b", "c"]
    some = recommend(found, [], by="macs", margins={"macs": Margin(0.05, relative=True)})
    assert (names(some.alike), names(some.told_apart)) == (["b"], ["c"])


def test_a_constraint_that_nobody_keeps_tells_how_near_one_comes(records):
    with pytest.raises(SegablateError, match=r"no variant keeps to `--max-ms 1` \(the least .* is 2\)"):
        recommend(records(), [Constraint("--max-ms", "p50_ms", 1)])


def test_what_the_study_does_not_measure_is_told(records):
    with pytest.raises(SegablateError, match="the study has no numbers of `macs`") as caught:
        recommend(records(), [Constraint("--max-gmac", "macs", 1)])
    assert caught.value.where == "--max-gmac"


def test_ceilings_have_no_random_part_so_the_lower_one_is_worse(fake, report):
    records = read(report / "data")
    with pytest.raises(SegablateError, match="measured under `project` and `optimise`"):
        recommend(records, [])
    found = recommend(records, [], under=["project"])
    assert found.best.variant == "output_stride=8, DUp-256"
    assert not found.alike


def test_data_and_inputs_are_answered_apart(fake, tmp_path):
    lines = [
        fake.Line(
            f"{name}, {place}",
            {"data": place, "model": name},
            False,
            "m",
            outcome(f"{name}{place}", "miou", value),
        )
        for place, values in (("easy", (0.9, 0.8)), ("hard", (0.5, 0.6)))
        for name, value in zip("ab", values, strict=True)
    ]
    apart = by_input(read(fake.save(tmp_path, lines) / "data"))
    assert [where for where, _ in apart] == ["easy", "hard"]
    assert [recommend(own, []).best.variant for _, own in apart] == ["a, easy", "b, hard"]


def test_a_metric_that_nobody_knows_is_told_with_those_that_are_there(records):
    with pytest.raises(SegablateError, match="has no numbers of `foo`"):
        recommend(records(), [], by="foo")

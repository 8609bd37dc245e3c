"""What differs between two results."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from segablate.errors import SegablateError
from segablate.records import Measurement, Outcome
from segablate.report.differences import differences
from segablate.report.sides import side
from segablate.report.write import write


def scored(key, value, **changes):
    found = Outcome(key, "done", {"data": {"use": "voc", "version": 1}, "steps": 10}, machine={"cpu": "a"})
    return replace(found, measurements=(Measurement("miou", (value,), "made up"),), **changes)


@pytest.fixture
def pair(fake, tmp_path):
    """Two reports of two variants and five seeds; the second trained longer, and x is better there."""

    def lines(shift, **changes):
        made = []
        for name, by in (("x", shift), ("y", 0.0)):
            for seed in range(5):
                value = 0.5 + seed / 100 + by + (seed % 2) / 1000 * (by > 0)
                made.append(
                    fake.Line(name, {}, name == "y", "acc", scored(f"{name}{seed}", value, **changes), seed)
                )
        return made

    later = {
        "reads": {"data": {"use": "voc", "version": 2}, "steps": 20},
        "machine": {"cpu": "b", "torch": "2"},
    }
    one = fake.save(tmp_path / "one", lines(0.0, machine={"cpu": "a", "torch": "1"}))
    return one, fake.save(tmp_path / "two", lines(0.1, **later))


def test_settings_code_machine_and_numbers_are_told_apart(pair):
    found = differences(*(side(str(folder)) for folder in pair))
    assert [(c.kind, c.name, c.first, c.second) for c in found.changes] == [
        ("code", "data.version", "1", "2"),
        ("settings", "steps", "10", "20"),
        ("machine", "cpu", "a", "b"),
        ("code", "torch", "1", "2"),
    ]
    assert found.same == 1
    (apart,) = found.numbers
    assert (apart.key, apart.verdict.kind, apart.verdict.n) == (("x", "acc", "miou", ""), "better", 5)
    assert apart.verdict.difference == pytest.approx(0.1004)


def test_two_csv_files_are_enough(fake, pair):
    for folder in pair:
        write(replace(fake.FACTS, published=""), folder)
    by_csv = differences(*(side(str(folder / "results.csv")) for folder in pair))
    by_data = differences(*(side(str(folder)) for folder in pair))
    assert by_csv.numbers == by_data.numbers
    assert by_csv.changes == ()


def test_a_result_does_not_differ_from_itself_whatever_the_form(fake, report):
    write(fake.FACTS, report)
    for other in (report, report / "results.csv", report / "data" / "outcomes.jsonl"):
        found = differences(side(str(report)), side(str(other)))
        assert (found.changes, found.numbers, found.only_first, found.only_second) == ((), (), (), ())
        assert found.same == 30 * 8


def test_what_only_one_side_has_is_listed(fake, pair, tmp_path):
    lone = fake.save(tmp_path / "lone", [fake.Line("z", {}, True, "acc", scored("z", 0.5))])
    found = differences(side(str(pair[0])), side(str(lone)))
    assert found.only_second == (("z", "acc", "miou", ""),)
    assert len(found.only_first) == 2


def test_one_sample_each_has_no_verdict_and_a_count_has(fake, tmp_path):
    sides = []
    for name, score, macs in (("p", 0.5, 10.0), ("q", 0.6, 11.0)):
        found = scored(name, score)
        taken = (*found.measurements, Measurement("macs", (macs,), "made up"))
        line = fake.Line("v", {}, True, "m", replace(found, measurements=taken))
        sides.append(side(str(fake.save(tmp_path / name, [line]))))
    judged = {one.key[2]: one.verdict for one in differences(*sides).numbers}
    assert judged["miou"] is None
    assert (judged["macs"].kind, judged["macs"].source) == ("worse", "count")


def test_a_store_is_compared_cell_by_cell(tmp_path):
    for root, value in (("one", 0.5), ("two", 0.6)):
        folder = tmp_path / root / "acc" / "k"
        folder.mkdir(parents=True)
        (folder / "outcome.json").write_text(scored("k", value).to_json())
    found = differences(side(str(tmp_path / "one")), side(str(tmp_path / "two")))
    assert [one.key for one in found.numbers] == [("cell k", "acc", "miou", "")]


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_what_a_commit_has_can_be_one_side(fake, report, monkeypatch):
    write(fake.FACTS, report)
    monkeypatch.chdir(report.parent)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], check=True)
    (report / "data" / "outcomes.jsonl").unlink()
    found = differences(side("HEAD:made-up"), side("made-up/results.csv"))
    assert (found.numbers, found.same) == ((), 30 * 8)
    with pytest.raises(SegablateError, match="the commit `HEAD` has no results at `elsewhere`"):
        side("HEAD:elsewhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there are no results here"),
        ("a,b\n1,2\n", "this file has no column `measure`, `metric`, `value`, `variant`"),
        ("variant,measure,metric,value\nv,m,miou,much\n", "`much` is not a number"),
    ],
)
def test_a_csv_file_that_holds_no_results_is_told(content, message, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(SegablateError) as caught:
        side(str(path))
    assert message in str(caught.value)


def test_a_side_that_does_not_exist_is_told_with_what_there_may_be(tmp_path):
    with pytest.raises(SegablateError) as caught:
        side(str(tmp_path / "nothing"))
    assert "`COMMIT:PATH`" in caught.value.hint

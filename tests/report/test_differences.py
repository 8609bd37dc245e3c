"""What differs between two results."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

from segablate.app.differences import differences, notes
from segablate.app.result_sets import result_set
from segablate.errors import SegablateError
from segablate.quantity import Margin
from segablate.records import Measurement, Outcome
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
    found = differences(*(result_set(str(folder)) for folder in pair))
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
    by_csv = differences(*(result_set(str(folder / "results.csv")) for folder in pair))
    by_data = differences(*(result_set(str(folder)) for folder in pair))
    assert by_csv.numbers == by_data.numbers
    assert by_csv.changes == ()


def test_a_result_does_not_differ_from_itself_whatever_the_form(fake, report):
    write(fake.FACTS, report)
    for other in (report, report / "results.csv", report / "data" / "outcomes.jsonl"):
        found = differences(result_set(str(report)), result_set(str(other)))
        assert (found.changes, found.numbers, found.only_first, found.only_second) == ((), (), (), ())
        assert found.same == 30 * 8


def test_what_only_one_side_has_is_listed(fake, pair, tmp_path):
    lone = fake.save(tmp_path / "lone", [fake.Line("z", {}, True, "acc", scored("z", 0.5))])
    found = differences(result_set(str(pair[0])), result_set(str(lone)))
    assert found.only_second == (("z", "acc", "miou", ""),)
    assert len(found.only_first) == 2


def test_one_sample_each_has_no_verdict_and_a_count_has(fake, tmp_path):
    sides = []
    for name, score, macs in (("p", 0.5, 10.0), ("q", 0.6, 11.0)):
        found = scored(name, score)
        taken = (*found.measurements, Measurement("macs", (macs,), "made up"))
        line = fake.Line("v", {}, True, "m", replace(found, measurements=taken))
        sides.append(result_set(str(fake.save(tmp_path / name, [line]))))
    judged = {one.key[2]: one.verdict for one in differences(*sides).numbers}
    assert judged["miou"] is None
    assert (judged["macs"].kind, judged["macs"].source) == ("worse", "count")


def matrices(fake, right, classes=3):
    rng = np.random.default_rng(0)
    confusions = np.eye(classes) * right + rng.integers(5, 60, (40, classes, classes))
    return {"confusions": confusions.astype(np.uint32), "names": np.array([f"{i}" for i in range(40)])}


@pytest.fixture
def photographed(fake, tmp_path):
    """Writes a report of one training with the matrices of its images."""

    def make(name, right, classes=3):
        folder = fake.save(tmp_path / name, [fake.Line("v", {}, True, "acc", scored("k", right / 400))])
        np.savez_compressed(folder / "data" / "k-images.npz", **matrices(fake, right, classes))
        return folder

    return make


def test_with_one_seed_the_images_are_drawn_again_and_that_is_told(photographed):
    found = differences(
        *(result_set(str(photographed(name, right))) for name, right in (("p", 100), ("q", 300)))
    )
    (apart,) = found.numbers
    assert (apart.verdict.kind, apart.verdict.source, apart.verdict.n) == ("undecided", "images", 40)
    (note,) = notes(found.numbers)
    assert note.endswith("it says nothing about training again.")


def test_images_of_other_classes_cannot_be_laid_side_by_side(photographed):
    sides = result_set(str(photographed("p", 100))), result_set(str(photographed("q", 300, classes=4)))
    assert differences(*sides).numbers[0].verdict is None


def test_the_images_of_a_store_are_drawn_again_too(fake, tmp_path):
    for root, right in (("one", 100), ("two", 300)):
        folder = tmp_path / root / "acc" / "k"
        folder.mkdir(parents=True)
        (folder / "outcome.json").write_text(scored("k", right / 400).to_json())
        np.savez_compressed(folder / "images.npz", **matrices(fake, right))
    found = differences(result_set(str(tmp_path / "one")), result_set(str(tmp_path / "two")))
    assert found.numbers[0].verdict.source == "images"


def timed(fake, folder, times):
    found = [replace(scored(f"t{i}", 0.5), measurements=()) for i in range(len(times))]
    taken = [(Measurement("p50_ms", (time,), "made up"),) for time in times]
    rows = [replace(one, measurements=own) for one, own in zip(found, taken, strict=True)]
    lines = [fake.Line("v", {}, True, "latency", one, seed) for seed, one in enumerate(rows)]
    return result_set(str(fake.save(folder, lines)))


def test_times_are_compared_over_processes_as_a_ratio(fake, tmp_path):
    first = timed(fake, tmp_path / "one", [10.0, 10.2, 9.9])
    second = timed(fake, tmp_path / "two", [12.0, 12.3, 11.8])
    found = differences(first, second)
    verdict = found.numbers[0].verdict
    assert (verdict.kind, verdict.source, verdict.ratio, verdict.n) == ("worse", "processes", True, 3)
    assert verdict.difference == pytest.approx(1.2, abs=0.01)
    assert "were not timed in turn" in notes(found.numbers)[0]
    wide = differences(first, second, {"p50_ms": Margin(0.5, relative=True)})
    assert wide.numbers[0].verdict.kind == "equivalent"


def test_one_process_each_tells_nothing_of_another(fake, tmp_path):
    sides = timed(fake, tmp_path / "one", [10.0]), timed(fake, tmp_path / "two", [12.0])
    assert differences(*sides).numbers[0].verdict is None


def test_a_margin_that_is_stated_decides_what_matters(pair):
    sides = [result_set(str(folder)) for folder in pair]
    assert differences(*sides, {"miou": Margin(0.2)}).numbers[0].verdict.kind == "equivalent"


def test_whole_scores_are_one_family_and_single_classes_another(fake, tmp_path):
    rng = np.random.default_rng(1)
    sides = []
    for name in ("one", "two"):
        lines = []
        for seed, value in enumerate(rng.normal(0.5, 0.02, (5, 6))):
            taken = tuple(
                Measurement(m, (v,), "made up")
                for m, v in zip(("miou", "boundary_iou"), value[:2], strict=True)
            )
            classes = {str(i): float(v) for i, v in enumerate(value[2:])}
            found = scored(f"{name}{seed}", 0.5, facts={"per_class_iou": classes})
            lines.append(fake.Line("v", {}, True, "acc", replace(found, measurements=taken), seed))
        sides.append(result_set(str(fake.save(tmp_path / name, lines))))
    judged = {one.key: one.verdict.p for one in differences(*sides).numbers}
    for classes in (False, True):
        own = [key for key in judged if bool(key[3]) is classes]
        plain = []
        for key in own:
            ours, theirs = ([value for (value,) in one.numbers[key].values()] for one in sides)
            plain.append(ttest_rel(ours, theirs).pvalue)
        assert [judged[key] for key in own] == pytest.approx(multipletests(plain, method="holm")[1])
    assert len(judged) == 6


def test_a_store_is_compared_cell_by_cell(tmp_path):
    for root, value in (("one", 0.5), ("two", 0.6)):
        folder = tmp_path / root / "acc" / "k"
        folder.mkdir(parents=True)
        (folder / "outcome.json").write_text(scored("k", value).to_json())
    found = differences(result_set(str(tmp_path / "one")), result_set(str(tmp_path / "two")))
    assert [one.key for one in found.numbers] == [("cell k", "acc", "miou", "")]


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_what_a_commit_has_can_be_one_side(fake, report, monkeypatch):
    write(fake.FACTS, report)
    monkeypatch.chdir(report.parent)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], check=True)
    (report / "data" / "outcomes.jsonl").unlink()
    found = differences(result_set("HEAD:made-up"), result_set("made-up/results.csv"))
    assert (found.numbers, found.same) == ((), 30 * 8)
    with pytest.raises(SegablateError, match="the commit `HEAD` has no results at `elsewhere`"):
        result_set("HEAD:elsewhere")
    with pytest.raises(SegablateError, match="there is no commit `0123abc` here"):
        result_set("0123abc:made-up")
    with pytest.raises(SegablateError, match="there is no commit `--output=written` here"):
        result_set("--output=written:made-up")
    assert not (report.parent / "written").exists()


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_the_images_of_a_commit_are_drawn_again_too(photographed, monkeypatch):
    old = photographed("old", 100)
    monkeypatch.chdir(old.parent)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], check=True)
    shutil.rmtree(old)
    found = differences(result_set("HEAD:old"), result_set(str(photographed("new", 300))))
    assert found.numbers[0].verdict.source == "images"
    of_file = differences(result_set("HEAD:old/data/outcomes.jsonl"), result_set("new"))
    assert of_file.numbers == found.numbers


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there are no results here"),
        ("a,b\n1,2\n", "this file has no column `measure`, `metric`, `value`, `variant`"),
        ("variant,measure,metric,value\n", "there are no results here"),
        ("variant,measure,metric,value\nv,m,miou,much\n", "x.csv:2: `much` is not a number"),
        ("variant,measure,metric,value\nv,m,miou,1,2\n", "x.csv:2: 5 columns, but the heading has 4"),
        ("variant,measure,metric,value\nv,m,miou\n", "x.csv:2: 3 columns, but the heading has 4"),
        ("variant,measure,metric,value\n" + "v" * 140_000 + ",m,miou,1\n", "field larger than field limit"),
    ],
)
def test_a_csv_file_that_holds_no_results_is_told(content, message, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(SegablateError) as caught:
        result_set(str(path))
    assert message in str(caught.value)


def test_a_name_that_a_spreadsheet_would_run_is_the_same_in_csv_and_in_data(fake, tmp_path):
    lines = [fake.Line("=1+1", {"axis": "-x"}, True, "project", fake.oracle("bilinear", None, 8))]
    folder = fake.save(tmp_path / "made", lines, pictures=False)
    write(fake.FACTS, folder)
    assert "'=1+1" in (folder / "results.csv").read_text()
    found = differences(result_set(str(folder)), result_set(str(folder / "results.csv")))
    assert (found.numbers, found.only_first, found.only_second) == ((), (), ())
    assert found.same > 0


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
@pytest.mark.parametrize("given", ["--output=pwned:x", "-O:x", "--end-of-options:x", "HEAD --output=pwned:x"])
def test_what_looks_like_an_option_reaches_git_as_no_option(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in (
        ["init", "-q"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x", "--allow-empty"],
    ):
        subprocess.run(["git", *words], check=True)
    with pytest.raises(SegablateError, match="there is no commit"):
        result_set(given)
    assert [path.name for path in tmp_path.iterdir()] == [".git"]


def test_a_side_that_does_not_exist_is_told_with_what_there_may_be(tmp_path):
    with pytest.raises(SegablateError) as caught:
        result_set(str(tmp_path / "nothing"))
    assert "`COMMIT:PATH`" in caught.value.hint

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segablate.errors import SegablateError
from segablate.report import drawing
from segablate.report.write import check, render, write

GOLDEN = Path(__file__).parents[1] / "golden"


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_writing_twice_changes_no_byte(fake, report):
    assert write(fake.FACTS, report) == report / "report.md"
    first = files(report)
    write(fake.FACTS, report)
    assert files(report) == first


def test_another_process_writes_the_same_bytes(fake, report):
    write(fake.FACTS, report)
    first = files(report)
    code = (
        f"from pathlib import Path; from segablate.report.facts import TableLayout, StudyFacts;"
        f"from segablate.report.write import render;"
        f"made = render({fake.FACTS!r}, Path({str(report)!r}));"
        f"import hashlib, json;"
        f"print(json.dumps({{n: hashlib.sha256(c).hexdigest() for n, c in made.items()}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    assert json.loads(done.stdout) == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in first.items()
        if not name.startswith("data/")
    }


def test_a_fresh_report_is_not_stale(fake, report):
    write(fake.FACTS, report)
    assert check(fake.FACTS, report) == []


def test_a_report_that_was_never_written_is_stale(fake, report):
    assert check(fake.FACTS, report) == sorted(render(fake.FACTS, report))


def test_other_words_other_pictures_and_left_over_files_are_stale(fake, report):
    write(fake.FACTS, report)
    (report / "report.md").write_text("typed by hand")
    curve = report / "figures" / "ceiling-over-stride-project.svg"
    curve.write_bytes(curve.read_bytes().replace(b"output stride", b"output strife"))
    picture = report / "figures" / "worst-project-stride-32-bilinear.png"
    picture.write_bytes(picture.read_bytes()[:500])
    (report / "figures" / "old.svg").write_text("<svg/>")
    assert check(fake.FACTS, report) == [
        "figures/ceiling-over-stride-project.svg",
        "figures/old.svg",
        "figures/worst-project-stride-32-bilinear.png",
        "report.md",
    ]


def test_a_figure_drawn_by_another_library_version_is_not_stale(fake, report):
    write(fake.FACTS, report)
    curve = report / "figures" / "ceiling-over-stride-project.svg"
    curve.write_bytes(curve.read_bytes().replace(b"stroke-width: 0.4", b"stroke-width: 0.5"))
    assert check(fake.FACTS, report) == []


def test_figures_that_are_no_more_are_removed_and_foreign_files_stay(fake, report):
    write(fake.FACTS, report)
    (report / "figures" / "old.svg").write_text("<svg/>")
    (report / "figures" / "notes.txt").write_text("mine")
    write(fake.FACTS, report)
    assert not (report / "figures" / "old.svg").exists()
    assert (report / "figures" / "notes.txt").exists()


def test_a_study_without_results_is_told_which_command_comes_first(fake, tmp_path):
    with pytest.raises(SegablateError) as caught:
        write(fake.FACTS, tmp_path / "made-up")
    assert caught.value.render() == (
        f"error: {tmp_path / 'made-up'}: there are no results of `made-up` yet\n\n"
        "hint: run `segablate run studies/made-up.yaml` first"
    )


def test_a_folder_that_cannot_be_written_is_an_error(fake, report):
    (report / "figures").write_text("in the way")
    with pytest.raises(SegablateError, match="cannot be written: "):
        write(fake.FACTS, report)


@pytest.mark.parametrize("change", ["one value", "all failed", "all skipped", "nothing ran"])
def test_odd_studies_have_a_report(fake, tmp_path, change):
    lines = {
        "one value": fake.study([16], []),
        "all failed": [fake.Line(n, {}, n == "a", "project", fake.failed("no")) for n in "ab"],
        "all skipped": [fake.Line(n, {}, n == "a", "project", None, skipped="no") for n in "ab"],
        "nothing ran": [fake.Line(n, {}, n == "a", "project", None) for n in "ab"],
    }[change]
    folder = fake.save(tmp_path, lines)
    write(fake.FACTS, folder)
    assert check(fake.FACTS, folder) == []


def test_the_csv_has_a_line_a_number_with_its_unit(fake, report):
    rows = list(csv.DictReader(io.StringIO(render(fake.FACTS, report)["results.csv"].decode())))
    assert len(rows) == 30 * (3 + 5)
    first = rows[0]
    assert (first["variant"], first["metric"], first["unit"]) == (
        "output_stride=16, bilinear",
        "miou",
        "fraction",
    )
    assert float(first["value"]) == fake.oracle("bilinear", None, 16).value("miou")
    assert first["model.output_stride"] == "16"
    assert {row["class"] for row in rows if row["metric"] == "iou"} == set(fake.CLASSES)


def test_the_csv_keeps_cells_without_numbers_and_odd_names(fake, tmp_path):
    name = 'a,"b"\n|é'
    folder = fake.save(tmp_path, [fake.Line(name, {}, True, "project", fake.failed("no"))])
    (row,) = csv.DictReader(io.StringIO(render(fake.FACTS, folder)["results.csv"].decode()))
    assert (row["variant"], row["state"], row["reason"], row["value"]) == (name, "failed", "no", "")


def test_the_whole_report_is_the_golden_one(fake, tmp_path):
    lines = fake.study()
    lines[3] = fake.Line(
        lines[3].variant, lines[3].choices, False, "optimise", fake.failed("cell was killed")
    )
    lines[5] = fake.Line(lines[5].variant, lines[5].choices, False, "optimise", None, skipped="takes an hour")
    made = render(fake.FACTS, fake.save(tmp_path, lines))
    shown = {
        name: drawing.data_of(content) for name, content in sorted(made.items()) if name.endswith(".svg")
    }
    golden = {
        "report_made_up.md": made["report.md"].decode(),
        "report_made_up.csv": made["results.csv"].decode(),
        "report_made_up.figures.json": json.dumps(shown, indent=1, ensure_ascii=False, sort_keys=True) + "\n",
    }
    if os.environ.get("SEGABLATE_GOLDEN") == "write":
        for name, text in golden.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    for name, text in golden.items():
        assert text == (GOLDEN / name).read_text(encoding="utf-8"), (
            "if this is meant, run with SEGABLATE_GOLDEN=write"
        )

"""Plans: rows, cells, keys, groups, and where an error is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.errors import SegablateError
from segablate.run.plan import Plan, key, plan
from segablate.study.load import load

Planned = Callable[..., Plan]
OTHER = """\
name: other
question: Is it shared?
fixed: {model.encoder: a}
vary: {model.output_stride: [16, 32]}
measure: [{use: fake, as: named otherwise}]
"""


@pytest.mark.parametrize(
    ("pinned", "measure", "version", "reads", "seed"),
    [
        ("9b4b81fdd57f21e2d99d", "oracle", 1, {}, None),
        (
            "9701ed119f51f0bb00dc",
            "oracle",
            1,
            {"output_stride": 16, "upsampler": {"use": "bilinear"}, "limit": None},
            None,
        ),
        (
            "4f3e062b7b24afe83905",
            "accuracy",
            3,
            {"data": {"use": "voc", "fingerprint": "é"}, "ratio": 0.02},
            4,
        ),
    ],
)
def test_keys_are_pinned(
    pinned: str, measure: str, version: int, reads: dict[str, object], seed: int
) -> None:
    assert key(measure, version, reads, seed) == pinned


def test_the_order_of_fields_does_not_change_a_key() -> None:
    assert key("m", 1, {"a": 1, "b": {"c": 2, "d": 3}}, 0) == key("m", 1, {"b": {"d": 3, "c": 2}, "a": 1}, 0)


@pytest.mark.parametrize("other", [("n", 1, {"a": 1}, 0), ("m", 2, {"a": 1}, 0), ("m", 1, {"a": 2}, 0)])
def test_whatever_a_cell_depends_on_changes_its_key(other: tuple[str, int, dict[str, int], int]) -> None:
    assert key(*other) != key("m", 1, {"a": 1}, 0)


def test_a_number_that_is_not_finite_has_no_key() -> None:
    with pytest.raises(ValueError, match="JSON"):
        key("m", 1, {"a": float("nan")}, 0)


def test_a_measure_without_seeds_has_one_row_for_all_repeats(planned: Planned) -> None:
    rows = planned("a", "b", repeat=5).rows
    assert [(row.variant.choices["model.encoder"], row.seed) for row in rows] == [("a", 0), ("b", 0)]
    assert all(row.cell and row.cell.seed is None for row in rows)


def test_a_measure_with_seeds_has_a_row_for_each(planned: Planned) -> None:
    made = planned("a", "b", repeat=3, measure="fake-seeded")
    assert [row.cell.seed for row in made.rows if row.cell] == [0, 1, 2, 0, 1, 2]
    assert [(group.seed, len(group.cells)) for group in made.groups()] == [(0, 2), (1, 2), (2, 2)]


def test_groups_come_seed_by_seed_so_that_what_is_interrupted_is_balanced(planned: Planned) -> None:
    made = planned("a", "b", measure="fake-seeded", settings="alone: true", repeat=2)
    assert [(group.seed, group.cells[0].reads["word"]) for group in made.groups()] == [
        (0, "a"), (0, "b"), (1, "a"), (1, "b"),
    ]  # fmt: skip


def test_two_studies_share_the_cells_they_both_need(planned: Planned, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(OTHER)
    here = {cell.key for cell in planned("a", "b").cells}
    there = {cell.key for cell in plan(load(tmp_path / "other.yaml")).cells}
    assert len(here) == len(there) == 2
    assert len(here & there) == 1


def test_variants_that_a_measure_cannot_tell_apart_share_a_cell(tmp_path: Path) -> None:
    text = OTHER.replace("vary: {model.output_stride: [16, 32]}", "vary: {model.decoder: [one, two]}")
    (tmp_path / "other.yaml").write_text(text)
    made = plan(load(tmp_path / "other.yaml"))
    assert len(made.rows) == 2
    assert len(made.cells) == 1
    assert [len(group.cells) for group in made.groups()] == [1]


def test_groups_are_what_the_measure_takes_together(planned: Planned) -> None:
    assert [len(group.cells) for group in planned("a", "b", "c").groups()] == [3]
    assert [len(group.cells) for group in planned("a", "b", "c", settings="alone: true").groups()] == [
        1,
        1,
        1,
    ]


def test_groups_hold_only_the_cells_asked_for(planned: Planned) -> None:
    made = planned("a", "b", "c")
    wanted = {made.cells[0].key, made.cells[2].key}
    assert [cell.key for group in made.groups(wanted) for cell in group.cells] == [
        made.cells[0].key,
        made.cells[2].key,
    ]


def test_what_is_skipped_has_a_reason_and_no_cell(tmp_path: Path) -> None:
    text = OTHER + "skip:\n  - {when: {model.output_stride: 32}, because: too coarse}\n"
    (tmp_path / "other.yaml").write_text(text)
    made = plan(load(tmp_path / "other.yaml"))
    assert [(row.skipped, row.cell is None) for row in made.rows] == [("", False), ("too coarse", True)]


def test_a_value_that_cannot_be_measured_is_told_with_its_line(planned: Planned, tmp_path: Path) -> None:
    with pytest.raises(SegablateError) as caught:
        planned("a", "unknown")
    assert str(caught.value) == f"{tmp_path / 's.yaml'}:6: there is no encoder `unknown`"


def test_an_unknown_measure_is_told_with_its_line(planned: Planned, tmp_path: Path) -> None:
    with pytest.raises(SegablateError) as caught:
        planned("a", measure="fakee")
    assert str(caught.value) == f"{tmp_path / 's.yaml'}:8: there is no measure `fakee`"
    assert caught.value.hint == "did you mean `fake`?"


def test_an_unknown_setting_of_a_measure_is_told_with_its_line(planned: Planned, tmp_path: Path) -> None:
    with pytest.raises(SegablateError) as caught:
        planned("a", settings="bonnus: 1.0")
    assert str(caught.value) == f"{tmp_path / 's.yaml'}:8: measure `fake` has no setting `bonnus`"


def test_a_setting_of_the_wrong_type_is_told_with_its_line(planned: Planned, tmp_path: Path) -> None:
    with pytest.raises(SegablateError, match=r"s\.yaml:8: measure `fake` takes another `alone` than `3`"):
        planned("a", settings="alone: 3")


BOUNDED = """\
name: bounded
published: {published}
fixed:
  data: {{use: shapes, images: {images}}}
  model: {{encoder: a, decoder: b}}
  recipe: {{iterations: 100}}
vary: {{model.output_stride: [{strides}], input.batch: [{batches}]}}
measure: [{measure}]
repeat: {repeat}
"""


@pytest.mark.parametrize(
    ("line", "message", "hint", "changes"),
    [
        (4, "1,000,000,000,000 images a split: there are between 1 and 100,000", None, {"images": 10**12}),
        (9, "`repeat` is 1,000,000,000, and must be between 1 and 1,000", None, {"repeat": 10**9}),
        (
            7,
            "the study asks for 200,000 rows of results, 200 variants with all measures and seeds",
            "100,000 can be planned: vary less, or make several studies",
            {"strides": ", ".join(map(str, range(200))), "repeat": 1000},
        ),
        (
            2,
            "reference `pp-liteseg` has no table `tabel2`",
            "did you mean `table2`?",
            {"published": "pp-liteseg.tabel2"},
        ),
        (
            2,
            "there is no reference `pp-litseg`",
            "did you mean `pp-liteseg`?",
            {"published": "pp-litseg.table2"},
        ),
    ],
)
def test_what_is_too_much_or_not_there_is_told_when_planning(
    tmp_path: Path, line: int, message: str, hint: str | None, changes: dict[str, object]
) -> None:
    usual = {
        "published": "pp-liteseg.table2",
        "images": 4,
        "strides": 16,
        "batches": 1,
        "measure": "oracle" if "images" in changes else "fake-seeded",
        "repeat": 1,
    }
    path = tmp_path / "bounded.yaml"
    path.write_text(BOUNDED.format(**{**usual, **changes}))
    with pytest.raises(SegablateError) as caught:
        plan(load(path))
    assert (caught.value.where, caught.value.message) == (f"{path}:{line}", message)
    if hint:
        assert caught.value.hint == hint


def test_a_printed_value_that_two_variants_could_be_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text(
        "name: twice\nquestion: Which is it?\npublished: dupsampling.table1\n"
        "fixed: {data: {use: shapes, size: [32, 32]}, model.output_stride: 16, model.upsampler: bilinear}\n"
        "vary: {data.images: [2, 3]}\nmeasure: [oracle]\n"
    )
    with pytest.raises(SegablateError) as caught:
        plan(load(path))
    assert caught.value.where == f"{path}:3"
    assert caught.value.message == (
        "`bilinear at output stride 16` of Table 1 is one variant, and `oracle` has `images=2` and `images=3`"
    )

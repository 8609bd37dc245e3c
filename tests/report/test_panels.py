"""A table cut to a page loses nothing and is as wide and tall as it may be."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from segablate.report.blocks import Cell, Table
from segablate.report.panels import panels


@st.composite
def tables(draw):
    """Tables of numbers that tell their row and column, some of them skipped with a reason."""
    groups = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    heads = [f"measure {at}: metric {one} of it" for at, count in enumerate(groups) for one in range(count)]
    rows = draw(st.integers(1, 40))
    out = draw(st.sets(st.tuples(st.integers(0, rows - 1), st.integers(0, len(groups) - 1))))
    owner = [at for at, count in enumerate(groups) for _ in range(count)]
    name = draw(st.sampled_from(["short", "a name that is " + "long " * 12]))
    made = tuple(
        (
            Cell(f"{row} {name}".strip()),
            *(
                Cell("skipped", note=owner[at] % 2 + 1) if (row, owner[at]) in out else Cell(f"{row}.{at}")
                for at in range(len(heads))
            ),
        )
        for row in range(rows)
    )
    return Table(("variant", *heads), made, notes=("skipped: why", "skipped: because"))


@settings(deadline=None)
@given(tables(), st.integers(60, 120), st.integers(8, 50))
def test_every_number_is_in_one_part_under_its_own_heading(table, width, tall):
    found = {}
    for part in panels(table, width, tall):
        spans = [name for name, count in part.spans for _ in range(count)]
        for row in part.table.rows:
            name = " ".join(row[0].text.split())
            for span, head, cell in zip(spans, part.table.head[1:], row[1:], strict=True):
                at = f"{span}: {' '.join(head.split())}"
                assert (name, at) not in found
                found[name, at] = cell.text
    known = {
        (row[0].text, head): cell.text
        for row in table.rows
        for head, cell in zip(table.head[1:], row[1:], strict=True)
    }
    assert found.items() <= known.items()
    lost = [text for place, text in known.items() if place not in found]
    assert set(lost) <= {"skipped"}


@settings(deadline=None)
@given(tables(), st.integers(60, 120), st.integers(8, 50))
def test_parts_are_no_wider_and_no_taller_than_a_page(table, width, tall):
    for part in panels(table, width, tall):
        # one column beside the names is the least there can be
        assert part.width <= width or len(part.table.head) == 2
        lines = sum(max(cell.text.count("\n") + 1 for cell in row) for row in part.table.rows)
        assert lines <= tall


@given(tables(), st.integers(60, 120))
def test_rows_without_a_number_are_counted_with_their_reason(table, width):
    for part in panels(table, width, 1000):
        shown = len(part.table.rows)
        counted = [int(line.split()[0]) for line in part.table.below]
        assert shown + sum(counted) == len(table.rows)
        assert {line.partition(" more ")[2] for line in part.table.below} <= set(table.notes)


def test_words_that_are_the_same_in_every_row_are_said_once_below():
    row = (Cell("a"), Cell("mIoU"), Cell("in part", note=1), Cell("1"))
    cut = panels(Table(("what", "quantity", "how", "n"), (row, row), words=3, notes=("x",)), 80, 40)
    assert [part.table.head for part in cut] == [("what", "how", "n")]
    assert cut[0].table.below == ("quantity: mIoU",)
    assert cut[0].table.notes == ("x",)


def test_footnotes_are_those_of_the_part_numbered_anew():
    rows = tuple((Cell(f"{at}"), Cell("failed", note=at + 1)) for at in range(4))
    cut = panels(Table(("variant", "n"), rows, notes=("a", "b", "c", "d")), 80, 2)
    assert [part.table.notes for part in cut] == [("a", "b"), ("c", "d")]
    assert [[row[1].note for row in part.table.rows] for part in cut] == [[1, 2], [1, 2]]


def test_a_measure_that_fits_whole_is_not_torn_apart():
    heads = tuple(f"{measure}: metric number {at}" for measure in "ab" for at in range(4))
    row = (Cell("name"), *(Cell("1.00") for _ in heads))
    cut = panels(Table(("variant", *heads), (row,)), 80, 40)
    assert [part.spans for part in cut] == [(("a", 4),), (("b", 4),)]

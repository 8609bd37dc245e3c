"""Tables, documents and bars."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segablate.app.bill import duration
from segablate.app.catalogue import meanings, settings, type_name
from segablate.cli import output
from segablate.cli.progress import Bars, rate
from segablate.registry import Registry


def test_a_documents_numbers_are_finite_or_null(capsys: pytest.CaptureFixture[str]) -> None:
    output.document({"rows": [{"miou": float("nan"), "range": (0.5, float("inf"))}]})
    assert json.loads(capsys.readouterr().out) == {
        "schema": "segablate/1",
        "rows": [{"miou": None, "range": [0.5, None]}],
    }


@given(st.dictionaries(st.text(), st.floats() | st.integers() | st.text() | st.lists(st.floats())))
def test_any_content_makes_a_document_that_strict_readers_take(content: Mapping[str, object]) -> None:
    text = json.dumps(output._plain(content), allow_nan=False)
    assert set(json.loads(text)) == set(content)


def test_a_table_is_aligned_and_has_no_blanks_at_line_ends(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "n", "why"), [("a", "1", ""), ("bcdef", "23", "x")], right=[1])
    assert capsys.readouterr().out == "name    n  why\na       1\nbcdef  23  x\n"


def test_a_table_without_rows_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "n"), [])
    assert capsys.readouterr().out == "name  n\n"


def test_bars_are_silent_where_stderr_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with Bars().progress("fit", 3) as advance:
        advance(2)
    assert capfd.readouterr() == ("", "")


def test_bars_leave_nothing_on_stdout_and_close_when_the_last_one_does(
    capfd: pytest.CaptureFixture[str],
) -> None:
    bars = Bars(shown=True)
    with bars.progress("cells", 2) as cells:
        with bars.progress("fit", 3) as advance:
            advance(3)
        cells(1)
        assert bars._drawn is not None
    assert bars._drawn is None
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(None, ""), (0.0, ""), (2345.6, "2,346/s"), (10, "10/s"), (2.5, "2.5/s"), (0.25, "4.0 s each")],
)
def test_a_rate_is_written_the_way_that_is_easier_to_read(per_second: float | None, text: str) -> None:
    assert rate(per_second) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (9000, "2.5 h")]
)
def test_a_duration_is_rough(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (int | None, "int | null"),
        (Literal["spatial", "channel"], "spatial | channel"),
        (tuple[int, ...], "tuple[int, …]"),
        (dict[str, float], "dict[str, float]"),
        (Annotated[int, "positive"], "int"),
    ],
)
def test_a_type_is_written_as_a_person_would(annotation: object, text: str) -> None:
    assert type_name(annotation) == text


def test_meanings_are_read_off_the_docstring() -> None:
    docstring = (
        "What.\n\nArgs:\n    one: first\n        and more.\n    two: second.\n\nRaises:\n    Error: no."
    )
    assert meanings(docstring) == {"one": "first and more.", "two": "second."}


def test_settings_leave_out_ingredients_and_know_what_must_be_given() -> None:
    registry = Registry("thing", "segablate.cli")

    @registry.register()
    class Thing:
        """A thing.

        Args:
            given: not a setting.
            size: how big.
        """

        def __init__(self, given: int, /, *, size: int, way: Literal["a", "b"] = "a") -> None: ...

    size, way = settings(registry._parts["thing"])
    assert (size.name, size.type, size.required, size.meaning) == ("size", "int", True, "how big.")
    assert (way.type, way.required, way.default) == ("a | b", False, "a")


def test_a_terminal_is_given_no_orders(capfd: pytest.CaptureFixture[str]) -> None:
    name = "\x1b[2Jgone\x07\u202e"
    output.table(("name\x9b", "n"), [(name, "1")])
    output.show(f"{name}\nnext")
    output.say(name)
    found = capfd.readouterr()
    for one in ("\x1b", "\x07", "\x9b", "\u202e"):
        assert one not in found.out + found.err
    assert "\\x1b[2Jgone\\x07\\u202e\nnext\n" in found.out


def test_a_name_that_is_no_text_is_printed_all_the_same() -> None:
    line = "sys.argv = ['segablate', 'plan', 'a\\udcff.yaml']"
    code = f"import sys; {line}; from segablate.cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: a\\udcff.yaml: there is no such file")

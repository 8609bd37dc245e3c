"""YAML as it is read: values, lines, and what is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from segablate.errors import SegablateError
from segablate.study import source
from segablate.study.source import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("010", 10),
        ("0x1f", 31),
        ("0o17", 15),
        ("1e-3", 0.001),
        ("-.5", -0.5),
        ("2.", 2.0),
        ("12:30", "12:30"),
        ("2024-01-31", "2024-01-31"),
        ("1_000", "1_000"),
        ("none", "none"),
        ('"no"', "no"),
        ("'12'", "12"),
        ("e3", "e3"),
        ("DUp-64", "DUp-64"),
    ],
)
def test_a_plain_value_is_what_yaml_1_2_says(text: str, value: Any) -> None:
    found = parse(f"a: {text}\n", "x.yaml").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_every_value_has_its_line() -> None:
    text = "a:\n  b.c: 1\n  d:\n    - 5\n    - {e: 2,\n       f: 3}\n"
    assert parse(text, "x").places == {
        "a": "x:1",
        "a.b.c": "x:2",
        "a.d": "x:3",
        "a.d.0": "x:4",
        "a.d.1": "x:5",
        "a.d.1.e": "x:5",
        "a.d.1.f": "x:6",
    }


def test_a_path_without_a_line_has_that_of_what_is_around_it() -> None:
    read = parse("a:\n  b: 1\n", "x")
    assert [read.where(path) for path in ("a.b.c.d", "a.z", "q", "")] == ["x:2", "x:1", "x", "x"]


def test_keys_are_the_text_as_written() -> None:
    assert list(parse("{16: a, 0.10: b, true: c}", "x").data) == ["16", "0.10", "true"]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Any) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: ü\r\nb: 2\r\n".encode())
    read = source.read(path)
    assert read.data == {"a": "ü", "b": 2}
    assert read.where("b") == f"{path}:2"


@pytest.mark.parametrize("word", ["no", "No", "NO", "off", "n", "N", "yes", "YES", "on", "On", "y"])
@pytest.mark.parametrize("text", ["a: {}\n", "a: [1, {}]\n", "{}: 1\n", "a:\n  {}: 1\n"])
def test_what_yaml_1_1_reads_as_a_truth_value_is_refused(word: str, text: str) -> None:
    with pytest.raises(SegablateError, match=rf"^x:\d: some programs read `{word}`") as caught:
        parse(text.replace("{}", word), "x")
    assert f'write `"{word}"` for the text' in (caught.value.hint or "")


@pytest.mark.parametrize("opened", ["[", "- ", "{a: "])
def test_a_very_deep_file_is_an_error_and_soon(opened: str) -> None:
    started = time.perf_counter()
    with pytest.raises(SegablateError, match="more than 50 values inside each other"):
        parse(opened * 50_000, "x")
    assert time.perf_counter() - started < 5


def test_messages_do_not_depend_on_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    def message(text: str) -> str:
        with pytest.raises(SegablateError) as caught:
            parse(text, "x")
        return caught.value.render()

    broken = ["a: [1,\nb: 2\n", "a:\n\t- b\n", "a: b: c\n", 'a: "b\n', "a: @b\n", "a: \x01\n", "a\nb: c\n"]
    fast = [message(text) for text in broken]
    monkeypatch.setattr(source, "PARSER", yaml.BaseLoader)
    assert [message(text) for text in broken] == fast


# without line ends and control characters, which the writer does not write so that they come back
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_a_yaml_writer_wrote_is_read_back(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_style=None)
    try:
        read = parse(text, "x").data
    except SegablateError as error:
        # the writer leaves `y` and `n` plain, knows anchors, and marks long keys and odd text
        assert any(word in error.message for word in ("truth value", "tags", "anchors"))  # noqa: PT017
    else:
        assert read == value


@given(st.text())
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        parse(text, "x")
    except SegablateError as error:
        assert (error.where or "").startswith("x:")  # noqa: PT017

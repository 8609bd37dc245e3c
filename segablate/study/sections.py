"""The keys of a study file, one function each: from what YAML gave to what a `Study` holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from segablate.errors import SegablateError, near_miss
from segablate.study.designs import designs
from segablate.study.source import Source
from segablate.study.study import MeasureSpec, Skip

KEYS = (
    *("name", "question", "expect", "claims", "cite", "published"),
    *("fixed", "vary", "design", "conditions", "skip", "measure", "repeat", "margin", "names", "table"),
)

MOST_SEEDS = 1000


def top(source: Source) -> None:
    """Check that the file is a mapping with known keys, and has those every study needs."""
    if source.data is None:
        raise SegablateError("the file is empty", where=source.name, hint="a study begins with `name:`")
    if not isinstance(source.data, dict):
        kind = "a list" if isinstance(source.data, list) else "a single value"
        message = f"a study is a mapping, and this is {kind}"
        raise SegablateError(message, where=f"{source.name}:1", hint="a study begins with `name:`")
    known_keys(source, "", source.data, KEYS, "a study")
    for key in ("name", "measure"):
        if key not in source.data:
            raise SegablateError(f"the study has no `{key}`", where=source.name, hint=f"add `{key}:`")


def known_keys(source: Source, path: str, keys: Iterable[str], known: Collection[str], what: str) -> None:
    """Refuse the first key that is not known."""
    for key in keys:
        if key not in known:
            inner = f"{path}.{key}" if path else key
            raise source.error(f"{what} has no `{key}`", inner, near_miss(key, known))


def mapping(source: Source, path: str, value: Any) -> dict[str, Any]:
    """The value, which must be a mapping with something in it."""
    if isinstance(value, dict) and value:
        return value
    message = f"`{path}` must be a mapping, and is {kind_of(value)}"
    raise source.error(message, path, "write `key: value` beneath it")


def text(source: Source, path: str, value: Any) -> str:
    """The value, which must be text that is not blank."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    hint = "put it in quotes" if isinstance(value, bool | int | float) else None
    raise source.error(f"`{path}` must be text, and is {kind_of(value)}", path, hint)


def label(source: Source, path: str, value: str) -> str:
    """The value, which must do as a label: something in one line that can be seen."""
    if value and value == value.strip() and value.isprintable():
        return value
    raise source.error(f"{value!r} will not do as a label", path, "a label is a short text in one line")


def optional_text(source: Source, key: str) -> str:
    """The text of a key, or "" where it is absent."""
    return text(source, key, source.data[key]) if key in source.data else ""


def name(source: Source, path: Path) -> str:
    """The study's name, which is its file's and becomes a folder's."""
    value = text(source, "name", source.data["name"])
    if not re.fullmatch("[a-z0-9][a-z0-9-]*", value):
        hint = "small letters, digits and `-`: the name becomes a folder"
        raise source.error(f"`{value}` will not do as a study's name", "name", hint)
    if value != path.stem:
        hint = f"rename one: `name: {path.stem}`, or `{value}{path.suffix}`"
        raise source.error(f"the study `{value}` is in a file of another name", "name", hint)
    return value


def design(source: Source) -> tuple[str, dict[str, Any]]:
    """The design's name and its settings with defaults; `grid` where none is named."""
    value = source.data.get("design", "grid")
    if not isinstance(value, str):
        mapping(source, "design", value)
    try:
        part, settings = designs.resolve(value)
    except SegablateError as error:
        raise source.error(error.message, f"design.{error.field or 'use'}", error.hint) from None
    return part.name, settings


def measures(source: Source) -> tuple[MeasureSpec, ...]:
    """What is measured."""
    entries = source.data["measure"]
    if not isinstance(entries, list) or not entries:
        hint = f"write `[{entries}]`" if isinstance(entries, str) else "write `[one, another]`"
        raise source.error(f"`measure` must be a list, and is {kind_of(entries)}", "measure", hint)
    specs: dict[str, MeasureSpec] = {}
    for index, entry in enumerate(entries):
        spec = _measure(source, f"measure.{index}", entry)
        if spec.label in specs:
            message = f"two measures are called `{spec.label}`"
            raise source.error(message, f"measure.{index}", "tell them apart with `as: another-name`")
        specs[spec.label] = spec
    return tuple(specs.values())


def _measure(source: Source, path: str, entry: Any) -> MeasureSpec:
    if not isinstance(entry, dict):
        entry = {"use": text(source, path, entry)}
    if "use" not in entry:
        raise source.error("a measure needs `use`", path, "write `use:` and the measure's name")
    use = text(source, f"{path}.use", entry["use"])
    called = text(source, f"{path}.as", entry["as"]) if "as" in entry else use
    settings = {key: value for key, value in entry.items() if key not in ("use", "as")}
    return MeasureSpec(label(source, path, called), use, settings)


def conditions(source: Source, axes: Collection[str]) -> tuple[str, ...]:
    """The axes of which each value has a baseline of its own: all that are named, and not all there are."""
    value = source.data.get("conditions", [])
    if not isinstance(value, list):
        raise source.error("`conditions` must be a list of axes", "conditions", "write `[model.encoder]`")
    for index, axis in enumerate(value):
        if axis not in axes:
            path = f"conditions.{index}"
            raise source.error(f"the study varies no `{axis}`", path, near_miss(str(axis), axes))
    if value and set(value) == set(axes):
        raise source.error("all axes are conditions, so that nothing is compared", "conditions")
    return tuple(value)


def repeat(source: Source) -> int:
    """The number of seeds, 1 where it is absent."""
    value = source.data.get("repeat", 1)
    if isinstance(value, bool) or not isinstance(value, int):
        raise source.error(f"`repeat` must be a whole number, and is {kind_of(value)}", "repeat")
    if not 1 <= value <= MOST_SEEDS:
        raise source.error(f"`repeat` is {value:,}, and must be between 1 and {MOST_SEEDS:,}", "repeat")
    return value


def skips(source: Source, fields: Collection[str], labels: Collection[str]) -> tuple[Skip, ...]:
    """What is left out: each condition on one of the fields, or on one of the measures' labels."""
    entries = source.data.get("skip", [])
    if not isinstance(entries, list):
        message = f"`skip` must be a list, and is {kind_of(entries)}"
        raise source.error(message, "skip", "write `- {when: {field: value}, because: reason}` beneath it")
    return tuple(_skip(source, f"skip.{i}", entry, fields, labels) for i, entry in enumerate(entries))


def _skip(source: Source, path: str, entry: Any, fields: Collection[str], labels: Collection[str]) -> Skip:
    entry = mapping(source, path, entry)
    known_keys(source, path, entry, ("when", "because"), "an entry of `skip`")
    for key in ("when", "because"):
        if key not in entry:
            raise source.error(f"this entry of `skip` has no `{key}`", path, f"add `{key}:`")
    when = mapping(source, f"{path}.when", entry["when"])
    known_keys(source, f"{path}.when", when, {*fields, "measure"}, "the configuration")
    wanted = when.get("measure", [])
    for measure in wanted if isinstance(wanted, list) else [wanted]:
        if measure not in labels:
            hint = near_miss(str(measure), labels)
            raise source.error(f"the study measures no `{measure}`", f"{path}.when.measure", hint)
    return Skip(when, text(source, f"{path}.because", entry["because"]))


def kind_of(value: Any) -> str:
    """A value, as a message tells what it is."""
    if isinstance(value, dict | list):
        return ("a " if value else "an empty ") + ("mapping" if isinstance(value, dict) else "list")
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"

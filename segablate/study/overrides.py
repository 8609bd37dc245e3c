"""`--set key=value`: change what a study file says for one run.

| key | replaces |
|---|---|
| `model.encoder`, `fixed.model.encoder` | a fixed value |
| `vary.model.upsampler` | an axis, with all its choices |
| `measure.0.limit`, `measure.oracle.limit` | a measure's setting |
| `repeat`, `measure`, `design`, `design.sets`, `margin.miou` | that key |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segablate.errors import SegablateError, near_miss
from segablate.study.configuration import WORDS, fixed
from segablate.study.fields import replace, split
from segablate.study.sections import mapping, measures
from segablate.study.source import Source, parse

KEYS = ("design", "fixed", "margin", "measure", "repeat", "vary", *WORDS)


def apply(source: Source, overrides: Sequence[str]) -> None:
    """Change the source as the overrides say, in their order; what they set is placed at `--set …`.

    Raises:
        SegablateError: a key that cannot be set, or a value that is not YAML.
    """
    for override in overrides:
        option = f"--set {override}"
        key, equals, value = override.partition("=")
        if not equals:
            raise SegablateError("this has no `=`", where=option, hint="write `--set key=value`")
        _apply(source, key.strip(), parse(value, option, lines=False))


def _apply(source: Source, key: str, new: Source) -> None:
    first, _, rest = key.partition(".")
    if first in WORDS:
        first, rest = "fixed", key
    if first == "fixed" and rest:
        _set_fixed(source, rest, new)
    elif first == "vary" and rest:
        _set_axis(source, rest, new)
    elif first == "measure" and rest:
        _set_measure(source, rest, new)
    elif first in ("repeat", "measure", "design", "margin"):
        _put(source.data, key, new.data)
        _place(source, key, new)
    elif first in KEYS:
        raise _error(new, f"`{key}` cannot be set as a whole", f"name the field: `--set {first}.field=value`")
    else:
        raise _error(new, f"there is no `{key}` to set", near_miss(first, KEYS))


def _set_fixed(source: Source, field: str, new: Source) -> None:
    leaves = replace(fixed(source), split(field), new.data)
    source.data["fixed"] = {".".join(at): value for at, value in leaves.items()}
    _place(source, f"fixed.{field}", new)


def _set_axis(source: Source, field: str, new: Source) -> None:
    varied = mapping(source, "vary", source.data.get("vary"))
    if field not in varied:
        raise _error(new, f"the study has no axis `{field}`", near_miss(field, varied))
    varied[field] = new.data
    _place(source, f"vary.{field}", new)


def _set_measure(source: Source, key: str, new: Source) -> None:
    known = [spec.label for spec in measures(source)]
    for index, called in sorted(enumerate(known), key=lambda pair: -len(pair[1])):
        if key.startswith(f"{called}."):
            return _set_setting(source, index, key[len(called) + 1 :], new)
    first, _, setting = key.partition(".")
    if first in known or not setting:
        raise _error(new, "this names no setting", f"write `--set measure.{first}.setting=value`")
    if first.isdecimal() and int(first) < len(known):
        return _set_setting(source, int(first), setting, new)
    raise _error(new, f"the study measures no `{first}`", near_miss(first, known))


def _set_setting(source: Source, index: int, setting: str, new: Source) -> None:
    entries = source.data["measure"]
    if isinstance(entries[index], str):
        entries[index] = {"use": entries[index]}
    _put(entries[index], setting, new.data)
    _place(source, f"measure.{index}.{setting}", new)


def _put(holder: dict[str, Any], key: str, value: Any) -> None:
    """Put the value at a dotted key; text on the way becomes the `use` of a mapping."""
    *way, last = key.split(".")
    for word in way:
        inner = holder.get(word)
        if not isinstance(inner, dict):
            inner = holder[word] = {"use": inner} if isinstance(inner, str) else {}
        holder = inner
    holder[last] = value


def _place(source: Source, path: str, new: Source) -> None:
    for old in [old for old in source.places if f"{old}.".startswith(f"{path}.")]:
        del source.places[old]
    source.places[path] = new.name
    source.places.update({f"{path}.{inner}": place for inner, place in new.places.items()})


def _error(new: Source, message: str, hint: str) -> SegablateError:
    return SegablateError(message, where=new.name, hint=hint)

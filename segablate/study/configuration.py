"""The two halves of every variant's configuration, `fixed` and `vary`, and that they do not clash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from segablate.errors import SegablateError, near_miss
from segablate.study.fields import Field, Leaves, clash, gather, label_of, near, split, walk
from segablate.study.sections import label, mapping
from segablate.study.source import Source
from segablate.study.study import Axis, Choice

WORDS = ("data", "input", "model", "recipe")


def fixed(source: Source) -> dict[Field, Any]:
    """The leaves of `fixed`.

    Raises:
        SegablateError: not a mapping, an unknown first word, or a field that is given twice.
    """
    if "fixed" not in source.data:
        return {}
    return _leaves(source, mapping(source, "fixed", source.data["fixed"]), "fixed", ())


def axes(source: Source) -> tuple[Axis, ...]:
    """The axes of `vary`, in the order written."""
    if "vary" not in source.data:
        return ()
    varied = mapping(source, "vary", source.data["vary"])
    return tuple(_axis(source, field, choices) for field, choices in varied.items())


def check_apart(source: Source, fixed: Leaves, axes: tuple[Axis, ...]) -> None:
    """Refuse a field that is both fixed and varied, or varied by two axes."""
    for axis in axes:
        around = near(fixed, split(axis.field))
        outer = [other for other in axes if axis.field.startswith(f"{other.field}.")]
        for choice in axis.choices if around else ():
            if both := clash(around, leaves_of(axis, choice)):
                raise _fixed_and_varied(source, both, axis, choice)
        for other in outer:
            for choice in other.choices:
                if clash(leaves_of(other, choice), {split(axis.field): None}):
                    there = source.where(f"vary.{other.field}.{choice.label}")
                    message = f"`{axis.field}` is varied here and given at {there}"
                    raise source.error(message, f"vary.{axis.field}", "take it out of one of them")


def leaves_of(axis: Axis, choice: Choice) -> dict[Field, Any]:
    """The leaves that a choice brings."""
    return dict(walk(choice.value, split(axis.field)))


def fields_of(fixed: Leaves, axes: Iterable[Axis]) -> set[str]:
    """Every field that some variant has, with all that lie above it."""
    fields = {field if not isinstance(value, str) else (*field, "use") for field, value in fixed.items()}
    for axis in axes:
        for choice in axis.choices:
            leaves = walk(choice.value, split(axis.field))
            fields.update((*field, "use") if isinstance(value, str) else field for field, value in leaves)
    return {".".join(field[:depth]) for field in fields for depth in range(1, len(field) + 1)}


def _fixed_and_varied(source: Source, both: Field, axis: Axis, choice: Choice) -> SegablateError:
    field = ".".join(both)
    place = source.where(f"fixed.{field}")
    hint = "take it out of `fixed`, or out of `vary`"
    if place.startswith("--set"):
        hint = f"set the axis instead: `--set 'vary.{axis.field}=[…]'`"
    there = source.where(f"vary.{axis.field}.{choice.label}")
    return source.error(f"`{field}` is fixed here and varied at {there}", f"fixed.{field}", hint)


def _leaves(source: Source, value: Any, path: str, at: Field) -> dict[Field, Any]:
    try:
        leaves = gather(walk(value, at))
    except SegablateError as error:
        inner = ".".join(split(error.field or "")[len(at) :])
        raise source.error(error.message, f"{path}.{inner}", "keep one of the two") from None
    for field in leaves:
        inner = ".".join(field[len(at) :])
        _check_words(source, field, f"{path}.{inner}" if inner else path)
    return leaves


def _check_words(source: Source, field: Field, path: str) -> None:
    if field[0] not in WORDS:
        message = f"a configuration has no `{field[0]}`"
        raise source.error(message, path, near_miss(field[0], WORDS))
    if not all(word.strip() for word in field):
        raise source.error(f"`{'.'.join(field)}` has an empty word in it", path)


def _axis(source: Source, field: str, written: Any) -> Axis:
    path = f"vary.{field}"
    _check_words(source, split(field), path)
    if not isinstance(written, list | dict):
        first = "one" if written is None else label_of(written)
        hint = f"write `[{first}, another]`, or `{{label: value}}`"
        raise source.error(f"axis `{field}` must be a list of values or a mapping", path, hint)
    if not written:
        raise source.error(f"axis `{field}` has no choices", path, "the first choice is the baseline")
    choices = _listed(source, field, written) if isinstance(written, list) else list(written.items())
    for name, value in choices:
        inner = f"{path}.{label(source, path, name)}"
        _leaves(source, value, inner, split(field))
    return Axis(field, tuple(Choice(name, value) for name, value in choices))


def _listed(source: Source, field: str, values: list[Any]) -> list[tuple[str, Any]]:
    path = f"vary.{field}"
    places = [source.where(f"{path}.{index}") for index in range(len(values))]
    named: dict[str, Any] = {}
    for index, (value, place) in enumerate(zip(values, places, strict=True)):
        if isinstance(value, list | dict):
            message = f"choice {index + 1} of axis `{field}` has no label"
            raise SegablateError(message, where=place, hint="write the choices as `label: value`")
        name = label_of(value)
        if name in named:
            message = f"axis `{field}` has the choice `{name}` twice"
            raise SegablateError(message, where=place, hint="remove one")
        named[name] = value
    source.places.update({f"{path}.{name}": place for name, place in zip(named, places, strict=True)})
    return list(named.items())

"""A configuration as a set of leaves, so that the order in which it is written does not matter.

    model.upsampler: dupsampling ──┐
    model.upsampler.channels: 64 ──┴──► {model: {upsampler: {use: dupsampling, channels: 64}}}

A leaf is text, a number, a truth value, None, a list or an empty mapping. Text at a field that has
further fields beneath it is that part's `use`. Two leaves for one field clash; nothing is overridden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from segablate.errors import SegablateError

Field: TypeAlias = tuple[str, ...]
Leaves: TypeAlias = Mapping[Field, Any]


def split(dotted: str) -> Field:
    """The words of a dotted field."""
    return tuple(dotted.split("."))


def walk(value: Any, at: Field = ()) -> list[tuple[Field, Any]]:
    """The leaves of a value at a field; keys with dots in them are expanded, a field may come twice."""
    leaves: list[tuple[Field, Any]] = []
    _walk(value, at, leaves)
    return leaves


def _walk(value: Any, at: Field, leaves: list[tuple[Field, Any]]) -> None:
    if value and isinstance(value, dict):
        for key, inner in value.items():
            _walk(inner, (*at, *split(key)), leaves)
    else:
        leaves.append((at, value))


def gather(pairs: Iterable[tuple[Field, Any]]) -> dict[Field, Any]:
    """Leaves by field, the shallow ones first.

    Raises:
        SegablateError: two of them clash; `field` says where.
    """
    leaves: dict[Field, Any] = {}
    for field, value in sorted(pairs, key=lambda pair: len(pair[0])):
        if other := _in_the_way(leaves, field):
            name, above = ".".join(field), ".".join(other)
            why = "is given twice" if other == field else f"lies beneath `{above}`, which has its own value"
            raise SegablateError(f"`{name}` {why}", field=name)
        leaves[field] = value
    return leaves


def clash(first: Leaves, second: Leaves) -> Field | None:
    """A field that both give, or that one cannot have beneath what the other gives."""
    lower = (field for field in second if _in_the_way(first, field))
    upper = (field for field in first if _in_the_way(second, field))
    return next(lower, None) or next(upper, None)


def _in_the_way(leaves: Leaves, field: Field) -> Field | None:
    if field in leaves:
        return field
    for depth in range(1, len(field)):
        above = leaves.get(field[:depth], {})
        if isinstance(above, str):
            if field[depth] == "use":
                return field
        elif above != {}:
            return field[:depth]
    return None


def near(leaves: Leaves, field: Field) -> dict[Field, Any]:
    """The leaves at a field, above it or beneath it: those that others at the field could clash with."""
    return {f: value for f, value in leaves.items() if f[: len(field)] == field[: len(f)]}


def nest(leaves: Leaves) -> dict[str, Any]:
    """The leaves as mappings within mappings; they must not clash."""
    tree: dict[str, Any] = {}
    for field in sorted(leaves, key=len):
        spot = tree
        for word in field[:-1]:
            inner = spot.setdefault(word, {})
            if not isinstance(inner, dict):
                inner = spot[word] = {"use": inner}
            spot = inner
        value = leaves[field]
        spot[field[-1]] = {} if value == {} else value  # the empty mapping may be filled: not a shared one
    return tree


def replace(leaves: Leaves, field: Field, value: Any) -> dict[Field, Any]:
    """The leaves with `value` at `field` in place of all that was there; text above stays as `use`."""
    rest: dict[Field, Any] = {}
    for old, was in leaves.items():
        above = old == field[: len(old)] and len(old) < len(field)
        if above and isinstance(was, str):
            old = (*old, "use")
        elif above and was != {}:
            continue
        if old[: len(field)] != field:
            rest[old] = was
    return rest | dict(walk(value, field))


def lookup(config: Any, field: Field) -> Any:
    """The value at a field; text stands for its own `use`. KeyError where there is nothing."""
    for depth, word in enumerate(field):
        if isinstance(config, str) and field[depth:] == ("use",):
            return config
        if not isinstance(config, Mapping):
            raise KeyError(".".join(field))
        config = config[word]
    return config


def label_of(value: Any) -> str:
    """A scalar as a label: truth values and None as YAML writes them."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def nearest(places: Mapping[str, str], path: str) -> str:
    """The place of a dotted path or of the nearest thing around it; "" where none is known."""
    while path and path not in places:
        path = path.rpartition(".")[0]
    return places.get(path, "")

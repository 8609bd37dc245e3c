"""`margin`: for each metric the largest difference that does not matter.

| written | means |
|---|---|
| `miou: 0.5`, `miou: 0.5 points` | half a percentage point |
| `p50_ms: 2 %` | 2 % of the baseline's time |
| `params: 0.1`, `params: 0.1 million` | in the unit that reports show |
| `params: 5 %` | 5 % of the baseline's |
"""

from __future__ import annotations

import re
from typing import Any

from segablate.errors import SegablateError, near_miss
from segablate.quantity import QUANTITIES, Margin, Quantity
from segablate.study.sections import kind_of, mapping
from segablate.study.source import Source

_WRITTEN = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(.*)")
POINTS = ("point", "points")


def margins(source: Source) -> dict[str, Margin]:
    """The margins that the study states.

    Raises:
        SegablateError: a metric that does not exist or has no better side, or no margin in its unit.
    """
    if "margin" not in source.data:
        return {}
    entries = mapping(source, "margin", source.data["margin"])
    return {
        metric: in_unit(source, f"margin.{metric}", compared(source, f"margin.{metric}", metric), value)
        for metric, value in entries.items()
    }


def compared(source: Source, path: str, metric: str) -> Quantity:
    """What a metric means that has a better side.

    Raises:
        SegablateError: there is no such metric, or neither more nor less of it is better.
    """
    known = {name for name, what in QUANTITIES.items() if what.compared != "none"}
    if metric in known:
        return QUANTITIES[metric]
    if metric in QUANTITIES:
        raise source.error(f"of `{metric}` neither more nor less is better: it has no margin", path)
    raise source.error(f"there is no metric `{metric}`", path, near_miss(metric.lower(), known))


def in_unit(source: Source, path: str, what: Quantity, value: Any) -> Margin:
    """A margin as it is written.

    Raises:
        SegablateError: it is no number that is not negative, or one in another unit.
    """
    number, unit = _split(source, path, value, what)
    try:
        return _in_unit(what, number, unit)
    except SegablateError as error:
        raise source.error(error.message, path, error.hint) from None


def _split(source: Source, path: str, value: Any, what: Quantity) -> tuple[float, str]:
    """The number and the unit behind it, "" where there is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value), ""
    match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        message = f"a margin is a number that is not negative, and `{path}` is {kind_of(value)}"
        raise source.error(message, path, _example(what))
    return float(match[1]), match[2]


def _in_unit(what: Quantity, number: float, unit: str) -> Margin:
    score = what.shown_unit == "%"
    if unit == "%" and not score:
        return Margin(number / 100, relative=True)
    if what.compared == "ratio":
        raise SegablateError(f"a margin of `{what.metric}` is a share of the baseline's", hint=_example(what))
    if unit and unit not in (POINTS if score else (what.shown_unit,)):
        raise SegablateError(f"a margin of `{what.metric}` is not in `{unit}`", hint=_example(what))
    return Margin(number / what.scale)


def _example(what: Quantity) -> str:
    if what.compared == "ratio":
        return f"write `{what.metric}: 2 %`"
    if what.shown_unit == "%":
        return f"write `{what.metric}: 0.5 points`"
    return f"write `{what.metric}: 1 %`, or a number" + (f" in {what.shown_unit}" if what.shown_unit else "")

"""`names` and `table`: what the page calls things, and how its main table looks.

    names: {model.upsampler: last step, PCA frozen: "DUpsampling, W frozen", model.rate=16: slow}
    table: {as: matrix, rows: model.upsampler, columns: [model.output_stride], show: [miou, macs]}

They change no number and no key: a report is written anew, and nothing runs again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from segablate.errors import SegablateError, near_miss
from segablate.quantity import QUANTITIES
from segablate.study.sections import kind_of, known_keys, label, mapping, text
from segablate.study.source import Source
from segablate.study.study import Study, TableSpec
from segablate.study.variants import Variant

KEYS = ("as", "rows", "columns", "show")
FORMS = ("matrix", "ticks", "rows")


def names(source: Source) -> dict[str, str]:
    """What is printed for an axis, a choice or a variant; whether there is such a thing, `check` knows.

    A label that is a variant's and a choice's is the variant; `axis=choice` is the choice.

    Raises:
        SegablateError: what is to be printed is no short text, or stands for two.
    """
    if "names" not in source.data:
        return {}
    by_field: dict[str, str] = {}
    for key, value in mapping(source, "names", source.data["names"]).items():
        path = f"names.{key}"
        by_field[key] = label(source, path, text(source, path, value))
    return by_field


def table(source: Source, axes: Collection[str], measures: Sequence[str]) -> TableSpec:
    """How the main table looks.

    Args:
        source: the file.
        axes: what the study varies.
        measures: labels of its measures.

    Raises:
        SegablateError: a form, an axis, a metric or a measure that does not exist.
    """
    if "table" not in source.data:
        return TableSpec()
    entries = mapping(source, "table", source.data["table"])
    known_keys(source, "table", entries, KEYS, "`table`")
    form = text(source, "table.as", entries["as"]) if "as" in entries else ""
    if form and form not in FORMS:
        raise source.error(f"there is no table `{form}`", "table.as", near_miss(form, FORMS))
    placed = next((key for key in ("rows", "columns") if key in entries), "")
    if placed and form not in ("", "matrix"):
        raise source.error(f"only a matrix has `{placed}`", f"table.{placed}", "write `as: matrix`")
    rows = _axis(source, "table.rows", entries["rows"], axes) if "rows" in entries else ""
    columns = [
        _axis(source, f"table.columns.{at}", axis, axes)
        for at, axis in enumerate(_list(source, "table.columns", entries.get("columns", [])))
    ]
    twice = next(
        (axis for at, axis in enumerate([rows, *columns]) if axis and axis in [rows, *columns][:at]), ""
    )
    if twice:
        raise source.error(f"`{twice}` has two places in the table", "table.columns", "remove one")
    show = [
        _shown(source, f"table.show.{at}", axis, measures)
        for at, axis in enumerate(_list(source, "table.show", entries.get("show", [])))
    ]
    return TableSpec("matrix" if placed else form, rows, tuple(columns), tuple(dict.fromkeys(show)))


def check(study: Study, variants: Sequence[Variant], metrics: Mapping[str, Sequence[str]]) -> None:
    """See that what is named and shown is there.

    Args:
        study: the study.
        variants: all of its variants.
        metrics: label of each measure → the metrics it gives.

    Raises:
        SegablateError: a name is of nothing that the study has or two variants would have one name, or
            nothing measures what is to be shown, or several do.
    """
    known = {variant.label for variant in variants} | {axis.field for axis in study.axes}
    known |= {choice.label for axis in study.axes for choice in axis.choices}
    known |= {f"{axis.field}={choice.label}" for axis in study.axes for choice in axis.choices}
    for key in study.names:
        if key not in known:
            message = f"the study has no variant, axis or choice `{key}`"
            raise SegablateError(message, where=study.where(f"names.{key}"), hint=near_miss(key, known))
    labels = [variant.label for variant in variants]
    _check_distinct(study, {label: label for label in labels if label in study.names})
    for axis in study.axes:
        both = {choice.label: f"{axis.field}={choice.label}" for choice in axis.choices}
        named = {
            label: key if key in study.names or label in labels else label for label, key in both.items()
        }
        _check_distinct(study, named)
    for at, (metric, measure) in enumerate(study.table.show):
        having = [own for own, names in metrics.items() if metric in names and measure in ("", own)]
        if len(having) == 1:
            continue
        where = study.where(f"table.show.{at}")
        if having:
            quoted = ", ".join(f"`{own}`" for own in having)
            hint = f"write `{{metric: {metric}, measure: {having[0]}}}`"
            raise SegablateError(f"`{metric}` is given by {quoted}", where=where, hint=hint)
        every = {name for own, names in metrics.items() if measure in ("", own) for name in names}
        who = f"`{measure}` gives" if measure else "nothing that the study measures gives"
        message = f"{who} no `{metric}`" if measure else f"{who} `{metric}`"
        raise SegablateError(message, where=where, hint=near_miss(metric, every))


def _check_distinct(study: Study, keys: Mapping[str, str]) -> None:
    """Refuse one name for two variants, or for two choices of an axis: label → key of its name."""
    taken: dict[str, str] = {}
    for label_, key in keys.items():
        printed = study.names.get(key, label_)
        if printed in taken:
            where = key if key in study.names else keys[taken[printed]]
            message = f"`{taken[printed]}` and `{label_}` would both be called `{printed}`"
            raise SegablateError(message, where=study.where(f"names.{where}"), hint="tell them apart")
        taken[printed] = label_


def _list(source: Source, path: str, value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise source.error(f"`{path}` must be a list, and is {kind_of(value)}", path, "write `[one, another]`")


def _axis(source: Source, path: str, value: Any, axes: Collection[str]) -> str:
    axis = text(source, path, value)
    if axis not in axes:
        raise source.error(f"the study varies no `{axis}`", path, near_miss(axis, axes))
    return axis


def _shown(source: Source, path: str, entry: Any, measures: Sequence[str]) -> tuple[str, str]:
    """A metric, and the label of its measure; "" where that is not said."""
    if not isinstance(entry, dict):
        entry = {"metric": text(source, path, entry)}
    known_keys(source, path, entry, ("metric", "measure"), "an entry of `show`")
    if "metric" not in entry:
        raise source.error("this entry of `show` has no `metric`", path, "add `metric:`")
    metric = text(source, path, entry["metric"])
    if metric not in QUANTITIES:
        raise source.error(f"there is no metric `{metric}`", path, near_miss(metric.lower(), QUANTITIES))
    measure = text(source, path, entry["measure"]) if "measure" in entry else ""
    if measure and measure not in measures:
        hint = near_miss(measure, measures)
        raise source.error(f"the study measures no `{measure}`", f"{path}.measure", hint)
    return metric, measure

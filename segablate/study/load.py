"""From a study file to a `Study`: every mistake in it is told with its line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segablate.study import claims, configuration, printed, sections
from segablate.study.fields import nest
from segablate.study.margins import margins
from segablate.study.overrides import apply
from segablate.study.source import read
from segablate.study.study import Study


def load(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Read a study.

    Args:
        path: a YAML file named as the study is.
        overrides: `key=value` texts from `--set`; see `segablate.study.overrides`.

    Raises:
        SegablateError: the file or an override is at fault; the message says where.
    """
    source = read(path)
    sections.top(source)
    name = sections.name(source, path)
    apply(source, overrides)
    fixed = configuration.fixed(source)
    axes = configuration.axes(source)
    configuration.check_apart(source, fixed, axes)
    measures = sections.measures(source)
    fields = configuration.fields_of(fixed, axes)
    labels = [measure.label for measure in measures]
    return Study(
        path=path,
        name=name,
        question=sections.optional_text(source, "question"),
        expect=sections.optional_text(source, "expect"),
        cite=sections.optional_text(source, "cite"),
        published=sections.optional_text(source, "published"),
        fixed=nest(fixed),
        axes=axes,
        design=sections.design(source),
        conditions=sections.conditions(source, [axis.field for axis in axes]),
        skips=sections.skips(source, fields, labels),
        measures=measures,
        repeat=sections.repeat(source),
        margin=margins(source),
        claims=claims.written(source, labels),
        names=printed.names(source),
        table=printed.table(source, [axis.field for axis in axes], labels),
        places=source.places,
    )

"""`claims`: statements about two variants, or about a variant and a printed value, written before looking.

    - {claim: FLD + UAFM beats sum, metric: miou, printed: 0.39, source: Table 3}
    - {claim: DUpsampling-64 + 32 reaches 99.90, metric: miou, measure: searched, source: Table 1}

A side is a variant as `segablate plan` prints it, or a list of values as in `design.sets`, joined by ` + `:
what it does not name is at its first choice. What can be read in two ways is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from segablate.errors import SegablateError, near_miss
from segablate.evidence.claim import WORDS, Claim, Word
from segablate.quantity import QUANTITIES, Margin, quantity
from segablate.study.margins import compared, in_unit
from segablate.study.sections import kind_of, known_keys, mapping, text
from segablate.study.source import Source
from segablate.study.study import ClaimSpec, Study
from segablate.study.variants import Variant, names_of_choices, skip_reason

KEYS = ("claim", "metric", "measure", "margin", "by", "printed", "source")
OF_TWO = ("margin", "by", "printed")
FORMS = "`A beats B`, `A is no worse than B`, `A matches B` or `A reaches 99.90`"
AND = " + "
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
# a side and the word; the rest is the other side
Reading = tuple[str, Word, str]


def written(source: Source, measures: Sequence[str]) -> tuple[ClaimSpec, ...]:
    """The claims of a study file, not yet looked up.

    Args:
        source: the file.
        measures: labels of its measures.

    Raises:
        SegablateError: one has no such form, metric, measure or margin.
    """
    entries = source.data.get("claims", [])
    if not isinstance(entries, list):
        hint = "write `- {claim: A beats B, metric: miou}` beneath it"
        raise source.error(f"`claims` must be a list, and is {kind_of(entries)}", "claims", hint)
    return tuple(_written(source, f"claims.{at}", entry, measures) for at, entry in enumerate(entries))


def claims(
    study: Study, variants: Sequence[Variant], metrics: Mapping[str, Sequence[str]]
) -> tuple[Claim, ...]:
    """The claims of a study with the variants and the measures that they are about.

    Args:
        study: the study.
        variants: all of its variants.
        metrics: label of each measure → the metrics it gives.

    Raises:
        SegablateError: a claim is about a variant or a number that is not there, may be read in two ways,
            or is made twice.
    """
    checked: list[Claim] = []
    for at, spec in enumerate(study.claims):
        claim = _claim(study, variants, metrics, at, spec)
        for before, other in enumerate(checked):
            if other.statement == claim.statement:
                there = study.where(f"claims.{before}")
                raise _error(study, f"this is claimed already at {there}", at, "remove one")
        checked.append(claim)
    return tuple(checked)


def _written(source: Source, path: str, entry: Any, measures: Sequence[str]) -> ClaimSpec:
    entry = mapping(source, path, entry)
    known_keys(source, path, entry, KEYS, "a claim")
    for key in ("claim", "metric"):
        if key not in entry:
            raise source.error(f"this claim has no `{key}`", path, f"add `{key}:`")
    claimed = text(source, f"{path}.claim", entry["claim"])
    words = [word for word in WORDS if f" {word} " in claimed]
    if not words:
        raise source.error(f"`{claimed}` is no claim", f"{path}.claim", f"write {FORMS}")
    metric = text(source, f"{path}.metric", entry["metric"])
    measure = text(source, f"{path}.measure", entry["measure"]) if "measure" in entry else ""
    if measure and measure not in measures:
        hint = near_miss(measure, measures)
        raise source.error(f"the study measures no `{measure}`", f"{path}.measure", hint)
    if words == ["reaches"]:
        if unwanted := next((key for key in OF_TWO if key in entry), None):
            raise source.error(f"a printed value has no `{unwanted}`", f"{path}.{unwanted}", "leave it out")
        if metric not in QUANTITIES:
            hint = near_miss(metric.lower(), QUANTITIES)
            raise source.error(f"there is no metric `{metric}`", f"{path}.metric", hint)
        margins: dict[str, Margin] = {}
    else:
        what = compared(source, f"{path}.metric", metric)
        margins = {key: in_unit(source, f"{path}.{key}", what, entry[key]) for key in OF_TWO if key in entry}
    source_text = text(source, f"{path}.source", entry["source"]) if "source" in entry else ""
    return ClaimSpec(" ".join(claimed.split()), metric, measure, source=source_text, **margins)


def _claim(
    study: Study,
    variants: Sequence[Variant],
    metrics: Mapping[str, Sequence[str]],
    at: int,
    spec: ClaimSpec,
) -> Claim:
    first, word, second = _reading(study, variants, at, spec.text)
    measure = _measure(study, metrics, at, spec)
    own = {variant.label: variant for variant in variants}
    for label in [first] if word == "reaches" else [first, second]:
        if reason := skip_reason(study, own[label], measure):
            raise _error(study, f"`{label}` is skipped under `{measure}`: {reason}", at)
    return Claim(
        text=spec.text,
        first=first,
        word=word,
        second="" if word == "reaches" else second,
        value=second if word == "reaches" else "",
        metric=spec.metric,
        measure=measure,
        margin=spec.margin or study.margin.get(spec.metric, quantity(spec.metric).margin),
        by=spec.by,
        printed=spec.printed,
        source=spec.source,
        apart=() if word == "reaches" else _apart(own[first], own[second]),
    )


def _apart(first: Variant, second: Variant) -> tuple[tuple[str, str, str], ...]:
    differing = [axis for axis, label in first.choices.items() if second.choices[axis] != label]
    return tuple((axis, first.choices[axis], second.choices[axis]) for axis in differing)


def _measure(study: Study, metrics: Mapping[str, Sequence[str]], at: int, spec: ClaimSpec) -> str:
    having = [label for label, metrics_of in metrics.items() if spec.metric in metrics_of]
    if spec.measure:
        if spec.measure not in having:
            hint = near_miss(spec.metric, metrics[spec.measure])
            raise _error(study, f"`{spec.measure}` gives no `{spec.metric}`", at, hint, "measure")
        return spec.measure
    if not having:
        every = {metric for metrics_of in metrics.values() for metric in metrics_of}
        hint = near_miss(spec.metric, every)
        raise _error(study, f"nothing that the study measures gives `{spec.metric}`", at, hint, "metric")
    if len(having) > 1:
        those = ", ".join(f"`{label}`" for label in having)
        hint = f"add `measure: {having[0]}`"
        raise _error(study, f"`{spec.metric}` is given by {those}", at, hint, "metric")
    return having[0]


def _reading(study: Study, variants: Sequence[Variant], at: int, claimed: str) -> Reading:
    """The one way to read a claim.

    Raises:
        SegablateError: there is none, or there are more.
    """
    splits = list(_splits(claimed))
    readings = list(
        dict.fromkeys(reading for split in splits for reading in _interpretations(study, variants, split))
    )
    if not readings:
        raise _unread(study, variants, at, splits[0])
    if len(readings) > 1:
        ways = " or ".join(f"`{first}` {word} `{second}`" for first, word, second in readings[:2])
        hint = "name variants as `segablate plan` prints them, and give them different labels"
        raise _error(study, f"this may be read as {ways}", at, hint)
    if readings[0][0] == readings[0][2]:
        raise _error(study, f"this compares `{readings[0][0]}` with itself", at)
    return readings[0]


def _splits(claimed: str) -> Iterator[Reading]:
    """Every way to part a claim at one of the words."""
    for word in WORDS:
        parts = claimed.split(f" {word} ")
        for at in range(1, len(parts)):
            yield f" {word} ".join(parts[:at]).strip(), word, f" {word} ".join(parts[at:]).strip()


def _interpretations(study: Study, variants: Sequence[Variant], split: Reading) -> Iterator[Reading]:
    first, word, second = split
    for variant in _variants(study, variants, first):
        if word == "reaches":
            if _NUMBER.fullmatch(second):
                yield variant, word, second
            continue
        for other in _variants(study, variants, second):
            yield variant, word, other


def _variants(study: Study, variants: Sequence[Variant], side: str) -> list[str]:
    """Labels of the variants that a side of a claim may mean."""
    matches = {side: None} if any(variant.label == side for variant in variants) else {}
    combined = {tuple(variant.choices.items()): variant.label for variant in variants}
    first = {axis.field: axis.choices[0].label for axis in study.axes}
    for chosen in _chosen(_owners(study), side):
        if label := combined.get(tuple({**first, **chosen}.items())):
            matches[label] = None
    return list(matches)


def _chosen(owners: Mapping[str, list[tuple[str, str]]], side: str) -> Iterator[dict[str, str]]:
    """Every way to read a side as a list of choices of different axes: axis → label."""
    parts = side.split(AND)
    for cut in range(1, len(parts) + 1):
        for field, label in owners.get(AND.join(parts[:cut]), []):
            if cut == len(parts):
                yield {field: label}
                continue
            for rest in _chosen(owners, AND.join(parts[cut:])):
                if field not in rest:
                    yield {field: label, **rest}


def _owners(study: Study) -> dict[str, list[tuple[str, str]]]:
    """What a choice is called, as written and as variants are labelled → axis and label."""
    owners: dict[str, list[tuple[str, str]]] = {}
    for axis, names in zip(study.axes, names_of_choices(study.axes), strict=True):
        for choice, name in zip(axis.choices, names, strict=True):
            for called in dict.fromkeys((choice.label, name)):
                owners.setdefault(called, []).append((axis.field, choice.label))
    return owners


def _unread(study: Study, variants: Sequence[Variant], at: int, split: Reading) -> SegablateError:
    """Why a claim cannot be read, said of its first split."""
    first, word, second = split
    side = second if _variants(study, variants, first) else first
    if word == "reaches" and side == second:
        hint = "write the printed number, such as `99.90`"
        return _error(study, f"`{second}` is no printed value", at, hint)
    owners, labels = _owners(study), [variant.label for variant in variants]
    unknown = [part for part in side.split(AND) if part not in owners]
    if AND in side and len(unknown) == 1:
        return _error(study, f"no axis has a choice `{unknown[0]}`", at, near_miss(unknown[0], owners))
    return _error(study, f"there is no variant `{side}`", at, near_miss(side, labels))


def _error(
    study: Study, message: str, at: int, hint: str | None = None, key: str = "claim"
) -> SegablateError:
    return SegablateError(message, where=study.where(f"claims.{at}.{key}"), hint=hint)

"""The variants of a study: the combinations its design picks, with labels and configurations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segablate.errors import SegablateError
from segablate.study.configuration import leaves_of
from segablate.study.designs import designs
from segablate.study.fields import label_of, lookup, nest, split, walk
from segablate.study.study import Axis, Skip, Study

BASELINE = "baseline"
NAMES_EVERY_CHOICE = ("grid", "zip")  # the other designs name what differs from the baseline
_NEEDS_ITS_FIELD = re.compile(r"[-+]?(\.?[0-9][0-9.]*)([eE][-+]?[0-9]+)?|true|false|null")


@dataclass(frozen=True)
class Variant:
    """One combination of the varied values.

    Attributes:
        label: short, stable, and different from those of the study's other variants.
        choices: axis field → label of the choice.
        config: nested: what is fixed and what was chosen. Not to be changed: variants share values.
        baseline: whether the others are compared with it.
    """

    label: str
    choices: Mapping[str, str]
    config: Mapping[str, Any]
    baseline: bool


def variants(study: Study) -> tuple[Variant, ...]:
    """All variants, in the design's order; exactly one is the baseline.

    Raises:
        SegablateError: the design does not fit the axes, or two variants would have one label.
    """
    combinations = _combinations(study)
    labels = _labels(study, combinations)
    fixed = dict(walk(study.fixed)) if study.fixed else {}
    brought = [[leaves_of(axis, choice) for choice in axis.choices] for axis in study.axes]
    first = combinations.index(zeros) if (zeros := (0,) * len(study.axes)) in combinations else 0
    made = []
    for number, (combination, label) in enumerate(zip(combinations, labels, strict=True)):
        leaves = dict(fixed)
        for choices, index in zip(brought, combination, strict=True):
            leaves.update(choices[index])
        chosen = {axis.field: axis.choices[i].label for axis, i in zip(study.axes, combination, strict=True)}
        made.append(Variant(label, chosen, nest(leaves), number == first))
    return tuple(made)


def skip_reason(study: Study, variant: Variant, measure_label: str) -> str | None:
    """Why the study leaves this measure of this variant out; None where it does not."""
    return next((s.because for s in study.skips if _applies(study, s, variant, measure_label)), None)


def field_in_study(study: Study, variant: Variant, field: str) -> str:
    """The study's path that gave a variant's field its value, for `Study.where`.

    Where nothing gave it one, the path it would have in the part it belongs to.
    """
    target = split(field)
    candidates: list[tuple[int, str]] = []  # how near, and the path
    for axis in study.axes:
        at = split(axis.field)
        path = f"vary.{axis.field}.{variant.choices[axis.field]}"
        if at == target[: len(at)]:
            candidates.append((len(at), ".".join((path, *target[len(at) :]))))
        elif target == at[: len(target)]:
            candidates.append((0, path))
    for leaf in walk(study.fixed) if study.fixed else ():
        if leaf[0] == target[: len(leaf[0])] or target == leaf[0][: len(target)]:
            candidates.append((min(len(leaf[0]), len(target)), f"fixed.{field}"))
    return max(candidates, key=lambda near: near[0])[1] if candidates else f"fixed.{field}"


def _combinations(study: Study) -> list[tuple[int, ...]]:
    name, settings = study.design
    try:
        picked = designs.part(name).build({"axes": study.axes}, settings)
    except SegablateError as error:
        path = f"design.{error.field}" if error.field else "design"
        raise SegablateError(error.message, where=study.where(path), hint=error.hint) from None
    if not picked:
        raise SegablateError(f"design `{name}` gives no variants", where=study.where("design"))
    return [tuple(indices.get(axis.field, 0) for axis in study.axes) for indices in picked]


def _labels(study: Study, combinations: list[tuple[int, ...]]) -> list[str]:
    every = study.design[0] in NAMES_EVERY_CHOICE
    names = names_of_choices(study.axes)
    labels: dict[str, tuple[int, ...]] = {}
    for combination in combinations:
        words = [names[a][i] for a, i in enumerate(combination) if every or i]
        label = (", " if every else " + ").join(words) or BASELINE
        if label in labels:
            raise _same_label(study, label, combination, again=labels[label] == combination)
        labels[label] = combination
    return list(labels)


def names_of_choices(axes: tuple[Axis, ...]) -> list[list[str]]:
    """What the choices of each axis are called in variants' labels: a number or truth value stands behind
    the field's last word."""
    names = []
    fields = [split(axis.field) for axis in axes]
    for axis, field in zip(axes, fields, strict=True):
        # as many of the field's last words as no other axis ends with
        lengths = range(1, len(field))
        alone = (n for n in lengths if sum(other[-n:] == field[-n:] for other in fields) == 1)
        word = ".".join(field[-next(alone, len(field)) :])
        labels = [choice.label for choice in axis.choices]
        names.append([f"{word}={x}" if _NEEDS_ITS_FIELD.fullmatch(x) else x for x in labels])
    return names


def _same_label(study: Study, label: str, combination: tuple[int, ...], *, again: bool) -> SegablateError:
    if again:
        message = f"the design gives the variant `{label}` twice"
        return SegablateError(message, where=study.where("design.sets"), hint="remove one")
    axis, index = next(((a, i) for a, i in zip(study.axes, combination, strict=True) if i), (None, 0))
    path = f"vary.{axis.field}.{axis.choices[index].label}" if axis else "vary"
    hint = "give the choices of different axes different labels"
    return SegablateError(f"two variants would be called `{label}`", where=study.where(path), hint=hint)


def _applies(study: Study, skip: Skip, variant: Variant, measure_label: str) -> bool:
    return all(_matches(field, wanted, variant, measure_label) for field, wanted in skip.when.items())


def _matches(field: str, wanted: Any, variant: Variant, measure_label: str) -> bool:
    try:
        values = [measure_label if field == "measure" else lookup(variant.config, split(field))]
    except KeyError:
        values = []
    if values and isinstance(values[0], Mapping) and "use" in values[0]:
        values.append(values[0]["use"])
    wanted_values = [wanted, *wanted] if isinstance(wanted, list) else [wanted]
    if field in variant.choices and any(_is_label(value, variant.choices[field]) for value in wanted_values):
        return True
    return any(_same(value, other) for value in wanted_values for other in values)


def _is_label(value: Any, label: str) -> bool:
    return not isinstance(value, list | dict) and label_of(value) == label


def _same(first: Any, second: Any) -> bool:
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)

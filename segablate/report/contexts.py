"""Which variant is another one's baseline: the one that differs in what is compared, and in nothing else.

Axes of the model are what a study compares, where it has any; data, input, recipe and the output stride are
then conditions, and each condition has its own baseline. A study that varies the recipe but no model
compares recipes, and one that varies neither compares what it varies. What a study lists under `conditions`
is one too: whether a decoder is faster is asked with the same encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segablate.report.ceilings import STRIDE
from segablate.report.data import Record

# the first kind that a study varies is what it compares
SUBJECTS = ("model", "recipe")
Choices = Mapping[str, str]


def compared_axes(records: Sequence[Record]) -> tuple[str, ...]:
    """The axes whose values are compared with the baseline's; the others are conditions."""
    told = {field for record in records for field in record.conditions}
    axes = [
        field
        for field in dict.fromkeys(field for record in records for field in record.choices)
        if field not in told
    ]
    for subject in SUBJECTS:
        own = tuple(axis for axis in axes if axis.split(".")[0] == subject and not axis.endswith(STRIDE))
        if own:
            return own
    return tuple(axes)


def context(choices: Choices, compared: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The conditions of a variant: its values on the axes that are not compared."""
    return tuple((field, label) for field, label in choices.items() if field not in compared)


def baselines(records: Sequence[Record]) -> dict[str, str | None]:
    """Variant → the baseline under the same conditions; itself where it is one, None where there is none."""
    choices = {record.variant: record.choices for record in records}
    base = next((record for record in records if record.baseline), None)
    if base is None:
        return dict.fromkeys(choices)
    compared = compared_axes(records)
    wanted = {field: base.choices.get(field) for field in compared}
    found = {
        context(own, compared): variant
        for variant, own in choices.items()
        if all(own.get(field) == label for field, label in wanted.items())
    }
    return {variant: found.get(context(own, compared)) for variant, own in choices.items()}

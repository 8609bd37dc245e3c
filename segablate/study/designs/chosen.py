"""The combinations that the study lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segablate.errors import SegablateError, near_miss
from segablate.study.designs import designs
from segablate.study.fields import label_of
from segablate.study.study import Axis


@designs.register("chosen")
def chosen(axes: Sequence[Axis], /, *, sets: list[list[str | bool | int | float]]) -> list[dict[str, int]]:
    """One variant for each list of choices' labels.

    Args:
        sets: lists of labels; each switches the axis that has it, all others stay at their first choice.

    Raises:
        SegablateError: a label that no axis has, that two have, or two labels of one axis in one set.
    """
    owners: dict[str, list[tuple[str, int]]] = {}
    for axis in axes:
        for index, choice in enumerate(axis.choices):
            owners.setdefault(choice.label, []).append((axis.field, index))
    return [_combination(owners, labels, f"sets.{number}") for number, labels in enumerate(sets)]


def _combination(
    owners: Mapping[str, list[tuple[str, int]]], labels: Sequence[str | bool | int | float], path: str
) -> dict[str, int]:
    switched: dict[str, int] = {}
    for number, label in enumerate(map(label_of, labels)):
        field, index = _owner(owners, label, f"{path}.{number}")
        if field in switched:
            message = f"`{label}` is a second choice of axis `{field}` in one set"
            raise SegablateError(message, field=f"{path}.{number}", hint="make two sets of it")
        switched[field] = index
    return switched


def _owner(owners: Mapping[str, list[tuple[str, int]]], label: str, path: str) -> tuple[str, int]:
    owner = owners.get(label, [])
    if not owner:
        raise SegablateError(f"no axis has a choice `{label}`", field=path, hint=near_miss(label, owners))
    if len(owner) > 1:
        axes = " and ".join(f"`{field}`" for field, _ in owner)
        message = f"`{label}` is a choice of {axes}"
        raise SegablateError(message, field=path, hint="give the choices of different axes different labels")
    return owner[0]

"""Outcomes of `complexity`, seen as what they are: what a variant costs, and where it sits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from segablate.quantity import quantity
from segablate.report.data import Record
from segablate.report.words import listed

GROUPS = ("encoder", "context", "decoder", "upsampler")
SCOPES = {"decoder": "decoder and upsampler only", "upsampler": "upsampler only"}
# axes that say where on a curve a variant is, or which picture it belongs to
STRIDE_AXES = ("output_stride", "low_level")
INPUT_AXIS = "input."


@dataclass(frozen=True)
class Costing:
    """What one variant costs.

    Attributes:
        record: where it comes from.
        groups: encoder, context, decoder and upsampler → multiply-adds.
        stride: pixels a cell of the upsampler's code is high and wide; None where there is none.
    """

    record: Record
    groups: Mapping[str, int]
    stride: int | None

    @property
    def measure(self) -> str:
        """Label of the measure."""
        return self.record.measure

    @property
    def variant(self) -> str:
        """Label of the variant."""
        return self.record.variant

    @property
    def input(self) -> tuple[str, ...]:
        """The image and the number of classes: what makes costs comparable."""
        reads = self.record.reads
        size = "×".join(map(str, reads.get("size", ())))
        batch = reads.get("batch", 1)
        return (size if batch == 1 else f"{batch} images of {size}", f"{reads.get('classes')} classes")

    @property
    def scope(self) -> str:
        """What of the network is counted; "" for all of it."""
        return SCOPES.get(str(self.record.reads.get("scope")), "")

    @property
    def family(self) -> str:
        """What it is at any stride and input: the other choices' labels."""
        choices = self.record.choices.items()
        own = [
            label for field, label in choices if not field.startswith(INPUT_AXIS) and not _is_stride(field)
        ]
        return ", ".join(own) or self.variant

    def value(self, metric: str) -> float:
        """The stored value of a metric."""
        return self.record.outcome.value(metric) if self.record.outcome else float("nan")

    def shown(self, metric: str) -> str:
        """A metric with its unit."""
        return quantity(metric).shown(self.value(metric), unit=True)


def costings(records: Iterable[Record]) -> tuple[Costing, ...]:
    """All counted costs, one a variant and measure, in the order of the records."""
    found: dict[tuple[str, str], Costing] = {}
    for record in records:
        if record.done and record.use == "complexity":
            groups = {name: int(one["macs"]) for name, one in record.facts.get("groups", {}).items()}
            stride = record.facts.get("code_stride")
            found.setdefault((record.measure, record.variant), Costing(record, groups, stride))
    return tuple(found.values())


def by_measure(found: Sequence[Costing]) -> dict[str, list[Costing]]:
    """The costs of each measure."""
    kept: dict[str, list[Costing]] = {}
    for one in found:
        kept.setdefault(one.measure, []).append(one)
    return kept


def families(found: Sequence[Costing]) -> dict[tuple[str, ...], list[Costing]]:
    """Family and input → its costs by stride, where every family is there at the same several strides."""
    if not any(_is_stride(field) for one in found for field in one.record.choices):
        return {}
    kept: dict[tuple[str, ...], list[Costing]] = {}
    for one in sorted(found, key=lambda one: one.stride or 0):
        if one.stride is not None:
            kept.setdefault((one.family, *one.input), []).append(one)
    courses = {tuple(one.stride for one in own) for own in kept.values()}
    whole = len(courses) == 1 and all(1 < len(set(course)) == len(course) for course in courses)
    return kept if whole else {}


def answer(found: Sequence[Costing]) -> str:
    """What the baseline takes, and which variants take least and most; "" where nothing was counted."""
    if not found:
        return ""
    base = next((one for one in found if one.record.baseline), found[0])
    metric = "macs" if any(one.value("macs") for one in found) else "operations"
    where = ", ".join(filter(None, [base.input[0], base.scope]))
    said = f"At {where}, {_called(base)} takes {base.shown(metric)} and {base.shown('params')} parameters"
    like = [one for one in found if one.input == base.input]
    if len(like) < 2:
        return f"{said}."
    least, most = (pick(like, key=lambda one: one.value(metric)) for pick in (min, max))
    ends = [f"{_called(one)} ({one.shown(metric)})" for one in (least, most)]
    return f"{said}; least takes {ends[0]}, most {ends[1]}."


def sentences(found: Sequence[Costing]) -> list[str]:
    """What was found, in sentences."""
    said: list[str] = []
    for label, own in by_measure(found).items():
        curves = families(own)
        said += _over_stride(label, curves) if curves else _against_baseline(label, own)
    return said


def _against_baseline(label: str, own: Sequence[Costing]) -> list[str]:
    base = next((one for one in own if one.record.baseline), own[0])
    like = [one for one in own if one.input == base.input]
    where = f" ({', '.join(filter(None, [*base.input, base.scope]))})"
    said = [
        f"Under {label}{where}, {_called(base)} takes {base.shown('macs')} = {base.shown('flops')}"
        f"{_beside(base)} and {base.shown('params')} parameters."
    ]
    if len(like) > 1:
        least, most = (pick(like, key=lambda one: one.value("macs")) for pick in (min, max))
        said.append(
            f"Of {len(like)} variants at that input, {_called(least)} takes least ({least.shown('macs')}) "
            f"and {_called(most)} most ({most.shown('macs')})."
        )
    whole = sum(base.groups.values())
    if not base.scope and whole and len(base.groups) > 1:
        shares = [f"{name} {100 * base.groups[name] / whole:.1f} %" for name in GROUPS if name in base.groups]
        said.append(f"Of its multiply-adds {_called(base)} has: {listed(shares)}.")
    return said


def _called(one: Costing) -> str:
    if not one.record.baseline:
        return one.variant
    return "the baseline" if one.variant == "baseline" else f"the baseline ({one.variant})"


def _beside(one: Costing) -> str:
    others = one.value("elementwise")
    return f", {quantity('elementwise').shown(others)} G other operations" if others else ""


def _over_stride(label: str, curves: Mapping[tuple[str, ...], Sequence[Costing]]) -> list[str]:
    """For each family whether its operations and its parameters depend on the stride."""
    first = next(iter(curves.values()))[0]
    strides = sorted({one.stride for own in curves.values() for one in own if one.stride})
    where = ", ".join(filter(None, [first.input[0], first.scope]))
    said = [f"Under {label} ({where}), at output strides {listed([str(one) for one in strides])}:"]
    by_family: dict[str, list[Sequence[Costing]]] = {}
    for (family, *_), own in curves.items():
        by_family.setdefault(family, []).append(own)
    return [*said, *(_family(family, group) for family, group in by_family.items())]


def _family(family: str, group: Sequence[Sequence[Costing]]) -> str:
    told = [f"{_course(own)} ({own[0].input[1]})" for own in group]
    first, last = group[0][0], group[0][-1]
    if last.value("params"):
        what = quantity("params")
        shown = [what.shown(one.value("params"), unit=one is last) for one in (first, last)]
        level = what.shown(first.value("params"), unit=True) == shown[1]
        told.append(f"{shown[1] if level else ' to '.join(shown)} parameters ({first.input[1]})")
    return f"{family}: {'; '.join(told)}."


def _course(own: Sequence[Costing]) -> str:
    """Operations at the finest and the coarsest stride, once where they are the same."""
    shown = [quantity("operations").shown(one.value("operations")) for one in own]
    if not any(one.value("operations") for one in own):
        return "no operations"
    if _is_level(own):
        return f"{shown[0]} G operations whatever the stride"
    return f"{shown[0]} G operations at stride {own[0].stride}, {shown[-1]} G at stride {own[-1].stride}"


def _is_level(own: Sequence[Costing]) -> bool:
    return len({quantity("operations").shown(one.value("operations")) for one in own}) == 1


def _is_stride(field: str) -> bool:
    return field.endswith(STRIDE_AXES)

"""Costs on a page: multiply-adds and parameters, and where they sit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from segablate.quantity import quantity
from segablate.report.blocks import Bullets, Section
from segablate.report.data import Record
from segablate.report.figures import Bar, Bars, Curve, Figure, Picture
from segablate.report.readers.base import Measured, Reader, baseline_of, by_measure, called, readers
from segablate.report.words import listed, stem

GROUPS = ("encoder", "context", "decoder", "upsampler")
SCOPES = {"decoder": "decoder and upsampler only", "upsampler": "upsampler only"}
COUNTED: Mapping[str, tuple[str, ...]] = {"decoder": ("decoder", "upsampler"), "upsampler": ()}
# axes that say where on a curve a variant is, or which picture it belongs to
STRIDE_AXES = ("output_stride", "low_level")
INPUT_AXIS = "input."
OVER_STRIDE = ("operations", "params")
MOST_BARS = 24


@dataclass(frozen=True)
class Costing(Measured):
    """What one variant costs under one measure."""

    @property
    def groups(self) -> dict[str, int]:
        """Encoder, context, decoder and upsampler → multiply-adds."""
        return {name: int(group["macs"]) for name, group in self.record.facts.get("groups", {}).items()}

    @property
    def stride(self) -> int | None:
        """Pixels a cell of the upsampler's code is high and wide; None where there is none."""
        stride = self.record.facts.get("code_stride")
        return None if stride is None else int(stride)

    @property
    def input(self) -> tuple[str, str]:
        """The image and the number of classes: what makes costs comparable."""
        reads = self.record.reads
        size, batch = "×".join(map(str, reads.get("size", ()))), reads.get("batch", 1)
        return size if batch == 1 else f"{batch} images of {size}", f"{reads.get('classes')} classes"

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
    first: dict[tuple[str, str], Costing] = {}
    for record in records:
        if record.done and record.use == "complexity":
            first.setdefault((record.measure, record.variant), Costing((record,)))
    return tuple(first.values())


@readers.register("complexity")
class Complexity(Reader):
    """Counts of operations and parameters."""

    headline: ClassVar = {"macs": "GMAC", "operations": "operations (G)", "params": "parameters (million)"}

    def shown(self, metrics: Sequence[str]) -> dict[str, str]:
        """Multiply-adds; all operations only where that is all there is."""
        heads = super().shown(metrics)
        if "macs" in heads:
            heads.pop("operations", None)
        return heads

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline takes, and which variants at its input take least and most."""
        own = by_measure(costings(records)).get(measure, [])
        if not own:
            return ""
        base = baseline_of(own)
        metric = "macs" if any(costing.value("macs") for costing in own) else "operations"
        where = ", ".join(filter(None, [base.input[0], base.scope]))
        text = f"At {where}, {called(base)} takes {base.shown(metric)} and {base.shown('params')} parameters"
        like = [costing for costing in own if costing.input == base.input]
        if len(like) < 2:
            return f"{text}."
        least, most = (pick(like, key=lambda costing: costing.value(metric)) for pick in (min, max))
        ends = [f"{costing.variant} ({costing.shown(metric)})" for costing in (least, most)]
        return f"{text}; least takes {ends[0]}, most {ends[1]}."

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Where operations sit, or how they change with the stride."""
        drawn: list[Picture | None] = []
        stems: list[str] = []
        for label, own in by_measure(costings(records)).items():
            stems.append(stem(label, stems))
            if curves := families(own):
                drawn += [over_stride(curves, metric, stems[-1]) for metric in OVER_STRIDE]
            else:
                drawn.append(where_it_sits(own, stems[-1]))
        return tuple(figure for figure in drawn if figure)

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Shares of the baseline's parts."""
        sentences = []
        for label, own in by_measure(costings(records)).items():
            base = baseline_of(own)
            groups, whole = base.groups, sum(base.groups.values())
            where = ", ".join(filter(None, [*base.input, base.scope]))
            others = base.value("elementwise")
            beside = f", {quantity('elementwise').shown(others)} G other operations" if others else ""
            sentences.append(
                f"Under {label} ({where}) {called(base)} takes {base.shown('macs')} = {base.shown('flops')}"
                f"{beside} and {base.shown('params')} parameters."
            )
            if not base.scope and whole and len(groups) > 1:
                shares = [f"{name} {100 * groups[name] / whole:.1f} %" for name in GROUPS if name in groups]
                sentences.append(f"Of its multiply-adds: {listed(shares)}.")
        return (Section("Where operations sit", (Bullets(tuple(sentences)),)),) if sentences else ()


def families(costings: Sequence[Costing]) -> dict[tuple[str, str, str], list[Costing]]:
    """Family and input → its costs by stride, where every family is there at the same several strides."""
    if not any(_is_stride(field) for costing in costings for field in costing.record.choices):
        return {}
    groups: dict[tuple[str, str, str], list[Costing]] = {}
    for costing in sorted(costings, key=lambda costing: costing.stride or 0):
        if costing.stride is not None:
            groups.setdefault((costing.family, *costing.input), []).append(costing)
    courses = {tuple(costing.stride for costing in own) for own in groups.values()}
    whole = len(courses) == 1 and all(1 < len(set(course)) == len(course) for course in courses)
    return groups if whole else {}


def where_it_sits(own: Sequence[Costing], name: str) -> Bars | None:
    """A bar a variant at the baseline's input, stacked by the parts that are counted."""
    base = baseline_of(own)
    like = [costing for costing in own if costing.input == base.input][:MOST_BARS]
    counted = COUNTED.get(str(base.record.reads.get("scope")), GROUPS)
    wanted = tuple(part for part in counted if part in base.groups)
    if not wanted or not all(set(wanted) <= set(costing.groups) for costing in like):
        return None
    bars = tuple(
        Bar(costing.variant, tuple(float(costing.groups[part]) for part in wanted)) for costing in like
    )
    caption = f"Multiply-adds by part of the network, {listed(list(base.input))}."
    return Bars(f"where-it-sits-{name}", caption, "macs", wanted, bars)


def over_stride(
    curves: Mapping[tuple[str, str, str], Sequence[Costing]], metric: str, name: str
) -> Figure | None:
    """A metric over the output stride, a line for each family and input; what costs nothing is left out."""
    several = {tuple(conditions) for _, *conditions in curves}
    lines, free = [], []
    for (family, *conditions), own in curves.items():
        y = tuple(costing.value(metric) for costing in own)
        if not all(value > 0 for value in y):
            free.append(family)
            continue
        other = ", ".join(
            word for at, word in enumerate(conditions) if len({condition[at] for condition in several}) > 1
        )
        label = f"{family}, {other}" if other else family
        lines.append(
            Curve(label, other, family, family, tuple(float(costing.stride or 0) for costing in own), y)
        )
    if not lines:
        return None
    without = list(dict.fromkeys(free))
    none = f" {listed(without)} {'has' if len(without) == 1 else 'have'} none." if without else ""
    first = next(iter(curves.values()))[0]
    where = ", ".join(filter(None, [first.input[0], first.scope]))
    return Figure(
        name=f"{metric}-over-stride-{name}",
        caption=f"{quantity(metric).title.capitalize()} over the output stride, {where}.{none}",
        metric=metric,
        x_label="output stride",
        curves=tuple(lines),
        scale="log",
    )


def _is_stride(field: str) -> bool:
    return field.endswith(STRIDE_AXES)

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
        return {name: int(one["macs"]) for name, one in self.record.facts.get("groups", {}).items()}

    @property
    def stride(self) -> int | None:
        """Pixels a cell of the upsampler's code is high and wide; None where there is none."""
        found = self.record.facts.get("code_stride")
        return None if found is None else int(found)

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
    found: dict[tuple[str, str], Costing] = {}
    for record in records:
        if record.done and record.use == "complexity":
            found.setdefault((record.measure, record.variant), Costing((record,)))
    return tuple(found.values())


@readers.register("complexity")
class Complexity(Reader):
    """Counts of operations and parameters."""

    headline: ClassVar = {"macs": "GMAC", "operations": "operations (G)", "params": "parameters (million)"}

    def shown(self, metrics: Sequence[str]) -> dict[str, str]:
        """Multiply-adds; all operations only where that is all there is."""
        found = super().shown(metrics)
        if "macs" in found:
            found.pop("operations", None)
        return found

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline takes, and which variants at its input take least and most."""
        found = by_measure(costings(records)).get(measure, [])
        if not found:
            return ""
        base = baseline_of(found)
        metric = "macs" if any(one.value("macs") for one in found) else "operations"
        where = ", ".join(filter(None, [base.input[0], base.scope]))
        text = f"At {where}, {called(base)} takes {base.shown(metric)} and {base.shown('params')} parameters"
        like = [one for one in found if one.input == base.input]
        if len(like) < 2:
            return f"{text}."
        least, most = (pick(like, key=lambda one: one.value(metric)) for pick in (min, max))
        ends = [f"{one.variant} ({one.shown(metric)})" for one in (least, most)]
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
        said = []
        for label, own in by_measure(costings(records)).items():
            base = baseline_of(own)
            groups, whole = base.groups, sum(base.groups.values())
            where = ", ".join(filter(None, [*base.input, base.scope]))
            others = base.value("elementwise")
            beside = f", {quantity('elementwise').shown(others)} G other operations" if others else ""
            said.append(
                f"Under {label} ({where}) {called(base)} takes {base.shown('macs')} = {base.shown('flops')}"
                f"{beside} and {base.shown('params')} parameters."
            )
            if not base.scope and whole and len(groups) > 1:
                shares = [f"{name} {100 * groups[name] / whole:.1f} %" for name in GROUPS if name in groups]
                said.append(f"Of its multiply-adds: {listed(shares)}.")
        return (Section("Where operations sit", (Bullets(tuple(said)),)),) if said else ()


def families(found: Sequence[Costing]) -> dict[tuple[str, str, str], list[Costing]]:
    """Family and input → its costs by stride, where every family is there at the same several strides."""
    if not any(_is_stride(field) for one in found for field in one.record.choices):
        return {}
    kept: dict[tuple[str, str, str], list[Costing]] = {}
    for one in sorted(found, key=lambda one: one.stride or 0):
        if one.stride is not None:
            kept.setdefault((one.family, *one.input), []).append(one)
    courses = {tuple(one.stride for one in own) for own in kept.values()}
    whole = len(courses) == 1 and all(1 < len(set(course)) == len(course) for course in courses)
    return kept if whole else {}


def where_it_sits(own: Sequence[Costing], name: str) -> Bars | None:
    """A bar a variant at the baseline's input, stacked by the parts that are counted."""
    base = baseline_of(own)
    like = [one for one in own if one.input == base.input][:MOST_BARS]
    counted = COUNTED.get(str(base.record.reads.get("scope")), GROUPS)
    wanted = tuple(part for part in counted if part in base.groups)
    if not wanted or not all(set(wanted) <= set(one.groups) for one in like):
        return None
    bars = tuple(Bar(one.variant, tuple(float(one.groups[part]) for part in wanted)) for one in like)
    caption = f"Multiply-adds by part of the network, {listed(list(base.input))}."
    return Bars(f"where-it-sits-{name}", caption, "macs", wanted, bars)


def over_stride(
    curves: Mapping[tuple[str, str, str], Sequence[Costing]], metric: str, name: str
) -> Figure | None:
    """A metric over the output stride, a line for each family and input; what costs nothing is left out."""
    several = {given for _, *given_ in curves for given in [tuple(given_)]}
    lines, free = [], []
    for (family, *given), own in curves.items():
        y = tuple(one.value(metric) for one in own)
        if not all(value > 0 for value in y):
            free.append(family)
            continue
        other = ", ".join(word for at, word in enumerate(given) if len({one[at] for one in several}) > 1)
        label = f"{family}, {other}" if other else family
        lines.append(Curve(label, other, family, family, tuple(float(one.stride or 0) for one in own), y))
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

"""Ceilings on a page: mIoU* by output stride, and which classes and label maps come back worst.

        100 % ──────────────────────────────  the labels
                what the upsampler can cost, at most
        mIoU* ──────────────────────────────  what it can give back
                what the model loses
        mIoU  ──────────────────────────────  what was reached

A code that gives mIoU* back was found, so a better one may exist: the upsampler costs this much or less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from segablate.quantity import quantity
from segablate.report.blocks import Bullets, Cell, Section, Table
from segablate.report.data import GIVEN, Record, arrays, artefact_path
from segablate.report.figures import Curve, Figure, Picture, Rows, Sheet, Strip
from segablate.report.names import STRIDE
from segablate.report.readers.accuracy import Training, seeds_of, trainings
from segablate.report.readers.base import (
    Measured,
    Reader,
    by_class,
    by_measure,
    class_name,
    parts_of_difference,
    readers,
)
from segablate.report.words import counted, flat, images, listed, percent, plain, stem

NAMES = {"dupsampling": "DUpsampling"}
# settings that say how long a code is: a name has them at its end
LENGTHS = ("channels", "bits")
WORST = "worst.npz"
MOST_STRIPS = 3
NAMED = 3  # classes
SAME = ("scored", "limit")


@dataclass(frozen=True)
class Ceiling(Measured):
    """One measured ceiling.

    Attributes:
        family: the upsampler and what sets it apart, without its channels.
        channels: channels of the low-resolution code, C̃; None where the upsampler has no such setting.
        miou: mIoU*, a fraction.
    """

    family: str
    channels: int | None
    miou: float

    @property
    def stride(self) -> int:
        """The output stride."""
        return int(self.record.reads[STRIDE])

    @property
    def images(self) -> int:
        """How many label maps were scored."""
        return int(self.record.facts.get("images", 0))

    @property
    def name(self) -> str:
        """The upsampler in words: `DUpsampling (C̃ = 64)`."""
        if self.channels is not None:
            return f"{self.family} (C̃ = {self.channels})"
        own = _upsampler(self.record).get("bits")
        return self.family if own is None else f"{self.family} ({own} bits)"

    @property
    def bits(self) -> float:
        """Length of a cell's code in bits; NaN where it is not limited."""
        return self.record.outcome.value("code_bits") if self.record.outcome else math.nan

    @property
    def classes(self) -> dict[str, float]:
        """IoU of each class."""
        return {index: float(score) for index, score in self.record.facts.get("per_class_iou", {}).items()}


def ceilings(records: Iterable[Record]) -> tuple[Ceiling, ...]:
    """All measured ceilings, one a variant and measure, in the order of the records."""
    own = [record for record in records if record.done and record.use == "oracle"]
    varied: dict[str, dict[str, set[str]]] = {}
    for record in own:
        for name, value in _upsampler(record).items():
            use = str(_upsampler(record).get("use", "?"))
            varied.setdefault(use, {}).setdefault(name, set()).add(plain(value))
    first: dict[tuple[str, str], Ceiling] = {}
    for record in own:
        ceiling = _ceiling(record, varied)
        if not math.isnan(ceiling.miou):
            first.setdefault((record.measure, record.variant), ceiling)
    return tuple(first.values())


def _ceiling(record: Record, varied: Mapping[str, Mapping[str, set[str]]]) -> Ceiling:
    spec = _upsampler(record)
    use, channels = str(spec.get("use", "?")), spec.get("channels")
    telling = [name for name, values in varied[use].items() if len(values) > 1 and name not in LENGTHS]
    traits = [
        (name if spec[name] else "") if isinstance(spec[name], bool) else f"{name} {plain(spec[name])}"
        for name in sorted(telling)
        if name in spec
    ]
    others = [
        label
        for field, label in record.choices.items()
        if not field.endswith(STRIDE) and not field.startswith("model.upsampler")
    ]
    family = ", ".join([NAMES.get(use, use), *filter(None, traits), *others])
    miou = record.outcome.value("miou") if record.outcome else math.nan
    return Ceiling((record,), family, None if channels is None else int(channels), miou)


def _upsampler(record: Record) -> dict[str, Any]:
    spec = record.reads.get("upsampler", {})
    return {"use": spec} if isinstance(spec, str) else flat(spec)


@readers.register("oracle")
class Oracle(Reader):
    """mIoU* of label maps that were encoded and restored."""

    headline: ClassVar = {"miou": "mIoU* (%)", "code_bits": "bits a cell"}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline and the best upsampler give back at the two coarsest output strides."""
        parts = []
        for stride, (base, best) in list(baseline_and_best(records, measure).items())[-2:]:
            text = f"from 1/{stride} {base.name} gives back {percent(base.miou)} mIoU*"
            parts.append(text if base is best else f"{text} and {best.name} {percent(best.miou)}")
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """The curves over C̃ and over the stride, then classes and the label maps that come back worst."""
        bits = over_bits(ceilings(records))
        drawn: list[Picture] = [bits] if bits else []
        stems: list[str] = []
        for label, own in by_measure(ceilings(records)).items():
            stems.append(stem(label, stems))
            curves = (over_channels(own, stems[-1]), over_stride(own, stems[-1]))
            drawn += [curve for curve in curves if curve]
        shown = baseline_and_best(records)
        if not shown:
            return tuple(drawn)
        base, best = list(shown.values())[-1]
        parts = where_from(base, best) if base is not best else None
        return (*drawn, *((parts,) if parts else ()), *worst([base] if base is best else [base, best]))

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """By class; beside what was reached, where networks were trained."""
        gaps = joins(trainings(records), ceilings(records))
        shown = [
            ceiling
            for base, best in baseline_and_best(records).values()
            for ceiling in ([base] if base is best else [base, best])
            if ceiling.classes
        ]
        classes = None
        if shown:
            n = images(ceiling.images for ceiling in shown)
            below = (
                f"IoU (%) under {shown[0].measure}, n = {n}: at each output stride the baseline and the best."
            )
            scores = {f"1/{ceiling.stride}: {ceiling.name}": ceiling.classes for ceiling in shown}
            classes = by_class(shown[0].record, scores, [below, *map(_losers, shown)])
        return (
            *((reached(gaps),) if gaps else ()),
            *((Section("Ceilings by class", (classes,)),) if classes else ()),
        )


def baseline_and_best(records: Sequence[Record], measure: str = "") -> dict[int, tuple[Ceiling, Ceiling]]:
    """Output stride, ascending → the baseline's ceiling and the highest, under the measure that scored most.

    Where a study varies the data, on the first of them: other data have other classes.
    """
    groups = by_measure(ceilings(records))
    if not groups or (measure and measure not in groups):
        return {}
    own = groups[measure or max(groups, key=lambda label: max(ceiling.images for ceiling in groups[label]))]
    own = [ceiling for ceiling in own if ceiling.record.inputs == own[0].record.inputs]
    wanted = _of_model(next((record.choices for record in records if record.baseline), {}))
    strides: dict[int, list[Ceiling]] = {}
    for ceiling in own:
        strides.setdefault(ceiling.stride, []).append(ceiling)
    pairs = {}
    for stride, group in sorted(strides.items()):
        base = next((ceiling for ceiling in group if _of_model(ceiling.record.choices) == wanted), group[0])
        pairs[stride] = (base, max(group, key=lambda ceiling: ceiling.miou))
    return pairs


def _of_model(choices: Mapping[str, str]) -> dict[str, str]:
    """Without the output stride, and without what the model was given."""
    return {
        field: label
        for field, label in choices.items()
        if not field.endswith(STRIDE) and field.split(".")[0] not in GIVEN
    }


def over_channels(own: Sequence[Ceiling], name: str) -> Figure | None:
    """mIoU* over C̃: one line per output stride; upsamplers without channels lie across the whole figure."""
    order = {family: at for at, family in enumerate(dict.fromkeys(ceiling.family for ceiling in own))}
    groups: dict[tuple[int, str], list[Ceiling]] = {}
    for ceiling in own:
        groups.setdefault((ceiling.stride, ceiling.family), []).append(ceiling)
    curves = []
    for (stride, family), group in sorted(groups.items(), key=lambda item: (item[0][0], order[item[0][1]])):
        look, label = f"1/{stride}", f"{family}, 1/{stride}"
        curves += [
            Curve(label, family, look, look, (), (ceiling.miou,)) for ceiling in group if not ceiling.channels
        ]
        wide = sorted((ceiling.channels, ceiling.miou) for ceiling in group if ceiling.channels)
        if wide:
            x, y = zip(*wide, strict=True)
            curves.append(Curve(label, family, look, look, tuple(map(float, x)), y))
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    text = "channels C̃ of the low-resolution code"
    return _curve(f"ceiling-over-channels-{name}", f"mIoU* over the {text}", text, curves, own)


def over_bits(ceilings: Sequence[Ceiling]) -> Figure | None:
    """mIoU* over the bits of a cell, whatever its numbers have: one line per upsampler and output stride."""
    groups: dict[tuple[str, int], set[tuple[float, float]]] = {}
    limited = [ceiling for ceiling in ceilings if not math.isnan(ceiling.bits)]
    for ceiling in limited:
        # each number of a linear code may have a few bits or many
        name = ceiling.family if ceiling.channels is None else ceiling.name
        groups.setdefault((name, ceiling.stride), set()).add((ceiling.bits, ceiling.miou))
    curves = []
    for (name, stride), own in sorted(groups.items(), key=lambda group: group[0][1]):
        x, y = zip(*sorted(own), strict=True)
        curves.append(Curve(f"{name}, 1/{stride}", name, f"1/{stride}", f"1/{stride}", x, y))
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    caption = (
        f"mIoU* over the bits that a cell is stored in, n = {images(ceiling.images for ceiling in limited)}."
    )
    return Figure("ceiling-over-bits", caption, "miou", "bits of a cell", tuple(curves), "lost")


def over_stride(own: Sequence[Ceiling], name: str) -> Figure | None:
    """mIoU* over the output stride: one line per upsampler."""
    curves = []
    for upsampler in dict.fromkeys(ceiling.name for ceiling in own):
        group = sorted(
            (ceiling for ceiling in own if ceiling.name == upsampler), key=lambda ceiling: ceiling.stride
        )
        x, y = tuple(float(ceiling.stride) for ceiling in group), tuple(ceiling.miou for ceiling in group)
        curves.append(Curve(upsampler, group[0].family, upsampler, group[0].family, x, y))
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    return _curve(f"ceiling-over-stride-{name}", "mIoU* over the output stride", "output stride", curves, own)


def _curve(name: str, about: str, x_label: str, curves: Sequence[Curve], own: Sequence[Ceiling]) -> Figure:
    caption = f"{about}, {own[0].measure}, n = {images(ceiling.images for ceiling in own)}."
    return Figure(name, caption, "miou", x_label, tuple(curves), "lost")


def where_from(base: Ceiling, best: Ceiling) -> Rows | None:
    """Which classes the best upsampler's lead over the baseline comes from."""
    caption = (
        f"Where the lead of {best.name} over {base.name} at 1/{base.stride} comes from under {base.measure}: "
        "what each class adds to the difference in mIoU*."
    )
    name = f"by-class-{stem(base.measure)}"
    parts = parts_of_difference(name, caption, base.record, best.classes, base.classes)
    return replace(parts, against=base.name) if parts else None


def worst(shown: Sequence[Ceiling]) -> tuple[Sheet, ...]:
    """The label maps that come back worst, where their pictures are at hand."""
    drawn: list[Sheet] = []
    for ceiling in shown:
        outcome = ceiling.record.outcome
        if outcome and WORST in outcome.artefacts and artefact_path(ceiling.record, WORST).is_file():
            drawn.append(_sheet(ceiling, [sheet.name for sheet in drawn]))
    return tuple(drawn)


def _sheet(ceiling: Ceiling, taken: Sequence[str]) -> Sheet:
    stored, facts = arrays(ceiling.record, WORST), ceiling.record.facts
    count = sum(name.startswith("truth_") for name in stored)
    order = sorted(range(count), key=lambda i: (float(stored[f"miou_{i}"]), str(stored[f"name_{i}"])))[
        :MOST_STRIPS
    ]
    strips = []
    for i in order:
        truth, restored = stored[f"truth_{i}"], stored[f"restored_{i}"]
        title = f"{stored[f'name_{i}']} ({percent(float(stored[f'miou_{i}']))})"
        strips.append(Strip(title, truth, (truth, restored, truth != restored)))
    return Sheet(
        name=stem(
            f"worst-{ceiling.measure}-stride-{ceiling.stride}-{ceiling.family}-{ceiling.channels or ''}",
            taken,
        ),
        caption=f"{ceiling.name} at 1/{ceiling.stride} under {ceiling.measure}: of "
        f"{images([ceiling.images])} those with the lowest "
        f"mIoU, {listed([strip.title for strip in strips])}. Black differs; grey is not scored.",
        heads=("truth", "what came back", "black: differs"),
        classes=tuple(str(name) for name in facts.get("class_names", ())),
        palette=tuple((int(r), int(g), int(b)) for r, g, b in facts.get("palette", ())),
        strips=tuple(strips),
    )


def _losers(ceiling: Ceiling) -> str:
    low = sorted(ceiling.classes, key=lambda index: (ceiling.classes[index], int(index)))[:NAMED]
    named = listed(
        [f"{class_name(ceiling.record, index)} ({percent(ceiling.classes[index], 'iou')})" for index in low]
    )
    return f"1/{ceiling.stride}, {ceiling.name}: {named} {'loses' if len(low) == 1 else 'lose'} most."


@dataclass(frozen=True)
class Join:
    """A variant's ceiling and what it reached, as fractions."""

    training: Training
    ceiling: Ceiling

    @property
    def cost(self) -> float:
        """What the upsampler can cost at most."""
        return 1.0 - self.ceiling.miou

    @property
    def below(self) -> float:
        """What the model loses below its ceiling; less than nothing where it passed a ceiling of others."""
        return self.ceiling.miou - self.training.miou

    @property
    def same_images(self) -> bool:
        """Whether both were scored on the same label maps."""
        return _same(self.training, self.ceiling)


def joins(trained: Sequence[Training], ceilings: Sequence[Ceiling]) -> list[Join]:
    """Every variant that has both, with the ceiling over the same label maps where there is one, and of
    those the highest: it leaves the upsampler least to answer for."""
    made = []
    for training in trained:
        own = [ceiling for ceiling in ceilings if ceiling.variant == training.variant]
        if own:
            made.append(
                Join(training, max(own, key=lambda ceiling: (_same(training, ceiling), ceiling.miou)))
            )
    return made


def _same(training: Training, ceiling: Ceiling) -> bool:
    reads, other = training.record.reads, ceiling.record.reads
    return all(reads.get(name) == other.get(name) for name in SAME)


def reached(gaps: Sequence[Join]) -> Section:
    """What was reached beside what the upsampler allows, a row a variant, and what that says."""
    apart = any(not gap.same_images for gap in gaps)
    several = len({gap.training.measure for gap in gaps}) > 1
    shown = quantity("miou").shown
    rows = [
        (
            Cell(f"{gap.training.variant}, {gap.training.measure}" if several else gap.training.variant),
            Cell(shown(gap.training.miou)),
            Cell(shown(gap.ceiling.miou), note=0 if gap.same_images else 1),
            Cell(gap.ceiling.measure),
            Cell(shown(gap.cost)),
            Cell(shown(gap.below)),
        )
        for gap in gaps
    ]
    table = Table(
        head=(
            *("variant", "mIoU (%)", "its ceiling (%)", "ceiling by"),
            *("upsampler can cost at most (points)", "model loses below it (points)"),
        ),
        rows=tuple(rows),
        notes=("not over the same label maps as the accuracy",) if apart else (),
        below=(f"mIoU: mean over {seeds_of([gap.training for gap in gaps])}.",),
    )
    return Section("Reached beside the ceiling", (table, Bullets(tuple(sentences(gaps)))))


def sentences(gaps: Sequence[Join]) -> list[str]:
    """What holds the variants back: one at each stride, the baseline at its own, then how many are alike."""
    sentences = []
    for stride in sorted({gap.ceiling.stride for gap in gaps}):
        group = [gap for gap in gaps if gap.ceiling.stride == stride]
        sentences.append(_sentence(next((gap for gap in group if gap.training.baseline), group[0])))
    free = [gap for gap in gaps if gap.below > gap.cost]
    if len(gaps) > len(sentences):
        which = "All" if len(free) == len(gaps) else f"{len(free)} of"
        sentences.append(
            f"{which} {counted(len(gaps), 'network')} lose more than their upsampler can explain."
        )
        held = [gap.training.variant for gap in gaps if gap not in free]
        if held and free:
            sentences.append(f"The others are {listed(held)}.")
    return sentences


def _sentence(gap: Join) -> str:
    cost, below = (f"{100 * points:.1f}" for points in (gap.cost, gap.below))
    cause = (
        "the upsampler is not what holds it back"
        if gap.below > gap.cost
        else "the upsampler may be what holds it back"
    )
    where = f"{below} below its ceiling" if gap.below >= 0 else f"{below.lstrip('-')} above its ceiling"
    return (
        f"From 1/{gap.ceiling.stride} {gap.ceiling.name} can cost {cost} points at most; "
        f"{gap.training.variant} is {where}: {cause}."
    )

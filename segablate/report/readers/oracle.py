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
    found: dict[tuple[str, str], Ceiling] = {}
    for record in own:
        ceiling = _ceiling(record, varied)
        if not math.isnan(ceiling.miou):
            found.setdefault((record.measure, record.variant), ceiling)
    return tuple(found.values())


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
            drawn += [one for one in curves if one]
        shown = baseline_and_best(records)
        if not shown:
            return tuple(drawn)
        base, best = list(shown.values())[-1]
        parts = where_from(base, best) if base is not best else None
        return (*drawn, *((parts,) if parts else ()), *worst([base] if base is best else [base, best]))

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """By class; beside what was reached, where networks were trained."""
        joined = joins(trainings(records), ceilings(records))
        shown = [
            one
            for base, best in baseline_and_best(records).values()
            for one in ([base] if base is best else [base, best])
            if one.classes
        ]
        classes = None
        if shown:
            n = images(one.images for one in shown)
            below = (
                f"IoU (%) under {shown[0].measure}, n = {n}: at each output stride the baseline and the best."
            )
            scores = {f"1/{one.stride}: {one.name}": one.classes for one in shown}
            classes = by_class(shown[0].record, scores, [below, *map(_losers, shown)])
        return (
            *((reached(joined),) if joined else ()),
            *((Section("Ceilings by class", (classes,)),) if classes else ()),
        )


def baseline_and_best(records: Sequence[Record], measure: str = "") -> dict[int, tuple[Ceiling, Ceiling]]:
    """Output stride, ascending → the baseline's ceiling and the highest, under the measure that scored most.

    Where a study varies the data, on the first of them: other data have other classes.
    """
    groups = by_measure(ceilings(records))
    if not groups or (measure and measure not in groups):
        return {}
    own = groups[measure or max(groups, key=lambda label: max(one.images for one in groups[label]))]
    own = [one for one in own if one.record.given == own[0].record.given]
    wanted = _of_model(next((record.choices for record in records if record.baseline), {}))
    strides: dict[int, list[Ceiling]] = {}
    for one in own:
        strides.setdefault(one.stride, []).append(one)
    found = {}
    for stride, group in sorted(strides.items()):
        base = next((one for one in group if _of_model(one.record.choices) == wanted), group[0])
        found[stride] = (base, max(group, key=lambda one: one.miou))
    return found


def _of_model(choices: Mapping[str, str]) -> dict[str, str]:
    """Without the output stride, and without what the model was given."""
    return {
        field: label
        for field, label in choices.items()
        if not field.endswith(STRIDE) and field.split(".")[0] not in GIVEN
    }


def over_channels(own: Sequence[Ceiling], name: str) -> Figure | None:
    """mIoU* over C̃: one line per output stride; upsamplers without channels lie across the whole figure."""
    order = {family: at for at, family in enumerate(dict.fromkeys(one.family for one in own))}
    groups: dict[tuple[int, str], list[Ceiling]] = {}
    for one in own:
        groups.setdefault((one.stride, one.family), []).append(one)
    curves = []
    for (stride, family), group in sorted(
        groups.items(), key=lambda found: (found[0][0], order[found[0][1]])
    ):
        look, label = f"1/{stride}", f"{family}, 1/{stride}"
        curves += [Curve(label, family, look, look, (), (one.miou,)) for one in group if not one.channels]
        wide = sorted((one.channels, one.miou) for one in group if one.channels)
        if wide:
            x, y = zip(*wide, strict=True)
            curves.append(Curve(label, family, look, look, tuple(map(float, x)), y))
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    text = "channels C̃ of the low-resolution code"
    return _curve(f"ceiling-over-channels-{name}", f"mIoU* over the {text}", text, curves, own)


def over_bits(found: Sequence[Ceiling]) -> Figure | None:
    """mIoU* over the bits of a cell, whatever its numbers have: one line per upsampler and output stride."""
    groups: dict[tuple[str, int], set[tuple[float, float]]] = {}
    limited = [one for one in found if not math.isnan(one.bits)]
    for one in limited:
        # each number of a linear code may have a few bits or many
        name = one.family if one.channels is None else one.name
        groups.setdefault((name, one.stride), set()).add((one.bits, one.miou))
    curves = []
    for (name, stride), own in sorted(groups.items(), key=lambda group: group[0][1]):
        x, y = zip(*sorted(own), strict=True)
        curves.append(Curve(f"{name}, 1/{stride}", name, f"1/{stride}", f"1/{stride}", x, y))
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    caption = f"mIoU* over the bits that a cell is stored in, n = {images(one.images for one in limited)}."
    return Figure("ceiling-over-bits", caption, "miou", "bits of a cell", tuple(curves), "lost")


def over_stride(own: Sequence[Ceiling], name: str) -> Figure | None:
    """mIoU* over the output stride: one line per upsampler."""
    curves = []
    for upsampler in dict.fromkeys(one.name for one in own):
        group = sorted((one for one in own if one.name == upsampler), key=lambda one: one.stride)
        x, y = tuple(float(one.stride) for one in group), tuple(one.miou for one in group)
        curves.append(Curve(upsampler, group[0].family, upsampler, group[0].family, x, y))
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    return _curve(f"ceiling-over-stride-{name}", "mIoU* over the output stride", "output stride", curves, own)


def _curve(name: str, about: str, x_label: str, curves: Sequence[Curve], own: Sequence[Ceiling]) -> Figure:
    caption = f"{about}, {own[0].measure}, n = {images(one.images for one in own)}."
    return Figure(name, caption, "miou", x_label, tuple(curves), "lost")


def where_from(base: Ceiling, best: Ceiling) -> Rows | None:
    """Which classes the best upsampler's lead over the baseline comes from."""
    caption = (
        f"Where the lead of {best.name} over {base.name} at 1/{base.stride} comes from under {base.measure}: "
        "what each class adds to the difference in mIoU*."
    )
    name = f"by-class-{stem(base.measure)}"
    found = parts_of_difference(name, caption, base.record, best.classes, base.classes)
    return replace(found, against=base.name) if found else None


def worst(shown: Sequence[Ceiling]) -> tuple[Sheet, ...]:
    """The label maps that come back worst, where their pictures are at hand."""
    drawn: list[Sheet] = []
    for one in shown:
        outcome = one.record.outcome
        if outcome and WORST in outcome.artefacts and artefact_path(one.record, WORST).is_file():
            drawn.append(_sheet(one, [sheet.name for sheet in drawn]))
    return tuple(drawn)


def _sheet(one: Ceiling, taken: Sequence[str]) -> Sheet:
    kept, facts = arrays(one.record, WORST), one.record.facts
    count = sum(name.startswith("truth_") for name in kept)
    order = sorted(range(count), key=lambda i: (float(kept[f"miou_{i}"]), str(kept[f"name_{i}"])))[
        :MOST_STRIPS
    ]
    strips = []
    for i in order:
        truth, restored = kept[f"truth_{i}"], kept[f"restored_{i}"]
        title = f"{kept[f'name_{i}']} ({percent(float(kept[f'miou_{i}']))})"
        strips.append(Strip(title, truth, (truth, restored, truth != restored)))
    return Sheet(
        name=stem(f"worst-{one.measure}-stride-{one.stride}-{one.family}-{one.channels or ''}", taken),
        caption=f"{one.name} at 1/{one.stride} under {one.measure}: of {images([one.images])} those with the "
        f"lowest mIoU, {listed([strip.title for strip in strips])}. Black differs; grey is not scored.",
        heads=("truth", "what came back", "black: differs"),
        classes=tuple(str(name) for name in facts.get("class_names", ())),
        palette=tuple((int(r), int(g), int(b)) for r, g, b in facts.get("palette", ())),
        strips=tuple(strips),
    )


def _losers(one: Ceiling) -> str:
    low = sorted(one.classes, key=lambda index: (one.classes[index], int(index)))[:NAMED]
    named = listed(
        [f"{class_name(one.record, index)} ({percent(one.classes[index], 'iou')})" for index in low]
    )
    return f"1/{one.stride}, {one.name}: {named} {'loses' if len(low) == 1 else 'lose'} most."


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


def joins(trained: Sequence[Training], found: Sequence[Ceiling]) -> list[Join]:
    """Every variant that has both, with the ceiling over the same label maps where there is one, and of
    those the highest: it leaves the upsampler least to answer for."""
    made = []
    for one in trained:
        own = [ceiling for ceiling in found if ceiling.variant == one.variant]
        if own:
            made.append(Join(one, max(own, key=lambda ceiling: (_same(one, ceiling), ceiling.miou))))
    return made


def _same(training: Training, ceiling: Ceiling) -> bool:
    reads, other = training.record.reads, ceiling.record.reads
    return all(reads.get(name) == other.get(name) for name in SAME)


def reached(joined: Sequence[Join]) -> Section:
    """What was reached beside what the upsampler allows, a row a variant, and what that says."""
    apart = any(not one.same_images for one in joined)
    several = len({one.training.measure for one in joined}) > 1
    shown = quantity("miou").shown
    rows = [
        (
            Cell(f"{one.training.variant}, {one.training.measure}" if several else one.training.variant),
            Cell(shown(one.training.miou)),
            Cell(shown(one.ceiling.miou), note=0 if one.same_images else 1),
            Cell(one.ceiling.measure),
            Cell(shown(one.cost)),
            Cell(shown(one.below)),
        )
        for one in joined
    ]
    table = Table(
        head=(
            *("variant", "mIoU (%)", "its ceiling (%)", "ceiling by"),
            *("upsampler can cost at most (points)", "model loses below it (points)"),
        ),
        rows=tuple(rows),
        notes=("not over the same label maps as the accuracy",) if apart else (),
        below=(f"mIoU: mean over {seeds_of([one.training for one in joined])}.",),
    )
    return Section("Reached beside the ceiling", (table, Bullets(tuple(sentences(joined)))))


def sentences(joined: Sequence[Join]) -> list[str]:
    """What holds the variants back: one at each stride, the baseline at its own, then how many are alike."""
    said = []
    for stride in sorted({one.ceiling.stride for one in joined}):
        group = [one for one in joined if one.ceiling.stride == stride]
        said.append(_sentence(next((one for one in group if one.training.baseline), group[0])))
    free = [one for one in joined if one.below > one.cost]
    if len(joined) > len(said):
        which = "All" if len(free) == len(joined) else f"{len(free)} of"
        said.append(f"{which} {counted(len(joined), 'network')} lose more than their upsampler can explain.")
        held = [one.training.variant for one in joined if one not in free]
        if held and free:
            said.append(f"The others are {listed(held)}.")
    return said


def _sentence(one: Join) -> str:
    cost, below = (f"{100 * points:.1f}" for points in (one.cost, one.below))
    cause = (
        "the upsampler is not what holds it back"
        if one.below > one.cost
        else "the upsampler may be what holds it back"
    )
    where = f"{below} below its ceiling" if one.below >= 0 else f"{below.lstrip('-')} above its ceiling"
    return (
        f"From 1/{one.ceiling.stride} {one.ceiling.name} can cost {cost} points at most; "
        f"{one.training.variant} is {where}: {cause}."
    )

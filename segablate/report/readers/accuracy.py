"""Accuracy on a page: mIoU of trained networks, and by class, size of object and distance to a border."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from segablate.errors import SegablateError
from segablate.quantity import quantity
from segablate.report.blocks import Cell, Section, Table
from segablate.report.data import Record, arrays, artefact_path
from segablate.report.figures import Curve, Figure, Picture, Rows, Sheet, Strip
from segablate.report.published import load
from segablate.report.readers.base import (
    Measured,
    Reader,
    baseline_of,
    by_class,
    by_measure,
    parts_of_difference,
    readers,
)
from segablate.report.words import counted, images, listed, percent, stem

MOST_CURVES, MOST_COLUMNS = 12, 6
MOST_STRIPS, MOST_PANELS = 4, 4
POINTS = 48
CURVE, PICTURES = "curve.npz", "pictures.npz"
# columns of what training recorded
ITERATION, LOSS, TEMPERATURE = 0, 1, 3
SIZES = {"small": "small (< 32² px)", "medium": "medium (< 96² px)", "large": "large"}
LOSSES = {"cross-entropy": "cross-entropy", "code-regression": "squared error of the code"}
# the losses that DUpsampling's paper draws with and without its temperature
DRAWN = "dupsampling.fig5"


@dataclass(frozen=True)
class Training(Measured):
    """What one variant reaches under one measure: a record a seed."""

    @property
    def seeds(self) -> int:
        """How many times it was trained."""
        return len(self.records)

    @property
    def miou(self) -> float:
        """Mean mIoU over the seeds, a fraction."""
        return statistics.fmean(record.outcome.value("miou") for record in self.records if record.outcome)

    @property
    def loss(self) -> str:
        """What its training loss is."""
        recipe = self.record.reads.get("recipe")
        loss = recipe.get("loss") if isinstance(recipe, Mapping) else None
        use = str(loss.get("use", "")) if isinstance(loss, Mapping) else str(loss or "")
        return LOSSES.get(use, use)

    def mean(self, fact: str) -> dict[str, float]:
        """Mean over the seeds of each score of a fact, where every seed has one.

        Args:
            fact: name of a mapping to fractions, such as `trimap`.
        """
        scores_by_seed: list[Mapping[str, float]] = [record.facts.get(fact) or {} for record in self.records]
        return {
            name: statistics.fmean(scores[name] for scores in scores_by_seed)
            for name in scores_by_seed[0]
            if all(name in scores for scores in scores_by_seed)
        }


def trainings(records: Iterable[Record]) -> tuple[Training, ...]:
    """What the variants reach under each measure, in the order of the records."""
    groups: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        own = record.outcome if record.done and record.use == "accuracy" else None
        if own and not math.isnan(own.value("miou")):
            groups.setdefault((record.measure, record.variant), {}).setdefault(own.key, record)
    return tuple(Training(tuple(own.values())) for own in groups.values())


def seeds_of(own: Sequence[Training]) -> str:
    """`5 seeds`, or the range where the numbers differ."""
    low, high = min(training.seeds for training in own), max(training.seeds for training in own)
    return f"{low} to {high} seeds" if low < high else counted(low, "seed")


@readers.register("accuracy")
class Accuracy(Reader):
    """Scores of trained networks."""

    headline: ClassVar = {"miou": "mIoU (%)"}

    def answer(self, records: Sequence[Record], measure: str) -> str:
        """What the baseline reaches, and the lowest and highest mean of the others: no verdict."""
        own = by_measure(trainings(records)).get(measure, [])
        if not own:
            return ""
        base = baseline_of(own)
        text = f"{base.variant} reaches {percent(base.miou)} mIoU ({seeds_of(own)})"
        others = [training for training in own if training is not base]
        if not others:
            return f"{text}."
        low, high = (pick(others, key=lambda training: training.miou) for pick in (min, max))
        if low is high:
            return f"{text}, {high.variant} {percent(high.miou)}."
        ends = [f"{percent(training.miou)} ({training.variant})" for training in (low, high)]
        return f"{text}, the {counted(len(others), 'other')} from {ends[0]} to {ends[1]}."

    def figures(self, records: Sequence[Record]) -> tuple[Picture, ...]:
        """Classes, borders, training, and the test images on which variants disagree most."""
        drawn: list[Picture] = []
        stems: list[str] = []
        for label, own in by_measure(trainings(records)).items():
            stems.append(stem(label, stems))
            shown = chosen(own, MOST_CURVES)
            left = (
                f" The baseline and the best, {len(shown)} of {len(own)} variants."
                if len(shown) < len(own)
                else ""
            )
            trained = losses(shown, stems[-1])
            with_printed = [training for training in trained if training.printed]
            curves = (
                trimap(shown, stems[-1]),
                *(training for training in trained if training not in with_printed),
            )
            drawn += [*with_printed, *(picture for picture in (where_from(own, stems[-1]),) if picture)]
            curves = (*curves, temperature(shown, stems[-1]))
            drawn += [replace(curve, caption=curve.caption + left) for curve in curves if curve]
        return (*drawn, *disagreements(records))

    def details(self, records: Sequence[Record]) -> tuple[Section, ...]:
        """Where a difference comes from."""
        groups = by_measure(trainings(records))
        if not groups:
            return ()
        largest = max(groups.values(), key=len)
        shown = chosen(largest, MOST_COLUMNS)
        below = [f"IoU (%) under {shown[0].measure}, mean over {seeds_of(shown)}."]
        if len(shown) < len(largest):
            below.append(
                f"Of {counted(len(largest), 'variant')} the baseline and those with the highest mIoU are "
                "shown; results.csv has all."
            )
        scores = {_heading(training): training.mean("per_class_iou") for training in shown}
        classes = by_class(shown[0].record, scores, below)
        tables = {label: table for label, own in groups.items() if (table := sizes_and_borders(own))}
        title = "By size of object and distance to a border"
        return (
            *((Section("By class", (classes,)),) if classes else ()),
            *(
                Section(f"{title}: {name}" if len(groups) > 1 else title, (table,))
                for name, table in tables.items()
            ),
        )


def chosen(own: Sequence[Training], most: int) -> list[Training]:
    """The baseline and those with the highest mIoU, at most so many, in their order."""
    ranked = sorted(own, key=lambda training: (not training.baseline, -training.miou))[:most]
    return [training for training in own if training in ranked]


def where_from(own: Sequence[Training], name: str) -> Rows | None:
    """Which classes the largest difference to the baseline comes from."""
    base = baseline_of(own)
    others = [training for training in own if training is not base]
    if not others:
        return None
    far = max(others, key=lambda training: abs(training.miou - base.miou))
    caption = (
        f"Where the largest difference to {base.variant} comes from: what each class adds to the mIoU of "
        f"{far.variant} under {base.measure}, mean over {seeds_of([base, far])}."
    )
    scores = far.mean("per_class_iou"), base.mean("per_class_iou")
    parts = parts_of_difference(f"by-class-{name}", caption, base.record, *scores)
    return replace(parts, against=base.variant) if parts else None


def trimap(own: Sequence[Training], name: str) -> Figure | None:
    """mIoU in bands around class borders over their width: of variants less the baseline's."""
    base, bands = baseline_of(own), {training.variant: training.mean("trimap") for training in own}
    widths = sorted(bands[base.variant], key=int)
    others = [
        training for training in own if training is not base and bands[training.variant].keys() == set(widths)
    ]
    if len(widths) < 2:
        return None
    n = images(int(record.facts.get("images", 0)) for training in own for record in training.records)
    about = "mIoU within d pixels of a border between two labels"
    about += f", {base.measure}, n = {n}, mean over {seeds_of(own)}"
    x = tuple(float(width) for width in widths)
    if not others:
        y = tuple(bands[base.variant][width] for width in widths)
        line = Curve(base.variant, "", base.variant, base.variant, x, y)
        return Figure(f"trimap-{name}", f"{about}.", "miou", "d (pixels)", (line,))
    curves = []
    for training in others:
        y = tuple(bands[training.variant][width] - bands[base.variant][width] for width in widths)
        curves.append(Curve(training.variant, "", training.variant, training.variant, x, y))
    return Figure(
        name=f"trimap-{name}",
        caption=f"{about}: difference to {base.variant}, which is at 0.",
        metric="miou",
        x_label="d (pixels)",
        curves=(Curve(base.variant, "baseline", "", "", (), (0.0,)), *curves),
        heading=f"Δ mIoU to {base.variant} (points)",
    )


def losses(own: Sequence[Training], name: str) -> list[Figure]:
    """The training loss over the iterations, a line a variant; one figure a kind of loss."""
    drawn: list[Figure] = []
    for kind in dict.fromkeys(training.loss for training in own):
        alike = [training for training in own if training.loss == kind]
        curves = [curve for training in alike if (curve := _course(training, LOSS))]
        if not curves:
            continue
        # of a large study not every seed's losses fit into the report's data
        seeds = max(sum(_recorded(record) is not None for record in training.records) for training in alike)
        printed = _printed(alike)
        drawn.append(
            Figure(
                name=stem(f"training-loss-{name}", [figure.name for figure in drawn]),
                caption=f"Training loss over the iterations, {own[0].measure}{f', {kind}' if kind else ''}: "
                "each point the mean of the iterations since the one before it, and over "
                f"{counted(seeds, 'seed')}."
                + (
                    " Dashed: read off DUpsampling's Fig. 5, 30,000 iterations on PASCAL VOC."
                    if printed
                    else ""
                ),
                metric="loss",
                x_label="iteration",
                curves=tuple(curves),
                linear=True,
                printed=printed,
            )
        )
    return drawn


def _printed(own: Sequence[Training]) -> tuple[tuple[str, float], ...]:
    """What DUpsampling's paper draws, where variants differ by its temperature."""
    models = [training.record.reads.get("model") for training in own]
    upsamplers = [model.get("upsampler") if isinstance(model, Mapping) else None for model in models]
    with_it = {
        upsampler.get("temperature", True) for upsampler in upsamplers if isinstance(upsampler, Mapping)
    }
    if with_it != {True, False}:
        return ()
    return tuple((str(row["name"]), float(row["values"][0])) for row in load(DRAWN).rows)


def temperature(own: Sequence[Training], name: str) -> Figure | None:
    """DUpsampling's learned temperature over the iterations, a line a variant that learns one."""
    curves = [curve for curve in (_course(training, TEMPERATURE) for training in own) if curve]
    if not curves:
        return None
    return Figure(
        name=f"temperature-{name}",
        caption=f"DUpsampling's learned temperature over the iterations, {own[0].measure}: each point the "
        f"mean of the iterations since the one before it, and over {seeds_of(own)}; it begins at 1.",
        metric="temperature",
        x_label="iteration",
        curves=tuple(curves),
        linear=True,
    )


def _course(training: Training, column: int) -> Curve | None:
    """What training recorded in a column, over the iterations; None where it recorded no such numbers."""
    recorded = [curve for curve in map(_recorded, training.records) if curve is not None]
    courses = [curve for curve in recorded if curve.shape[1] > column]
    length = min((len(curve) for curve in courses), default=0)
    if length < 2:
        return None
    x = courses[0][:length, ITERATION]
    y = np.mean([curve[:length, column] for curve in courses], axis=0)
    # it falls fastest at first, so the points lie further and further apart
    ends = np.unique(np.geomspace(1, length, min(POINTS, length)).astype(int))
    parts = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
    means = tuple(float(y[begin:end].mean()) for begin, end in parts)
    if not all(np.isfinite(means)):
        return None
    style = "baseline" if training.baseline else "other"
    return Curve(
        training.variant,
        style,
        training.variant,
        training.variant,
        tuple(max(1.0, float(x[end - 1])) for _, end in parts),
        means,
    )


def _recorded(record: Record) -> np.ndarray | None:
    """(rows, columns): iteration, loss and more; None where it was left out of the report's data."""
    try:
        curve = arrays(record, CURVE).get("curve")
    except SegablateError:
        return None
    return curve if curve is not None and curve.ndim == 2 and curve.shape[1] >= 2 else None


def sizes_and_borders(own: Sequence[Training]) -> Table | None:
    """mIoU by size of object and by distance to a border, a row a variant."""
    sizes, bands = (
        [training.mean("by_size") for training in own],
        [training.mean("trimap") for training in own],
    )
    columns = [word for word in SIZES if any(word in scores for scores in sizes)]
    widths = sorted({width for scores in bands for width in scores}, key=int)
    if not columns and not widths:
        return None
    what = quantity("miou")
    return Table(
        head=("variant", *(SIZES[word] for word in columns), *(f"≤ {width} px" for width in widths)),
        rows=tuple(
            (
                Cell(_heading(training)),
                *(Cell(what.shown(size[word]) if word in size else "–") for word in columns),
                *(Cell(what.shown(band[width]) if width in band else "–") for width in widths),
            )
            for training, size, band in zip(own, sizes, bands, strict=True)
        ),
        below=(
            f"mIoU (%), mean over {seeds_of(own)}, of the pixels of objects of a size, and of those at most "
            "so many pixels from a border between two labels.",
            "An object is a connected part of one class in the truth; "
            "a false alarm counts with the object that it lies on.",
        ),
    )


def _heading(training: Training) -> str:
    return f"{training.variant} (baseline)" if training.baseline else training.variant


def disagreements(records: Sequence[Record]) -> tuple[Sheet, ...]:
    """For each measure the test images on which its variants disagree most, where their pictures are at hand.

    The measure keeps `pictures.npz` for the first seed, of the same few test images for every variant:
    `name_0`, `truth_0` and `predicted_0`, label maps thinned to a size one can look at, and `image_0`, uint8
    pixels or the bytes of a JPEG, or nothing.

    Raises:
        SegablateError: a file of pictures is damaged.
    """
    drawn: list[Sheet] = []
    having = [
        record for record in records if record.done and record.use == "accuracy" and _has_pictures(record)
    ]
    for measure in dict.fromkeys(record.measure for record in having):
        own = [record for record in having if record.measure == measure]
        first = [record for record in own if record.seed == min(record.seed for record in own)]
        first.sort(key=lambda training: not training.baseline)
        # variants that share a cell say the same
        shown = list({record.outcome.key: record for record in first if record.outcome}.values())[
            :MOST_PANELS
        ]
        if len(shown) > 1 and (sheet := _sheet(measure, shown, len(first), [sheet.name for sheet in drawn])):
            drawn.append(sheet)
    return tuple(drawn)


def _has_pictures(record: Record) -> bool:
    stored = record.outcome is not None and PICTURES in record.outcome.artefacts
    return stored and artefact_path(record, PICTURES).is_file()


def _sheet(measure: str, shown: Sequence[Record], there: int, taken: Sequence[str]) -> Sheet | None:
    stored = [_by_name(arrays(record, PICTURES)) for record in shown]
    names = tuple(str(name) for name in shown[0].facts.get("class_names", ()))
    common = [name for name in stored[0] if all(name in other for other in stored)]
    candidates = [
        candidate
        for name in common
        if (candidate := _strip(name, [own[name] for own in stored], len(names) or 255))
    ]
    candidates.sort(key=lambda ranked: (-ranked[0], ranked[1].title))
    if not candidates:
        return None
    strips = [strip for _, strip in candidates[:MOST_STRIPS]]
    has_images = any(strip.panels[0].ndim == 3 for strip in strips)
    left = f" The first {len(shown)} of {there} variants." if there > len(shown) else ""
    return Sheet(
        name=stem(f"where-variants-differ-{measure}", taken),
        caption=f"Of {counted(len(candidates), 'test image')} kept by {measure} (seed {shown[0].seed}) those "
        f"on which the variants disagree about most pixels: {listed([strip.title for strip in strips])}. "
        f"Last column: black where not all variants say the same; grey is not scored.{left}",
        heads=(
            *(["image"] if has_images else []),
            "truth",
            *(training.variant for training in shown),
            "black: not all agree",
        ),
        classes=names,
        palette=tuple((int(r), int(g), int(b)) for r, g, b in shown[0].facts.get("palette", ())),
        strips=tuple(strips),
    )


def _by_name(stored: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Name of an image → its arrays, without the numbers in their names."""
    by_name: dict[str, dict[str, np.ndarray]] = {}
    for at in range(sum(name.startswith("name_") for name in stored)):
        own = {
            what: stored[f"{what}_{at}"]
            for what in ("truth", "predicted", "image")
            if f"{what}_{at}" in stored
        }
        if {"truth", "predicted"} <= set(own):
            by_name[str(stored[f"name_{at}"])] = own
    return by_name


def _strip(name: str, stored: Sequence[Mapping[str, np.ndarray]], classes: int) -> tuple[float, Strip] | None:
    """How much of the scored pixels the variants do not agree about, and the image under all of them; None
    where they did not keep it alike."""
    truth, predicted = stored[0]["truth"], [own["predicted"] for own in stored]
    maps = (truth, *predicted)
    if truth.ndim != 2 or any(
        label_map.shape != truth.shape or label_map.dtype not in (np.uint8, np.uint16) for label_map in maps
    ):
        return None
    differs = np.any([other != predicted[0] for other in predicted[1:]], axis=0)
    scored = truth < classes
    share = float(differs[scored].mean()) if scored.any() else 0.0
    image = [_image(name, stored[0]["image"], truth.shape)] if "image" in stored[0] else []
    return share, Strip(f"{name} ({share:.1%})", truth, (*image, *maps, differs))


def _image(name: str, stored: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The image at the size of the label maps, (height, width, 3) uint8."""
    try:
        packed = stored.ndim == 1
        picture = (
            Image.open(io.BytesIO(stored.tobytes()), formats=("JPEG",)) if packed else Image.fromarray(stored)
        )
        return np.asarray(picture.convert("RGB").resize((shape[1], shape[0])))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, TypeError) as error:
        raise SegablateError(f"the image `{name}` in `{PICTURES}` cannot be read: {error}") from error

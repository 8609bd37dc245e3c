"""Curves of what variants reach: mIoU by distance to a border, and the loss while they were trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from segablate.errors import SegablateError
from segablate.report.data import Record, arrays
from segablate.report.figures import Curve, Figure
from segablate.report.trainings import Training, by_measure, chosen, told_seeds
from segablate.report.words import counted, images, stem

MOST_CURVES = 12
POINTS = 48
ARTEFACT = "curve.npz"
# columns of what training recorded
LOSS, TEMPERATURE = 1, 3


def figures(found: Sequence[Training]) -> tuple[Figure, ...]:
    """All curves, measure by measure."""
    drawn: list[Figure] = []
    stems: list[str] = []
    for label, own in by_measure(found).items():
        stems.append(stem(label, stems))
        shown = chosen(own, MOST_CURVES)
        left = (
            f" The baseline and the best, {len(shown)} of {len(own)} variants."
            if len(shown) < len(own)
            else ""
        )
        made = (trimap(shown, stems[-1]), training(shown, stems[-1]), temperature(shown, stems[-1]))
        drawn += [replace(one, caption=one.caption + left) for one in made if one]
    return tuple(drawn)


def trimap(own: Sequence[Training], called: str) -> Figure | None:
    """mIoU in bands around class borders over the width of the band, a line a variant."""
    curves = []
    for one in own:
        scores = one.mean("trimap")
        widths = sorted(scores, key=int)
        y = tuple(scores[width] for width in widths)
        curves.append(_curve(one, tuple(float(width) for width in widths), y))
    curves = [curve for curve in curves if len(curve.x) > 1]
    if not curves:
        return None
    n = images(int(record.facts.get("images", 0)) for one in own for record in one.records)
    return Figure(
        name=f"trimap-{called}",
        caption=f"mIoU of the pixels at most so far from a border between two labels, {own[0].measure}, "
        f"n = {n}, mean over {told_seeds(own)}.",
        metric="miou",
        x_label="distance to the border (pixels)",
        curves=tuple(curves),
        heading="mIoU in the band (%)",
    )


def training(own: Sequence[Training], called: str) -> Figure | None:
    """The training loss over the iterations, a line a variant."""
    curves = [curve for curve in map(_losses, own) if curve]
    if not curves:
        return None
    # of a large study not every seed's losses fit into the report's data
    seeds = max(sum(_recorded(record) is not None for record in one.records) for one in own)
    return Figure(
        name=f"training-loss-{called}",
        caption=f"Training loss over the iterations, {own[0].measure}: each point the mean of the iterations "
        f"since the one before it, and over {counted(seeds, 'seed')}.",
        metric="loss",
        x_label="iteration",
        curves=tuple(curves),
    )


def temperature(own: Sequence[Training], called: str) -> Figure | None:
    """DUpsampling's learned temperature over the iterations, a line a variant that learns one."""
    curves = [curve for curve in (_course(one, TEMPERATURE) for one in own) if curve]
    if not curves:
        return None
    return Figure(
        name=f"temperature-{called}",
        caption=f"DUpsampling's learned temperature over the iterations, {own[0].measure}: each point the "
        f"mean of the iterations since the one before it, and over {told_seeds(own)}; it begins at 1.",
        metric="temperature",
        x_label="iteration",
        curves=tuple(curves),
    )


def _losses(one: Training) -> Curve | None:
    return _course(one, LOSS)


def _course(one: Training, column: int) -> Curve | None:
    """What training recorded in a column, over the iterations; None where it recorded no such numbers."""
    recorded = [curve for curve in map(_recorded, one.records) if curve is not None]
    found = [curve for curve in recorded if curve.shape[1] > column]
    length = min((len(curve) for curve in found), default=0)
    if length < 2:
        return None
    x = found[0][:length, 0]
    y = np.mean([curve[:length, column] for curve in found], axis=0)
    # the axis is logarithmic, so the points lie further and further apart
    ends = np.unique(np.geomspace(1, length, min(POINTS, length)).astype(int))
    parts = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
    means = tuple(float(y[begin:end].mean()) for begin, end in parts)
    if not all(np.isfinite(means)) or min(means) <= 0:
        return None
    return _curve(one, tuple(max(1.0, float(x[end - 1])) for _, end in parts), means)


def _recorded(record: Record) -> np.ndarray | None:
    """(rows, columns): iteration, loss and more; None where it was left out of the report's data."""
    try:
        curve = arrays(record, ARTEFACT).get("curve")
    except SegablateError:
        return None
    return curve if curve is not None and curve.ndim == 2 and curve.shape[1] >= 2 else None


def _curve(one: Training, x: tuple[float, ...], y: tuple[float, ...]) -> Curve:
    return Curve(one.variant, "baseline" if one.baseline else "other", one.variant, one.variant, x, y)

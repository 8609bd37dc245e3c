"""Ceiling curves as data: mIoU* over the channels of the code, its bits, and over the output stride."""

from __future__ import annotations

import math
from collections.abc import Sequence

from segablate.report.ceilings import Ceiling, measures, strides
from segablate.report.figures import Curve, Figure
from segablate.report.words import images, stem


def figures(found: Sequence[Ceiling]) -> tuple[Figure, ...]:
    """All ceiling curves that have at least two points to join, measure by measure."""
    drawn: list[Figure | None] = [over_bits(found)]
    stems: list[str] = []
    for label in measures(found):
        own = [ceiling for ceiling in found if ceiling.measure == label]
        stems.append(stem(label, stems))
        drawn += [over_channels(own, stems[-1]), over_stride(own, stems[-1])]
    return tuple(figure for figure in drawn if figure)


def over_channels(found: Sequence[Ceiling], called: str) -> Figure | None:
    """mIoU* over C̃: one line per output stride; upsamplers without channels lie across the whole figure."""
    curves = []
    for stride in strides(found):
        for family in dict.fromkeys(ceiling.family for ceiling in found):
            own = [one for one in found if one.family == family and one.stride == stride]
            curves += _channel_curves(own, family, stride)
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    return Figure(
        name=f"ceiling-over-channels-{called}",
        caption=f"mIoU* over the channels C̃ of the low-resolution code, {_source(found)}.",
        metric="miou",
        x_label="channels C̃ of the low-resolution code",
        curves=tuple(curves),
    )


def over_bits(found: Sequence[Ceiling]) -> Figure | None:
    """mIoU* over the bits of a cell, whatever its numbers have: one line per upsampler and output stride."""
    limited = [one for one in found if not math.isnan(one.bits)]
    curves = []
    for stride in strides(limited):
        # each number of a linear code may have a few bits or many
        for name in dict.fromkeys(_of_bits(one) for one in limited):
            own = {(o.bits, o.miou) for o in limited if _of_bits(o) == name and o.stride == stride}
            x, y = zip(*sorted(own), strict=True) if own else ((), ())
            group = f"stride {stride}"
            curves += [Curve(f"{name}, {group}", name, group, group, x, y)] if own else []
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    scored = images(ceiling.images for ceiling in limited)
    return Figure(
        name="ceiling-over-bits",
        caption=f"mIoU* over the bits that a cell is stored in, n = {scored}.",
        metric="miou",
        x_label="bits of a cell",
        curves=tuple(curves),
    )


def _of_bits(one: Ceiling) -> str:
    return one.family if one.channels is None else one.name


def over_stride(found: Sequence[Ceiling], called: str) -> Figure | None:
    """mIoU* over the output stride: one line per upsampler."""
    curves = []
    for name in dict.fromkeys(ceiling.name for ceiling in found):
        own = sorted((one for one in found if one.name == name), key=lambda one: one.stride)
        x, y = tuple(float(one.stride) for one in own), tuple(one.miou for one in own)
        curves.append(Curve(name, own[0].family, name, own[0].family, x, y))
    if not any(len(curve.x) > 1 for curve in curves):
        return None
    return Figure(
        name=f"ceiling-over-stride-{called}",
        caption=f"mIoU* over the output stride, {_source(found)}.",
        metric="miou",
        x_label="output stride",
        curves=tuple(curves),
    )


def _channel_curves(own: Sequence[Ceiling], family: str, stride: int) -> list[Curve]:
    group, label = f"stride {stride}", f"{family}, stride {stride}"
    wide = sorted((one for one in own if one.channels), key=lambda one: one.channels or 0)
    curves = [Curve(label, family, group, group, (), (one.miou,)) for one in own if not one.channels]
    if wide:
        x = tuple(float(one.channels or 0) for one in wide)
        curves.append(Curve(label, family, group, group, x, tuple(one.miou for one in wide)))
    return curves


def _source(found: Sequence[Ceiling]) -> str:
    return f"{found[0].measure}, n = {images(ceiling.images for ceiling in found)}"

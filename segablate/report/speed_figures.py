"""Times as pictures in data: each variant with its interval, and how time grows with the input."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.report.figures import Curve, Figure, Span, Spans
from segablate.report.speeds import FITTED, INPUT_AXES, Growth, Speed, growths
from segablate.report.words import listed, stem

MOST_SPANS = 32
MEGA = 1e6


def figures(found: Sequence[Speed]) -> tuple[Figure | Spans, ...]:
    """All pictures of times, measure by measure."""
    drawn: list[Figure | Spans] = []
    stems: list[str] = []
    for label in dict.fromkeys(one.measure for one in found):
        own = [one for one in found if one.measure == label]
        stems.append(stem(label, stems))
        grown = growths(own)
        drawn += [
            over_input([one for one in grown if one.axis == axis], axis, stems[-1])
            for axis in INPUT_AXES
            if any(one.axis == axis for one in grown)
        ]
        if not grown:
            drawn.append(side_by_side(own, stems[-1]))
    return tuple(drawn)


def side_by_side(own: Sequence[Speed], called: str) -> Spans:
    """Each variant's median with its interval, on the baseline's device and at its precision."""
    base = next((one for one in own if one.baseline), own[0])
    like = [one for one in own if one.conditions == base.conditions][:MOST_SPANS]
    processes = max(len(one.medians) for one in like)
    what = f"95 % intervals between {processes} processes" if processes > 1 else "one process: no interval"
    return Spans(
        name=f"latency-{called}",
        caption=f"Median latency on {', '.join(base.conditions)}; {what}.",
        metric="p50_ms",
        spans=tuple(Span(one.variant, one.middle, one.interval) for one in like),
    )


def over_input(grown: Sequence[Growth], axis: str, called: str) -> Figure:
    """Time over pixels or images, a line for each family, its exponent in its name."""
    first = grown[0].points[0][1]
    pixels = axis == "input.size"
    curves = tuple(
        Curve(
            label=f"{one.family} ({_law(one, FITTED[axis])})",
            style="",
            marker=one.family,
            colour=one.family,
            x=tuple(round(amount / MEGA, 3) if pixels else amount for amount, _ in one.points),
            y=tuple(speed.middle for _, speed in one.points),
        )
        for one in grown
    )
    return Figure(
        name=f"latency-over-{FITTED[axis]}-{called}",
        caption=f"Median latency over {FITTED[axis]}, on {', '.join(first.conditions)}; exponents: "
        f"{listed([f'{one.family} {one.exponents}' for one in grown])}.",
        metric="p50_ms",
        x_label="megapixels" if pixels else "images in a batch",
        curves=curves,
    )


def _law(one: Growth, amount: str) -> str:
    if one.law.fits is False:
        return f"exponent {one.exponents}"
    return f"∝ {amount}^{one.exponents}"

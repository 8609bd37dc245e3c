"""What all drawings share: colours, markers, dashes (each enough to tell lines apart) and room for words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from segablate.report.words import visible

# Okabe and Ito's colours, in an order in which neighbours also differ in lightness
COLOURS = ("#0072B2", "#E69F00", "#000000", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
STYLES = ("-", "--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)), (0, (1, 3)))
GRID = "#cccccc"
INK = "#000000"
TIP = "tip-"
LABEL_GAP = 0.055
# text beside a drawing is of this size, and a character of it about so wide, in inches
SMALL = 8.5
CHARACTER = 0.073
LONGEST = 56
STEPS = (1.0, 2.0, 5.0)
EVEN_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def apart(places: Sequence[float], gap: float = LABEL_GAP) -> list[float]:
    """The places, at least `gap` apart and in the same order, within 0…1 while there is room."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    gap = min(gap, 1 / max(1, len(places) - 1))
    for _ in range(2):
        for at in range(1, len(moved)):
            moved[at] = max(moved[at], moved[at - 1] + gap)
        over = max(0.0, moved[-1] - 1.0)
        moved[-1] -= over
        for at in range(len(moved) - 2, -1, -1):
            moved[at] = min(moved[at], moved[at + 1] - gap)
    spread = [0.0] * len(places)
    for place, i in zip(moved, order, strict=True):
        spread[i] = place
    return spread


def beside(texts: Sequence[str]) -> float:
    """Inches that the longest of some texts takes."""
    return CHARACTER * max(map(len, texts), default=0)


def wrapped(label: str, width: int = 38) -> str:
    """A label in at most two lines, without what matplotlib reads as mathematics."""
    line = " ".join(label.split())
    return "\n".join(textwrap.wrap(line, width, max_lines=2, placeholder="…")).replace("$", r"\$")


def short(label: str, longest: int = LONGEST) -> str:
    """A label in one line that is not too long, without what matplotlib reads as mathematics."""
    line = " ".join(visible(label).split())
    line = line if len(line) <= longest else f"{line[: longest - 1]}…"
    return line.replace("$", r"\$")


def even_limits(low: float, high: float, *, most: float = math.inf) -> tuple[float, float, float]:
    """Round limits around two numbers with some room, and the step of their ticks; none above `most`."""
    span = max(high - low, 1e-9 * max(1.0, abs(high)), 1e-12)
    decade = 10.0 ** math.floor(math.log10(span / 4))
    step = next(one * decade for one in EVEN_STEPS if one * decade >= span / 4)
    lower = math.floor((low - 0.1 * span) / step) * step
    upper = math.ceil((high + 0.1 * span) / step) * step
    return lower, min(upper, most), step


def round_ticks(lower: float, upper: float, step: float) -> list[float]:
    """The multiples of a step between two limits."""
    count = round((upper - lower) / step)
    return [lower + at * step for at in range(count + 1) if lower + at * step <= upper + 1e-9 * step]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten, from at or below `low` to at or above `high`."""
    # a decade more on either side: just below a power of ten the logarithm may round up to it
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [step * 10.0**decade for decade in decades for step in STEPS]
    first = max((step for step in steps if step <= low), default=steps[0])
    last = min((step for step in steps if step >= high), default=steps[-1])
    if first == last:
        last = next((step for step in steps if step > first), first * 2)
    return [step for step in steps if first <= step <= last]

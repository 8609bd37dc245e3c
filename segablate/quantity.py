"""Quantities: what a metric's number means, which way is better, and how it is written.

Scores are fractions in 0…1 wherever a program reads them and percentages wherever a person does.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower", "none"]
Compared = Literal["difference", "ratio", "count", "none"]
TIMES = ("ms", "s", "image/s")
COUNTS = ("MAC", "FLOP", "operation", "B", "bit")
FEWEST_DIGITS = 2  # of a count that the usual decimals would show as zero
# they tell how times scatter within a process; what is judged between processes is the median
SCATTER = ("p95_ms", "p99_ms", "iqr_ms")


@dataclass(frozen=True)
class Margin:
    """The largest difference that does not matter.

    Attributes:
        value: in the stored unit; a share of the baseline if `relative`.
        relative: whether it is a share.
    """

    value: float
    relative: bool = False

    def beside(self, baseline: float) -> float:
        """The margin in the stored unit."""
        return self.value * abs(baseline) if self.relative else self.value


@dataclass(frozen=True)
class Quantity:
    """How a metric is named, written and ordered.

    Attributes:
        metric: name in records, JSON and CSV.
        title: name a person reads.
        unit: unit of the stored number; "" for a fraction or a count.
        direction: which way is better; "none" where neither is.
        scale: shown number = stored number × scale.
        shown_unit: unit of the shown number.
        digits: decimals shown.
        limits: axis limits in shown units, pinned so that pages compare; None leaves that end free.
    """

    metric: str
    title: str
    unit: str = ""
    direction: Direction = "none"
    scale: float = 1.0
    shown_unit: str = ""
    digits: int = 2
    limits: tuple[float | None, float | None] = (None, None)

    def shown(self, value: float, *, unit: bool = False) -> str:
        """The stored number as a person reads it."""
        if math.isnan(value):
            return "–"
        text = f"{value * self.scale:,.{self.digits}f}"
        if self.compared == "count" and value and not float(text.replace(",", "")):
            # a small network has not nothing to compute
            digits = FEWEST_DIGITS - 1 - math.floor(math.log10(abs(value * self.scale)))
            text = f"{value * self.scale:.{digits}f}"
        return f"{text} {self.shown_unit}" if unit and self.shown_unit else text

    @functools.cached_property
    def compared(self) -> Compared:
        """How two of them are compared: times as a ratio, counts as they are, "none" if not at all."""
        if self.direction == "none" or self.metric in SCATTER:
            return "none"
        if self.unit in TIMES:
            return "ratio"
        return "count" if self.unit in COUNTS or self.metric.endswith("params") else "difference"

    @property
    def margin(self) -> Margin:
        """What does not matter unless a study says otherwise: 0.5 points of a score, 2 % of a time."""
        if self.compared == "ratio":
            return Margin(0.02, relative=True)
        return Margin(0.005 if self.shown_unit == "%" else 0.0)

    @property
    def heading(self) -> str:
        """Title with the shown unit, for a table's head or an axis."""
        return f"{self.title} ({self.shown_unit})" if self.shown_unit else self.title


def _score(metric: str, title: str) -> Quantity:
    return Quantity(metric, title, "", "higher", 100.0, "%", 2, (None, 100.0))


_KNOWN = [
    _score("miou", "mIoU"),
    _score("pixel_accuracy", "pixel accuracy"),
    _score("boundary_iou", "Boundary IoU"),
    _score("iou", "IoU"),
    Quantity("loss", "training loss", "", "lower", 1.0, "", 3),
    Quantity("explained", "explained", "", "higher", 100.0, "%", 3, (None, 100.0)),
    Quantity("false_verdicts", "false better or worse", "", "lower", 100.0, "%", 1),
    Quantity("false_confirmations", "studies with a false confirmation", "", "lower", 100.0, "%", 1),
    Quantity("false_refutations", "studies with a false refutation", "", "lower", 100.0, "%", 1),
    Quantity("coverage", "intervals that hold the truth", "", "none", 100.0, "%", 1),
    Quantity("false_equivalents", "false equivalent", "", "none", 100.0, "%", 1),
    Quantity("power", "told of what could be told", "", "none", 100.0, "%", 1),
    Quantity("code_bits", "code length", "bit", "lower", 1.0, "bits a cell", 0),
    Quantity("entropy_bits", "entropy of the code", "bit", "lower", 1.0, "bits a cell", 1),
    Quantity("params", "parameters", "", "lower", 1e-6, "million", 3),
    Quantity("trainable_params", "parameters with training heads", "", "none", 1e-6, "million", 3),
    Quantity("training_only_params", "parameters of training only", "", "none", 1e-6, "million", 3),
    Quantity("macs", "multiply-adds", "MAC", "lower", 1e-9, "GMAC"),
    Quantity("flops", "2 × multiply-adds", "FLOP", "lower", 1e-9, "GFLOP"),
    Quantity("elementwise", "other operations", "operation", "lower", 1e-9, "G", 3),
    Quantity("operations", "all operations", "operation", "lower", 1e-9, "G", 3),
    Quantity("decoders_matter_flops", "decoder as arXiv:1903.02120 counts", "FLOP", "lower", 1e-9, "GFLOP"),
    Quantity("peak_bytes", "peak activations", "B", "lower", 2.0**-20, "MiB", 1),
    Quantity("weight_bytes", "weights", "B", "lower", 2.0**-20, "MiB", 1),
    Quantity("p50_ms", "latency, median", "ms", "lower", 1.0, "ms"),
    Quantity("p95_ms", "latency, 95th percentile", "ms", "lower", 1.0, "ms"),
    Quantity("p99_ms", "latency, 99th percentile", "ms", "lower", 1.0, "ms"),
    Quantity("iqr_ms", "latency, interquartile range", "ms", "lower", 1.0, "ms"),
    Quantity("fps", "throughput", "image/s", "higher", 1.0, "FPS", 1),
    Quantity("peak_device_bytes", "peak device memory", "B", "lower", 2.0**-20, "MiB", 1),
    Quantity("intensity", "arithmetic intensity", "FLOP/B", "none", 1.0, "FLOP/B", 1),
]
QUANTITIES = {quantity.metric: quantity for quantity in _KNOWN}


def quantity(metric: str) -> Quantity:
    """The quantity of a metric; an unknown metric is shown as it is."""
    return QUANTITIES.get(metric) or _unknown(metric)


@functools.cache
def _unknown(metric: str) -> Quantity:
    return Quantity(metric, metric.replace("_", " "), digits=3)

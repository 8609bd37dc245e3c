"""The answer of a one-shot command in a sentence: what a person wanted to know, before the table.

Each is computed from the numbers of the table below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from segablate.quantity import quantity
from segablate.report.words import counted, listed

if TYPE_CHECKING:
    from segablate.app.latency import Row
    from segablate.measures.counting.cost import Cost

# a loss of mIoU that is small beside what decoders differ by
SMALL = 0.01
MOST_CLASSES = 3
# with two, Student's interval of a time spans orders of magnitude
FEWEST_PROCESSES = 3


def of_ceilings(rows: Sequence[Mapping[str, Any]]) -> str:
    """What these labels allow: what the first upsampler loses, which classes lose most by it, and the fewest
    channels with which a learned one loses less than a point.

    Args:
        rows: as `segablate.app.oracle.ceilings` gives them.

    Returns:
        One sentence; "" where no pixel is scored.
    """
    scored = [row for row in rows if not math.isnan(row["miou"])]
    fixed = [row for row in scored if row["channels"] is None]
    parts = [_loss([row for row in fixed if row["upsampler"] == fixed[0]["upsampler"]])] if fixed else []
    learned = [row for row in scored if row["channels"] is not None]
    for name in dict.fromkeys(row["upsampler"] for row in learned):
        parts.append(_enough(name, [row for row in learned if row["upsampler"] == name]))
    return f"{'; '.join(parts)}." if parts else ""


def _loss(rows: Sequence[Mapping[str, Any]]) -> str:
    ordered = _by_stride(rows)
    lost = [f"{_points(1 - row['miou'])}{{}} at 1/{row['output_stride']}" for row in ordered]
    sentence = (
        f"{ordered[0]['upsampler']} loses {listed([lost[0].format(' points of mIoU'), *_bare(lost[1:])])}"
    )
    coarsest = ordered[-1]
    worst = sorted(coarsest["per_class_iou"].items(), key=lambda class_iou: float(class_iou[1]))[
        :MOST_CLASSES
    ]
    worst = [(name, iou) for name, iou in worst if iou < coarsest["miou"]]
    if not worst:
        return sentence
    named = f"class{'es' if len(worst) > 1 else ''} {listed([name for name, _ in worst])}"
    there = "there " if len(ordered) > 1 else ""
    return f"{sentence} ({there}mostly in {named}: {listed([_points(1 - iou) for _, iou in worst])})"


def _bare(texts: Iterable[str]) -> list[str]:
    return [text.format("") for text in texts]


def _enough(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The fewest channels with which an upsampler loses less than a point, at each stride."""
    enough, short = [], []
    for stride in dict.fromkeys(row["output_stride"] for row in _by_stride(rows)):
        own = sorted(
            (row for row in rows if row["output_stride"] == stride), key=lambda row: int(row["channels"])
        )
        few = next((row for row in own if 1 - row["miou"] < SMALL), None)
        if few:
            enough.append(f"{few['channels']} channels at 1/{stride}")
        else:
            short.append(
                f"{_points(1 - own[-1]['miou'])} points with {own[-1]['channels']} channels at 1/{stride}"
            )
    clauses = [f"{name} loses less than a point with {listed(enough)}"] if enough else []
    clauses += [f"{'still' if enough else f'{name} loses'} {listed(short)}"] if short else []
    return ", and ".join(clauses)


def _by_stride(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: int(row["output_stride"]))


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def of_times(shared: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """How long the first network takes, and how many times as long each other one.

    Args:
        shared: what all depend on, as `segablate.app.latency.side_by_side` gives it.
        rows: a network each.
    """
    first = rows[0]
    batch = "an image" if shared["batch"] == 1 else f"{shared['batch']} images"
    size = "×".join(str(side) for side in shared["size"])
    sentence = f"{first.model} takes {_ms(first)} for {batch} of {size}, {first.metrics['fps']:.1f} a second"
    parts = [sentence, *(_beside(row, first) for row in rows[1:])]
    flags = list(dict.fromkeys(flag["name"] for row in rows for flag in row.flags))
    parts += [f"doubt it for the reasons below ({', '.join(flags)})"] if flags else []
    return f"{'; '.join(parts)}."


def _ms(row: Row) -> str:
    enough = len(row.processes) >= FEWEST_PROCESSES
    interval = f" [{row.interval[0]:.3g}, {row.interval[1]:.3g}]" if row.interval and enough else ""
    return f"{row.metrics['p50_ms']:.3g} ms{interval}"


def _beside(row: Row, first: Row) -> str:
    assert row.against is not None
    low, high = row.against.low, row.against.high
    clause = f"{row.model} takes {row.against.value:.2f} times as long [{low:.2f}, {high:.2f}]"
    return f"{clause}, which may be as long as {first.model}" if low <= 1 <= high else clause


def of_cost(cost: Cost, name: str) -> str:
    """What a network needs, and which of its parts needs most.

    Args:
        cost: what was counted.
        name: what the network is called.
    """
    whole, parameters = cost.modules[""], cost.parameters.total
    input_text = f"{'×'.join(map(str, cost.shape))} with {counted(cost.classes, 'class', 'classes')}"
    needs = f"{_shown('macs', whole.macs)} ({_shown('flops', whole.flops)}) at {input_text}"
    sentence = f"{name} needs {needs}, and has {_shown('params', parameters)} parameters"
    most = max(cost.groups, key=lambda group: group.macs)
    if not most.name or not whole.macs:
        return f"{sentence}."
    held = f" and {100 * most.params / parameters:.0f} % of the parameters" if most.params else ""
    return f"{sentence}; its {most.name} has {100 * most.macs / whole.macs:.0f} % of the multiply-adds{held}."


def _shown(metric: str, value: float) -> str:
    return quantity(metric).shown(value, unit=True)

"""The answers of one-shot commands, from the numbers of their tables."""

from __future__ import annotations

import math
from typing import Any

from segablate.app.answers import of_ceilings, of_times
from segablate.app.latency import Row
from segablate.evidence.ratio import Ratio


def ceiling(
    upsampler: str, stride: int, miou: float, channels: int | None = None, **iou: float
) -> dict[str, Any]:
    return {
        "upsampler": upsampler,
        "output_stride": stride,
        "channels": channels,
        "miou": miou,
        "per_class_iou": iou or {"0": miou},
    }


def test_labels_allow_what_is_lost_by_whom_and_how_many_channels_do() -> None:
    rows = [
        ceiling("bilinear", 16, 0.9),
        ceiling("bilinear", 8, 0.97),
        ceiling("bilinear", 32, 0.8, pole=0.3, road=0.99, sign=0.7),
        *(
            ceiling("dupsampling", 16, miou, width)
            for width, miou in ((128, 0.999), (64, 0.991), (32, 0.985))
        ),
        *(ceiling("dupsampling", 32, miou, width) for width, miou in ((64, 0.95), (128, 0.98))),
    ]
    assert of_ceilings(rows) == (
        "bilinear loses 3.0 points of mIoU at 1/8, 10.0 at 1/16 and 20.0 at 1/32 "
        "(there mostly in classes pole and sign: 70.0 and 30.0); "
        "dupsampling loses less than a point with 64 channels at 1/16, "
        "and still 2.0 points with 128 channels at 1/32."
    )


def test_where_nothing_suffices_or_nothing_is_scored_that_is_told() -> None:
    few = [ceiling("dupsampling", 8, 0.9, 4), ceiling("dupsampling", 8, 0.95, 8)]
    assert of_ceilings(few) == "dupsampling loses 5.0 points with 8 channels at 1/8."
    assert of_ceilings([ceiling("bilinear", 8, math.nan)]) == ""


def timed(model: str, ms: float, against: Ratio | None, *flags: str) -> Row:
    named = [{"name": name, "found": "", "remedy": ""} for name in flags]
    facts = ({"flags": named},) * 3
    return Row(model, ((ms,),) * 3, {"p50_ms": ms, "fps": 1000 / ms}, (ms - 1, ms + 1), against, facts)


def test_a_network_that_may_be_as_fast_as_the_first_is_not_called_slower() -> None:
    shared = {"batch": 1, "size": [512, 1024]}
    slow, alike = Ratio(2.0, 1.9, 2.1, 0.95, 3), Ratio(1.05, 0.9, 1.2, 0.95, 3)
    rows = [timed("a", 10.0, None), timed("b", 20.0, slow), timed("c", 10.5, alike, "load")]
    assert of_times(shared, rows) == (
        "a takes 10 ms [9, 11] for an image of 512×1024, 100.0 a second; "
        "b takes 2.00 times as long [1.90, 2.10]; "
        "c takes 1.05 times as long [0.90, 1.20], which may be as long as a; "
        "doubt it for the reasons below (load)."
    )

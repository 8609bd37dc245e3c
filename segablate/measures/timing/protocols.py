"""Protocols: when timing begins, when it ends, and what a number of it does not tell.

`segablate` is this project's own. `paddleseg-trt` is what is known of the script behind the published frames
per second of PP-LiteSeg (arXiv:2204.02681, Sec. 4: GTX 1080Ti, TensorRT 7.1.3, FP32, batch 1): its counts are
kept here, and what cannot be had again is told as a blind spot beside every number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["segablate", "paddleseg-trt"]
L2 = Literal["flush", "ring", "warm"]

MOST = 2000
LEAST = 5
PADDLE_WARM_UP = 500
PADDLE_REPEATS = 2000
NOT_REPRODUCED = (
    "paddleseg-trt: the network runs in torch, not as a TensorRT 7.1.3 engine on a GTX 1080Ti",
    "paddleseg-trt: the released script leaves out the resize, arg max and the last synchronisation; "
    "here the scope says what is timed, and each pass is waited for",
    "paddleseg-trt: the script timed one network after the other; here they are interleaved",
)


@dataclass(frozen=True)
class Rules:
    """How long to warm up and to time.

    Attributes:
        l2: before each pass `flush` the cache, take the next of a `ring` of inputs larger than it, or leave
            it `warm`.
        warm_up: seconds of warm-up at least, all networks together.
        warm_passes: passes of warm-up at least, each network.
        settle: go on warming up until the last windows agree.
        bound: stop where half the interval of every median is this share of it; 0 never.
        cap: seconds of timing at most, times the number of networks.
        least: passes of each network at least, whatever the cap.
        most: passes of each network at most.
    """

    l2: L2 = "flush"
    warm_up: float = 2.0
    warm_passes: int = 2
    settle: bool = True
    bound: float = 0.005
    cap: float = 10.0
    least: int = LEAST
    most: int = MOST


def rules(name: Name, l2: L2, warm_up: float, bound: float, cap: float) -> Rules:
    """The rules of a protocol; `paddleseg-trt` has its own but for the cap."""
    if name == "segablate":
        return Rules(l2, warm_up, bound=bound, cap=cap)
    return Rules("warm", 0.0, PADDLE_WARM_UP, settle=False, bound=0.0, cap=cap, most=PADDLE_REPEATS)


def described(name: Name, own: Rules) -> str:
    """The protocol in a few words, for the convention of a number."""
    if name == "paddleseg-trt":
        passes = f"{own.warm_passes} passes of warm-up, {own.most} timed"
        return f"{passes} or {own.cap:g} s a network, cache warm"
    cache = {"flush": "cache flushed before each pass", "ring": "a ring of inputs larger than the cache"}
    return (
        f"networks interleaved; {own.warm_up:g} s of warm-up and until windows agree; {cache[own.l2]}; "
        f"until half the median's interval is {100 * own.bound:g} %, or {own.cap:g} s a network"
    )

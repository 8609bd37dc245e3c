"""Latency as most scripts take it, beside ours of the same network.

    python tests/benchmarks/bench_latency.py [--rounds 3]

`time.time()` around one loop in a fresh process, without a warm-up, up to the decoder's code: the last
upsampling and the arg max are left out. Besides, a loop that is warm, and one that is whole. Ours is the
median of `segablate latency --plain`, from the image to the label map by the same steps. These are numbers,
not speeds: a ratio below 1 says how much too low a latency comes out. One thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from results import Row, publish
from rounds import ratio

from segablate.app.latency import side_by_side
from segablate.measures.inputs import Input
from segablate.models.assemble import assemble
from segablate.models.segmenter import Segmenter

CLASSES = 19
TIMED, SIZE, PASSES = "pp-liteseg-t", (256, 512), 10
WARM, CAP = 0.5, 0.8  # seconds
USUAL = (
    "a loop, no warm-up, no last step",
    "a loop, warm, no last step",
    "a loop, warm, upsampling and arg max",
)
OURS = "ours"

Work = Callable[[], Any]


def main() -> None:
    """Measure and tell; in a child, time the loops."""
    torch.set_num_threads(1)
    if "--child" in sys.argv:
        print(json.dumps(as_usual()))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    publish("Latency as it is usually taken", parser, lambda asked: latencies(asked.rounds))


def latencies(rounds: int) -> Iterator[Row]:
    """One small network: a loop as usual against the protocol, each in fresh processes."""
    taken: list[dict[str, float]] = []
    for at in range(rounds):
        works: list[Work] = [in_a_child, by_protocol]
        found: dict[str, float] = {}
        for work in works if at % 2 else works[::-1]:
            found |= work()
        taken.append(found)
    for name in USUAL:
        yield Row(f"{TIMED}, {SIZE[0]}×{SIZE[1]}: {name} ÷ ours", *ratio(taken, name, OURS))


def in_a_child() -> dict[str, float]:
    """What `as_usual` finds in a process of its own."""
    ran = subprocess.run([sys.executable, __file__, "--child"], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def as_usual() -> dict[str, float]:
    """Seconds a pass by one loop: cold and without the last step, warm, and warm with the last step."""
    made, image = network(TIMED), torch.randn(1, 3, *SIZE)
    with torch.no_grad():
        cold = looped(lambda: made.code(image))
        end = time.perf_counter() + WARM
        while time.perf_counter() < end:
            made(image).argmax(1)
        return {
            USUAL[0]: cold,
            USUAL[1]: looped(lambda: made.code(image)),
            USUAL[2]: looped(lambda: made(image).argmax(1)),
        }


def looped(work: Work) -> float:
    """Seconds a pass, from the clock that people take."""
    begun = time.time()
    for _ in range(PASSES):
        work()
    return (time.time() - begun) / PASSES


def by_protocol() -> dict[str, float]:
    """Seconds a pass by `segablate latency --plain`."""
    settings = {"warm_up": WARM, "cap": CAP, "fused": False}
    given = Input(size=SIZE, batch=1, classes=CLASSES)
    _, (row,) = side_by_side([(TIMED, {"use": TIMED})], given, "cpu", settings, 1, silent)
    return {OURS: row.metrics["p50_ms"] / 1e3}


@contextmanager
def silent(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """No bar."""
    yield lambda done: None


def network(name: str) -> Segmenter:
    """A network with random weights, for inference."""
    made = assemble({"use": name}, CLASSES)
    assert isinstance(made, Segmenter)
    return made.without_auxiliary().eval().requires_grad_(False)


if __name__ == "__main__":
    main()

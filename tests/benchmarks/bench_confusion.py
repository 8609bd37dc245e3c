"""The confusion of two label maps, as a multiple of one pass of `np.bincount` over them.

    python tests/benchmarks/bench_confusion.py [--classes 19] [--size 1024x2048] [--rounds 200]

Prints a Markdown table. The pass is `np.bincount` of one of the two maps as it lies in memory (uint8).
Each ratio is taken within a round, in which all that is compared runs one after the other; the median
of the rounds is shown, with the quarter of rounds that was quickest and the quarter that was slowest.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable

import numpy as np
from rounds import seconds

from segablate.labels.confusion import confusion
from segablate.labels.patches import Labels
from segablate.labels.scores import Scores

GOAL = 1.5


def main() -> None:
    """Measure and print the table."""
    asked = arguments()
    height, width = (int(word) for word in asked.size.split("x"))
    truth, predicted = pair((height, width), asked.classes)
    seen = Scores(asked.classes)
    work: dict[str, Callable[[], object]] = {
        "one pass of np.bincount": lambda: np.bincount(truth.reshape(-1), minlength=asked.classes),
        "confusion": lambda: confusion(truth, predicted, asked.classes),
        "all scores": lambda: seen.add("", truth, predicted),
    }
    taken: dict[str, list[float]] = {name: [] for name in work}
    for at in range(asked.rounds):
        order = list(work) if at % 2 else list(work)[::-1]
        for name in order:
            taken[name].append(seconds(work[name]))
    print(f"{height}×{width}, {asked.classes} classes, {asked.rounds} rounds\n")
    print("| | ms | as a multiple of the pass | goal |\n|:--|--:|--:|--:|")
    base = taken["one pass of np.bincount"]
    for name, times in taken.items():
        ratios = [one / other for one, other in zip(times, base, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        goal = f"≤ {GOAL}" if name == "confusion" else ""
        median = statistics.median(times) * 1e3
        print(f"| {name} | {median:.2f} | {middle:.2f} ({low:.2f}…{high:.2f}) | {goal} |")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--classes", type=int, default=19)
    parser.add_argument("--size", default="1024x2048")
    parser.add_argument("--rounds", type=int, default=200)
    return parser.parse_args()


def pair(shape: tuple[int, int], classes: int) -> tuple[Labels, Labels]:
    """A map of blocks with ignored ones, and the same moved by some pixels with noise."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, classes + 1, (-(-shape[0] // 40), -(-shape[1] // 40)))
    truth = np.kron(blocks, np.ones((40, 40), np.int64))[: shape[0], : shape[1]]
    predicted = np.roll(truth, 3, axis=0) % classes
    noise = rng.random(shape) < 0.02
    predicted[noise] = rng.integers(0, classes, shape)[noise]
    return np.where(truth == classes, 255, truth).astype(np.uint8), predicted.astype(np.uint8)


if __name__ == "__main__":
    main()

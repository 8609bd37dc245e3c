"""The confusion of two label maps, as a multiple of one pass of `np.bincount` over them.

    python tests/benchmarks/bench_confusion.py [--classes 19] [--size 1024x2048] [--rounds 30]

The pass is `np.bincount` of one of the two maps as it lies in memory (uint8). Beside it stands what
people use: scikit-learn, and the few lines of numpy that most evaluation scripts share. All matrices must be
equal.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np
from results import Row, publish
from rounds import compared, ratio
from sklearn.metrics import confusion_matrix

from segablate.labels.confusion import confusion
from segablate.labels.patches import Labels
from segablate.labels.scores import Scores

PASS, OURS, ALL = "one pass of `np.bincount`", "ours", "all scores"
NUMPY, SKLEARN = "numpy's `bincount(n * a[k] + b[k])`", "scikit-learn's `confusion_matrix`"


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--classes", type=int, default=19)
    parser.add_argument("--size", default="1024x2048")
    parser.add_argument("--rounds", type=int, default=30)
    publish("Confusion matrices", parser, measured)


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows."""
    height, width = (int(word) for word in asked.size.split("x"))
    truth, predicted = pair((height, width), asked.classes)
    seen = Scores(asked.classes)
    matrices: dict[str, Callable[[], np.ndarray]] = {
        OURS: lambda: confusion(truth, predicted, asked.classes),
        NUMPY: lambda: idiom(truth, predicted, asked.classes),
        SKLEARN: lambda: confusion_matrix(
            truth.reshape(-1), predicted.reshape(-1), labels=range(asked.classes)
        ),
    }
    found = [work() for work in matrices.values()]
    if not all((matrix == found[0]).all() for matrix in found):
        raise RuntimeError("the matrices differ")
    works: dict[str, Callable[[], object]] = {
        **matrices,
        PASS: lambda: np.bincount(truth.reshape(-1), minlength=asked.classes),
        ALL: lambda: seen.add("", truth, predicted),
    }
    taken = compared(works, asked.rounds)
    about = f"{height}×{width}, {asked.classes} classes"
    yield Row(
        f"{about}: our confusion matrix ÷ {PASS} over one map",
        *ratio(taken, OURS, PASS),
        1.5,
        floor=1.0,
        reason="one pass",
    )
    yield Row(f"{about}: {NUMPY} ÷ ours", *ratio(taken, NUMPY, OURS))
    yield Row(f"{about}: {SKLEARN} ÷ ours", *ratio(taken, SKLEARN, OURS))
    yield Row(f"{about}: {ALL} of `accuracy` ÷ {PASS}", *ratio(taken, ALL, PASS))


def idiom(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """As evaluation scripts have it: mask, widen, count."""
    k = (a >= 0) & (a < n)
    return np.bincount(n * a[k].astype(int) + b[k], minlength=n * n).reshape(n, n)


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

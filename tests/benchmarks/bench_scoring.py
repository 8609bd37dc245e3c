"""Scoring CamVid's test images at the size of their labels: the answer's arg max, and all scores.

    SEGABLATE_DATA=… python tests/benchmarks/bench_scoring.py [--rounds 5]

Scores are mIoU, Boundary IoU, mIoU by distance to a border and by size of the object. The answers are the
label maps moved by three pixels, a tenth of their 8×8 blocks wrong. The arg max is of random scores of that
size, by what `accuracy` takes and by torch.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from results import Row, publish
from rounds import compared, ratio, spread

from segablate.datasets.base import datasets
from segablate.labels.patches import Labels
from segablate.labels.scores import Scores
from segablate.training.predict import _labels

BLOCK = 8


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    publish("Scoring label maps", parser, measured)


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows."""
    torch.set_num_threads(1)
    data = datasets.part("camvid").build({}, {})
    classes = len(data.classes)
    truths = [data.label(item) for item in data.items("test")]
    truths = [np.where(truth < classes, truth, 255).astype(np.uint8) for truth in truths]
    pairs = [(truth, answer(truth, classes, seed)) for seed, truth in enumerate(truths)]
    scores = torch.randn(1, classes, *truths[0].shape)
    taken = compared(
        {
            "all": lambda: score(pairs, classes),
            "pass": lambda: [np.bincount(truth.reshape(-1)) for truth in truths],
            "ours": lambda: _labels(scores),
            "torch": lambda: scores[0].argmax(0).numpy(),
        },
        asked.rounds,
    )
    floor = spread([one["pass"] for one in taken])[0]
    what = f"all scores of {len(truths)} label maps of {'×'.join(map(str, truths[0].shape))}"
    yield Row(
        what, *spread([one["all"] for one in taken]), 4.0, unit="s", floor=floor, reason="one pass each"
    )
    yield Row(f"arg max of {classes} scores a pixel: torch's ÷ ours", *ratio(taken, "torch", "ours"))


def answer(truth: Labels, classes: int, seed: int) -> Labels:
    """A label map that is nearly right."""
    moved = np.roll(truth, 3, axis=1) % classes
    blocks = np.random.default_rng(seed).random([-(-side // BLOCK) for side in truth.shape]) < 0.1
    wrong = blocks.repeat(BLOCK, 0).repeat(BLOCK, 1)[: truth.shape[0], : truth.shape[1]]
    return np.where(wrong, (moved + 1) % classes, moved).astype(np.uint8)


def score(pairs: list[tuple[Labels, Labels]], classes: int) -> Scores:
    """Everything that `accuracy` tells."""
    seen = Scores(classes)
    for number, (truth, predicted) in enumerate(pairs):
        seen.add(str(number), truth, predicted)
    return seen


if __name__ == "__main__":
    main()

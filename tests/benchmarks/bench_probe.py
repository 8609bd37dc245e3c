"""How near the probe regime comes to its decoder's bare forward and backward pass, and how long it waits.

    python tests/benchmarks/bench_probe.py [--threads 1] [--rounds 12] [--steps 6] [--store DIR]

The probe is the training loop as `segablate run` has it, on CamVid where
`SEGABLATE_DATA` holds it and else on generated scenes of that size: windows of kept features fetched ahead,
forward, loss, backward, the optimiser, the curve. Bare are forward, loss and backward of a copy of the same
network on batches that lie ready in memory. Both run in turn within one process, some steps each, and the
first step of each turn is left out: its batch was fetched while the other ran. A first run
computes features for some minutes; `--store` keeps them.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from results import Row, publish
from rounds import spread

from segablate.datasets.base import datasets
from segablate.errors import SegablateError
from segablate.measures.base import measures
from segablate.measures.learning.learn import Learning
from segablate.models.weights.load import locate
from segablate.run.context import StoreContext
from segablate.run.store import Store
from segablate.training.forward import forward, training_mode
from segablate.training.loop import Training
from segablate.training.objective import Objective
from segablate.training.sources import Batch

GOAL, WAITING = 0.9, 0.05
AHEAD = 8  # batches that lie ready for the bare pass

# the baselines of the studies of CamVid, and the widest decoder of each
COMMON = {"encoder": "efficientnet-lite0", "context": {"use": "none", "channels": 128}}
HEAD = {"use": "aggregate", "low_level": []}
DUPSAMPLING = {"use": "dupsampling", "channels": 64, "weights": "random"}
SPPM = {"use": "sppm", "bins": [1, 2, 4], "channels": 128}
MODELS: dict[str, dict[str, Any]] = {
    "upsamplers: bilinear, stride 16": {**COMMON, "output_stride": 16, "decoder": HEAD},
    "upsamplers: DUpsampling, stride 16": {
        **COMMON, "output_stride": 16, "decoder": HEAD, "upsampler": DUPSAMPLING,
    },
    "low-level features: proposed, x2 + x16": {
        **COMMON,
        "output_stride": 16,
        "decoder": {"use": "aggregate", "reduce": 24, "channels": 64, "low_level": ["x2", "x16"]},
        "upsampler": DUPSAMPLING,
    },
    "modules: flat, sum": {
        "encoder": "efficientnet-lite0",
        "output_stride": 32,
        "decoder": {"use": "fld", "channels": [96, 96, 96], "fusion": "add"},
    },
    "modules: FLD, SPPM, UAFM": {
        "encoder": "efficientnet-lite0",
        "output_stride": 32,
        "context": SPPM,
        "decoder": {"use": "fld", "channels": [64, 96, 128], "fusion": {"use": "uafm"}},
    },
}  # fmt: skip


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="of torch; one that fetches is beside them")
    parser.add_argument("--rounds", type=int, default=12, help="turns of each")
    parser.add_argument("--steps", type=int, default=6, help="of a turn that are timed")
    parser.add_argument("--store", help="keeps decoded images and features for the next time")
    publish("Training of a decoder on kept features", parser, measured)


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows."""
    torch.set_num_threads(asked.threads)
    data, weights = dataset(), pretrained()
    with tempfile.TemporaryDirectory() as temporary:
        store = Path(asked.store or temporary)
        for name, model in MODELS.items():
            learning = prepared({**model, **weights}, data, store, asked.rounds * (asked.steps + 1))
            turns = Turns(learning, asked.steps, Path(temporary) / name.replace(" ", "-"))
            yield from turns.run().rows(f"{name} ({data['use']})")


def dataset() -> dict[str, Any]:
    """CamVid, or generated scenes of its size where it is absent."""
    try:
        datasets.part("camvid").build({}, {}).items("train")
    except SegablateError:
        return {"use": "shapes", "images": 48, "size": [360, 480]}
    return {"use": "camvid"}


def pretrained() -> dict[str, Any]:
    """The encoder's own weights where they are installed: with random ones more units are dead."""
    try:
        locate("imagenet", "efficientnet-lite0")
    except SegablateError:
        return {}
    return {"weights": "imagenet"}


def prepared(model: dict[str, Any], data: dict[str, Any], store: Path, iterations: int) -> Learning:
    """A cell of the measure `accuracy`, its features kept."""
    recipe = {"use": "probe", "views": 1, "iterations": iterations, "warmup": 1}
    config = {"data": data, "model": model, "recipe": recipe}
    return Learning(
        measures.part("accuracy").build({}, {}).reads(config), 0, StoreContext(Store(store), "cpu")
    )


class Turns:
    """The probe's own loop, which after each of its turns waits for a turn of bare passes.

    Args:
        learning: the cell.
        steps: of a turn that are timed.
        path: where the loop's checkpoint may lie.
    """

    def __init__(self, learning: Learning, steps: int, path: Path) -> None:
        source = learning._source()
        objective = Objective(learning.network, learning.recipe, learning.reads["classes"])
        ready = [source.batch(source.fetch(number), number) for number in range(AHEAD)]
        self.steps = steps
        self.bare = Bare(learning, ready)
        self.loop = Training(
            learning.network, source, learning.recipe, objective, path=path, device="cpu", minutes=60
        )
        self.taken = Taken([], [], [])
        self.began = self.waited = 0.0

    def run(self) -> Taken:
        """Train to the end, and tell all times but those of the first round."""
        self.loop.run(self.tick)
        return Taken(*(values[1:] for values in vars(self.taken).values()))

    def tick(self, done: int) -> None:
        """What the loop calls after every step."""
        now, place = time.perf_counter(), self.loop.progress.iteration % (self.steps + 1)
        if place == 1:  # the batch of this turn's first step was fetched in the bare one
            self.began, self.waited = now, self.loop.progress.waited
        elif place == 0 and self.began:
            seconds = now - self.began
            self.taken.probe.append(seconds / self.steps)
            self.taken.waited.append((self.loop.progress.waited - self.waited) / seconds)
            self.taken.bare.append(self.bare.turn(self.steps))


class Bare:
    """Forward, loss and backward of a network on batches in memory.

    Args:
        learning: the cell; its network is copied.
        batches: are taken in turn.
    """

    def __init__(self, learning: Learning, batches: Sequence[Batch]) -> None:
        self.network = copy.deepcopy(learning.network)
        self.recipe = learning.recipe
        self.objective = Objective(self.network, self.recipe, learning.reads["classes"])
        self.batches = itertools.cycle(batches)
        training_mode(self.network, self.recipe)

    def turn(self, steps: int) -> float:
        """Mean seconds of a pass."""
        begun = time.perf_counter()
        for batch in itertools.islice(self.batches, steps):
            self.network.zero_grad(set_to_none=True)
            answer = forward(self.network, batch.inputs, batch.labels, self.recipe)
            self.objective(answer, batch.labels).backward()
        return (time.perf_counter() - begun) / steps


@dataclass
class Taken:
    """One value a round.

    Attributes:
        bare: seconds of a bare pass.
        probe: seconds of a step of the loop.
        waited: share of it in which the next batch was waited for.
    """

    bare: list[float]
    probe: list[float]
    waited: list[float]

    def rows(self, name: str) -> Iterator[Row]:
        """How near the loop comes to the bare pass, and how long it waits."""
        ratios = [one / other for one, other in zip(self.bare, self.probe, strict=True)]
        yield Row(
            f"{name}: bare step ÷ step of the recipe `probe`",
            *spread(ratios),
            GOAL,
            least=True,
            floor=1.0,
            reason="the rest of a step is loss and optimiser",
        )
        waited = [100 * share for share in self.waited]
        yield Row(
            f"{name}: share of it that waits for data",
            *spread(waited),
            100 * WAITING,
            unit="%",
            floor=0.0,
            reason="pictures are fetched one at a time",
        )


if __name__ == "__main__":
    main()

"""How long it takes to read an image and its label map, decoded anew and from the cache.

    SEGABLATE_DATA=… python tests/benchmarks/bench_decoded.py [--data camvid] [--split train] [--rounds 9]

Reading is copying both into memory of one's own, as a batch is put together.
The floor is that copy from ordinary memory. Each ratio is taken within a round, in which all that is
compared runs one after the other over the same pictures, in one thread. The files lie in the system's own
cache: no disk is measured.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from results import Row, publish
from rounds import ratio, seconds

from segablate.datasets.base import Dataset, datasets
from segablate.datasets.decoded import Decoded, decoded
from segablate.datasets.protocol import Item

MOST = 32  # pictures a round


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="camvid")
    parser.add_argument("--split")
    parser.add_argument("--rounds", type=int, default=9)
    publish("Decoded images and label maps", parser, measured)


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows."""
    part, settings = datasets.resolve(asked.data)
    data: Dataset = part.build({}, settings)
    split = asked.split or data.default_fit
    with tempfile.TemporaryDirectory() as folder:
        cache = decoded(data, split, Path(folder))
        rounds = [one_round(data, data.items(split)[:MOST], cache) for _ in range(asked.rounds)]
    what = f"{asked.data}: reading image and label map from the cache"
    yield Row(f"{what} ÷ decoding them", *ratio(rounds, "cache", "decode"), 0.05, **_floor(rounds, "decode"))
    yield Row(
        f"{what} ÷ copying as many bytes", *ratio(rounds, "cache", "copy"), 1.5, **_floor(rounds, "copy")
    )


def _floor(rounds: Sequence[Mapping[str, float]], to: str) -> dict[str, Any]:
    """The bytes have to be copied, whatever they come from."""
    return {"floor": ratio(rounds, "copy", to)[0], "reason": "what is read is copied once"}


def one_round(data: Dataset, items: Sequence[Item], cache: Decoded) -> dict[str, float]:
    """Seconds of each way to read the same pictures."""
    indices = range(len(items))
    target = [(np.empty_like(cache.image(i)), np.empty_like(cache.label(i))) for i in indices]
    source = [(cache.image(i).copy(), cache.label(i).copy()) for i in indices]

    def copy(image: np.ndarray, label: np.ndarray, i: int) -> None:
        np.copyto(target[i][0], image)
        np.copyto(target[i][1], label)

    return {
        "decode": again(lambda i: copy(data.image(items[i]), data.label(items[i]), i), indices),
        "cache": again(lambda i: copy(cache.image(i), cache.label(i), i), indices),
        "copy": again(lambda i: copy(*source[i], i), indices),
    }


def again(read: Callable[[int], None], indices: Sequence[int]) -> float:
    """Wall time of reading all, after having read all once."""

    def everything() -> None:
        for index in indices:
            read(index)

    everything()
    return seconds(everything)


if __name__ == "__main__":
    main()

"""How long it takes to read an image and its label map, decoded anew and from the cache.

    SEGABLATE_DATA=… python tests/benchmarks/bench_decoded.py [--data camvid] [--split train] [--rounds 9]

Prints a Markdown table. Reading is copying both into memory of one's own, as a batch is put together.
The floor is that copy from ordinary memory. Each ratio is taken within a round, in which all that is
compared runs one after the other over the same pictures, in one thread; the median of the rounds is
shown, with the least and the most. The files lie in the system's own cache: no disk is measured.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rounds import ratio, seconds

from segablate.datasets.base import Dataset, datasets
from segablate.datasets.decoded import Decoded, decoded
from segablate.datasets.protocol import Item

MOST = 32  # pictures a round


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="camvid")
    parser.add_argument("--split")
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    part, settings = datasets.resolve(asked.data)
    data: Dataset = part.build({}, settings)
    split = asked.split or data.default_fit
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        decoded(data, split, Path(folder))
        built = time.perf_counter() - begun
        begun = time.perf_counter()
        cache = decoded(data, split, Path(folder))
        opened = time.perf_counter() - begun
        rounds = [one_round(data, data.items(split)[:MOST], cache) for _ in range(asked.rounds)]
    print(f"{asked.data}, {split}: {len(cache):,} pictures kept in {built:.2f} s, ", end="")
    print(f"opened again in {1000 * opened:.1f} ms\n")
    print("| reading image and label map | measured | aim |\n|---|---|---|")
    print(f"| from the cache, × decoding | {shown(rounds, 'cache', 'decode')} | ≤ 0.05 |")
    print(f"| from the cache, × copying as many bytes in memory | {shown(rounds, 'cache', 'copy')} | ≤ 1.5 |")


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


def shown(rounds: Sequence[dict[str, float]], of: str, to: str) -> str:
    """Median ratio over the rounds, and its range."""
    middle, least, most = ratio(rounds, of, to)
    return f"{middle:.3g} ({least:.3g} to {most:.3g})"


if __name__ == "__main__":
    main()

"""What `segablate flops --quick` takes: time and peak memory of the whole command beside an import of torch.

    python tests/benchmarks/bench_flops.py [NETWORK [SIZE]]

Each runs in a process of its own, in turns, so that the ratio is of one machine at one time. The count alone
is the command less the import.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

REPEATS = 5


def main(network: str, size: str) -> None:
    """Time the two in turns, and print medians with their ranges."""
    count = ["-m", "segablate", "flops", network, "--input", f"1x3x{size}", "--quick", "--json"]
    taken: dict[str, list[tuple[float, float]]] = {"import torch": [], f"{network} at {size}": []}
    for _ in range(REPEATS):
        for name, words in zip(taken, (["-c", "import torch"], count), strict=True):
            taken[name].append(_run(words))
    for name, runs in taken.items():
        seconds = [one for one, _ in runs]
        peak = max(memory for _, memory in runs)
        middle, least, most = statistics.median(seconds), min(seconds), max(seconds)
        print(f"{name}: {middle:.2f} s ({least:.2f} to {most:.2f}, n = {REPEATS}), {peak:,.0f} MiB at most")
    first, second = ([one for one, _ in runs] for runs in taken.values())
    apart = [b - a for a, b in zip(first, second, strict=True)]
    print(f"the command less the import: {statistics.median(apart):.2f} s")


def _run(words: list[str]) -> tuple[float, float]:
    """Seconds and peak resident MiB of one Python process."""
    before = time.perf_counter()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(sys.executable, [sys.executable, *words])
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"{words} ended with status {status}")
    return time.perf_counter() - before, usage.ru_maxrss / 1024  # KiB on Linux


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["deeplabv3plus-xception65"]), *(["1024x2048"] if len(sys.argv) < 3 else []))

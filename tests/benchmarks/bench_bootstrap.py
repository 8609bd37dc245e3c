"""How long the paired bootstrap over test images takes, beside the one product it cannot do without.

python tests/benchmarks/bench_bootstrap.py
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from segablate.evidence.images import RESAMPLES, Pixels, over_images

IMAGES, CLASSES, VARIANTS, REPEATS = 500, 19, 10, 5


def main() -> None:
    """Print seconds, and the ratio to the bare product of weights and pixel counts, taken in turns."""
    rng = np.random.default_rng(0)
    names = [str(i) for i in range(IMAGES)]
    confusions = rng.integers(0, 5000, (VARIANTS + 1, IMAGES, CLASSES, CLASSES), dtype=np.uint32)
    weights = rng.integers(0, 3, (RESAMPLES, IMAGES)).astype(float)
    counts = rng.random((IMAGES, (VARIANTS + 1) * 3 * CLASSES))
    taken: dict[str, list[float]] = {"matrices": [], "bootstrap": [], "product": []}
    for _ in range(REPEATS):
        start = time.perf_counter()
        baseline, *variants = (Pixels.of(names, one) for one in confusions)
        read = time.perf_counter()
        over_images(baseline, variants)
        done = time.perf_counter()
        _ = weights @ counts
        taken["product"].append(time.perf_counter() - done)
        taken["bootstrap"].append(done - read)
        taken["matrices"].append(read - start)
    middle = {name: statistics.median(values) for name, values in taken.items()}
    whole = middle["matrices"] + middle["bootstrap"]
    print(
        f"{RESAMPLES:,} resamples of {IMAGES} images × {CLASSES} classes × {VARIANTS} variants: {whole:.3f} s"
    )
    print(f"of it adding up the matrices: {middle['matrices']:.3f} s")
    print(f"bare product: {middle['product']:.3f} s; ratio {whole / middle['product']:.1f}")


if __name__ == "__main__":
    main()

"""How long the paired bootstrap over test images takes, beside the one product it cannot do without.

python tests/benchmarks/bench_bootstrap.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
from results import Row, publish
from rounds import spread

from segablate.evidence.images import RESAMPLES, Pixels, over_images

IMAGES, CLASSES, VARIANTS, REPEATS = 500, 19, 10, 5


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    publish("Paired bootstrap over images", parser, lambda asked: measured())


def measured() -> Iterator[Row]:
    """The rows: beside the bare product of weights and pixel counts, taken in turns."""
    rng = np.random.default_rng(0)
    names = [str(i) for i in range(IMAGES)]
    confusions = rng.integers(0, 5000, (VARIANTS + 1, IMAGES, CLASSES, CLASSES), dtype=np.uint32)
    weights = rng.integers(0, 3, (RESAMPLES, IMAGES)).astype(float)
    counts = rng.random((IMAGES, (VARIANTS + 1) * 3 * CLASSES))
    ratios = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        baseline, *variants = (Pixels.of(names, one) for one in confusions)
        over_images(baseline, variants)
        done = time.perf_counter()
        _ = weights @ counts
        ratios.append((done - start) / (time.perf_counter() - done))
    what = f"{RESAMPLES:,} resamples of {IMAGES} images × {CLASSES} classes × {VARIANTS} variants"
    yield Row(f"{what} ÷ the product of weights and counts in it", *spread(ratios))


if __name__ == "__main__":
    main()

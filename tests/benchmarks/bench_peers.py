"""What people use now beside what is here: confusion matrices, counts of operations, latency.

    python tests/benchmarks/bench_peers.py [--rounds 3] [--only confusion|counts|latency]

Prints a Markdown table. Each ratio is taken within a round, in which all that is compared runs one after the
other in an order that changes; the median of the rounds is shown, with the least and the most. One thread.

- confusion: a pair of 1024×2048 label maps of 19 classes with ignored pixels, by scikit-learn, and by the
  few lines of numpy that most evaluation scripts share. All three matrices must be equal.
- counts: fvcore's `FlopCountAnalysis` as it comes; ours goes through the network with it too, adds formulas,
  memory and a second counter. Building the network is part of each. The operators that fvcore has no formula
  for are listed below, with the share of all operations (two for each multiply-add) that ours says they are.
- latency: `time.time()` around one loop in a fresh process, without a warm-up, up to the decoder's code: the
  last upsampling and the arg max are left out. Besides, a loop that is warm, and one that is whole.
  Ours is the median of `segablate latency --plain`, from the image to the label map by the same steps.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from bench_confusion import pair
from rounds import ratio, seconds
from sklearn.metrics import confusion_matrix

from segablate.labels.confusion import confusion
from segablate.measures.counting.count import cost
from segablate.measures.inputs import Input
from segablate.measures.side_by_side import side_by_side
from segablate.models.assemble import assemble
from segablate.models.segmenter import Segmenter

CLASSES = 19
MAPS = (1024, 2048)
COUNTED = {"pp-liteseg-t": (512, 1024), "deeplabv3plus-resnet50": (256, 512)}
TIMED, SIZE, PASSES = "pp-liteseg-t", (256, 512), 10
WARM, CAP = 0.5, 0.8  # seconds
USUAL = (
    "a loop, no warm-up, no last step",
    "a loop, warm, no last step",
    "a loop, warm, upsampling and arg max",
)
OURS, QUICK, FVCORE = "ours", "ours, quick", "fvcore's `FlopCountAnalysis`"

Work = Callable[[], Any]
Row = tuple[str, float, float, tuple[float, float, float]]


def main() -> None:
    """Measure what is asked for and print the table."""
    asked = arguments()
    torch.set_num_threads(1)
    if asked.child:
        print(json.dumps(as_usual()))
        return
    kinds = {"confusion": confusions, "counts": counts, "latency": latencies}
    print(f"CPU, one thread, torch {torch.__version__}, {asked.rounds} rounds\n")
    print("| what | ours | theirs | theirs ÷ ours |\n|:--|--:|--:|--:|", flush=True)
    for kind, rows in kinds.items():
        if asked.only not in ("", kind):
            continue
        for what, ours, theirs, (middle, low, high) in rows(asked.rounds):
            factor = f"{middle:.3g} ({low:.3g} to {high:.3g})"
            print(f"| {what} | {ours:.1f} ms | {theirs:.1f} ms | {factor} |", flush=True)
    if asked.only in ("", "counts"):
        left_out()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", choices=["confusion", "counts", "latency"])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def compared(works: Mapping[str, Work], rounds: int) -> list[dict[str, float]]:
    """Seconds of each piece of work in rounds."""
    taken = []
    for at in range(rounds):
        order = list(works) if at % 2 else list(works)[::-1]
        taken.append({name: seconds(works[name]) for name in order})
    return taken


def told(what: str, rounds: list[dict[str, float]], name: str, to: str = OURS) -> Row:
    """A row: what is compared, the medians of both in ms, and the ratio."""
    ours, theirs = (1e3 * statistics.median(one[which] for one in rounds) for which in (to, name))
    return f"{what}: {name}", ours, theirs, ratio(rounds, name, to)


def confusions(rounds: int) -> Iterator[Row]:
    """The confusion matrix of one pair of label maps."""
    truth, predicted = pair(MAPS, CLASSES)
    works: dict[str, Callable[[], np.ndarray]] = {
        OURS: lambda: confusion(truth, predicted, CLASSES),
        "numpy, `bincount(n * a[k] + b[k])`": lambda: idiom(truth, predicted, CLASSES),
        "scikit-learn, `confusion_matrix`": lambda: confusion_matrix(
            truth.reshape(-1), predicted.reshape(-1), labels=range(CLASSES)
        ),
    }
    matrices = [work() for work in works.values()]
    assert all((matrix == matrices[0]).all() for matrix in matrices)
    taken = compared(works, 5 * rounds)
    for name in list(works)[1:]:
        yield told(f"confusion matrix, {MAPS[0]}×{MAPS[1]}", taken, name)


def idiom(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """As evaluation scripts have it: mask, widen, count."""
    k = (a >= 0) & (a < n)
    return np.bincount(n * a[k].astype(int) + b[k], minlength=n * n).reshape(n, n)


def counts(rounds: int) -> Iterator[Row]:
    """The operations of a network, by its name."""
    for work in counters(TIMED, SIZE).values():
        work()  # what is imported on first use is no part of a count
    for name, size in COUNTED.items():
        taken = compared(counters(name, size), rounds)
        for which, to in (("all that is counted", OURS), ("multiply-adds only", QUICK)):
            yield told(f"operations of {name}, {size[0]}×{size[1]}, {which}", taken, FVCORE, to)


def counters(name: str, size: tuple[int, int]) -> dict[str, Work]:
    """Ways to count one network."""
    return {
        OURS: lambda: cost({"use": name}, CLASSES, size),
        QUICK: lambda: cost({"use": name}, CLASSES, size, quick=True),
        FVCORE: lambda: analysis(name, size).total(),
    }


def analysis(name: str, size: tuple[int, int]) -> Any:
    """fvcore's count, silent but otherwise as it comes."""
    from fvcore.nn import FlopCountAnalysis

    found = FlopCountAnalysis(network(name), torch.zeros(1, 3, *size))
    return found.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")


def left_out() -> None:
    """Say which operators fvcore has no formula for, and how much of the network they are."""
    print(
        "\n| network | fvcore leaves out | of all operations, by ours | ours leaves out |\n|:--|:--|--:|:--|"
    )
    for name, size in COUNTED.items():
        found = analysis(name, size)
        found.total()
        theirs = Counter({one.removeprefix("aten::"): n for one, n in found.unsupported_ops().items()})
        ours = cost({"use": name}, CLASSES, size)
        whole = ours.modules[""]
        missing = sum(whole.elementwise.get(one, 0) for one in theirs)
        share = f"{missing / 1e9:.3f} of {whole.operations / 1e9:.2f} G: {missing / whole.operations:.2%}"
        mine = listed(Counter(ours.uncounted))
        print(f"| {name}, {size[0]}×{size[1]} | {listed(theirs)} | {share} | {mine} |")


def listed(calls: Counter[str]) -> str:
    """Operators, the most called first."""
    return ", ".join(f"{n} `{one}`" for one, n in calls.most_common()) or "nothing"


def latencies(rounds: int) -> Iterator[Row]:
    """One small network: a loop as usual against the protocol, each in fresh processes."""
    taken: list[dict[str, float]] = []
    for at in range(rounds):
        works: list[Work] = [in_a_child, by_protocol]
        found: dict[str, float] = {}
        for work in works if at % 2 else works[::-1]:
            found |= work()
        taken.append(found)
    what = f"latency of {TIMED}, {SIZE[0]}×{SIZE[1]}"
    for name in USUAL:
        yield told(what, taken, name)


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


@contextmanager
def quiet() -> Iterator[None]:
    """Without what TorchScript says of its end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def network(name: str) -> Segmenter:
    """A network with random weights, for inference."""
    made = assemble({"use": name}, CLASSES)
    assert isinstance(made, Segmenter)
    return made.without_auxiliary().eval().requires_grad_(False)


if __name__ == "__main__":
    with quiet():
        main()

"""Counting operations: beside fvcore's count, and the whole command.

    python tests/benchmarks/bench_counting.py [--rounds 5]

fvcore's `FlopCountAnalysis` is taken as it comes; ours counts all other operations and memory too, and asks a
second counter. Building the network is part of each, ours without numbers. The command and its help run in
processes of their own, beside an import of torch, which most of the command is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from results import Row, publish
from rounds import compared, ratio, spread

from segablate.measures.counting.count import cost
from segablate.models.assemble import assemble, planned
from segablate.models.segmenter import Segmenter

CLASSES = 19
COUNTED = {"pp-liteseg-t": (512, 1024), "deeplabv3plus-resnet50": (256, 512)}
TIMED = "pp-liteseg-t"
BUILD, OURS, QUICK, FVCORE = "built", "all that is counted", "multiply-adds alone (`--quick`)", "fvcore"
TORCH, TYPER, COMMAND, HELP = "import torch", "import typer", "flops", "help"
COMMANDS = {
    TORCH: ["-c", TORCH],
    TYPER: ["-c", TYPER],
    COMMAND: ["-m", "segablate", "flops", TIMED],
    HELP: ["-m", "segablate", "--help"],
}


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    publish("Counting operations", parser, measured)


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows."""
    torch.set_num_threads(1)
    for work in counters(TIMED, COUNTED[TIMED]).values():
        work()  # what is imported on first use is no part of a count
    for name, size in COUNTED.items():
        taken = compared(counters(name, size), asked.rounds)
        for which, goal in ((OURS, 0.8), (QUICK, None)):
            what = f"{name}, {size[0]}×{size[1]}: {which} ÷ fvcore's `FlopCountAnalysis`"
            yield Row(what, *ratio(taken, which, FVCORE), goal, **_floor(taken))
    works = {name: partial(command, words) for name, words in COMMANDS.items()}
    compared(works, 1)  # writes compiled files
    taken = compared(works, asked.rounds)
    least, less = (statistics.median(one[name] for one in taken) for name in (TORCH, TYPER))
    whole, helped = ([one[which] for one in taken] for which in (COMMAND, HELP))
    yield Row(f"`segablate flops {TIMED}`", *spread(whole), 2.5, unit="s", floor=least, reason=f"`{TORCH}`")
    yield Row(f"`segablate flops {TIMED}` ÷ `{TORCH}`", *ratio(taken, COMMAND, TORCH))
    yield Row("`segablate --help`", *spread(helped), 0.3, unit="s", floor=less, reason=f"`{TYPER}`")


def _floor(taken: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """A network has to be built before it is counted."""
    return {"floor": ratio(taken, BUILD, FVCORE)[0], "reason": "each operator is a call of Python's"}


def counters(name: str, size: tuple[int, int]) -> dict[str, Callable[[], Any]]:
    """Ways to count one network."""
    return {
        BUILD: lambda: planned({"use": name}, CLASSES),
        OURS: lambda: cost({"use": name}, CLASSES, size),
        QUICK: lambda: cost({"use": name}, CLASSES, size, quick=True),
        FVCORE: lambda: analysis(name, size).total(),
    }


def analysis(name: str, size: tuple[int, int]) -> Any:
    """fvcore's count, silent but otherwise as it comes."""
    from fvcore.nn import FlopCountAnalysis

    made = assemble({"use": name}, CLASSES)
    assert isinstance(made, Segmenter)
    found = FlopCountAnalysis(made.without_auxiliary().eval(), torch.zeros(1, 3, *size))
    return found.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")


def command(words: Sequence[str]) -> None:
    """One Python process, its output thrown away."""
    null = os.open(os.devnull, os.O_WRONLY)
    redirected = [(os.POSIX_SPAWN_DUP2, null, 1)]
    # compiled files are written and found, as wherever the program is installed
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = os.posix_spawn(sys.executable, [sys.executable, *words], environment, file_actions=redirected)
    os.close(null)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"{words} ended with status {status}")


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TorchScript says of its end
        main()

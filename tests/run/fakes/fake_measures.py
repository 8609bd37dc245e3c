"""Measures that do what the study tells them: `model.encoder` is a word, and the word is done.

Imported here and in worker processes alike; importing it registers them. What is measured is
appended to the file that `FAKE_LOG` names, one line a cell. A process that finds `FAKE_HOST` is on that host.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from segablate.errors import SegablateError
from segablate.measures.base import Config, MeasureContext, Needs, Result, measures
from segablate.records import Measurement, Reads

if host := os.environ.get("FAKE_HOST"):
    socket.gethostname = lambda: host
NAMES = ("fake", "fake-seeded", "fake-exclusive")


class Fake:
    """Does what `model.encoder` says.

    Args:
        alone: whether each cell is a group of its own.
        bonus: added to every number.
        nap: seconds a cell takes.
    """

    seeded: ClassVar[bool] = False
    metrics: ClassVar[tuple[str, ...]] = ("miou",)

    def __init__(self, *, alone: bool = False, bonus: float = 0.0, nap: float = 0.0) -> None:
        self.alone = alone
        self.bonus = bonus
        self.nap = nap

    def reads(self, config: Config) -> dict[str, Any]:
        word = str(config["model"]["encoder"])
        if word == "unknown":
            raise SegablateError("there is no encoder `unknown`", field="model.encoder")
        return {"word": word, "stride": config["model"].get("output_stride", 16), "bonus": self.bonus}

    def together(self, reads: Reads) -> Hashable:
        return reads["word"] if self.alone else None

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        with ctx.progress("words", len(cells)) as advance:
            for reads in cells:
                began = time.monotonic()
                time.sleep(self.nap)
                result = _do(str(reads["word"]), reads, seed, ctx)
                _append(".spans", f"{type(self).__name__} {began} {time.monotonic()}")
                yield result
                advance(1)


class FakeSeeded(Fake):
    """The same, but its numbers depend on the seed."""

    seeded: ClassVar[bool] = True

    def __init__(self, *, alone: bool = False, bonus: float = 0.0, nap: float = 0.0) -> None:
        super().__init__(alone=alone, bonus=bonus, nap=nap)


class FakeExclusive(FakeSeeded):
    """The same, but with the machine to itself."""

    needs: ClassVar[Needs] = Needs(cores="threads", alone=True)

    def reads(self, config: Config) -> dict[str, Any]:
        reads = super().reads(config)
        return {**reads, "threads": 2} if reads["word"] == "threads" else reads


def register() -> None:
    """Add them to the registry."""
    measures.register("fake")(Fake)
    measures.register("fake-seeded")(FakeSeeded)
    measures.register("fake-exclusive")(FakeExclusive)


def logged() -> list[str]:
    """The words measured so far, in their order."""
    path = Path(os.environ["FAKE_LOG"])
    return path.read_text().split() if path.exists() else []


def spans() -> list[tuple[str, float, float]]:
    """Measure, begin and end of every cell so far, by a clock that all processes share."""
    path = Path(os.environ["FAKE_LOG"] + ".spans")
    lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [(name, float(began), float(ended)) for name, began, ended in lines]


def _log(word: str) -> None:
    _append("", word)


def _append(ending: str, line: str) -> None:
    handle = os.open(os.environ["FAKE_LOG"] + ending, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def _do(word: str, reads: Reads, seed: int, ctx: MeasureContext) -> Result | SegablateError:
    _log(word)
    match word.split("-")[0]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
        case "raise":
            raise ValueError("the dog ate it\nand more")
        case "refuse":
            return SegablateError("this label map is empty", where="a.png")
        case "interrupt":
            raise KeyboardInterrupt
        case "objects":
            return Result(_number(1.0), artefacts={"a.npz": {"a": np.array([object()])}})
        case "once" if not Path(os.environ["FAKE_LOG"] + ".once").exists():
            Path(os.environ["FAKE_LOG"] + ".once").touch()
            raise ValueError("only the first time")
        case "wait":
            while not Path(os.environ["FAKE_LOG"] + ".go").exists():
                time.sleep(0.02)
        case "clock":
            real = time.time
            time.time = lambda: real() + 420.0
        case "restart":
            # until it has been interrupted once
            begun = Path(os.environ["FAKE_LOG"] + ".begun")
            if not begun.exists():
                begun.write_text(str(os.getpid()))
                time.sleep(60)
        case "destroy":
            while True:
                _Slow()
        case "threads":
            import torch

            return Result(_number(float(torch.get_num_threads())))
        case "cached":
            ctx.cached("shared", {"a": 1}, lambda: (_log("built"), {"a": np.arange(3)})[1])
        case "files":
            return Result(
                _number(1.0),
                facts={"classes": 3},
                artefacts={"confusion.npz": {"confusion": np.eye(3, dtype=np.uint64)}, "notes.txt": b"n"},
            )
        case "big":
            noise = np.random.default_rng(0).integers(0, 256, 1_500_000, dtype=np.uint8)
            return Result(_number(1.0), artefacts={"worst.npz": {"noise": noise}})
    return Result(_number(seed + float(reads["bonus"])))


class _Slow:
    """Python drops what is raised while it is being destroyed, and that takes nearly all of the time."""

    def __del__(self) -> None:
        time.sleep(0.05)


def _number(value: float) -> tuple[Measurement, ...]:
    return (Measurement("miou", (value,), "of nothing"),)


register()

"""How a run is spread over a machine or a cluster, and how long it may take: words made into settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from segablate.errors import SegablateError

TIME = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>s|min|m|h|d)")
SECONDS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Grid:
    """Where cells run, how many at a time and for how long.

    Attributes:
        executor: its name.
        jobs: groups of cells at the same time; `auto` is as many as fit on this machine.
        settings: further ones of the executor.
        budget: seconds within which every cell that is begun is to be finished; None is no end.
    """

    executor: str
    jobs: int | Literal["auto"]
    settings: Mapping[str, Any]
    budget: float | None


def grid(
    jobs: int | str = 1,
    executor: str = "",
    per_gpu: int = 1,
    slurm: Sequence[str] | Mapping[str, str] = (),
    detach: bool = False,
    budget: str = "",
) -> Grid:
    """What the command line says of it.

    Args:
        jobs: a number, or `auto`.
        executor: by default `inline`, or `processes` for several jobs.
        per_gpu: how many at a time may compute on one GPU.
        slurm: options of `sbatch`, `key=value`.
        detach: whether what is queued is left there.
        budget: time such as `3h`.

    Raises:
        SegablateError: one of them is not written so.
    """
    at_once = _jobs(jobs)
    settings: dict[str, Any] = {"per_gpu": per_gpu} if per_gpu != 1 else {}
    settings |= {"options": _options(slurm)} if slurm else {}
    settings |= {"detach": True} if detach else {}
    name = executor or ("inline" if at_once == 1 else "processes")
    return Grid(name, at_once, settings, seconds(budget) if budget else None)


def seconds(text: str) -> float:
    """A time such as `3h`, `90 min` or `1h30m`, in seconds.

    Raises:
        SegablateError: it is none.
    """
    words = text.replace(" ", "")
    if not words or TIME.sub("", words):
        raise SegablateError(
            f"`--budget` is `{text}`, which is no time", hint="write `90min`, `3h` or `1h30m`"
        )
    return sum(float(part["number"]) * SECONDS[part["unit"]] for part in TIME.finditer(words))


def _jobs(text: int | str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    if not str(text).isdigit() or int(text) < 1:
        raise SegablateError(f"`--jobs` is `{text}`", hint="use 1 or more, or `auto` for as many as fit")
    return int(text)


def _options(pairs: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(pairs, Mapping):
        return {name: str(value) for name, value in pairs.items()}
    for pair in pairs:
        if "=" not in pair:
            raise SegablateError(f"`--slurm {pair}` has no value", hint="write it as `--slurm partition=gpu`")
    return dict(pair.split("=", 1) for pair in pairs)

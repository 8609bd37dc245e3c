"""What differs between two sides: settings, code, machine and numbers, with verdicts where samples allow.

A verdict is of the second side against the first, over the seeds that both have.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segablate.evidence.decide import Question, count, decide
from segablate.evidence.estimate import between_seeds
from segablate.evidence.pairs import pair
from segablate.evidence.verdict import Verdict
from segablate.quantity import quantity
from segablate.report.sides import Key, Samples, Side

# what of a machine is code, and not the machine
CODE = ("numpy", "python", "scipy", "torch", "segablate", "cuda", "cudnn", "driver", "onnxruntime")


@dataclass(frozen=True)
class Change:
    """A setting, version or property that is not the same; "" where a side does not have it.

    Attributes:
        kind: settings, code or machine.
        measure: whose setting it is; "" for a machine.
        name: dotted field.
        first: what the first side has.
        second: what the second side has.
    """

    kind: str
    measure: str
    name: str
    first: str
    second: str


@dataclass(frozen=True)
class Apart:
    """A number that both sides have, and that is not the same.

    Attributes:
        key: variant, measure, metric and class.
        first: middle of the first side's samples.
        second: middle of the second's.
        verdict: of the second against the first; None where one sample each is all there is.
    """

    key: Key
    first: float
    second: float
    verdict: Verdict | None


@dataclass(frozen=True)
class Differences:
    """All that differs.

    Attributes:
        changes: settings, code and machine.
        numbers: what both have and is not the same.
        same: how many numbers are the same on both sides.
        only_first: what only the first side has.
        only_second: what only the second side has.
    """

    changes: tuple[Change, ...]
    numbers: tuple[Apart, ...]
    same: int
    only_first: tuple[Key, ...]
    only_second: tuple[Key, ...]


def differences(first: Side, second: Side) -> Differences:
    """Compare two sides; a CSV file, which has no settings but its axes, is compared by those alone."""
    common = [key for key in first.numbers if key in second.numbers]
    apart = [key for key in common if first.numbers[key] != second.numbers[key]]
    judged = _verdicts({key: (first.numbers[key], second.numbers[key]) for key in apart})
    return Differences(
        changes=(*_settings(first, second), *_machine(first, second)),
        numbers=tuple(
            Apart(key, middle(first.numbers[key]), middle(second.numbers[key]), judged.get(key))
            for key in apart
        ),
        same=len(common) - len(apart),
        only_first=tuple(key for key in first.numbers if key not in second.numbers),
        only_second=tuple(key for key in second.numbers if key not in first.numbers),
    )


def middle(samples: Samples) -> float:
    """The mean over seeds of the median samples; NaN where there is none."""
    known = [value for value in _by_seed(samples).values() if math.isfinite(value)]
    return statistics.fmean(known) if known else math.nan


def _by_seed(samples: Samples) -> dict[int, float]:
    return {seed: statistics.median(taken) if taken else math.nan for seed, taken in samples.items()}


def _verdicts(apart: Mapping[Key, tuple[Samples, Samples]]) -> dict[Key, Verdict]:
    """Verdicts, corrected over all comparisons of one measure and metric."""
    judged: dict[Key, Verdict] = {}
    families: dict[tuple[str, str], dict[Key, Question]] = {}
    for key, (first, second) in apart.items():
        what = quantity(key[2])
        if what.compared == "count":
            base = middle(first)
            judged[key] = count(base, middle(second), what.margin.beside(base), what.direction)
        elif what.compared != "none":
            pairs = pair(_by_seed(first), _by_seed(second))
            if len(pairs.seeds) > 1:
                margin = what.margin.beside(statistics.fmean(pairs.baseline))
                question = Question(between_seeds(pairs), margin, what.direction)
                families.setdefault((key[1], key[2]), {})[key] = question
    for family in families.values():
        judged |= decide(family)
    return judged


def _settings(first: Side, second: Side) -> Iterator[Change]:
    # the axes of a CSV file are choices' labels, and no fields that cells read
    if first.whole != second.whole:
        return
    for measure in dict.fromkeys((*first.settings, *second.settings)):
        ours, theirs = first.settings.get(measure), second.settings.get(measure)
        if ours is not None and theirs is not None:
            for name, one, other in _unlike(ours, theirs):
                kind = "code" if name.rpartition(".")[2] in ("version", "sha256") else "settings"
                yield Change(kind, measure, name, one, other)


def _machine(first: Side, second: Side) -> Iterator[Change]:
    if first.machine and second.machine:
        for name, one, other in _unlike(first.machine, second.machine):
            yield Change("code" if name.rpartition(".")[2] in CODE else "machine", "", name, one, other)


def _unlike(ours: Mapping[str, set[str]], theirs: Mapping[str, set[str]]) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name, set()), theirs.get(name, set())
        if one != other:
            yield name, " | ".join(sorted(one)), " | ".join(sorted(other))

"""What differs between two sides: settings, code, machine and numbers, with verdicts where samples allow.

A verdict is of the second side against the first: over the seeds that both have; with one seed over the test
images that both have labelled; of times over the processes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from segablate.app.sides import Key, Samples, Side
from segablate.evidence.decide import Question, count, decide
from segablate.evidence.estimate import Estimate, between_seeds
from segablate.evidence.images import METRICS, over_images
from segablate.evidence.pairs import Pairs, pair
from segablate.evidence.processes import paired_processes
from segablate.evidence.verdict import Verdict
from segablate.quantity import Margin, quantity
from segablate.report.estimated import margin_of
from segablate.report.judged import OVER_IMAGES
from segablate.report.mixed import CODE
from segablate.report.verdicts import on_images

APART = (
    "Where n is processes, the two sides did not take turns: what changed on the machine between them is in "
    "the ratio as well."
)


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
        verdict: of the second against the first; None where one seed or process each is all there is.
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


def differences(first: Side, second: Side, margins: Mapping[str, Margin] | None = None) -> Differences:
    """Compare two sides; a CSV file, which has no settings but its axes, is compared by those alone.

    Args:
        first: what is compared with.
        second: what verdicts are on.
        margins: metric → largest difference that does not matter; the metric's own where it is not there.
    """
    common = [key for key in first.numbers if key in second.numbers]
    apart = [key for key in common if first.numbers[key] != second.numbers[key]]
    judged = _verdicts(first, second, apart, margins or {})
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


def notes(numbers: Sequence[Apart]) -> list[str]:
    """What the verdicts do not say, by what they were drawn from."""
    sources = {one.verdict.source for one in numbers if one.verdict}
    told = {"images": OVER_IMAGES, "processes": APART}
    return [note for source, note in told.items() if source in sources]


def middle(samples: Samples) -> float:
    """The mean over seeds of the median samples; NaN where there is none."""
    known = [value for value in _by_seed(samples).values() if math.isfinite(value)]
    return statistics.fmean(known) if known else math.nan


def _by_seed(samples: Samples) -> dict[int, float]:
    return {seed: statistics.median(taken) if taken else math.nan for seed, taken in samples.items()}


def _verdicts(
    first: Side, second: Side, apart: Sequence[Key], margins: Mapping[str, Margin]
) -> dict[Key, Verdict]:
    """Verdicts; those on whole scores and times are one family, those on single classes another."""
    judged: dict[Key, Verdict] = {}
    families: dict[bool, dict[Key, Question]] = {True: {}, False: {}}
    for key in apart:
        what, base = quantity(key[2]), middle(first.numbers[key])
        margin = margin_of(margins, key[2])
        if what.compared == "count":
            judged[key] = count(base, middle(second.numbers[key]), margin.beside(base), what.direction)
        elif what.compared != "none" and (told := _estimate(first, second, key)):
            bound = margin.value if told.ratio else margin.beside(base)
            families[not key[3]][key] = Question(told, bound, what.direction)
    for family in families.values():
        judged |= on_images(decide(family))
    return judged


def _estimate(first: Side, second: Side, key: Key) -> Estimate | None:
    """What seeds, processes or images say; None where there is one seed or process, and no image."""
    pairs = pair(_by_seed(first.numbers[key]), _by_seed(second.numbers[key]))
    if len(pairs.seeds) > 1:
        return paired_processes(pairs) if quantity(key[2]).compared == "ratio" else between_seeds(pairs)
    return _over_images(first, second, key, pairs)


def _over_images(first: Side, second: Side, key: Key, pairs: Pairs) -> Estimate | None:
    variant, measure, metric, name = key
    if metric not in METRICS or name or not (pairs.seeds and pairs.whole):
        return None
    read = [one.images.get((variant, measure), {}).get(pairs.seeds[0]) for one in (first, second)]
    theirs, ours = (one() if one else None for one in read)
    if theirs is None or ours is None or theirs.classes != ours.classes:
        return None
    return over_images(theirs, [ours])[0][metric]


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

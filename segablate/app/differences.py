"""What differs between two result sets: settings, code, machine and numbers, with verdicts where possible.

A verdict is of the second against the first: over the seeds that both have; with one seed over the test
images that both have labelled; of times over the processes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from segablate.app.result_sets import Key, ResultSet, Samples
from segablate.evidence.decide import Question, count, decide
from segablate.evidence.estimate import Estimate, between_seeds
from segablate.evidence.images import METRICS, over_images
from segablate.evidence.pairs import Pairs, pair
from segablate.evidence.processes import paired_processes
from segablate.evidence.verdict import Verdict
from segablate.quantity import Margin, quantity
from segablate.report.caveats import CODE
from segablate.report.comparisons import margin_of, on_images
from segablate.report.verdicts import OVER_IMAGES

APART = (
    "Where n is processes, the two were not timed in turn: what changed on the machine between them is in "
    "the ratio as well."
)


@dataclass(frozen=True)
class Change:
    """A setting, version or property that is not the same; "" where a result set lacks it.

    Attributes:
        kind: settings, code or machine.
        measure: whose setting it is; "" for a machine.
        name: dotted field.
        first: what the first has.
        second: what the second has.
    """

    kind: str
    measure: str
    name: str
    first: str
    second: str


@dataclass(frozen=True)
class Apart:
    """A number that both have, and that is not the same.

    Attributes:
        key: variant, measure, metric and class.
        first: middle of the first's samples.
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
        same: how many numbers are the same in both.
        only_first: what only the first has.
        only_second: what only the second has.
    """

    changes: tuple[Change, ...]
    numbers: tuple[Apart, ...]
    same: int
    only_first: tuple[Key, ...]
    only_second: tuple[Key, ...]


def differences(
    first: ResultSet, second: ResultSet, margins: Mapping[str, Margin] | None = None
) -> Differences:
    """Compare two result sets; a CSV file, which has no settings but its axes, is compared by those alone.

    Args:
        first: what is compared with.
        second: what verdicts are on.
        margins: metric → largest difference that does not matter; the metric's own where it is not there.
    """
    common = [key for key in first.numbers if key in second.numbers]
    apart = [key for key in common if first.numbers[key] != second.numbers[key]]
    verdicts = _verdicts(first, second, apart, margins or {})
    return Differences(
        changes=(*_settings(first, second), *_machine(first, second)),
        numbers=tuple(
            Apart(key, middle(first.numbers[key]), middle(second.numbers[key]), verdicts.get(key))
            for key in apart
        ),
        same=len(common) - len(apart),
        only_first=tuple(key for key in first.numbers if key not in second.numbers),
        only_second=tuple(key for key in second.numbers if key not in first.numbers),
    )


def notes(numbers: Sequence[Apart]) -> list[str]:
    """What the verdicts do not say, by what they were drawn from."""
    sources = {number.verdict.source for number in numbers if number.verdict}
    meanings = {"images": OVER_IMAGES, "processes": APART}
    return [note for source, note in meanings.items() if source in sources]


def middle(samples: Samples) -> float:
    """The mean over seeds of the median samples; NaN where there is none."""
    known = [value for value in _by_seed(samples).values() if math.isfinite(value)]
    return statistics.fmean(known) if known else math.nan


def _by_seed(samples: Samples) -> dict[int, float]:
    return {seed: statistics.median(taken) if taken else math.nan for seed, taken in samples.items()}


def _verdicts(
    first: ResultSet, second: ResultSet, apart: Sequence[Key], margins: Mapping[str, Margin]
) -> dict[Key, Verdict]:
    """Verdicts; those on whole scores and times are one family, those on single classes another."""
    by_key: dict[Key, Verdict] = {}
    families: dict[bool, dict[Key, Question]] = {True: {}, False: {}}
    for key in apart:
        what, base = quantity(key[2]), middle(first.numbers[key])
        margin = margin_of(margins, key[2])
        if what.compared == "count":
            by_key[key] = count(base, middle(second.numbers[key]), margin.beside(base), what.direction)
        elif what.compared != "none" and (estimate := _estimate(first, second, key)):
            bound = margin.value if estimate.ratio else margin.beside(base)
            families[not key[3]][key] = Question(estimate, bound, what.direction)
    for family in families.values():
        by_key |= on_images(decide(family))
    return by_key


def _estimate(first: ResultSet, second: ResultSet, key: Key) -> Estimate | None:
    """What seeds, processes or images say; None where there is one seed or process, and no image."""
    pairs = pair(_by_seed(first.numbers[key]), _by_seed(second.numbers[key]))
    if len(pairs.seeds) > 1:
        return paired_processes(pairs) if quantity(key[2]).compared == "ratio" else between_seeds(pairs)
    return _over_images(first, second, key, pairs)


def _over_images(first: ResultSet, second: ResultSet, key: Key, pairs: Pairs) -> Estimate | None:
    variant, measure, metric, name = key
    if metric not in METRICS or name or not (pairs.seeds and pairs.whole):
        return None
    readers = [results.images.get((variant, measure), {}).get(pairs.seeds[0]) for results in (first, second)]
    theirs, ours = (results() if results else None for results in readers)
    if theirs is None or ours is None or theirs.classes != ours.classes:
        return None
    return over_images(theirs, [ours])[0][metric]


def _settings(first: ResultSet, second: ResultSet) -> Iterator[Change]:
    # the axes of a CSV file are choices' labels, and no fields that cells read
    if first.whole != second.whole:
        return
    for measure in dict.fromkeys((*first.settings, *second.settings)):
        ours, theirs = first.settings.get(measure), second.settings.get(measure)
        if ours is not None and theirs is not None:
            for name, old, new in _unlike(ours, theirs):
                kind = "code" if name.rpartition(".")[2] in ("version", "sha256") else "settings"
                yield Change(kind, measure, name, old, new)


def _machine(first: ResultSet, second: ResultSet) -> Iterator[Change]:
    if first.machine and second.machine:
        for name, old, new in _unlike(first.machine, second.machine):
            yield Change("code" if name.rpartition(".")[2] in CODE else "machine", "", name, old, new)


def _unlike(ours: Mapping[str, set[str]], theirs: Mapping[str, set[str]]) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*ours, *theirs}):
        old, new = ours.get(name, set()), theirs.get(name, set())
        if old != new:
            yield name, " | ".join(sorted(old)), " | ".join(sorted(new))

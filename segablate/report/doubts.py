"""Doubts about evidence: what the verdicts of a page rest on, and what they cannot know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from segablate.evidence.tails import FEWEST_TO_RESAMPLE, ROUNDING
from segablate.report.blocks import Caveat
from segablate.report.comparisons import Comparison
from segablate.report.contexts import baselines
from segablate.report.data import Record
from segablate.report.words import counted, listed

NAMED = 5
HELD_OUT = ("test",)


def one_seed(found: Sequence[Comparison]) -> list[Caveat]:
    """One training says nothing of the next."""
    alone = [one for one in _trained(found) if len(one.ours) == len(one.theirs) == 1]
    return [
        Caveat(
            f"{label} has one seed a variant: nothing is known of what training again would give.",
            "Repeat with 5 seeds and run again: the first is not trained twice.",
        )
        for label in _labels(alone)
    ]


def few_seeds(found: Sequence[Comparison]) -> list[Caveat]:
    """Student's t is not warned by a skew that so few numbers cannot show."""
    few = [one for one in _trained(found) if 2 <= len(one.pairs.seeds) < FEWEST_TO_RESAMPLE]
    return [
        Caveat(
            f"{label} has fewer than {FEWEST_TO_RESAMPLE} seeds, too few to see skew: if only one variant "
            "sometimes trains far worse, twice as many verdicts are wrong as the level says.",
            f"Repeat with {FEWEST_TO_RESAMPLE} seeds, from which on skew is looked at.",
        )
        for label in _labels(few)
    ]


def unmatched_seeds(found: Sequence[Comparison]) -> list[Caveat]:
    """Numbers without a partner are not in any difference."""
    told = dict.fromkeys(
        f"{name} under {one.measure}: {_seeds(seeds)}"
        for one in found
        if one.quantity.compared != "count"
        for name, seeds in (
            (one.variant, one.pairs.only_variant),
            (f"{one.baseline} against {one.variant}", one.pairs.only_baseline),
        )
        if seeds
    )
    if not told:
        return []
    named = [*list(told)[:NAMED], *([f"{len(told) - NAMED} more"] if len(told) > NAMED else [])]
    return [
        Caveat(
            f"Not every number has a partner of the same seed, and n is unequal: {listed(named)}.",
            "Run what is missing; a training that diverged (NaN) is a finding and belongs in the text.",
        )
    ]


def no_spread(found: Sequence[Comparison]) -> list[Caveat]:
    """Seeds that all give the same difference are seeds that change nothing, or rounded numbers."""
    flat = [
        one
        for one in _trained(found)
        if len(one.pairs.seeds) > 1
        and one.pairs.differences.std() <= ROUNDING * np.abs(one.pairs.baseline).max()
    ]
    if not flat:
        return []
    named = list(dict.fromkeys(f"{one.variant} under {one.measure}" for one in flat))[:NAMED]
    return [
        Caveat(
            f"Every seed gives the same difference: {listed(named)}. The verdict is then a sign test's.",
            "See whether the seed reaches what is measured.",
        )
    ]


def no_baseline_there(records: Sequence[Record]) -> list[Caveat]:
    """A variant whose conditions no baseline shares is compared with nothing."""
    lost = [variant for variant, base in baselines(records).items() if base is None]
    if not lost or not any(record.baseline for record in records):
        return []
    return [
        Caveat(
            f"No baseline shares the conditions of {listed(lost[:NAMED])}"
            + (f" and {len(lost) - NAMED} more" if len(lost) > NAMED else "")
            + ": they are compared with nothing.",
            "Add the baseline under these conditions.",
        )
    ]


def chosen_on_test(records: Sequence[Record]) -> list[Caveat]:
    """What was chosen by a number is no longer judged by it."""
    found = [r for r in records if r.done and r.reads.get("score") in HELD_OUT and not r.exact]
    if len({record.variant for record in found}) < 2:
        return []
    return [
        Caveat(
            f"{label} scored the test split: whoever chooses a variant by this page has used the test up.",
            "Choose on the validation split, and score the test split once, of the variant that was chosen.",
        )
        for label in dict.fromkeys(record.measure for record in found)
    ]


def processor_times(records: Sequence[Record]) -> list[Caveat]:
    """The order of times on a CPU is not that on a GPU."""
    slow = [record for record in _timed(records) if record.reads.get("device") == "cpu"]
    return [
        Caveat(
            f"{label} was taken on a CPU: on a GPU other variants may be the fastest.",
            "Measure on the device that matters.",
        )
        for label in dict.fromkeys(record.measure for record in slow)
    ]


def flagged_times(records: Sequence[Record]) -> list[Caveat]:
    """What the clock itself found doubtful: launch-bound, throttled, a busy machine, each with its remedy."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for record in _timed(records):
        for flag in record.facts.get("flags", ()):
            own = found.setdefault((str(flag["name"]), str(flag["remedy"])), {})
            own.setdefault(record.variant, str(flag["found"]))
    return [Caveat(_flagged(name, own), _sentence(remedy)) for (name, remedy), own in sorted(found.items())]


def _flagged(name: str, own: Mapping[str, str]) -> str:
    variant, seen = next(iter(own.items()))
    alike = len(set(own.values())) == 1
    told = seen if alike else f"{seen} in {variant}, for one"
    return f"Times of {counted(len(own), 'variant')} are flagged {name} ({told})."


def timed_apart(found: Sequence[Comparison]) -> list[Caveat]:
    """Drift hits both sides of a ratio only where they took turns."""
    apart = [
        one
        for one in found
        if one.quantity.compared == "ratio" and _sessions(one.ours) != _sessions(one.theirs)
    ]
    if not apart:
        return []
    named = list(dict.fromkeys(f"{one.variant} under {one.measure}" for one in apart))[:NAMED]
    return [
        Caveat(
            f"Not timed in turn with the baseline: {listed(named)}.",
            "Time them together: run again with --only all.",
        )
    ]


def _trained(found: Iterable[Comparison]) -> list[Comparison]:
    return [one for one in found if one.quantity.compared == "difference" and not one.exact]


def _timed(records: Iterable[Record]) -> list[Record]:
    return [r for r in records if r.done and r.use == "latency"]


def _labels(found: Iterable[Comparison]) -> list[str]:
    return list(dict.fromkeys(one.measure for one in found))


def _sessions(records: Iterable[Record]) -> dict[int, object]:
    return {record.seed: record.facts.get("session") for record in records}


def _seeds(seeds: Sequence[int]) -> str:
    word = "seed" if len(seeds) == 1 else "seeds"
    return f"{word} {listed([str(seed) for seed in seeds])}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."

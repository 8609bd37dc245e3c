"""Caveats of a page, a closed list in the order of their weight: each with what would remove it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from segablate.evidence.tails import FEWEST_TO_RESAMPLE, ROUNDING
from segablate.report.blocks import Caveat
from segablate.report.comparisons import Comparison, baselines, comparisons
from segablate.report.data import Record
from segablate.report.readers.accuracy import trainings
from segablate.report.readers.base import by_measure
from segablate.report.readers.complexity import Costing, costings
from segablate.report.readers.oracle import Ceiling, ceilings
from segablate.report.words import counted, images, listed, plain

FEW_IMAGES = 100
NAMED = 5
HELD_OUT = ("test",)
# what of a machine is code, and not the machine
CODE = ("numpy", "python", "scipy", "torch", "segablate", "cuda", "cudnn", "driver", "onnxruntime")
THREADS = "threads"


class Found:
    """What was found, seen as the caveats look at it; each view is made once."""

    def __init__(self, records: Sequence[Record], compared: Sequence[Comparison] | None = None) -> None:
        self.records = records
        self.done = [record for record in records if record.done]
        self.comparisons = comparisons(records) if compared is None else compared

    @cached_property
    def trained(self) -> list[Comparison]:
        """Differences of scores that have a random part."""
        return [
            comparison
            for comparison in self.comparisons
            if comparison.quantity.compared == "difference" and not comparison.exact
        ]

    @cached_property
    def ceilings(self) -> Sequence[Ceiling]:
        """What the oracle found."""
        return ceilings(self.records)

    @cached_property
    def costings(self) -> Sequence[Costing]:
        """What was counted."""
        return costings(self.records)

    @cached_property
    def timed(self) -> list[Record]:
        """Times."""
        return [record for record in self.done if record.use == "latency"]


def caveats(records: Sequence[Record], compared: Sequence[Comparison] | None = None) -> tuple[Caveat, ...]:
    """The caveats that apply, in a fixed order; `compared`: the comparisons, where they are made already."""
    evidence = Found(records, compared)
    return tuple(caveat for rule in RULES for caveat in rule(evidence))


def a_ceiling_is_no_accuracy(evidence: Found) -> Iterator[Caveat]:
    """mIoU* is easily quoted as if a network reached it."""
    if evidence.ceilings and not trainings(evidence.records):
        yield Caveat(
            "mIoU* says what an upsampler can give back of the labels, not what a trained network reaches.",
            "Train the variants and measure their accuracy.",
        )


def baseline_without_numbers(evidence: Found) -> Iterator[Caveat]:
    """There is nothing to compare with."""
    there = {record.measure for record in evidence.done if record.baseline}
    lost = [record.measure for record in evidence.records if record.baseline and record.measure not in there]
    if lost:
        yield Caveat(
            f"The baseline has no numbers under {_named(lost)}.",
            "Put right what the section on missing cells says, and run again.",
        )


def cells_without_numbers(evidence: Found) -> Iterator[Caveat]:
    """The best of what is there need not be the best."""
    lost = sum(record.state in ("failed", "not run") for record in evidence.records)
    if lost:
        yield Caveat(
            f"{counted(lost, 'cell')} of {len(evidence.records)} failed or did not run: "
            "the best may be among them.",
            "Run the study again: what is done is not done twice.",
        )


def no_baseline_there(evidence: Found) -> Iterator[Caveat]:
    """A variant whose conditions no baseline shares is compared with nothing."""
    lost = [variant for variant, base in baselines(evidence.records).items() if base is None]
    if lost and any(record.baseline for record in evidence.records):
        yield Caveat(
            f"No baseline shares the conditions of {_named(lost)}: they are compared with nothing.",
            "Add the baseline under these conditions.",
        )


def one_seed(evidence: Found) -> Iterator[Caveat]:
    """One training says nothing of the next."""
    alone = (
        comparison.measure
        for comparison in evidence.trained
        if len(comparison.ours) == len(comparison.theirs) == 1
    )
    for label in dict.fromkeys(alone):
        yield Caveat(
            f"{label} has one seed a variant: nothing is known of what training again would give.",
            "Repeat with 5 seeds and run again: the first is not trained twice.",
        )


def few_seeds(evidence: Found) -> Iterator[Caveat]:
    """Student's t is not warned by a skew that so few numbers cannot show."""
    few = (
        comparison.measure
        for comparison in evidence.trained
        if 2 <= len(comparison.pairs.seeds) < FEWEST_TO_RESAMPLE
    )
    for label in dict.fromkeys(few):
        yield Caveat(
            f"{label} has fewer than {FEWEST_TO_RESAMPLE} seeds, too few to see skew: if only one variant "
            "sometimes trains far worse, twice as many verdicts are wrong as the level says.",
            f"Repeat with {FEWEST_TO_RESAMPLE} seeds, from which on skew is tested.",
        )


def unmatched_seeds(evidence: Found) -> Iterator[Caveat]:
    """Numbers without a partner are not in any difference."""
    lost = [
        f"{name} under {comparison.measure}: seed{'s' * (len(seeds) > 1)} {listed(list(map(str, seeds)))}"
        for comparison in evidence.comparisons
        if comparison.quantity.compared != "count"
        for name, seeds in (
            (comparison.variant, comparison.pairs.only_variant),
            (f"{comparison.baseline} against {comparison.variant}", comparison.pairs.only_baseline),
        )
        if seeds
    ]
    if lost:
        yield Caveat(
            f"Not every number has a partner of the same seed, and n is unequal: {_named(lost)}.",
            "Run what is missing; a training that diverged (NaN) is a finding and belongs in the text.",
        )


def no_spread(evidence: Found) -> Iterator[Caveat]:
    """Seeds that all give the same difference are seeds that change nothing, or rounded numbers."""
    flat = [
        f"{comparison.variant} under {comparison.measure}"
        for comparison in evidence.trained
        if len(comparison.pairs.seeds) > 1
        and comparison.pairs.differences.std() <= ROUNDING * np.abs(comparison.pairs.baseline).max()
    ]
    if flat:
        yield Caveat(
            f"Every seed gives the same difference: {_named(flat)}. The verdict is then a sign test's.",
            "See whether the seed reaches what is measured.",
        )


def chosen_on_test(evidence: Found) -> Iterator[Caveat]:
    """What was chosen by a number can no longer be tested by it."""
    scored = [
        record for record in evidence.done if record.reads.get("score") in HELD_OUT and not record.exact
    ]
    if len({record.variant for record in scored}) > 1:
        for label in dict.fromkeys(record.measure for record in scored):
            yield Caveat(
                f"{label} scored the test split: whoever chooses a variant by this page has used the test "
                "up.",
                "Choose on the validation split, and score the test split once, of the variant that was "
                "chosen.",
            )


def unequal_images(evidence: Found) -> Iterator[Caveat]:
    """Columns that stand side by side but are over different images."""
    counts = {
        label: {ceiling.images for ceiling in own} for label, own in by_measure(evidence.ceilings).items()
    }
    if len(set().union(*counts.values())) > 1:
        over = listed([f"{label} on {images(numbers)}" for label, numbers in counts.items()])
        yield Caveat(
            f"Not all numbers are over the same images: {over}.",
            "Compare only numbers over the same images, or set the same limit everywhere.",
        )


def few_images(evidence: Found) -> Iterator[Caveat]:
    """A score over a handful of images moves with each of them."""
    numbers = [
        (record.measure, int(record.facts.get("images", 0)))
        for record in evidence.done
        if "per_class_iou" in record.facts
    ]
    few = {label: number for label, number in numbers if 0 < number < FEW_IMAGES}
    if few:
        yield Caveat(
            f"{listed(list(few))} scored only {images(few.values())}.", f"Score at least {FEW_IMAGES}."
        )


def trained_bound_was_tuned_here(evidence: Found) -> Iterator[Caveat]:
    """Our own look at the answer: what `encode: autoencoder` is was settled on some of these label maps."""
    reads = [
        ceiling.record.reads
        for ceiling in evidence.ceilings
        if ceiling.record.reads.get("encode") == "autoencoder"
    ]
    if any(read["data"]["use"] == "voc" and read.get("score") == "val" for read in reads):
        yield Caveat(
            "Encoder, learning rate and budget of `encode: autoencoder` were chosen by their mIoU* on 100 "
            "label maps of VOC's val, which are among those scored here: it may be a little too high.",
            "Score it on label maps of another data set.",
        )


def fitted_on_what_is_scored(evidence: Found) -> Iterator[Caveat]:
    """The subspace has seen the label maps that it is tested on."""
    fits = [ceiling.record.reads for ceiling in evidence.ceilings if ceiling.channels]
    if any(reads.get("fit") is not None and reads.get("fit") == reads.get("score") for reads in fits):
        yield Caveat(
            "Fitted upsamplers were fitted on the label maps that they were scored on.",
            "Fit on one split and score on another.",
        )


def absent_classes(evidence: Found) -> Iterator[Caveat]:
    """mIoU is over the classes that occur."""
    for ceiling in evidence.ceilings:
        names = ceiling.record.facts.get("class_names", ())
        absent = [str(name) for index, name in enumerate(names) if str(index) not in ceiling.classes]
        if absent and ceiling.classes:
            have = "does" if len(absent) == 1 else "do"
            yield Caveat(
                f"{listed(absent)} {have} not occur in what {ceiling.measure} scored: the mean is without.",
                "Score a split in which all classes occur.",
            )
            return


def operations_are_no_time(evidence: Found) -> Iterator[Caveat]:
    """Counts are easily quoted as if they were speed."""
    if evidence.costings:
        yield Caveat(
            "Operations are not time: memory traffic, kernels and parallelism decide how long they take.",
            "Measure the latency on the machine that matters.",
        )


def uncounted_operators(evidence: Found) -> Iterator[Caveat]:
    """What has no formula is missing from every number."""
    calls: dict[str, int] = {}
    for costing in evidence.costings:
        for name, number in costing.record.facts.get("uncounted", {}).items():
            calls[name] = max(calls.get(name, 0), int(number))
    if calls:
        which = listed([f"{name} ({counted(number, 'call')})" for name, number in sorted(calls.items())])
        yield Caveat(f"Not counted are {which}.", "Give these operators a formula.")


def counters_disagree(evidence: Found) -> Iterator[Caveat]:
    """Two counters should see the same convolutions."""
    apart = sorted(
        {name for costing in evidence.costings for name in costing.record.facts.get("disagreements", {})}
    )
    if apart:
        yield Caveat(
            f"Our formulas and torch.utils.flop_counter's count {listed(apart[:NAMED])} differently.",
            "Check these modules with `segablate flops --check`.",
        )


def processor_times(evidence: Found) -> Iterator[Caveat]:
    """The order of times on a CPU is not that on a GPU."""
    for label in dict.fromkeys(
        record.measure for record in evidence.timed if record.reads.get("device") == "cpu"
    ):
        yield Caveat(
            f"{label} was measured on a CPU: on a GPU other variants may be the fastest.",
            "Measure on the device that matters.",
        )


def flagged_times(evidence: Found) -> Iterator[Caveat]:
    """What the clock itself doubts: launch-bound, throttled, a busy machine, each with its remedy."""
    flags: dict[tuple[str, str], dict[str, str]] = {}
    for record in evidence.timed:
        for flag in record.facts.get("flags", ()):
            own = flags.setdefault((str(flag["name"]), str(flag["remedy"])), {})
            own.setdefault(record.variant, str(flag["found"]))
    for (name, remedy), own in sorted(flags.items()):
        variant, seen = next(iter(own.items()))
        seen = seen if len(set(own.values())) == 1 else f"{seen} in {variant}, for one"
        yield Caveat(
            f"Times of {counted(len(own), 'variant')} are flagged {name} ({seen}).",
            f"{remedy[:1].upper()}{remedy[1:].rstrip('.')}.",
        )


def timed_apart(evidence: Found) -> Iterator[Caveat]:
    """Drift hits both sides of a ratio only where they took turns."""

    def runs(records: Iterable[Record]) -> dict[int, object]:
        return {record.seed: record.facts.get("session") for record in records}

    apart = [
        f"{comparison.variant} under {comparison.measure}"
        for comparison in evidence.comparisons
        if comparison.quantity.compared == "ratio" and runs(comparison.ours) != runs(comparison.theirs)
    ]
    if apart:
        yield Caveat(
            f"Not timed in turn with the baseline: {_named(apart)}.",
            "Time them together: run again with --only all.",
        )


def several_machines(evidence: Found) -> Iterator[Caveat]:
    """Scores do not mind, seconds do."""
    machines = {
        plain({name: value for name, value in record.outcome.machine.items() if name not in (*CODE, THREADS)})
        for record in evidence.done
        if record.outcome
    }
    if len(machines) > 1:
        yield Caveat(
            f"The cells ran on {len(machines)} machines, or on one that changed.",
            "Run the whole study anew on one machine.",
        )


def several_versions(evidence: Found) -> Iterator[Caveat]:
    """A number may change with the code that makes it."""
    mixed = []
    for measure, machines in _machines(evidence.done).items():
        code = [f"{name} {listed(own)}" for name in CODE if len(own := _values(machines, name)) > 1]
        mixed += [f"`{measure}` ran with {listed(code)}"] if code else []
    if mixed:
        yield Caveat(f"{'; '.join(mixed)}.", "Measure all of it with one version: `--only all`.")


def several_threads(evidence: Found) -> Iterator[Caveat]:
    """Sums in another order round in another way."""
    sensitive = [record for record in evidence.done if record.outcome and record.outcome.thread_sensitive]
    counts = {name: _values(machines, THREADS) for name, machines in _machines(sensitive).items()}
    mixed = [f"`{measure}` ran on {listed(own)} threads" for measure, own in counts.items() if len(own) > 1]
    if mixed:
        yield Caveat(
            f"{'; '.join(mixed)}, and its last digits depend on that.",
            "Measure all of it on one number of threads: set `OMP_NUM_THREADS`, and `--only all`.",
        )


def _machines(records: Iterable[Record]) -> dict[str, list[Mapping[str, Any]]]:
    machines: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        if record.outcome:
            machines.setdefault(record.measure, []).append(record.outcome.machine)
    return machines


def _values(machines: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    return sorted({str(machine[name]) for machine in machines if name in machine})


def _named(items: Iterable[str]) -> str:
    """The first few, each once, and how many more there are."""
    once = list(dict.fromkeys(items))
    return listed([*once[:NAMED], *([f"{len(once) - NAMED} more"] if len(once) > NAMED else [])])


RULES: tuple[Callable[[Found], Iterator[Caveat]], ...] = (
    a_ceiling_is_no_accuracy,
    baseline_without_numbers,
    cells_without_numbers,
    no_baseline_there,
    one_seed,
    few_seeds,
    unmatched_seeds,
    no_spread,
    chosen_on_test,
    unequal_images,
    few_images,
    trained_bound_was_tuned_here,
    fitted_on_what_is_scored,
    absent_classes,
    operations_are_no_time,
    uncounted_operators,
    counters_disagree,
    processor_times,
    flagged_times,
    timed_apart,
    several_machines,
    several_versions,
    several_threads,
)

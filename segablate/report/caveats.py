"""Doubts about a page, a closed list: each with what would remove it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from segablate.report.blocks import Caveat
from segablate.report.calibrated import does_not_hold, made_up
from segablate.report.ceilings import ceilings, measures
from segablate.report.comparisons import comparisons
from segablate.report.costs import costings
from segablate.report.data import Record
from segablate.report.doubts import (
    chosen_on_test,
    few_seeds,
    flagged_times,
    no_baseline_there,
    no_spread,
    one_seed,
    processor_times,
    timed_apart,
    unmatched_seeds,
)
from segablate.report.mixed import hardware, mixed_code, mixed_threads
from segablate.report.trainings import trainings
from segablate.report.words import counted, images, listed, plain

FEW_IMAGES = 100
NAMED = 5


def caveats(records: Sequence[Record]) -> tuple[Caveat, ...]:
    """The doubts that apply, in a fixed order."""
    found = comparisons(records)
    return tuple(doubt for rule in RULES for doubt in rule(found if rule in OF_COMPARISONS else records))


def a_ceiling_is_no_accuracy(records: Sequence[Record]) -> list[Caveat]:
    """mIoU* is easily quoted as if a network reached it."""
    if not ceilings(records) or trainings(records):
        return []
    return [
        Caveat(
            "mIoU* says what an upsampler can give back of the labels, not what a trained network reaches.",
            "Train the variants and measure their accuracy.",
        )
    ]


def baseline_without_numbers(records: Sequence[Record]) -> list[Caveat]:
    """There is nothing to compare with."""
    there = {r.measure for r in records if r.baseline and r.done}
    lost = [r.measure for r in records if r.baseline and r.measure not in there]
    if not lost:
        return []
    return [
        Caveat(
            f"The baseline has no numbers under {listed(list(dict.fromkeys(lost)))}.",
            "Put right what the section on missing cells tells, and run again.",
        )
    ]


def cells_without_numbers(records: Sequence[Record]) -> list[Caveat]:
    """The best of what is there need not be the best."""
    lost = sum(record.state in ("failed", "not run") for record in records)
    if not lost:
        return []
    return [
        Caveat(
            f"{counted(lost, 'cell')} of {len(records)} failed or did not run: the best may be among them.",
            "Run the study again: what is done is not done twice.",
        )
    ]


def unequal_images(records: Sequence[Record]) -> list[Caveat]:
    """Columns that stand side by side but are over different images."""
    found = ceilings(records)
    counts = {label: {one.images for one in found if one.measure == label} for label in measures(found)}
    if len(set().union(*counts.values())) < 2:
        return []
    told = listed([f"{label} on {images(numbers)}" for label, numbers in counts.items()])
    return [
        Caveat(
            f"Not all numbers are over the same images: {told}.",
            "Compare only numbers over the same images, or set the same limit everywhere.",
        )
    ]


def few_images(records: Sequence[Record]) -> list[Caveat]:
    """A score over a handful of images moves with each of them."""
    scored = [record for record in records if record.done and "per_class_iou" in record.facts]
    numbers = [(one.measure, int(one.facts.get("images", 0))) for one in scored]
    few = {label: number for label, number in numbers if 0 < number < FEW_IMAGES}
    if not few:
        return []
    told = f"{listed(list(few))} scored only {images(few.values())}."
    return [Caveat(told, f"Score at least {FEW_IMAGES}.")]


def trained_bound_was_tuned_here(records: Sequence[Record]) -> list[Caveat]:
    """Our own look at the answer: what `encode: autoencoder` is was settled on some of these label maps."""
    reads = [one.record.reads for one in ceilings(records) if one.record.reads.get("encode") == "autoencoder"]
    if not any(one["data"]["use"] == "voc" and one.get("score") == "val" for one in reads):
        return []
    return [
        Caveat(
            "Encoder, learning rate and budget of `encode: autoencoder` were chosen by their mIoU* on 100 "
            "label maps of VOC's val, which are among those scored here: it may be a little too high.",
            "Score it on label maps of another data set.",
        )
    ]


def fitted_on_what_is_scored(records: Sequence[Record]) -> list[Caveat]:
    """The subspace has seen the label maps that it is judged by."""
    same = [
        one
        for one in ceilings(records)
        if one.channels and one.record.reads.get("fit") == one.record.reads.get("score")
    ]
    if not same or same[0].record.reads.get("fit") is None:
        return []
    return [
        Caveat(
            "Fitted upsamplers were fitted on the label maps that they were scored on.",
            "Fit on one split and score on another.",
        )
    ]


def absent_classes(records: Sequence[Record]) -> list[Caveat]:
    """mIoU is over the classes that occur."""
    for one in ceilings(records):
        names, scores = one.record.facts.get("class_names", ()), one.record.facts.get("per_class_iou", {})
        absent = [str(name) for index, name in enumerate(names) if str(index) not in scores]
        if absent and scores:
            have = "does" if len(absent) == 1 else "do"
            return [
                Caveat(
                    f"{listed(absent)} {have} not occur in what {one.measure} scored: the mean is without.",
                    "Score a split in which all classes occur.",
                )
            ]
    return []


def several_machines(records: Sequence[Record]) -> list[Caveat]:
    """Scores do not mind, seconds do."""
    machines = {plain(hardware(one.outcome.machine)) for one in records if one.outcome and one.done}
    if len(machines) < 2:
        return []
    return [
        Caveat(
            f"The cells ran on {len(machines)} machines, or on one that changed.",
            "Run the whole study anew on one machine.",
        )
    ]


def several_versions(records: Sequence[Record]) -> list[Caveat]:
    """A number may change with the code that makes it."""
    told = [
        f"`{measure}` ran with {listed([f'{name} {listed(versions)}' for name, versions in code.items()])}"
        for measure, code in mixed_code(records).items()
    ]
    return (
        [Caveat(f"{'; '.join(told)}.", "Measure all of it with one version: `--only all`.")] if told else []
    )


def several_threads(records: Sequence[Record]) -> list[Caveat]:
    """Sums in another order round in another way."""
    told = [
        f"`{measure}` ran on {listed(counts)} threads" for measure, counts in mixed_threads(records).items()
    ]
    if not told:
        return []
    return [
        Caveat(
            f"{'; '.join(told)}, and its last digits depend on that.",
            "Measure all of it on one number of threads: set `OMP_NUM_THREADS`, and `--only all`.",
        )
    ]


def operations_are_no_time(records: Sequence[Record]) -> list[Caveat]:
    """Counts are easily quoted as if they were speed."""
    if not costings(records):
        return []
    return [
        Caveat(
            "Operations are not time: memory traffic, kernels and parallelism decide how long they take.",
            "Measure the latency on the machine that matters.",
        )
    ]


def uncounted_operators(records: Sequence[Record]) -> list[Caveat]:
    """What has no formula is missing from every number."""
    calls: dict[str, int] = {}
    for one in costings(records):
        for name, number in one.record.facts.get("uncounted", {}).items():
            calls[name] = max(calls.get(name, 0), int(number))
    if not calls:
        return []
    told = listed([f"{name} ({counted(number, 'call')})" for name, number in sorted(calls.items())])
    return [Caveat(f"Not counted are {told}.", "Give these operators a formula.")]


def counters_disagree(records: Sequence[Record]) -> list[Caveat]:
    """Two counters should see the same convolutions."""
    apart = sorted({name for one in costings(records) for name in one.record.facts.get("disagreements", {})})
    if not apart:
        return []
    return [
        Caveat(
            f"Our formulas and torch.utils.flop_counter's count {listed(apart[:NAMED])} differently.",
            "Look at these modules with `segablate flops`.",
        )
    ]


OF_COMPARISONS = {one_seed, few_seeds, unmatched_seeds, no_spread, timed_apart}
RULES: tuple[Callable[..., list[Caveat]], ...] = (
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
    does_not_hold,
    made_up,
    several_machines,
    several_versions,
    several_threads,
)

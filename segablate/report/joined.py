"""Ceiling against achieved: what the upsampler can cost at most, and what the model loses below that.

        100 % ──────────────────────────────  the labels
                what the upsampler can cost, at most
        mIoU* ──────────────────────────────  what it can give back
                what the model loses
        mIoU  ──────────────────────────────  what was reached

A code that gives mIoU* back was found, so a better one may exist: the upsampler costs this much or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segablate.quantity import quantity
from segablate.report.blocks import Bullets, Cell, Section, Table
from segablate.report.ceilings import Ceiling, strides
from segablate.report.trainings import Training, told_seeds
from segablate.report.words import counted, listed

SAME = ("scored", "limit")


@dataclass(frozen=True)
class Join:
    """A variant's ceiling and what it reached, as fractions."""

    training: Training
    ceiling: Ceiling

    @property
    def cost(self) -> float:
        """What the upsampler can cost at most."""
        return 1.0 - self.ceiling.miou

    @property
    def below(self) -> float:
        """What the model loses below its ceiling; less than nothing where it passed a ceiling of others."""
        return self.ceiling.miou - self.training.miou

    @property
    def share(self) -> float:
        """What was reached, as a share of the ceiling."""
        return self.training.miou / self.ceiling.miou if self.ceiling.miou else float("nan")

    @property
    def same_images(self) -> bool:
        """Whether both were scored on the same label maps."""
        return _same(self.training, self.ceiling)


def joins(trained: Sequence[Training], found: Sequence[Ceiling]) -> tuple[Join, ...]:
    """Every variant that has both, with the ceiling over the same label maps where there is one, and of
    those the highest: it leaves the upsampler least to answer for."""
    made = []
    for one in trained:
        own = [ceiling for ceiling in found if ceiling.record.variant == one.variant]
        if own:
            made.append(Join(one, max(own, key=lambda ceiling: (_same(one, ceiling), ceiling.miou))))
    return tuple(made)


def sections(joined: Sequence[Join]) -> tuple[Section, ...]:
    """What was reached beside what the upsampler allows, a row a variant, and what that says."""
    if not joined:
        return ()
    note = "not over the same label maps as the accuracy"
    apart = any(not one.same_images for one in joined)
    measures = len({one.training.measure for one in joined}) > 1
    rows = [
        (
            Cell(f"{one.training.variant}, {one.training.measure}" if measures else one.training.variant),
            Cell(_percent(one.training.miou)),
            Cell(_percent(one.ceiling.miou), note=0 if one.same_images else 1),
            Cell(one.ceiling.measure),
            Cell(_percent(one.share)),
            Cell(_percent(one.cost)),
            Cell(_percent(one.below)),
        )
        for one in joined
    ]
    made = Table(
        head=(
            "variant",
            "mIoU (%)",
            "its ceiling (%)",
            "ceiling by",
            "of the ceiling (%)",
            "upsampler can cost at most (points)",
            "model loses below it (points)",
        ),
        rows=tuple(rows),
        notes=(note,) if apart else (),
        below=(f"mIoU: mean over {told_seeds([one.training for one in joined])}.",),
    )
    return (Section("Reached beside the ceiling", (made, Bullets(tuple(sentences(joined))))),)


def sentences(joined: Sequence[Join]) -> list[str]:
    """What holds the variants back: the baseline's upsampler at each stride, then how many are alike."""
    if not joined:
        return []
    said = [_one(one) for one in _told(joined)]
    free = [one for one in joined if one.below > one.cost]
    if len(joined) > len(said):
        which = "all" if len(free) == len(joined) else f"{len(free)} of"
        said.append(
            f"In {which} {counted(len(joined), 'variant')} with a ceiling the model loses more below it "
            "than the upsampler can cost."
        )
        held = [one.training.variant for one in joined if one not in free]
        if held and free:
            said.append(f"It is not so in {listed(held)}.")
    return said


def _told(joined: Sequence[Join]) -> list[Join]:
    """The baseline's at its own stride; at every other one the first variant."""
    told = []
    for stride in strides(one.ceiling for one in joined):
        group = [one for one in joined if one.ceiling.stride == stride]
        told.append(next((one for one in group if one.training.baseline), group[0]))
    return told


def _one(one: Join) -> str:
    stride, name = one.ceiling.stride, one.ceiling.name
    cost, below = (f"{100 * points:.1f}" for points in (one.cost, one.below))
    cause = (
        "the upsampler is not what holds it back"
        if one.below > one.cost
        else "the upsampler may be what holds it back"
    )
    where = f"{below} below its ceiling" if one.below >= 0 else f"{below.lstrip('-')} above its ceiling"
    return (
        f"At output stride {stride} {name} can cost {cost} points at most; "
        f"{one.training.variant} is {where}: {cause}."
    )


def _same(training: Training, ceiling: Ceiling) -> bool:
    reads, other = training.records[0].reads, ceiling.record.reads
    return all(reads.get(name) == other.get(name) for name in SAME)


def _percent(value: float) -> str:
    return quantity("miou").shown(value)

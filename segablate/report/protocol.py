"""How it was measured: conventions, blind spots, settings, cells without numbers, machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segablate.quantity import quantity
from segablate.report.blocks import Cell, Table
from segablate.report.data import Record
from segablate.report.words import flat, images, plain

LONGEST = 60


def protocol(records: Sequence[Record]) -> tuple[str, ...]:
    """What each metric is, what it does not see, and over how much it was taken: a sentence an element."""
    sentences: dict[str, None] = {}
    for record in records:
        for taken in record.outcome.measurements if record.outcome else ():
            sentences[f"{quantity(taken.metric).title}: {_sentence(taken.convention)}"] = None
            sentences.update(dict.fromkeys(f"Blind spot: {_sentence(spot)}" for spot in taken.blind_spots))
    for label in dict.fromkeys(record.measure for record in records):
        done = [record for record in records if record.measure == label and record.done]
        sentences.update(dict.fromkeys([*_amount(label, done), *_trained(label, done)]))
    return tuple(sentences)


def settings(records: Sequence[Record]) -> Table:
    """What the cells of each measure read: one row a field, one column a measure."""
    labels = list(dict.fromkeys(record.measure for record in records if record.reads))
    reads = {
        label: [flat(record.reads) for record in records if record.measure == label and record.reads]
        for label in labels
    }
    fields = sorted({field for cells in reads.values() for cell in cells for field in cell})
    rows = [(Cell(field, code=True), *(_common(reads[label], field) for label in labels)) for field in fields]
    return Table(("setting", *labels), tuple(rows), words=1 + len(labels))


def unmeasured(records: Sequence[Record]) -> Table | None:
    """Every cell without numbers, with its reason."""
    lost = [record for record in records if not record.done]
    if not lost:
        return None
    rows = dict.fromkeys(
        (
            Cell(record.variant),
            Cell(record.measure),
            Cell(record.state),
            Cell(" ".join(record.reason.split())),
        )
        for record in lost
    )
    return Table(("variant", "measure", "state", "reason"), tuple(rows), words=4)


def environment(records: Sequence[Record]) -> Table:
    """What the cells ran on: one row a property, one column a machine."""
    machines = {
        plain(dict(record.outcome.machine)): flat(record.outcome.machine)
        for record in records
        if record.outcome and record.done
    }
    kinds = list(machines.values())
    names = sorted({name for machine in kinds for name in machine})
    head = ("", *("machine" if len(kinds) == 1 else f"machine {n}" for n in range(1, len(kinds) + 1)))
    rows = [(Cell(name), *(Cell(plain(machine.get(name, "–"))) for machine in kinds)) for name in names]
    return Table(head, tuple(rows), words=1 + len(kinds))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith(".") else f"{text}."


def _amount(label: str, done: Sequence[Record]) -> list[str]:
    counts = [int(record.facts["images"]) for record in done if "images" in record.facts]
    pixels = [int(record.facts["pixels"]) for record in done if "pixels" in record.facts]
    if not counts:
        return []
    scored = f" and {_range(pixels)} pixels" if pixels else ""
    return [f"{label} scored {images(counts)}{scored} a variant."]


def _trained(label: str, done: Sequence[Record]) -> list[str]:
    """How much of a network its recipe trains, with the heads that only training uses."""
    names = ("trained_parameters", "parameters")
    having = [record.facts for record in done if all(name in record.facts for name in names)]
    if not having:
        return []
    trained, there = (_range([int(facts[name]) for facts in having]) for name in names)
    return [f"{label} trained {trained} of {there} parameters a variant, those of training heads among them."]


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _common(cells: Sequence[dict[str, Any]], field: str) -> Cell:
    """The value that all cells share, or that it varies, or that nothing reads it."""
    known = {plain(cell[field]) for cell in cells if field in cell}
    if not known:
        return Cell("–")
    if len(known) > 1:
        return Cell("varies")
    text = known.pop()
    return Cell(text if len(text) <= LONGEST else f"{text[:LONGEST]}…", code=bool(text))

"""The data folder of a report, read back: `outcomes.jsonl` and the arrays beside it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from segablate import disk
from segablate.disk import archives
from segablate.errors import SegablateError
from segablate.records import Outcome, Written

OUTCOMES = "outcomes.jsonl"
# axes below these are no choice of the network: numbers under different ones are not compared
GIVEN = ("data", "input")


@dataclass(frozen=True)
class Record:
    """One row of a study: a variant under a measure with a seed, and what became of it.

    Attributes:
        folder: the data folder it was read from.
        variant: label of the variant.
        choices: axis field → label of the choice.
        baseline: whether it is the variant that others are compared with.
        measure: label of the measure.
        seed: the seed of this repeat.
        skipped: why the study skips it; "" where it does not.
        outcome: what was found; None where it was skipped or has not run.
        conditions: axes that the study says are not compared.
        use: registered name of the measure; "" where it cannot be known.
    """

    folder: Path
    variant: str
    choices: Mapping[str, str]
    baseline: bool
    measure: str
    seed: int
    skipped: str
    outcome: Outcome | None
    conditions: tuple[str, ...] = ()
    use: str = ""

    @property
    def done(self) -> bool:
        """Whether there are numbers."""
        return self.outcome is not None and self.outcome.status == "done"

    @property
    def exact(self) -> bool:
        """Whether there are numbers without a random part: doing it again gives the same."""
        return self.done and self.outcome is not None and self.outcome.seeded is False

    @property
    def state(self) -> str:
        """done, failed, skipped or not run."""
        if self.skipped:
            return "skipped"
        return self.outcome.status if self.outcome else "not run"

    @property
    def reason(self) -> str:
        """Why there are no numbers; "" where there are."""
        if self.skipped or self.outcome is None:
            return self.skipped or "it has not run yet"
        return self.outcome.reason

    @property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """The data and the input that it was measured on, where the study varies them: axis and choice."""
        return tuple((axis, label) for axis, label in self.choices.items() if axis.split(".")[0] in GIVEN)

    @property
    def reads(self) -> Mapping[str, Any]:
        """What the cell depends on; empty without an outcome."""
        return self.outcome.reads if self.outcome else {}

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the measure told beside its metrics; empty without an outcome."""
        return self.outcome.facts if self.outcome else {}


def read(folder: Path) -> list[Record]:
    """All records of a data folder, in the file's order.

    Raises:
        SegablateError: there is no file of outcomes, it is empty, or one of its lines is damaged.
    """
    path = folder / OUTCOMES
    if not path.is_file():
        raise SegablateError("there are no results here", where=str(path), hint="run the study first")
    return parse(disk.text(path), str(path), folder)


def parse(text: str, name: str, folder: Path) -> list[Record]:
    """The records of a file's text.

    Raises:
        SegablateError: there are none, or one of the lines is damaged or has other axes than the first.
    """
    lines = text.split("\n")
    records = [_record(folder, line, f"{name}:{at}") for at, line in enumerate(lines, 1) if line.strip()]
    if not records:
        raise SegablateError("there are no results here", where=name, hint="run the study first")
    if any(record.choices.keys() != records[0].choices.keys() for record in records):
        raise SegablateError("its lines are of several studies", where=name, hint="run the study again")
    return records


@dataclass(frozen=True)
class _Line:
    """A line of the file: what it says is of these types and no others."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"strict": True}

    variant: str
    choices: dict[str, str]
    baseline: bool
    measure: str
    seed: int
    skipped: str | None
    outcome: Written | None
    conditions: tuple[str, ...] = ()
    use: str | None = None


@functools.cache
def _reader() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(_Line)


def _record(folder: Path, text: str, where: str) -> Record:
    try:
        line: _Line = _reader().validate_json(text)
        outcome = _whole(line.outcome.outcome()) if line.outcome else None
        return Record(
            folder=folder,
            variant=line.variant,
            choices=line.choices,
            baseline=line.baseline,
            measure=line.measure,
            seed=line.seed,
            skipped=line.skipped or "",
            outcome=outcome,
            conditions=line.conditions,
            use=line.use or (outcome.use if outcome else ""),
        )
    except (ValueError, RecursionError) as error:
        raise SegablateError(
            "this line is not a row of a study", where=where, hint="run the study again"
        ) from error


def _whole(outcome: Outcome) -> Outcome:
    """The outcome, told which measure made it where it is older than the field `use`.

    This is the one place that concludes a measure from names of settings, and only from those that the
    measures of 0.1.0 had when they left it unsaid.
    """
    if outcome.use:
        return outcome
    reads = outcome.reads
    for names, use, seeded in (
        ({"encode", "output_stride"}, "oracle", reads.get("encode") == "autoencoder"),
        ({"recipe", "scored"}, "accuracy", True),
        ({"device_name", "precision"}, "latency", True),
        ({"scope", "size"}, "complexity", False),
        ({"simulations"}, "calibration", False),
    ):
        if names <= reads.keys():
            return replace(outcome, use=use, seeded=seeded)
    return outcome


def artefact_path(record: Record, artefact: str) -> Path:
    """Where the arrays of a record's artefact (`worst.npz`) lie."""
    key = record.outcome.key if record.outcome else ""
    return record.folder / f"{key}-{artefact}"


def arrays(record: Record, artefact: str) -> dict[str, np.ndarray]:
    """The arrays of an artefact.

    Raises:
        SegablateError: the file is not there, or is not an archive of plain arrays.
    """
    path = artefact_path(record, artefact)
    return unpack(path, str(path))


def unpack(file: Path | BinaryIO, name: str) -> dict[str, np.ndarray]:
    """The arrays of an archive, which is called so in messages.

    Raises:
        SegablateError: the file is not there, is not an archive of plain arrays, or holds more than is
            unpacked.
    """
    try:
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return archives.arrays(opened, name)
        return archives.arrays(file, name)
    except SegablateError:
        raise
    except FileNotFoundError:
        raise SegablateError("this artefact is not there", where=name) from None
    except Exception as error:  # whatever the bytes make of numpy, zipfile and zlib
        raise SegablateError(
            "this is not an archive of arrays", where=name, hint="run the study again"
        ) from error

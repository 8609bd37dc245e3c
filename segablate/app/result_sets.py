"""A result set to compare: a store, a report, a file of results or what a commit has of one.

runs/                           a store: its cells by their keys
reports/x, …/outcomes.jsonl     a report's data
…/results.csv                   numbers alone
HEAD~3:reports/x                any of the last two as a commit has it
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

from segablate import disk
from segablate.errors import SegablateError
from segablate.evidence.images import Pixels
from segablate.records import Outcome
from segablate.report.csv import COLUMNS, unquoted
from segablate.report.data import OUTCOMES, Record, parse
from segablate.report.matrices import IMAGES, of_bytes, of_file
from segablate.report.words import counted, flat, plain

WITHIN = (f"data/{OUTCOMES}", OUTCOMES, "results.csv")
NEEDED = {"variant", "measure", "metric", "value"}
WRITES_IT = "`segablate report` writes `results.csv`"

Key: TypeAlias = tuple[str, str, str, str]  # variant, measure, metric, class
Samples: TypeAlias = dict[int, list[float]]  # seed → samples
Matrices: TypeAlias = Callable[[], Pixels | None]  # read only where they are asked for


@dataclass
class ResultSet:
    """What a result set has.

    Attributes:
        name: as it was given.
        numbers: what was measured → its samples by seed.
        settings: measure → dotted field → every value that its cells read, as text.
        machine: property → every value it had.
        images: variant and measure → by seed what reads the matrices of the single images.
        whole: whether settings and machine are known; a CSV file has numbers alone.
        records: rows of a study; none of a store, whose cells belong to no variant, and of a CSV file.
    """

    name: str
    numbers: dict[Key, Samples] = field(default_factory=dict)
    settings: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    machine: dict[str, set[str]] = field(default_factory=dict)
    images: dict[tuple[str, str], dict[int, Matrices]] = field(default_factory=dict)
    whole: bool = True
    records: tuple[Record, ...] = ()

    def add(self, variant: str, measure: str, seed: int, outcome: Outcome, images: Matrices) -> None:
        """Take up what one cell says."""
        self.images.setdefault((variant, measure), {})[seed] = images
        for name, value in flat(outcome.reads).items():
            self.settings.setdefault(measure, {}).setdefault(name, set()).add(plain(value))
        for name, value in flat(outcome.machine).items():
            self.machine.setdefault(name, set()).add(plain(value))
        for taken in outcome.measurements:
            self.numbers.setdefault((variant, measure, taken.metric, ""), {})[seed] = list(taken.samples)
        names = {str(at): name for at, name in enumerate(outcome.facts.get("class_names", ()))}
        for index, score in outcome.facts.get("per_class_iou", {}).items():
            called = names.get(index, index)
            self.numbers.setdefault((variant, measure, "iou", called), {})[seed] = [float(score)]


def result_set(source: str) -> ResultSet:
    """Read a result set.

    Raises:
        SegablateError: there is nothing of that name, or it holds no results.
    """
    path = Path(source)
    if path.is_dir():
        inner = next((path / name for name in WITHIN if (path / name).is_file()), None)
        return _of_file(source, inner) if inner else _of_store(source, path)
    if path.is_file():
        return _of_file(source, path)
    revision, colon, inside = source.partition(":")
    if colon and revision:
        return _of_commit(source, revision, inside)
    raise SegablateError(
        "there is no such file or folder",
        where=source,
        hint="name a store, a report's folder, a CSV or JSON-lines file, or `COMMIT:PATH`",
    )


def _of_file(source: str, path: Path) -> ResultSet:
    return _of_text(source, path.name, disk.text(path), partial(_beside, path.parent), path.parent)


def _of_text(
    source: str, name: str, text: str, images: Callable[[str], Pixels | None], folder: Path = Path()
) -> ResultSet:
    if name.endswith(".csv"):
        return _of_csv(source, text)
    return _of_records(source, parse(text, source, folder), images)


def _of_records(source: str, records: Sequence[Record], images: Callable[[str], Pixels | None]) -> ResultSet:
    made = ResultSet(source, records=tuple(records))
    for record in records:
        if record.done and record.outcome:
            read = partial(images, record.outcome.key)
            made.add(record.variant, record.measure, record.seed, record.outcome, read)
    return made


def _beside(folder: Path, key: str) -> Pixels | None:
    return of_file(folder / f"{key}-{IMAGES}")


def _of_csv(source: str, text: str) -> ResultSet:
    made = ResultSet(source, whole=False)
    for line, row in _rows(source, text):
        where = f"{source}:{line}"
        if row["value"]:
            key = (row["variant"], row["measure"], row["metric"], row.get("class", ""))
            value, seed = _numbers(row, where)
            made.numbers.setdefault(key, {}).setdefault(seed, []).append(value)
        for axis in row.keys() - set(COLUMNS):
            made.settings.setdefault(row["measure"], {}).setdefault(axis, set()).add(row[axis])
    return made


def _rows(source: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows under their heads, each with the line it ends on."""
    reader, heads, any_row = csv.reader(io.StringIO(text)), None, False
    try:
        for cells in reader:
            row = [unquoted(cell) for cell in cells]
            if heads is None:
                heads = row
                continue
            _check_heads(source, heads)
            if row and len(row) != len(heads):
                raise SegablateError(
                    f"{counted(len(row), 'column')}, but the heading has {len(heads)}",
                    where=f"{source}:{reader.line_num}",
                )
            any_row = True
            if row:
                yield reader.line_num, dict(zip(heads, row, strict=True))
    except csv.Error as error:
        raise SegablateError(
            f"this is not CSV as we write it: {error}", where=f"{source}:{reader.line_num}"
        ) from None
    if not any_row:
        raise SegablateError("there are no results here", where=source, hint=WRITES_IT)


def _check_heads(source: str, heads: Sequence[str]) -> None:
    if missing := sorted(NEEDED - set(heads)):
        missing_names = ", ".join(f"`{name}`" for name in missing)
        raise SegablateError(f"this file has no column {missing_names}", where=source, hint=WRITES_IT)


def _numbers(row: Mapping[str, str], where: str) -> tuple[float, int]:
    try:
        return float(row["value"]), int(row.get("seed") or 0)
    except ValueError:
        raise SegablateError(f"`{row['value']}` is not a number", where=where) from None


def _of_store(source: str, root: Path) -> ResultSet:
    made = ResultSet(source)
    for path in sorted(root.glob("*/*/outcome.json")):
        outcome = Outcome.from_json(disk.text(path), where=str(path))
        if outcome.status == "done":
            read = partial(of_file, path.parent / IMAGES)
            made.add(f"cell {outcome.key}", path.parent.parent.name, 0, outcome, read)
    if not made.numbers:
        raise SegablateError("there are no results here", where=source, hint="run a study first")
    return made


def _of_commit(source: str, revision: str, inside: str) -> ResultSet:
    if shutil.which("git") is None:
        raise SegablateError("`git` is not installed", where=source)
    if _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") is None:
        raise SegablateError(f"there is no commit `{revision}` here", where=source)
    names = [inside] if inside.endswith((".csv", ".jsonl")) else [f"{inside}/{name}" for name in WITHIN]
    for name, content in _shown(revision, names):
        folder = name.rpartition("/")[0]
        return _of_text(source, name, content.decode("utf-8", "replace"), partial(_in, revision, folder))
    raise SegablateError(f"the commit `{revision}` has no results at `{inside}`", where=source)


def _in(revision: str, folder: str, key: str) -> Pixels | None:
    wanted = [f"{folder}/{key}-{IMAGES}"]
    return next((of_bytes(content, f"{revision}:{name}") for name, content in _shown(revision, wanted)), None)


def _shown(revision: str, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        # `./` begins at the working directory
        content = _git("show", "--end-of-options", f"{revision}:./{name.strip('/')}")
        if content is not None:
            yield name, content


def _git(*words: str) -> bytes | None:
    """What git says; None where it fails."""
    ran = subprocess.run(["git", *words], capture_output=True, check=False)
    return ran.stdout if ran.returncode == 0 else None

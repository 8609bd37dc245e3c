"""What a benchmark found, as a committed file and as the page that is made of all of them.

    python tests/benchmarks/bench_NAME.py --write     (or `make bench BENCH=NAME`; `make bench` runs them all)
        └──► reports/benchmarks/NAME.json ──► docs/benchmarks.md

A row is one quantity, nearly always a ratio of two times of the same round, with the median of the rounds
and their range. A row that misses its goal keeps what its benchmark computed as the floor, and the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from segablate.run.machine import describe

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "reports" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
PACKAGES = ("torch", "pillow", "kornia-rs", "openvino", "onnxruntime", "fvcore", "scikit-learn")
HEAD = """# Benchmarks

Each is a command, and this page is made from the results it left in `reports/benchmarks/`.
A ratio is taken within a round, in which all that is compared runs one after the other.
Shown are the median of the rounds and their range.
A row that misses its goal has the floor that was computed, and the reason.

```sh
make bench BENCH=counting    # one of them
make bench                   # all, an hour; $SEGABLATE_DATA must hold PASCAL VOC and CamVid
```

What makes the ceilings quick:

- A one-hot patch matrix of VOC at r = 16 has 7.7 million rows of 5,376 numbers, and is never formed.
- A patch of one class is counted.
- For the others the second moment is summed from dense products of the 0/1 masks of the classes they hold.
- Most pairs of classes meet in a few dozen patches, which stay as they are.
- The leading subspace comes from a block Krylov iteration in float64.
- From 400 label maps on each core gets a process of its own.
"""


@dataclass(frozen=True)
class Row:
    """One quantity.

    Attributes:
        what: what it is.
        ratio: median of the rounds; with a `unit` it is no ratio but an amount.
        range: least and most of the rounds.
        rounds: how many.
        goal: what it should be at most, or at least.
        least: whether the goal is to be reached from below.
        unit: of an amount; "×" is a ratio's.
        floor: what the machine or the libraries below allow, in the same unit, where it was computed.
        reason: why a goal is missed, or may be.
    """

    what: str
    ratio: float
    range: tuple[float, float]
    rounds: int
    goal: float | None = None
    least: bool = False
    unit: str = "×"
    floor: float | None = None
    reason: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a goal that was not reached."""
        if self.goal is None:
            return False
        return self.ratio < self.goal if self.least else self.ratio > self.goal

    def line(self) -> str:
        """Of the table."""
        low, high = self.range
        spread = "" if self.rounds == 1 else f" ({low:.3g} to {high:.3g}, n = {self.rounds})"
        goal = "" if self.goal is None else f"{'≥' if self.least else '≤'} {self.goal:g}"
        return f"| {self.what} | {self.ratio:.3g}{_unit(self.unit)}{spread} | {goal} | {self._outcome()} |"

    def _outcome(self) -> str:
        if self.goal is None:
            return ""
        if not self.missed:
            return "reached"
        floor = "" if self.floor is None else f" floor {self.floor:.3g}{_unit(self.unit)};"
        return f"missed:{floor} {self.reason}"


def _unit(unit: str) -> str:
    return unit if unit == "×" else f" {unit}"


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    return "\n".join(["| what | measured | goal | |\n|:--|--:|--:|:--|", *(row.line() for row in rows)])


def publish(
    title: str, parser: argparse.ArgumentParser, measure: Callable[[Any], Iterable[Row | str]]
) -> None:
    """The end of every benchmark: parse, measure, print, and keep where `--write` says so.

    Args:
        title: the benchmark's, a line.
        parser: the command line.
        measure: makes the rows from what was parsed, and sentences about what it left out.
    """
    parser.add_argument("--write", action="store_true", help="keep the result, and make the page anew")
    arguments = parser.parse_args()
    measured = list(measure(arguments))
    rows = [row for row in measured if isinstance(row, Row)]
    notes = [note for note in measured if isinstance(note, str)]
    print(table(rows), *notes, sep="\n")
    if arguments.write:
        name = Path(sys.argv[0]).stem.removeprefix("bench_")
        _keep(name, title, [word for word in sys.argv[1:] if word != "--write"], rows, notes)
        PAGE.write_text(page(read(KEPT), names()), encoding="utf-8")


def _keep(name: str, title: str, words: Sequence[str], rows: Sequence[Row], notes: Sequence[str]) -> None:
    found = {
        "name": name,
        "title": title,
        "command": " ".join(["python", f"tests/benchmarks/bench_{name}.py", *words]),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "versions": dict(_versions()),
        "rows": [_told(row) for row in rows],
        "notes": list(notes),
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{name}.json").write_text(
        json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _told(row: Row) -> dict[str, Any]:
    # what was reached needs no excuse
    excuse = {"floor", "reason"} if not row.missed else set()
    return {name: _short(value) for name, value in asdict(row).items() if name not in excuse}


def _short(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_short(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _versions() -> Iterable[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def names() -> list[str]:
    """Every benchmark there is."""
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The committed results by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def page(results: Mapping[str, Mapping[str, Any]], known: Sequence[str]) -> str:
    """docs/benchmarks.md.

    Args:
        results: the committed results by name.
        known: every benchmark there is.
    """
    parts = [HEAD, *(_section(found) for found in results.values())]
    missing = [f"- `python tests/benchmarks/bench_{name}.py`" for name in known if name not in results]
    if missing:
        parts.append("\n".join(["## Without a committed result", "", *missing]) + "\n")
    return "\n".join(parts)


def _section(found: Mapping[str, Any]) -> str:
    machine, versions = found["machine"], found["versions"]
    about = [f"{machine['cores']} cores of {machine['cpu']}", f"{machine['memory_gb']} GB"]
    used = ", ".join(f"{name} {number}" for name, number in {**_own(machine), **versions}.items())
    rows = [Row(**{**row, "range": tuple(row["range"])}) for row in found["rows"]]
    return "\n".join(
        [
            f"## {found['title']}",
            "",
            f"`{found['command']}`, {found['date']}, {', '.join(about)}; {used}.",
            "",
            table(rows),
            "",
            *[line for note in found["notes"] for line in (note, "")],
        ]
    )


def _own(machine: Mapping[str, Any]) -> dict[str, str]:
    return {name: machine[name] for name in ("python", "numpy", "scipy") if name in machine}


if __name__ == "__main__":
    PAGE.write_text(page(read(KEPT), names()), encoding="utf-8")

"""The live table of a run: one line a variant, filling as its cells finish; bars and the last failure below.

Only on a terminal: anywhere else a run is silent until it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from segablate.cli.progress import Bars
from segablate.report.words import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from segablate.records import Outcome
    from segablate.run.plan import Cell, Plan

# lines of a terminal that are not the table's: its head, the bars, the failure
OTHERS = 9
SMALLEST = 4


class Board(Bars):
    """What a run has done so far.

    Args:
        plan: what is to be done.
        done: keys of the cells that have a number already.
        shown: whether to draw; by default where stderr is a terminal.
    """

    def __init__(self, plan: Plan, done: Collection[str] = (), shown: bool | None = None) -> None:
        super().__init__(shown)
        self.measures = [spec.label for spec in plan.study.measures]
        self.keys: dict[str, dict[str, list[str]]] = {}
        for row in plan.rows:
            mine = self.keys.setdefault(row.variant.label, {label: [] for label in self.measures})
            if row.cell:
                mine[row.measure.label].append(row.cell.key)
        self.done = set(done)
        self.failed: set[str] = set()
        self.last_failure = ""

    def tell(self, cell: Cell, outcome: Outcome) -> None:
        """Take up what became of a cell."""
        if outcome.status == "done":
            self.done.add(cell.key)
            self.failed.discard(cell.key)
        else:
            self.failed.add(cell.key)
            self.last_failure = f"{self._named(cell.key)}: {' '.join(visible(outcome.reason).split())}"

    def lines(self, most: int) -> tuple[list[tuple[str, ...]], int]:
        """Variant and what became of its cells under each measure; finished variants give way.

        Args:
            most: how many lines there is room for.

        Returns:
            The lines, in the study's order, and how many were left out.
        """
        order = sorted(self.keys, key=self._finished)[:most]
        shown = [variant for variant in self.keys if variant in set(order)]
        return [self._line(variant) for variant in shown], len(self.keys) - len(shown)

    def above(self) -> Iterator[RenderableType]:
        """What stands above the bars."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        lines, more = self.lines(max(SMALLEST, Console(stderr=True).height - OTHERS))
        table = Table("variant", *self.measures, box=None, pad_edge=False, header_style="bold")
        for line in lines:
            table.add_row(*(Text(cell, overflow="ellipsis", no_wrap=True) for cell in line))
        yield table
        if more:
            yield Text(f"and {more:,} more")
        if self.last_failure:
            yield Text(f"last failure: {self.last_failure}", overflow="ellipsis", no_wrap=True)

    def _finished(self, variant: str) -> bool:
        return all(
            key in self.done or key in self.failed for mine in self.keys[variant].values() for key in mine
        )

    def _line(self, variant: str) -> tuple[str, ...]:
        return (variant, *(self._state(keys) for keys in self.keys[variant].values()))

    def _state(self, keys: list[str]) -> str:
        """`3/5`, `done`, `1 failed`; `–` where the study skips it."""
        if not keys:
            return "–"
        done, failed = (sum(key in group for key in keys) for group in (self.done, self.failed))
        if failed:
            return f"{done}/{len(keys)}, {failed} failed" if len(keys) > 1 else "failed"
        if done == len(keys):
            return "done"
        return f"{done}/{len(keys)}" if len(keys) > 1 else "…"

    def _named(self, key: str) -> str:
        for variant, measures in self.keys.items():
            for label, keys in measures.items():
                if key in keys:
                    return f"{variant}, {label}"
        return key

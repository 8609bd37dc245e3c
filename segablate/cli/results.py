"""The results of a study on the terminal: the report's own table, without its markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from segablate.cli import columns, output

if TYPE_CHECKING:
    from segablate.report.data import Record


def show(records: Sequence[Record]) -> None:
    """Print the table of results with its footnotes; a terminal gets the columns it has room for."""
    from segablate.report.table import results

    table = results(records)
    rows = [[cell.text + (f" [{cell.note}]" if cell.note else "") for cell in row] for row in table.rows]
    kept = columns.fitting(table.head, rows, words=table.words, width=columns.room())
    output.table(
        [table.head[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
        right=range(table.words, len(kept)),
    )
    for number, note in enumerate(table.notes, 1):
        print(f"[{number}] {note}")
    left = len(table.head) - len(kept)
    if left:
        output.say(f"{left} more column{'' if left == 1 else 's'} in the report: the terminal is too narrow")


def rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """One JSON value a row of the study; scores are fractions, null where there is no number."""
    return [
        {
            "variant": record.variant,
            "choices": dict(record.choices),
            "baseline": record.baseline,
            "measure": record.measure,
            "seed": record.seed,
            "state": record.state,
            "reason": "" if record.done else record.reason,
            "cell": record.outcome.key if record.outcome else None,
            "measurements": {
                taken.metric: taken.value for taken in (record.outcome.measurements if record.outcome else ())
            },
        }
        for record in records
    ]


def counts(done: int, reused: int, failed: int, skipped: int) -> str:
    """What a run came to, in a few words; what is zero is left out."""
    said = [
        f"{number:,} {words}"
        for number, words in [
            (done, "measured"),
            (reused, "taken from the store"),
            (failed, "failed"),
            (skipped, "skipped"),
        ]
        if number
    ]
    return ", ".join(said) or "nothing to do"

"""The results of a study on the terminal: the report's own table, a measure at a time, without its markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segablate.cli import columns, output
from segablate.report.breaks import lines

if TYPE_CHECKING:
    from segablate.evidence.claims import ClaimVerdict
    from segablate.report.blocks import Table
    from segablate.report.data import Record


def show(records: Sequence[Record]) -> None:
    """Print a table a measure with its footnotes; it has the columns that there is room for."""
    from segablate.report.table import results

    measures = list(dict.fromkeys(record.measure for record in records))
    left = 0
    for measure in measures:
        mine = [record for record in records if record.measure == measure]
        tried = {record.variant for record in mine if record.state != "skipped"}
        skipped = [record for record in mine if tried and record.variant not in tried]
        if len(measures) > 1:
            output.show(measure if measure == measures[0] else f"\n{measure}")
        left += _print(results([record for record in mine if record not in skipped]))
        for line in _skipped(skipped):
            output.show(line)
    if left:
        output.say(f"\n{left} more column{'' if left == 1 else 's'} in the report: there is no room here")


def show_claims(verdicts: Sequence[ClaimVerdict], data: Path) -> None:
    """Print what became of the claims of a report; of a study without any, that the rest is exploratory."""
    from segablate.report.claims_kept import read_kept
    from segablate.report.claims_table import claims_table

    table = claims_table(verdicts, read_kept(data))
    if table is None:
        output.say("no claims: what the report says of differences is exploratory")
        return
    output.show()
    for row in table.rows:
        claim, _, numbers, verdict = (cell.text for cell in row)
        output.show(lines(f"{claim}: {numbers}, {verdict}", columns.room(), "    "))
    for line in table.below:
        output.show(lines(line, columns.room(), "    "))


def _print(table: Table) -> int:
    """Print a table with its footnotes; gives how many columns were left out."""
    texts = [[cell.text + (f" [{cell.note}]" if cell.note else "") for cell in row] for row in table.rows]
    left = output.fitted(table.head, texts, words=table.words)
    for number, note in enumerate(table.notes, 1):
        output.show(lines(f"[{number}] {note}", columns.room(), "    "))
    return left


def _skipped(records: Sequence[Record]) -> Iterator[str]:
    """How many variants the study leaves out, and why: a row without a number each would bury the others."""
    reasons = {record.variant: " ".join(record.reason.split()) for record in records}
    for reason, count in Counter(reasons.values()).items():
        told = f"{count} variant{'' if count == 1 else 's'} skipped: {reason}"
        yield lines(told, columns.room(), "    ")


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

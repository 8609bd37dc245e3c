"""The last screen of a run: the answer, the claims and the main table of the page, without its markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from segablate.cli import columns, output
from segablate.cli.columns import lines
from segablate.report.words import counted

if TYPE_CHECKING:
    from segablate.report.blocks import Page, Table
    from segablate.report.data import Record


def show(page: Page, records: Sequence[Record]) -> None:
    """Print what a page says before anything is unfolded, and what failed."""
    for sentence in page.answer:
        output.show(lines(sentence, columns.room()))
    show_claims(page.claims)
    if page.main:
        if page.answer or page.claims:
            output.show()
        show_table(page.main)
    for reason in _failures(records):
        output.show(lines(reason, columns.room(), "    "))


def show_claims(table: Table | None) -> None:
    """Print what became of the claims; of a study without any, that the rest is exploratory."""
    if table is None:
        output.say("no claims: what the report says of differences is exploratory")
        return
    output.show()
    for row in table.rows:
        claim, _, numbers, verdict = (cell.text for cell in row)
        output.show(lines(f"{claim}: {numbers}, {verdict}", columns.room(), "    "))
    for line in table.below:
        output.show(lines(line, columns.room(), "    "))


def show_table(table: Table) -> None:
    """Print a table with the columns that there is room for, its footnotes, and what is said below it."""
    texts = [[cell.text + (f" [{cell.note}]" if cell.note else "") for cell in row] for row in table.rows]
    left = output.fitted(table.head, texts, words=table.words)
    for number, note in enumerate(table.notes, 1):
        output.show(lines(f"[{number}] {note}", columns.room(), "    "))
    for line in table.below:
        output.show(lines(line, columns.room(), "    "))
    if left:
        output.say(f"\n{counted(left, 'more column')} in the report: there is no room here")


def _failures(records: Sequence[Record]) -> Iterator[str]:
    """Each reason why cells failed once, with the first of them."""
    by_reason: dict[str, list[Record]] = {}
    for record in records:
        if record.state == "failed":
            by_reason.setdefault(" ".join(record.reason.split()), []).append(record)
    for reason, own in by_reason.items():
        more = f" and {len(own) - 1:,} more" if len(own) > 1 else ""
        yield f"failed: {own[0].variant}, {own[0].measure}{more}: {reason}"


def counts(done: int, reused: int, failed: int, skipped: int) -> str:
    """What a run came to, in a few words; what is zero is left out."""
    parts = [
        f"{number:,} {words}"
        for number, words in [
            (done, "measured"),
            (reused, "taken from the store"),
            (failed, "failed"),
            (skipped, "skipped"),
        ]
        if number
    ]
    return ", ".join(parts) or "nothing to do"

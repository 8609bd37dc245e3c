"""`segablate diff`: what differs between two stores, files of results or commits of a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segablate.app.differences import Apart, Differences
    from segablate.app.result_sets import ResultSet
    from segablate.study.study import Study

First = Annotated[
    str,
    typer.Argument(
        metavar="A", help="A store, a report's folder, a file or COMMIT:PATH.", show_default=False
    ),
]
Second = Annotated[str, typer.Argument(metavar="B", help="What to compare with it.", show_default=False)]
MarginsOf = Annotated[
    Path | None,
    typer.Option(
        "--study",
        metavar="STUDY",
        help="Judge by this study's margins, and its claims on both.",
        show_default=False,
    ),
]


@app.command(epilog=example("segablate diff reports/quickstart reports/quickstart/results.csv"))
def diff(first: First, second: Second, study: MarginsOf = None, as_json: AsJson = False) -> None:
    """Show what differs between two results.

    Each is a store, a report's folder, a results.csv, an outcomes.jsonl,
    or what a commit has of one: HEAD~1:reports/quickstart.
    Settings, code, machine and numbers are compared; verdicts are of B against A:
    over seeds, with one seed over the test images, of times over processes.
    """
    from segablate.app.differences import differences
    from segablate.app.result_sets import result_set
    from segablate.cli import output
    from segablate.study.load import load

    loaded, results = load(study) if study else None, (result_set(first), result_set(second))
    differences_found = differences(*results, loaded.margin if loaded else None)
    claims = _claims(loaded, *results) if loaded and loaded.claims else []
    if as_json:
        output.document({**_document(first, second, differences_found), "claims": claims})
        return
    _print(differences_found)
    if claims:
        print()
        output.table(("claim", "A", "B"), [tuple(claim.values()) for claim in claims])


def _claims(study: Study, first: ResultSet, second: ResultSet) -> list[dict[str, str]]:
    """What became of each claim in both."""
    from segablate.report.claims import claim_verdicts
    from segablate.report.claims_table import measured, verdict
    from segablate.run.plan import claims_of

    claims = claims_of(study)
    return [
        {
            "claim": own.claim.text,
            **{name: f"{measured(v)}, {verdict(v)}" for name, v in (("A", own), ("B", other))},
        }
        for own, other in zip(
            claim_verdicts(claims, first.records), claim_verdicts(claims, second.records), strict=True
        )
    ]


def _document(first: str, second: str, differences: Differences) -> dict[str, Any]:
    from dataclasses import asdict

    from segablate.app.differences import notes

    return {
        "first": first,
        "second": second,
        "changes": [asdict(change) for change in differences.changes],
        "numbers": [_row(change) for change in differences.numbers],
        "notes": notes(differences.numbers),
        "same": differences.same,
        "only_first": [_named(key) for key in differences.only_first],
        "only_second": [_named(key) for key in differences.only_second],
    }


def _row(number: Apart) -> dict[str, Any]:
    from dataclasses import asdict

    verdict = asdict(number.verdict) if number.verdict else None
    return {**_named(number.key), "first": number.first, "second": number.second, "verdict": verdict}


def _named(key: tuple[str, str, str, str]) -> dict[str, str]:
    return dict(zip(("variant", "measure", "metric", "class"), key, strict=True))


def _print(differences: Differences) -> None:
    from segablate.app.differences import notes
    from segablate.cli import output

    if differences.changes:
        rows = [
            (entry.kind, entry.measure, entry.name, entry.first or "–", entry.second or "–")
            for entry in differences.changes
        ]
        output.table(("what", "measure", "field", "A", "B"), rows)
        output.show()
    # corrected each by itself, so a table each
    for numbers in _tables(differences):
        output.table(
            ("variant", "measure", "metric", "A", "B", "B − A", "verdict on B"),
            [_line(entry) for entry in numbers],
            right=(3, 4, 5),
        )
        output.show()
    for note in notes(differences.numbers):
        output.show(f"{note}\n")
    summary = [f"{differences.same:,} numbers are the same", f"{len(differences.numbers):,} differ"]
    for name, only in (("A", differences.only_first), ("B", differences.only_second)):
        summary += [f"{len(only):,} are in {name} only"] if only else []
    output.show(f"{', '.join(summary)}.")


def _tables(differences: Differences) -> list[Sequence[Apart]]:
    """Whole scores, times and counts; then single classes."""
    tables = [
        [number for number in differences.numbers if bool(number.key[3]) is classes]
        for classes in (False, True)
    ]
    return [table for table in tables if table]


def _line(number: Apart) -> tuple[str, ...]:
    from segablate.quantity import quantity
    from segablate.report.words import signed

    variant, measure, metric, name = number.key
    what = quantity(metric)
    return (
        " ".join(variant.split()),
        measure,
        f"{what.heading}, {name}" if name else what.heading,
        what.shown(number.first),
        what.shown(number.second),
        signed((number.second - number.first) * what.scale, max(what.digits, 2)),
        _verdict(number),
    )


def _verdict(number: Apart) -> str:
    from segablate.quantity import quantity
    from segablate.report import verdicts

    if number.verdict is None:
        return "one process each" if quantity(number.key[2]).compared == "ratio" else "one sample each"
    if number.verdict.source == "count":
        return number.verdict.kind
    return f"{verdicts.verdict(number.verdict)}; n = {verdicts.number(number.verdict)}"

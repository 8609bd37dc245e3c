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
    from segablate.app.sides import Side
    from segablate.study.study import Study

First = Annotated[
    str,
    typer.Argument(
        metavar="A", help="A store, a report's folder, a file or COMMIT:PATH.", show_default=False
    ),
]
Second = Annotated[str, typer.Argument(metavar="B", help="What to compare with it.", show_default=False)]
Judged = Annotated[
    Path | None,
    typer.Option(
        "--study",
        metavar="STUDY",
        help="Judge by this study's margins, and its claims on both.",
        show_default=False,
    ),
]


@app.command(epilog=example("segablate diff reports/quickstart reports/quickstart/results.csv"))
def diff(first: First, second: Second, study: Judged = None, as_json: AsJson = False) -> None:
    """Show what differs between two results.

    Each is a store, a report's folder, a results.csv, an outcomes.jsonl,
    or what a commit has of one: HEAD~1:reports/quickstart.
    Settings, code, machine and numbers are compared; verdicts are of B against A:
    over seeds, with one seed over the test images, of times over processes.
    """
    from segablate.app.differences import differences
    from segablate.app.sides import side
    from segablate.cli import output
    from segablate.study.load import load

    told, both = load(study) if study else None, (side(first), side(second))
    found = differences(*both, told.margin if told else None)
    claims = _claims(told, *both) if told and told.claims else []
    if as_json:
        output.document({**_document(first, second, found), "claims": claims})
        return
    _print(found)
    if claims:
        print()
        output.table(("claim", "A", "B"), [tuple(one.values()) for one in claims])


def _claims(study: Study, first: Side, second: Side) -> list[dict[str, str]]:
    """What became of each claim on both sides."""
    from segablate.report.claimed import claim_verdicts
    from segablate.report.claims_table import measured, verdict
    from segablate.run.plan import claims_of

    claims = claims_of(study)
    return [
        {
            "claim": one.claim.text,
            **{name: f"{measured(v)}, {verdict(v)}" for name, v in (("A", one), ("B", other))},
        }
        for one, other in zip(
            claim_verdicts(claims, first.records), claim_verdicts(claims, second.records), strict=True
        )
    ]


def _document(first: str, second: str, found: Differences) -> dict[str, Any]:
    from dataclasses import asdict

    from segablate.app.differences import notes

    return {
        "first": first,
        "second": second,
        "changes": [asdict(one) for one in found.changes],
        "numbers": [_row(one) for one in found.numbers],
        "notes": notes(found.numbers),
        "same": found.same,
        "only_first": [_named(key) for key in found.only_first],
        "only_second": [_named(key) for key in found.only_second],
    }


def _row(one: Apart) -> dict[str, Any]:
    from dataclasses import asdict

    verdict = asdict(one.verdict) if one.verdict else None
    return {**_named(one.key), "first": one.first, "second": one.second, "verdict": verdict}


def _named(key: tuple[str, str, str, str]) -> dict[str, str]:
    return dict(zip(("variant", "measure", "metric", "class"), key, strict=True))


def _print(found: Differences) -> None:
    from segablate.app.differences import notes
    from segablate.cli import output

    if found.changes:
        rows = [
            (one.kind, one.measure, one.name, one.first or "–", one.second or "–") for one in found.changes
        ]
        output.table(("what", "measure", "field", "A", "B"), rows)
        output.show()
    # corrected each by itself, so a table each
    for numbers in _tables(found):
        output.table(
            ("variant", "measure", "metric", "A", "B", "B − A", "verdict on B"),
            [_line(one) for one in numbers],
            right=(3, 4, 5),
        )
        output.show()
    for note in notes(found.numbers):
        output.show(f"{note}\n")
    told = [f"{found.same:,} numbers are the same", f"{len(found.numbers):,} differ"]
    for name, only in (("A", found.only_first), ("B", found.only_second)):
        told += [f"{len(only):,} are in {name} only"] if only else []
    output.show(f"{', '.join(told)}.")


def _tables(found: Differences) -> list[Sequence[Apart]]:
    """Whole scores, times and counts; then single classes."""
    tables = [[one for one in found.numbers if bool(one.key[3]) is classes] for classes in (False, True)]
    return [table for table in tables if table]


def _line(one: Apart) -> tuple[str, ...]:
    from segablate.quantity import quantity
    from segablate.report.words import signed

    variant, measure, metric, name = one.key
    what = quantity(metric)
    return (
        " ".join(variant.split()),
        measure,
        f"{what.heading}, {name}" if name else what.heading,
        what.shown(one.first),
        what.shown(one.second),
        signed((one.second - one.first) * what.scale, max(what.digits, 2)),
        _verdict(one),
    )


def _verdict(one: Apart) -> str:
    from segablate.quantity import quantity
    from segablate.report import judged

    if one.verdict is None:
        return "one process each" if quantity(one.key[2]).compared == "ratio" else "one sample each"
    if one.verdict.source == "count":
        return one.verdict.kind
    return f"{judged.verdict(one.verdict)}; n = {judged.number(one.verdict)}"

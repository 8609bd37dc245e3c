"""`segablate recommend`: the best variant under a constraint, and which others cannot be told from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segablate.cli.app import app, example
from segablate.cli.options import (
    AllowExternal,
    AsJson,
    Label,
    Overrides,
    ReportsFolder,
    StoreFolder,
    StudyFile,
)
from segablate.report.words import counted, listed

if TYPE_CHECKING:
    from segablate.app.recommend import Advice, Candidate, Constraint
    from segablate.evidence.verdict import Verdict

Bound = float | None


def _option(name: str, meaning: str) -> Any:
    return typer.Option(name, min=0, metavar="N", help=meaning, show_default=False)


@app.command(
    epilog=example("segablate recommend studies/pp-liteseg-cost.yaml --by macs --max-params 12 --max-gmac 20")
)
def recommend(
    study: StudyFile,
    min_fps: Annotated[Bound, _option("--min-fps", "Images a second, at least.")] = None,
    max_ms: Annotated[Bound, _option("--max-ms", "Milliseconds (median), at most.")] = None,
    max_gmac: Annotated[Bound, _option("--max-gmac", "Billion multiply-adds, at most.")] = None,
    max_params: Annotated[Bound, _option("--max-params", "Million parameters, at most.")] = None,
    by: Annotated[str, typer.Option(metavar="METRIC", help="What is to be best.")] = "miou",
    under: Annotated[
        list[str],
        typer.Option(
            metavar="MEASURE", help="Which measure, where several give a metric; may be given again."
        ),
    ] = [],  # noqa: B006  # Typer makes its own list
    overrides: Overrides = [],  # noqa: B006  # likewise
    store: StoreFolder = Path("runs"),
    reports: ReportsFolder = None,
    label: Label = "",
    allow_external: AllowExternal = False,
    as_json: AsJson = False,
) -> None:
    """Say which variant to take under a constraint.

    The numbers, what verdicts are over, and the margins are those of `segablate report`.
    Variants that cannot be told from the best are named too.
    Where the study varies data or input, there is an answer for each.
    """
    from segablate.app import publish
    from segablate.app import recommend as advice
    from segablate.cli import output
    from segablate.errors import SegablateError
    from segablate.report.data import read

    given = [
        advice.Constraint(option, metric, bound, least)
        for option, metric, bound, least in (
            ("--min-fps", "fps", min_fps, True),
            ("--max-ms", "p50_ms", max_ms, False),
            ("--max-gmac", "macs", max_gmac, False),
            ("--max-params", "params", max_params, False),
        )
        if bound is not None
    ]
    place = publish.place_of(store, reports, label, overrides)
    with publish.found(study, place, overrides, allow_external) as (facts, data):
        answers, errors = [], []
        for where, own in advice.given(read(data)):
            try:
                answers.append(
                    (where, advice.recommend(own, given, by=by, under=under, margins=facts.margin))
                )
            except SegablateError as error:
                errors.append((where, error))
    if not answers:
        raise errors[0][1]
    if as_json:
        output.document(_all(facts.name, answers))
    else:
        for where, why in errors:
            output.show(f"{where}: {why.message}\n")
        for at, (where, found) in enumerate(answers):
            print("\n" * (at > 0) + (f"{where}: " if where else ""), end="")
            _print(found, given)


def _all(study: str, answers: Sequence[tuple[str, Advice]]) -> dict[str, Any]:
    if len(answers) == 1:
        return _document(study, answers[0][1])
    return {"study": study, "given": {where: _document(study, found) for where, found in answers}}


def _document(study: str, found: Advice) -> dict[str, Any]:
    return {
        "study": study,
        "by": found.by.metric,
        "measure": found.measure,
        "best": _row(found.best, None),
        "cannot_be_told": [_row(*one) for one in found.alike],
        "notes": list(found.notes),
        "worse": [_row(*one) for one in found.told_apart],
        "left_out": [_row(one, None) for one in found.left_out],
    }


def _row(one: Candidate, verdict: Verdict | None) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "variant": one.variant,
        "value": one.score.value if one.score else None,
        "interval": one.score.interval if one.score else None,
        "n": one.score.n if one.score else 0,
        "constraints": dict(one.values),
        "verdict": asdict(verdict) if verdict else None,
    }


def _print(found: Advice, constraints: list[Constraint]) -> None:
    from segablate.cli import columns, output
    from segablate.quantity import quantity

    value = found.by.shown(found.best.score.value, unit=True) if found.best.score else "–"
    output.show(f"take {_name(found.best)}: {found.by.title} {value} under {found.measure}")
    output.paragraph(_reason(found, constraints))
    bounds, constraints = constraints, [one for one in constraints if one.metric != found.by.metric]
    named = [("cannot be told from it", found.alike), ("worse", found.told_apart)]
    rows = [
        [_name(one), _value(found, one), *_costs(one, constraints), _why(found, said, verdict)]
        for said, group in [("best", ((found.best, None),)), *named]
        for one, verdict in group
    ]
    rows += [
        [_name(one), _value(found, one), *_costs(one, constraints), _broken(one, bounds)]
        for one in found.left_out
        if one.score
    ]
    heads = [
        "variant",
        found.by.heading,
        *(quantity(one.metric).heading for one in constraints),
        "beside the best",
    ]
    output.show()
    heads, rows = columns.broken(heads, rows, words=1, width=columns.room())
    output.table(heads, rows, right=range(1, len(heads) - 1))
    unmeasured = sum(one.score is None for one in found.left_out)
    if unmeasured:
        output.show()
        have = "variant has" if unmeasured == 1 else "variants have"
        output.paragraph(f"{unmeasured:,} {have} no {found.by.title} under {found.measure}.")
    for note in found.notes:
        output.show()
        output.paragraph(note)


def _reason(found: Advice, constraints: Sequence[Constraint]) -> str:
    """Why it is the best one, and how sure that is."""
    among = 1 + len(found.alike) + len(found.told_apart)
    keep = listed([f"{one.option} {one.bound:g}" for one in constraints])
    if among == 1:
        return f"It is the only measured variant{f' that keeps to {keep}' if keep else ''}."
    told = []
    if found.alike:
        told.append(f"{len(found.alike):,} cannot be told from it")
    if found.told_apart:
        told.append(f"{len(found.told_apart):,} {'is' if len(found.told_apart) == 1 else 'are'} worse")
    best = f"{'highest' if found.by.direction == 'higher' else 'lowest'} {found.by.title}"
    of = f"{counted(among, 'measured variant')}{f' that keep to {keep}' if keep else ''}"
    return f"It has the {best} of {of}; {' and '.join(told)}."


def _broken(one: Candidate, constraints: Sequence[Constraint]) -> str:
    """Which constraints a variant breaks."""
    broken = [bound for bound in constraints if not bound.holds(one.values[bound.metric])]
    return f"left out: {listed([bound.option for bound in broken])}"


def _name(one: Candidate) -> str:
    return " ".join(one.variant.split())


def _value(found: Advice, one: Candidate) -> str:
    return found.by.shown(one.score.value) if one.score else "–"


def _costs(one: Candidate, constraints: list[Constraint]) -> list[str]:
    from segablate.quantity import quantity

    return [quantity(bound.metric).shown(one.values[bound.metric]) for bound in constraints]


def _why(found: Advice, said: str, verdict: Verdict | None) -> str:
    from segablate.report import judged

    if said == "best" or said == "worse":
        return said
    if verdict is None:
        return f"{said}: one {'process' if found.by.compared == 'ratio' else 'sample'} each"
    if verdict.source == "count":
        return f"{said}: {verdict.kind}"
    return f"{said}: {judged.verdict(verdict)}; n = {judged.number(verdict)}"

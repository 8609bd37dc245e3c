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

    constraints = [
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
    with publish.results_of(study, place, overrides, allow_external) as (facts, data):
        answers, errors = [], []
        for where, own in advice.by_input(read(data)):
            try:
                answers.append(
                    (where, advice.recommend(own, constraints, by=by, under=under, margins=facts.margin))
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
        for at, (where, best) in enumerate(answers):
            print("\n" * (at > 0) + (f"{where}: " if where else ""), end="")
            _print(best, constraints)


def _all(study: str, answers: Sequence[tuple[str, Advice]]) -> dict[str, Any]:
    if len(answers) == 1:
        return _document(study, answers[0][1])
    return {"study": study, "given": {where: _document(study, advice) for where, advice in answers}}


def _document(study: str, advice: Advice) -> dict[str, Any]:
    return {
        "study": study,
        "by": advice.by.metric,
        "measure": advice.measure,
        "best": _row(advice.best, None),
        "cannot_be_told": [_row(*candidate) for candidate in advice.alike],
        "notes": list(advice.notes),
        "worse": [_row(*candidate) for candidate in advice.told_apart],
        "left_out": [_row(candidate, None) for candidate in advice.left_out],
    }


def _row(candidate: Candidate, verdict: Verdict | None) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "variant": candidate.variant,
        "value": candidate.score.value if candidate.score else None,
        "interval": candidate.score.interval if candidate.score else None,
        "n": candidate.score.n if candidate.score else 0,
        "constraints": dict(candidate.values),
        "verdict": asdict(verdict) if verdict else None,
    }


def _print(advice: Advice, constraints: list[Constraint]) -> None:
    from segablate.cli import columns, output
    from segablate.quantity import quantity

    value = advice.by.shown(advice.best.score.value, unit=True) if advice.best.score else "–"
    output.show(f"take {_name(advice.best)}: {advice.by.title} {value} under {advice.measure}")
    output.paragraph(_reason(advice, constraints))
    bounds, constraints = constraints, [each for each in constraints if each.metric != advice.by.metric]
    named = [("cannot be told from it", advice.alike), ("worse", advice.told_apart)]
    rows = [
        [_name(each), _value(advice, each), *_costs(each, constraints), _why(advice, standing, verdict)]
        for standing, group in [("best", ((advice.best, None),)), *named]
        for each, verdict in group
    ]
    rows += [
        [_name(each), _value(advice, each), *_costs(each, constraints), _broken(each, bounds)]
        for each in advice.left_out
        if each.score
    ]
    heads = [
        "variant",
        advice.by.heading,
        *(quantity(each.metric).heading for each in constraints),
        "beside the best",
    ]
    output.show()
    heads, rows = columns.broken(heads, rows, words=1, width=columns.room())
    output.table(heads, rows, right=range(1, len(heads) - 1))
    unmeasured = sum(each.score is None for each in advice.left_out)
    if unmeasured:
        output.show()
        have = "variant has" if unmeasured == 1 else "variants have"
        output.paragraph(f"{unmeasured:,} {have} no {advice.by.title} under {advice.measure}.")
    for note in advice.notes:
        output.show()
        output.paragraph(note)


def _reason(advice: Advice, constraints: Sequence[Constraint]) -> str:
    """Why it is the best one, and how sure that is."""
    among = 1 + len(advice.alike) + len(advice.told_apart)
    keep = listed([f"{constraint.option} {constraint.bound:g}" for constraint in constraints])
    if among == 1:
        return f"It is the only measured variant{f' that keeps to {keep}' if keep else ''}."
    facts = []
    if advice.alike:
        facts.append(f"{len(advice.alike):,} cannot be told from it")
    if advice.told_apart:
        facts.append(f"{len(advice.told_apart):,} {'is' if len(advice.told_apart) == 1 else 'are'} worse")
    best = f"{'highest' if advice.by.direction == 'higher' else 'lowest'} {advice.by.title}"
    of = f"{counted(among, 'measured variant')}{f' that keep to {keep}' if keep else ''}"
    return f"It has the {best} of {of}; {' and '.join(facts)}."


def _broken(candidate: Candidate, constraints: Sequence[Constraint]) -> str:
    """Which constraints a variant breaks."""
    broken = [bound for bound in constraints if not bound.holds(candidate.values[bound.metric])]
    return f"left out: {listed([bound.option for bound in broken])}"


def _name(candidate: Candidate) -> str:
    return " ".join(candidate.variant.split())


def _value(advice: Advice, candidate: Candidate) -> str:
    return advice.by.shown(candidate.score.value) if candidate.score else "–"


def _costs(candidate: Candidate, constraints: list[Constraint]) -> list[str]:
    from segablate.quantity import quantity

    return [quantity(bound.metric).shown(candidate.values[bound.metric]) for bound in constraints]


def _why(advice: Advice, standing: str, verdict: Verdict | None) -> str:
    from segablate.report import verdicts

    if standing == "best" or standing == "worse":
        return standing
    if verdict is None:
        return f"{standing}: one {'process' if advice.by.compared == 'ratio' else 'sample'} each"
    if verdict.source == "count":
        return f"{standing}: {verdict.kind}"
    return f"{standing}: {verdicts.verdict(verdict)}; n = {verdicts.number(verdict)}"

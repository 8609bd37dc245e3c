"""The whole page as data, from the facts of a study and the records of its data folder."""

from __future__ import annotations

from collections.abc import Sequence

from segablate.report import (
    accuracy_figures,
    accuracy_tables,
    calibrated,
    ceiling_curves,
    class_dots,
    cost_figures,
    effects,
    joined,
    speed_figures,
    tradeoffs,
)
from segablate.report.answer import answer
from segablate.report.blocks import Page, Table, Titled
from segablate.report.caveats import caveats
from segablate.report.ceilings import baseline_choices, ceilings
from segablate.report.claimed import claim_verdicts
from segablate.report.claims_kept import read_kept
from segablate.report.claims_table import claims_table
from segablate.report.component_effects import component_effects
from segablate.report.contrasts import contrasts
from segablate.report.costs import costings
from segablate.report.csv import numbers
from segablate.report.data import Record
from segablate.report.facts import StudyFacts
from segablate.report.headline import headline
from segablate.report.judged import against
from segablate.report.leaders import leaders
from segablate.report.per_class import per_class
from segablate.report.pictures import sheets
from segablate.report.protocol import environment, protocol, settings, unmeasured
from segablate.report.published import compare, load, published
from segablate.report.speeds import speeds
from segablate.report.table import results
from segablate.report.trainings import trainings
from segablate.report.verdicts import verdicts


def page(study: StudyFacts, records: Sequence[Record]) -> Page:
    """Everything the report says.

    Raises:
        SegablateError: the study's reference does not exist, or an artefact is damaged.
    """
    found, baseline = ceilings(records), baseline_choices(records)
    trained = trainings(records)
    both = joined.joins(trained, found)
    reference = load(study.published) if study.published else None
    compared = compare(reference, records) if reference else ()
    judged = verdicts(study, records)
    return Page(
        name=headline(study.name, records),
        question=study.question,
        expect=study.expect,
        cite=study.cite,
        answer=answer(records, found, baseline, compared, both, judged),
        claims=claims_table(claim_verdicts(study.claims, records), read_kept(records[0].folder)),
        results=results(records, leaders(study, records)),
        more=(
            *titled("Against the baseline", against(judged, records)),
            *titled("What each component earns", component_effects(study, records)),
            *joined.table(both),
            *accuracy_tables.where(trained),
        ),
        figures=(
            *effects.figures(judged),
            *tradeoffs.figures(records),
            *accuracy_figures.figures(trained),
            *ceiling_curves.figures(found),
            *cost_figures.figures(costings(records)),
            *speed_figures.figures(speeds(records)),
            *class_dots.of_accuracy(records),
            *(class_dots.of_ceilings(found, baseline) if found else ()),
            *calibrated.figures(calibrated.cases(records)),
        ),
        caveats=caveats(records),
        protocol=protocol(records),
        settings=settings(records),
        published=published(reference, compared) if reference else None,
        per_class=accuracy_tables.by_class(trained) or per_class(found, baseline),
        sheets=sheets(found, baseline),
        contrasts=contrasts(records),
        unmeasured=unmeasured(records),
        environment=environment(records),
        command=study.command,
        study_file=study.study_file,
        numbers=numbers(records),
    )


def titled(title: str, table: Table | None) -> tuple[Titled, ...]:
    """The table under its title, where there is one."""
    return () if table is None else (Titled(title, table),)

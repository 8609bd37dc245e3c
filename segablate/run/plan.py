"""From a study to the cells it needs: each asked of its measure, none run.

A cell is known by its key, a hash of only what its measure reads, so that two studies, or two
variants, that need the same number share one cell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from segablate.errors import SegablateError, context
from segablate.evidence.claim import Claim
from segablate.measures.base import ALLOW_EXTERNAL, DEVICE, PLACES, Measure, Needs, measures
from segablate.records import Reads
from segablate.report import published
from segablate.study import printed
from segablate.study.claims import claims
from segablate.study.study import MeasureSpec, Study
from segablate.study.variants import Variant, field_in_study, skip_reason, variants

KEY_LENGTH = 20
CONFIG_WORDS = ("data", "input", "model", "recipe")
MOST_ROWS = 100_000
DEFAULT_NEEDS = Needs()


@dataclass(frozen=True)
class Cell:
    """One measure on what it reads, with one seed.

    Attributes:
        key: hash of what is below, less the places, and the measure's version.
        measure: the registered name, as it is on the wire.
        reads: all that the numbers depend on, as plain JSON values.
        seed: None where the measure does not depend on it.
        places: where on this machine it is read from; neither hashed nor recorded.
    """

    key: str
    measure: str
    reads: Reads
    seed: int | None
    places: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Row:
    """One variant under one measure with one seed: a line of the table before it has a number.

    Attributes:
        variant: what is measured.
        measure: how, with the label the study gave it.
        seed: 0 where the measure does not depend on it: one row then serves all repeats.
        cell: None if the row is skipped.
        skipped: why it is; "" otherwise.
    """

    variant: Variant
    measure: MeasureSpec
    seed: int
    cell: Cell | None
    skipped: str


@dataclass(frozen=True)
class Group:
    """Cells that one call of a measure takes together."""

    measure: MeasureSpec
    seed: int
    cells: tuple[Cell, ...]

    @property
    def needs(self) -> Needs:
        """What it takes of a machine, `cores` as the inputs of its first cell say."""
        needs = needs_of(self.measure)
        if isinstance(needs.cores, str):
            needs = replace(needs, cores=int(full_inputs(self.cells[0]).get(needs.cores, 1)))
        return needs

    @property
    def exclusive(self) -> bool:
        """Whether nothing else of ours may run on the machine meanwhile."""
        return exclusive(self.measure.use)


@dataclass(frozen=True)
class Plan:
    """What a study asks for.

    Attributes:
        study: the study.
        rows: a line of the table each.
        allow_external: whether code from outside may be run when it is measured.
        claims: what the study claims, its variants and measures found.
    """

    study: Study
    rows: tuple[Row, ...]
    allow_external: bool = False
    claims: tuple[Claim, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell once, in the order of the rows."""
        return tuple({row.cell.key: row.cell for row in self.rows if row.cell}.values())

    def groups(self, among: Collection[str] | None = None) -> list[Group]:
        """The cells, or those whose key is in `among`, as they are handed to their measures.

        Seed by seed, so that what is interrupted has the same seeds of all variants.
        """
        made = {spec.label: make(spec) for spec in self.study.measures}
        groups: dict[Hashable, tuple[Row, list[Cell]]] = {}
        taken: set[str] = set()
        for row in self.rows:
            cell = row.cell
            if cell is None or cell.key in taken or (among is not None and cell.key not in among):
                continue
            taken.add(cell.key)
            together = (row.measure.label, row.seed, made[row.measure.label].together(full_inputs(cell)))
            groups.setdefault(together, (row, []))[1].append(cell)
        unsorted = [Group(row.measure, row.seed, tuple(cells)) for row, cells in groups.values()]
        return sorted(unsorted, key=lambda group: group.seed)


def exclusive(measure: str) -> bool:
    """Whether a measure must have the machine to itself."""
    needs: Needs = getattr(measures.part(measure).make, "needs", DEFAULT_NEEDS)
    return needs.alone


def needs_of(spec: MeasureSpec) -> Needs:
    """What a measure of a study takes of a machine, as its settings are."""
    needs: Needs = getattr(make(spec), "needs", DEFAULT_NEEDS)
    return needs


def make(spec: MeasureSpec) -> Measure:
    """The measure that a study names, with its settings."""
    part, settings = measures.resolve({**spec.settings, "use": spec.use})
    return cast(Measure, part.build({}, settings))


def full_inputs(cell: Cell) -> dict[str, Any]:
    """What a cell reads as its measure is given it: with what is neutral and therefore in no key."""
    return measures.part(cell.measure).with_neutral(cell.reads)


def plan(study: Study, *, allow_external: bool = False, device: str = "cpu") -> Plan:
    """Every row of a study with its cell.

    Args:
        study: what is asked.
        allow_external: whether code from outside may be run, now to see whether it fits and later.
        device: `cpu` or `cuda`, where networks will compute: a time is of one device, a count of none.

    Raises:
        SegablateError: something in the study cannot be measured, or it asks for too much; it names file and
            line.
    """
    with context(where=study.where("published")):
        reference = published.load(study.published) if study.published else None
    made: list[Measure] = []
    for index, spec in enumerate(study.measures):
        with _at_measure(study, index):
            made.append(make(spec))
    settings = {ALLOW_EXTERNAL: allow_external, DEVICE: device}
    rows: list[Row] = []
    all_variants = variants(study)
    _bounded(study, len(all_variants), made)
    claimed = _claims(study, all_variants, made)
    for variant in all_variants:
        for index, measure in enumerate(made):
            rows += _rows(study, variant, index, measure, settings)
    if reference:
        met = (
            (row.measure.use, row.measure.label, row.variant.label, row.cell.reads)
            for row in rows
            if row.cell
        )
        with context(where=study.where("published")):
            published.check(reference, met)
    return Plan(study, tuple(rows), allow_external, claimed)


def _bounded(study: Study, count: int, made: Sequence[Measure]) -> None:
    """Refuse more rows than could be planned in minutes."""
    rows = count * sum(study.repeat if measure.seeded else 1 for measure in made)
    if rows > MOST_ROWS:
        message = (
            f"the study asks for {rows:,} rows of results, {count:,} variants with all measures and seeds"
        )
        hint = f"{MOST_ROWS:,} can be planned: vary less, or make several studies"
        raise SegablateError(message, where=study.where("vary"), hint=hint)


def claims_of(study: Study) -> tuple[Claim, ...]:
    """What a study claims, its variants and measures found; nothing else of it is asked.

    Raises:
        SegablateError: a claim is about something that is not there; it names file and line.
    """
    return _claims(study, variants(study), [make(spec) for spec in study.measures]) if study.claims else ()


def _claims(study: Study, all_variants: Sequence[Variant], made: Sequence[Measure]) -> tuple[Claim, ...]:
    needed = zip(study.measures, made, strict=True) if study.claims or study.table.show else ()
    metrics = {spec.label: measure.metrics for spec, measure in needed}
    printed.check(study, all_variants, metrics)
    return claims(study, all_variants, metrics)


def key(measure: str, version: int, reads: Reads, seed: int | None) -> str:
    """The name of a cell: equal for equal inputs, whatever the order of their keys.

    Args:
        measure: the registered name on the wire; the label a study gives it is cosmetic.
        version: of the measure, raised when its numbers change.
        reads: JSON values, by their names on the wire.
        seed: None where the measure does not depend on it.
    """
    parts = {"measure": measure, "version": version, "reads": reads, "seed": seed}
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:KEY_LENGTH]


def canonical(value: Any) -> str:
    """The one way to write a JSON value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _rows(
    study: Study, variant: Variant, index: int, measure: Measure, settings: Mapping[str, Any]
) -> Iterator[Row]:
    spec = study.measures[index]
    reason = skip_reason(study, variant, spec.label)
    reads: dict[str, Any] = {}
    if reason is None:
        with _at_variant(study, variant, index):
            _has_gpu(spec, measure, str(settings[DEVICE]))
            # through JSON, so that planned and stored inputs compare as equals
            reads = json.loads(canonical(measure.reads({**variant.config, **settings})))
            reads = measures.part(spec.use).without_neutral(reads)
    for seed in range(study.repeat if measure.seeded else 1):
        cell = None if reason is not None else _cell(spec, reads, seed if measure.seeded else None)
        yield Row(variant, spec, seed, cell, reason or "")


def _has_gpu(spec: MeasureSpec, measure: Measure, device: str) -> None:
    if getattr(measure, "needs", DEFAULT_NEEDS).gpu == "required" and device != "cuda":
        raise SegablateError(
            f"measure `{spec.use}` needs a GPU, and there is none here",
            hint="plan and run with `--device cuda` and an executor that has GPUs elsewhere",
            field="measure.use",
        )


def _cell(spec: MeasureSpec, reads: dict[str, Any], seed: int | None) -> Cell:
    # the fingerprint in `reads` says what the data are; where they lie is nobody else's concern
    places = reads.get(PLACES, {})
    reads = {name: value for name, value in reads.items() if name != PLACES}
    part = measures.part(spec.use)
    return Cell(key(part.first_name, part.version, reads, seed), part.first_name, reads, seed, places)


@contextmanager
def _at_measure(study: Study, index: int) -> Iterator[None]:
    try:
        yield
    except SegablateError as error:
        field = f"measure.{index}.{error.field}" if error.field else f"measure.{index}"
        error.where = error.where or study.where(field)
        raise


@contextmanager
def _at_variant(study: Study, variant: Variant, index: int) -> Iterator[None]:
    try:
        yield
    except SegablateError as error:
        error.where = error.where or _where(study, variant, index, error.field)
        raise


def _where(study: Study, variant: Variant, index: int, field: str | None) -> str:
    if not field:
        return str(study.path)
    if field.split(".")[0] in CONFIG_WORDS:
        return study.where(field_in_study(study, variant, field))
    return study.where(f"measure.{index}.{field.removeprefix('measure.')}")

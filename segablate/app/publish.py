"""From a study to its outcomes and its report, for the command line and for notebooks."""

from __future__ import annotations

import gc
import hashlib
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from segablate.errors import SegablateError
from segablate.records import SCHEMA

if TYPE_CHECKING:
    from segablate.app.grid import Grid
    from segablate.evidence.claim import Claim
    from segablate.records import Outcome
    from segablate.report.blocks import Page
    from segablate.report.facts import StudyFacts
    from segablate.run.execute import Only, Summary
    from segablate.run.plan import Cell, Plan
    from segablate.run.store import Store
    from segablate.study.study import Study
    from segablate.study.variants import Variant


TAKEN = {"data", "figures"}
# reports that somebody wants to commit; those of a machine lie below the store, where git does not look
COMMITTED = Path("reports")
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST_LABEL = 48
# in a report's data: which study it is of
ORIGIN = "study.json"
# an override that a folder's name tells whole
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9.]*=[A-Za-z0-9.]+")


@dataclass(frozen=True)
class Place:
    """Where a study's outcomes are and where its report goes.

    Attributes:
        store: root of the store.
        reports: root of the reports that are written.
        label: folder below the study's, for the results of another machine; "" for none.
        committed: root of the reports of which outcomes, and claims with their days, are taken over.
    """

    store: Path
    reports: Path
    label: str = ""
    committed: Path = COMMITTED

    def __post_init__(self) -> None:
        if self.label and (self.label in TAKEN or not FOLDER.fullmatch(self.label)):
            taken = "`data` and `figures` are the report's own"
            plain = "use letters, digits, `-`, `_` and `.`"
            raise SegablateError(
                f"`--label` cannot be `{self.label}`", hint=taken if self.label in TAKEN else plain
            )

    def report(self, study: str) -> Path:
        """The folder of a study's report."""
        return self.reports / study / self.label if self.label else self.reports / study

    @property
    def beside(self) -> Place:
        """The same among the committed reports."""
        return replace(self, reports=self.committed)


def place_of(store: Path, reports: Path | None, label: str, overrides: Sequence[str]) -> Place:
    """Where a command's results go: those of a changed study never in the place of the study's own report.

    Args:
        store: where outcomes are.
        reports: where reports are to be; None for among the committed ones with a label, else below the
            store.
        label: of another machine; "" for none.
        overrides: changes of the study.
    """
    root = reports or (COMMITTED if label else store / COMMITTED.name)
    return Place(store, root, label or (changed_label(overrides) if overrides else ""), reports or COMMITTED)


def there(place: Place, study: str, other: Place | None = None) -> Place:
    """The place of the report that there is, or the first: this machine's own, else the committed one.

    Args:
        place: looked at first.
        study: its name.
        other: looked at then; by default among the committed reports.
    """
    other = other or place.beside
    has_data = [(where.report(study) / "data").is_dir() for where in (place, other)]
    return other if has_data == [False, True] else place


def changed_label(overrides: Sequence[str]) -> str:
    """A folder for the results of a changed study: `repeat=1` → `set-repeat-1`; each change has its own."""
    text = "-".join(override.replace("=", "-") for override in overrides)
    label = "set-" + re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")
    exact = len(label) <= LONGEST_LABEL and all(PLAIN.fullmatch(override) for override in overrides)
    if exact:
        return label
    mark = hashlib.sha256("\n".join(overrides).encode()).hexdigest()[:6]
    return f"{label[:LONGEST_LABEL].rstrip('-.')}-{mark}"


def find_external(allowed: bool) -> None:
    """Where code from outside is allowed, it may be a file in the working directory, as with `python -m`."""
    here = str(Path.cwd())
    if allowed and here not in sys.path:
        sys.path.append(here)


def planned(
    study: Path,
    overrides: Sequence[str],
    allow_external: bool = False,
    device: str = "auto",
    executor: str = "inline",
) -> Plan:
    """Load a study and ask its measures what they read, where an executor is to run it."""
    from segablate.run.execute import device_of
    from segablate.run.plan import plan
    from segablate.study.load import load

    find_external(allow_external)
    return plan(load(study, overrides), allow_external=allow_external, device=device_of(device, executor))


def facts(
    study: Study, overrides: Sequence[str], label: str, claims: tuple[Claim, ...] | None = None
) -> StudyFacts:
    """What a report tells of its study; its claims are looked up where they are not given."""
    from segablate.report.facts import StudyFacts, TableLayout
    from segablate.study.variants import variants

    words = ["segablate", "run", study.path.as_posix()]
    words += [word for override in overrides for word in ("--set", override)]
    own = changed_label(overrides) if overrides else ""
    words += ["--label", label] if label not in ("", own) else []
    words += ["--allow-external"] if any(_external(variant) for variant in variants(study)) else []
    return StudyFacts(
        name=study.name,
        question=study.question,
        expect=study.expect,
        cite=study.cite,
        published=study.published,
        command=shlex.join(words),
        study_file=study.path.as_posix(),
        margin=study.margin,
        claims=_claims(study) if claims is None else claims,
        design=study.design[0],
        axes=tuple(axis.field for axis in study.axes),
        names=study.names,
        table=TableLayout(**vars(study.table)),
    )


def _claims(study: Study) -> tuple[Claim, ...]:
    if not study.claims:
        return ()
    # what a measure gives is asked of the measures, which bring torch with them
    from segablate.run.plan import claims_of

    return claims_of(study)


def keep_origin(study: Path, overrides: Sequence[str], label: str, data: Path) -> None:
    """Write in a report's data which study it is of, changed how, and under which label."""
    from segablate import disk

    made = {"schema": SCHEMA, "study": study.as_posix(), "overrides": list(overrides), "label": label}
    text = json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    disk.keep(data, {ORIGIN: text.encode()}, option="--reports")


def origin(data: Path) -> tuple[Path, list[str], str]:
    """The study, its changes and the label of a report.

    Raises:
        SegablateError: its data do not say so, or the file is damaged.
    """
    path = data / ORIGIN
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        return Path(made["study"]), [str(override) for override in made["overrides"]], str(made["label"])
    except FileNotFoundError:
        raise SegablateError(
            "this report does not say of which study it is",
            where=str(path),
            hint="write it again: `segablate report STUDY --reports reports`",
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise SegablateError(
            "this does not say of which study a report is", where=str(path), hint="write the report again"
        ) from error


def keep_claims(plan: Plan, place: Place, outcomes: Mapping[str, Outcome | None]) -> None:
    """Write beside the report what is claimed, before it is known: each claim keeps the day it first ran."""
    known = {
        (row.variant.label, row.measure.label)
        for row in plan.rows
        if row.cell and (outcome := outcomes[row.cell.key]) and outcome.status == "done"
    }
    own, committed = (where.report(plan.study.name) / "data" for where in (place, place.beside))
    _keep(plan.claims, own, known, committed)


def _keep(claims: Sequence[Claim], data: Path, known: set[tuple[str, str]], committed: Path) -> None:
    """Write the claims of a report's data; those that a committed report already keeps have their day."""
    from segablate import disk
    from segablate.report.claims import CLAIMS, keep, read_kept, written
    from segablate.report.data import OUTCOMES, read

    before = read_kept(data) or read_kept(committed)
    if not claims and not before:
        return
    if (data / OUTCOMES).is_file():
        known = known | {(record.variant, record.measure) for record in read(data) if record.done}
    text = written(keep(claims, before, known, datetime.now(UTC).date().isoformat())).encode()
    disk.keep(data, {CLAIMS: text}, option="--reports")


def _external(variant: Variant) -> bool:
    model = variant.config.get("model")
    return isinstance(model, Mapping) and model.get("use") == "external"


class Watcher(Protocol):
    """Whoever follows a run: `segablate.cli.live.Board`."""

    def progress(self, what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Open a bar."""

    def tell(self, cell: Cell, outcome: Outcome) -> None:
        """Take up what became of a cell."""


@dataclass(frozen=True)
class Finished:
    """A study that was run, and its report.

    Attributes:
        plan: what was wanted.
        summary: how many cells were measured, reused, failed.
        path: the page in Markdown.
        page: what it says.
    """

    plan: Plan
    summary: Summary
    path: Path
    page: Page


def run_study(
    study: Path,
    place: Place,
    overrides: Sequence[str],
    *,
    only: Only,
    grid: Grid,
    device: str,
    wait: float,
    take_over: bool,
    reuse_report: bool,
    allow_external: bool,
    note: Callable[[str], None],
    watch: Callable[[Plan, Store], Watcher] | None = None,
) -> Finished:
    """Run what is missing of a study, then write its report.

    Args:
        study: its YAML file.
        place: where its outcomes and its report go.
        overrides: changes of it, `key=value`.
        only: as `segablate.run.execute.execute` has it, like what follows.
        grid: where cells run, how many at a time and for how long.
        device: where networks compute.
        wait: seconds at most that other work of ours is waited for before something is timed.
        take_over: whether to take over at once what other runs are at.
        reuse_report: whether to take what the committed report holds, of measures that are the same anywhere.
        allow_external: whether the code of a function of your own may run.
        note: called with what a person should know of the run.
        watch: gives whoever follows the cells.

    Raises:
        SegablateError: the study is wrong, or a file cannot be written. A cell that fails is an outcome.
        Stopped: Ctrl-C; what was finished is kept.
    """
    from segablate.disk.machine_lock import shared
    from segablate.run import reuse
    from segablate.run.cautions import cautions
    from segablate.run.context import silent
    from segablate.run.execute import execute
    from segablate.run.store import Store

    with shared("planning"):
        plan = planned(study, overrides, allow_external, device, grid.executor)
    for caution in cautions(plan):
        note(f"warning: {caution}")
    store = Store(place.store)
    if reuse_report and only == "missing":
        for reused in reuse.take_over(plan, store, place.committed / plan.study.name):
            note(f"note: {reused}")
    watcher = watch(plan, store) if watch else None
    keep_claims(plan, place, store.outcomes_of(plan.cells))
    summary = execute(
        plan,
        store,
        only=only,
        executor=grid.executor,
        jobs=grid.jobs,
        settings=grid.settings,
        budget=grid.budget,
        device=device,
        wait=wait,
        take_over=take_over,
        progress=watcher.progress if watcher else silent,
        tell=watcher.tell if watcher else lambda cell, outcome: None,
    )
    with shared("the report"):
        path, page = publish(plan, place, overrides)
    return Finished(plan, summary, path, page)


def publish(
    plan: Plan,
    place: Place,
    overrides: Sequence[str],
    formats: Sequence[str] = (),
    outcomes: Mapping[str, Outcome | None] | None = None,
    *,
    details: bool = False,
) -> tuple[Path, Page]:
    """Bring the outcomes of a plan from the store beside the report, and write it, in further formats too.

    Args:
        plan: what the study asks for.
        place: where the outcomes are, and where the report goes.
        overrides: changes of the study.
        formats: further ones.
        outcomes: of the plan's cells, by key, where they have been read.
        details: whether nothing is folded.

    Returns:
        The page in Markdown, and what it says.
    """
    from segablate.report.data import read
    from segablate.report.page import page
    from segablate.report.write import write
    from segablate.run.collect import collect
    from segablate.run.store import Store

    folder, store = place.report(plan.study.name), Store(place.store)
    with _nothing_collected():
        if outcomes is None:
            outcomes = store.outcomes_of(plan.cells)
        keep_claims(plan, place, outcomes)
        data = collect(plan, store, folder, outcomes)
        keep_origin(plan.study.path, overrides, place.label, data)
        known = facts(plan.study, overrides, place.label, plan.claims)
        content = page(known, read(data))
        return write(known, folder, formats, content, details=details), content


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """All outcomes, records and rows are needed to the end: to look for garbage among them, again and again
    as they grow, takes a quarter of the time of 20,000 cells.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def republish(
    study: Path,
    place: Place,
    overrides: Sequence[str],
    formats: Sequence[str] = (),
    *,
    details: bool = False,
    allow_external: bool = False,
) -> tuple[str, Path]:
    """Write the report from the store where it has every cell, else from the report's data.

    Returns:
        The study's name and the page.
    """
    from segablate.report.write import write
    from segablate.run.store import Store, say
    from segablate.study.load import load

    loaded = load(study, overrides)
    data = _data(place, loaded.name, overrides)
    has_data = data.is_dir()
    try:
        plan = planned(study, overrides, allow_external)
    except SegablateError as error:
        if not has_data:
            raise
        say(f"{error}; the numbers are those of `{data}`")
    else:
        outcomes = Store(place.store).outcomes_of(plan.cells)
        missing = list(outcomes.values()).count(None)
        if not missing or (missing < len(plan.cells) and not has_data):
            page, _ = publish(plan, place, overrides, formats, outcomes, details=details)
            return loaded.name, page
        if has_data:
            say(f"{missing:,} cells are not in the store; the numbers are those of `{data}`")
    folder = there(place, loaded.name).report(loaded.name)
    if has_data and data.parent != folder:
        shutil.copytree(data, folder / "data", dirs_exist_ok=True)
    known = facts(loaded, overrides, place.label)
    if has_data:
        _keep(known.claims, folder / "data", set(), data)
        keep_origin(study, overrides, place.label, folder / "data")
    return loaded.name, write(known, folder, formats, details=details)


def _data(place: Place, study: str, overrides: Sequence[str]) -> Path:
    """A report's data; another margin judges the numbers anew that the study's own report has."""
    own = there(place, study).report(study) / "data"
    margins_only = overrides and all(re.match(r"margin[.=]", override) for override in overrides)
    if own.is_dir() or not margins_only or place.label != changed_label(overrides):
        return own
    return there(replace(place, label=""), study).report(study) / "data"


@contextmanager
def results_of(
    study: Path, place: Place, overrides: Sequence[str], allow_external: bool = False
) -> Iterator[tuple[StudyFacts, Path]]:
    """What a report tells of its study, and a folder with the data, from the store where it has every cell,
    else from the report's data. Nothing is written below the reports.

    Raises:
        SegablateError: there are no results yet; the hint says which command comes first.
    """
    from segablate.run.collect import collect
    from segablate.run.store import Store
    from segablate.study.load import load

    loaded = load(study, overrides)
    known, data = facts(loaded, overrides, place.label), _data(place, loaded.name, overrides)
    try:
        plan = planned(study, overrides, allow_external)
        store = Store(place.store)
        outcomes = store.outcomes_of(plan.cells)
        missing = None in outcomes.values()
    except SegablateError:
        if not data.is_dir():
            raise
        missing = True
    if missing and not data.is_dir():
        raise SegablateError(
            f"there are no results of `{loaded.name}` yet", hint=f"run `{known.command}` first"
        )
    if missing:
        yield known, data
        return
    with TemporaryDirectory() as folder:
        yield known, collect(plan, store, Path(folder), outcomes)

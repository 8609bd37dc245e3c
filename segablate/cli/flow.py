"""What `run` and `report` share: from a study's outcomes to its pages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from segablate.cli.output import say
from segablate.errors import SegablateError

if TYPE_CHECKING:
    from segablate.report.facts import StudyFacts
    from segablate.run.plan import Plan
    from segablate.study.study import Study


TAKEN = {"data", "figures"}
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Place:
    """Where a study's outcomes are and where its report goes.

    Attributes:
        store: root of the store.
        reports: root of the reports.
        label: folder below the study's, for the results of another machine; "" for none.
    """

    store: Path
    reports: Path
    label: str = ""

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


def planned(study: Path, overrides: Sequence[str]) -> Plan:
    """Load a study and ask its measures what they read."""
    from segablate.run.plan import plan
    from segablate.study.load import load

    return plan(load(study, overrides))


def facts(study: Study, overrides: Sequence[str], label: str) -> StudyFacts:
    """What a report tells of its study."""
    from segablate.report.facts import StudyFacts

    words = ["segablate", "run", study.path.as_posix()]
    words += [word for override in overrides for word in ("--set", override)]
    words += ["--label", label] if label else []
    return StudyFacts(
        name=study.name,
        question=study.question,
        expect=study.expect,
        cite=study.cite,
        published=study.published,
        command=shlex.join(words),
        study_file=study.path.as_posix(),
    )


def publish(plan: Plan, place: Place, overrides: Sequence[str], formats: Sequence[str] = ()) -> Path:
    """Bring the outcomes of a plan from the store beside the report, and write it, in further formats too."""
    from segablate.report.write import write
    from segablate.run.collect import collect
    from segablate.run.store import Store

    folder = place.report(plan.study.name)
    collect(plan, Store(place.store), folder)
    return write(facts(plan.study, overrides, place.label), folder, formats)


def republish(
    study: Path, place: Place, overrides: Sequence[str], formats: Sequence[str] = ()
) -> tuple[str, Path]:
    """Write the report from the store where it has every cell, else from the report's data.

    Returns:
        The study's name and the page.
    """
    from segablate.report.write import write
    from segablate.study.load import load

    loaded = load(study, overrides)
    folder = place.report(loaded.name)
    has_data = (folder / "data").is_dir()
    try:
        plan = planned(study, overrides)
    except SegablateError as error:
        if not has_data:
            raise
        say(f"note: {error}; the numbers are those of `{folder / 'data'}`")
    else:
        missing = _missing(plan, place.store)
        if not missing or (missing < len(plan.cells) and not has_data):
            return loaded.name, publish(plan, place, overrides, formats)
        if has_data:
            say(f"note: {missing:,} cells are not in the store; the numbers are those of `{folder / 'data'}`")
    return loaded.name, write(facts(loaded, overrides, place.label), folder, formats)


def _missing(plan: Plan, store: Path) -> int:
    from segablate.run.store import Store

    kept = Store(store)
    return sum(kept.outcome(cell) is None for cell in plan.cells)


@contextmanager
def found(study: Path, place: Place, overrides: Sequence[str]) -> Iterator[tuple[StudyFacts, Path]]:
    """What a report tells of its study, and a folder with the data, from the store where it has every cell,
    else from the report's data. Nothing is written below the reports.

    Raises:
        SegablateError: there are no results yet; the hint says which command comes first.
    """
    from segablate.run.collect import collect
    from segablate.run.store import Store
    from segablate.study.load import load

    loaded = load(study, overrides)
    told, data = facts(loaded, overrides, place.label), place.report(loaded.name) / "data"
    try:
        plan = planned(study, overrides)
        missing = _missing(plan, place.store)
    except SegablateError:
        if not data.is_dir():
            raise
        missing = 1
    if missing and not data.is_dir():
        raise SegablateError(
            f"there are no results of `{loaded.name}` yet", hint=f"run `{told.command}` first"
        )
    if missing:
        yield told, data
        return
    with TemporaryDirectory() as folder:
        yield told, collect(plan, Store(place.store), Path(folder))

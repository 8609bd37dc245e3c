"""What an outcome tells of its making, and outcomes that were made before they told it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from segablate.records import Outcome
from segablate.run.collect import collect
from segablate.run.execute import execute
from segablate.run.plan import Plan, plan
from segablate.run.provenance import checkout
from segablate.run.store import Store
from segablate.study.load import load

# two ceilings as 0.1.0 put them at commit 12a8ab6; the folders are called by their keys: they are renamed
# only where a key changes on purpose
OLD = Path(__file__).parent / "store_of_0_1"
NEW_FIELDS = ("use", "seeded", "version", "commit", "dirty", "date")


def test_an_outcome_tells_which_measure_and_which_code_made_it(
    planned: Callable[..., Plan], store: Store
) -> None:
    made = planned("a", "raise")
    execute(made, store)
    for cell in made.cells:
        outcome = store.outcome(cell)
        assert outcome
        assert (outcome.use, outcome.seeded) == ("fake", False)
        assert outcome.version == version("segablate")
        assert datetime.now(UTC) - datetime.fromisoformat(outcome.date) < timedelta(minutes=5)
        assert (outcome.commit is None) == (outcome.dirty is None)


def test_what_depends_on_the_seed_says_so(planned: Callable[..., Plan], store: Store) -> None:
    made = planned("a", measure="fake-seeded", repeat=2)
    execute(made, store)
    assert [outcome.seeded for cell in made.cells if (outcome := store.outcome(cell))] == [True, True]


def test_a_store_of_before_has_the_same_keys_and_nothing_is_measured_again(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "runs")
    made, store = plan(load(OLD / "old.yaml")), Store(tmp_path / "runs")
    for cell in made.cells:
        raw = json.loads((store.folder(cell) / "outcome.json").read_text())
        assert not set(NEW_FIELDS) & raw.keys()
    summary = execute(made, store, device="cpu")
    assert (summary.done, summary.reused, summary.open) == (0, 2, 0)


def test_of_an_outcome_of_before_a_report_is_told_the_measure(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "runs")
    made = plan(load(OLD / "old.yaml"))
    data = collect(made, Store(tmp_path / "runs", lambda message: None), tmp_path / "report")
    rows = [json.loads(line) for line in (data / "outcomes.jsonl").read_text().splitlines()]
    assert [row["use"] for row in rows] == ["oracle", "oracle"]
    told = [Outcome.from_json(json.dumps(row["outcome"])) for row in rows]
    assert [(one.use, one.seeded, one.date) for one in told] == [("oracle", False, "")] * 2


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a package that it tracks."""
    package = tmp_path / "repository" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", "-C", str(package), *words], check=True)
    return package


def test_a_checkout_has_a_commit_and_knows_changes_of_the_package_only(repository: Path) -> None:
    commit, dirty = checkout(repository)
    assert commit
    assert len(commit) == 40
    assert dirty is False
    (repository.parent / "report.md").write_text("changed")
    assert checkout(repository) == (commit, False)
    (repository / "new.py").write_text("")
    assert checkout(repository) == (commit, True)


def test_a_package_that_a_repository_does_not_track_has_no_commit(repository: Path, tmp_path: Path) -> None:
    installed = repository / "site-packages"
    installed.mkdir()
    (installed / "__init__.py").write_text("")
    assert checkout(installed) == (None, None)
    assert checkout(tmp_path) == (None, None)


def test_without_git_there_is_no_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert checkout(repository) == (None, None)

"""A model from outside in a study: refused unless allowed, tried when planned, known by its code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.errors import SegablateError
from segablate.measures.base import ALLOW_EXTERNAL, measures
from segablate.run.execute import execute
from segablate.run.plan import Plan, plan
from segablate.run.store import Store
from segablate.study.load import load

FACTORY = """\
from pathlib import Path

from torch import nn

Path(__file__).with_name("ran").touch()


def make(classes=3, stride=1):
    return nn.Conv2d(3, classes, 3, stride, 1)
"""
STUDY = """\
name: outside
question: What does a network of my own cost?
fixed:
  input: {{size: [16, 24], classes: 3}}
vary:
  model:
    ours: {{encoder: resnet18}}
    mine:
      use: external
      factory: {factory}
      settings: {settings}
skip:
  - {{when: {{model: ours}}, because: it is not asked}}
measure:
  - {measure}
"""
MINE = 10  # the line of `factory`


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a study of a network in a file of one's own."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "a_net_of_mine", raising=False)
    (tmp_path / "a_net_of_mine.py").write_text(FACTORY)

    def write(factory: str = "a_net_of_mine:make", settings: str = "{}", measure: str = "complexity") -> Path:
        path = tmp_path / "outside.yaml"
        path.write_text(STUDY.format(factory=factory, settings=settings, measure=measure))
        return path

    return write


def refused(path: Path, *, allow: bool) -> SegablateError:
    with pytest.raises(SegablateError) as caught:
        plan(load(path), allow_external=allow)
    return caught.value


def allowed(path: Path) -> Plan:
    return plan(load(path), allow_external=True)


def test_it_is_refused_with_its_line_and_not_run_unless_that_is_allowed(study: Callable[..., Path]) -> None:
    path = study()
    error = refused(path, allow=False)
    assert error.where == f"{path}:{MINE}"
    assert "`a_net_of_mine:make` is code from outside" in error.message
    assert "--allow-external" in str(error.hint)
    assert not path.with_name("ran").exists()


def test_a_study_cannot_allow_it_by_itself(study: Callable[..., Path]) -> None:
    path = study()
    path.write_text(path.read_text().replace("fixed:", f"fixed:\n  {ALLOW_EXTERNAL}: true"))
    with pytest.raises(SegablateError, match="a configuration has no `allow_external`"):
        load(path)


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_it_is_measured_where_it_is_allowed_by_worker_processes_too(
    study: Callable[..., Path], tmp_path: Path, executor: str
) -> None:
    made, store = allowed(study()), Store(tmp_path / "runs")
    summary = execute(made, store, executor=executor)
    assert (summary.done, summary.failed) == (1, 0), summary.failures
    (cell,) = made.cells
    outcome = store.outcome(cell)
    assert outcome is not None
    assert outcome.value("macs") == 3 * 3 * 9 * 16 * 24
    assert ALLOW_EXTERNAL not in outcome.reads
    assert str(tmp_path) not in outcome.to_json()


def test_a_worker_runs_none_where_the_plan_does_not_allow_it(
    study: Callable[..., Path], tmp_path: Path
) -> None:
    made = allowed(study())
    closed = Plan(made.study, made.rows)
    ((_, reason),) = execute(closed, Store(tmp_path / "runs")).failures
    assert "is code from outside" in reason


def test_its_code_and_its_settings_make_the_key_and_the_permission_does_not(
    study: Callable[..., Path],
) -> None:
    def key() -> str:
        (cell,) = allowed(study(settings=settings)).cells
        return cell.key

    settings = "{}"
    first = key()
    assert first == key()
    settings = "{classes: 3}"
    assert first != key()
    settings = "{}"
    file = study().with_name("a_net_of_mine.py")
    file.write_text(file.read_text() + "\n# another version\n")
    assert first != key()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{classes: 5}", "gives 2×5×64×96 scores, but 2×3×64×96 are needed"),
        ("{stride: 2}", "gives 2×3×32×48 scores, but 2×3×64×96 are needed"),
        ("{clases: 3}", "cannot be called so"),
    ],
)
def test_what_is_off_is_told_with_its_line_when_the_plan_is_made(
    study: Callable[..., Path], settings: str, message: str
) -> None:
    path = study(settings=settings)
    error = refused(path, allow=True)
    assert message in error.message
    assert str(error.where).startswith(f"{path}:")


@pytest.mark.parametrize("setting", ["scope: decoder", "published: decoders-matter"])
def test_a_part_of_it_cannot_be_counted(study: Callable[..., Path], setting: str) -> None:
    path = study(measure=f"{{use: complexity, {setting}}}")
    error = refused(path, allow=True)
    assert "counted as a whole" in error.message
    assert str(error.where).startswith(f"{path}:")


def test_what_is_read_is_no_other_for_our_own_models_where_it_is_allowed() -> None:
    config = {"model": {"encoder": "resnet18"}, "input": {"size": [64, 64], "classes": 3}}
    made = measures.part("complexity").build({}, {})
    assert made.reads({**config, ALLOW_EXTERNAL: True}) == made.reads(config)

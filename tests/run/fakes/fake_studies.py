"""Studies of fake measures, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from segablate.measures.base import measures
from segablate.run.plan import Plan, plan
from segablate.run.store import Store
from segablate.study.load import load

STUDY = """\
name: s
question: Does it work?
fixed:
  model.output_stride: {stride}
vary:
  model.encoder: [{words}]
measure:
{measures}
repeat: {repeat}
"""


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The fake measures, registered for one test, with a log of their own."""
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    import fake_measures  # not above: importing it registers them, for all tests that follow

    fake_measures.register()
    yield fake_measures
    for name in fake_measures.NAMES:
        measures._parts.pop(name, None)


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., Plan]:
    """Plan a study whose encoders are words that the fake measure does."""

    def make(
        *words: str,
        measure: str = "fake",
        settings: str = "",
        more: str = "",
        stride: int = 16,
        repeat: int = 1,
    ) -> Plan:
        path = tmp_path / "s.yaml"
        lines = [f"use: {measure}" + (f", {settings}" if settings else ""), *([more] if more else [])]
        measures = "\n".join(f"  - {{{line}}}" for line in lines)
        path.write_text(STUDY.format(words=", ".join(words), measures=measures, stride=stride, repeat=repeat))
        return plan(load(path))

    return make


@pytest.fixture
def told() -> list[str]:
    """What the store has told."""
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[str]) -> Store:
    """An empty store that tells into `told`."""
    return Store(tmp_path / "runs", told.append)

"""An executor of one's own is one file: that of the page on machines."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from segablate.run.execute import execute
from segablate.run.executors.base import executors
from segablate.run.plan import Plan
from segablate.run.store import Store

PAGE = Path(__file__).parents[2] / "docs" / "machines.md"


def test_the_executor_of_the_page_runs_every_cell_in_its_own_order(
    planned: Callable[..., Plan], store: Store, fakes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    executors.names()  # the package is searched before another part is added
    monkeypatch.setattr(executors, "_parts", dict(executors._parts))
    exec(compile(source, "backwards.py", "exec", dont_inherit=True), {"__name__": "backwards"})
    made = planned("a", "b", "raise", settings="alone: true")
    summary = execute(made, store, executor="backwards")
    assert (summary.done, summary.failed) == (2, 1)
    assert fakes.logged() == ["raise", "b", "a"]

"""A folder to write studies in, named as a reader would name them: without the path above."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from segablate.study.load import load
from segablate.study.study import Study

Write = Callable[..., Study]
HEAD = "name: x\nmeasure: [oracle]\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def study() -> Write:
    """Load a study from its text; `name` and `measure` are put after it where it has none."""

    def make(text: str, *overrides: str) -> Study:
        keys = {line.split(":")[0] for line in text.splitlines()}
        for line in HEAD.splitlines():
            if line.split(":")[0] not in keys:
                text = f"{text.rstrip()}\n{line}\n"
        Path("x.yaml").write_text(text, encoding="utf-8")
        return load(Path("x.yaml"), overrides)

    return make

"""What a report's data say of the study that it is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from segablate.app.publish import ORIGIN, keep_origin, origin
from segablate.errors import SegablateError

ROOT = Path(__file__).parents[2]
COMMITTED = sorted(path.parent for path in (ROOT / "reports").rglob("outcomes.jsonl"))


def test_study_changes_and_label_come_back_as_they_were(tmp_path: Path) -> None:
    keep_origin(Path("studies/x.yaml"), ["recipe={use: probe}", "repeat=3"], "frozen", tmp_path)
    assert origin(tmp_path) == (Path("studies/x.yaml"), ["recipe={use: probe}", "repeat=3"], "frozen")


@pytest.mark.parametrize("text", [None, "", "[]", '{"study": "s.yaml"}', '{"study": 1, "overrides": 2}'])
def test_a_report_that_does_not_say_so_is_a_message(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / ORIGIN).write_text(text)
    with pytest.raises(SegablateError) as caught:
        origin(tmp_path)
    assert caught.value.where == str(tmp_path / ORIGIN)
    assert caught.value.hint


@pytest.mark.parametrize("data", COMMITTED, ids=lambda data: str(data.parent.relative_to(ROOT / "reports")))
def test_a_committed_report_is_of_a_study_that_is_here(data: Path) -> None:
    study, _, label = origin(data)
    assert not study.is_absolute()
    assert (ROOT / study).is_file()
    below = data.parent.relative_to(ROOT / "reports")
    assert below == (Path(study.stem) / label if label else Path(study.stem))

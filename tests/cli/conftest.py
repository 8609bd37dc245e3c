"""Commands run in this process, and what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from segablate.cli.commands import invoke
from segablate.errors import SegablateError
from segablate.measures.base import Config, MeasureContext, Result, measures
from segablate.records import Measurement, Reads


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; an error if there is anything beside it."""
        return json.loads(self.out)


@pytest.fixture
def segablate(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Run one command line, in this process, on a screen 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: object) -> Said:
        capfd.readouterr()
        code = invoke([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return run


class Toy:
    """Scores a word by its length; the word `broken` cannot be measured."""

    seeded = False
    metrics = ("miou",)

    def reads(self, config: Config) -> dict[str, Any]:
        return {"word": config["model"]["encoder"]}

    def together(self, reads: Reads) -> Hashable:
        return None

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        with ctx.progress("words", len(cells)) as advance:
            for reads in cells:
                advance(1)
                yield self._one(str(reads["word"]))

    def _one(self, word: str) -> Result | SegablateError:
        if word == "broken":
            return SegablateError("this word is broken")
        return Result((Measurement("miou", (len(word) / 10,), "length / 10"),))


STUDY = """\
name: toy
question: Which word is longest?
vary:
  model.encoder: [{words}]
skip:
  - {{when: {{model.encoder: left}}, because: it is left out}}
measure: [toy]
"""


@pytest.fixture
def toy_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Write a study of a few words, in an empty working directory; its measure is registered meanwhile."""
    monkeypatch.chdir(tmp_path)
    measures.register("toy")(Toy)

    def write(*words: str) -> Path:
        Path("toy.yaml").write_text(STUDY.format(words=", ".join(words)))
        return Path("toy.yaml")

    yield write
    measures._parts.pop("toy", None)

"""A measure context that records what was built, small folders of label maps, and the oracle on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from segablate.measures.base import Arrays, Result, measures
from segablate.records import Reads

sys.path.insert(0, str(Path(__file__).parent / "toys"))


class MeasureContext:
    """Keeps what is built in memory."""

    device = "cpu"
    allow_external = False

    def __init__(self) -> None:
        self.kept: dict[str, Arrays] = {}
        self.built: list[tuple[str, Reads]] = []
        self.told: list[tuple[str, int, list[int]]] = []

    def cached(self, name: str, reads: Reads, build: Callable[[], Arrays]) -> Arrays:
        mark = f"{name} {sorted(reads.items())!r}"
        if mark not in self.kept:
            self.built.append((name, reads))
            self.kept[mark] = build()
        return self.kept[mark]

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        done: list[int] = []
        self.told.append((what, total, done))
        yield done.append


@pytest.fixture
def ctx() -> MeasureContext:
    return MeasureContext()


@pytest.fixture
def oracle() -> Callable[..., Any]:
    """The oracle with settings."""

    def make(**settings: Any) -> Any:
        return measures.part("oracle").build({}, settings)

    return make


@pytest.fixture
def measured(ctx: MeasureContext, oracle: Callable[..., Any]) -> Callable[..., list[Result]]:
    """Results of the oracle on some configurations, together."""

    def run(*configs: Mapping[str, Any], **settings: Any) -> list[Result]:
        made = oracle(**settings)
        return list(made.measure([made.reads(config) for config in configs], 0, ctx))

    return run

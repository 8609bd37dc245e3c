"""Processes for a pass over label maps: the same result as in this process, and errors that arrive."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from segablate.errors import SegablateError
from segablate.labels import crew as crews
from segablate.labels.ceiling import score
from segablate.labels.crew import Crew
from segablate.labels.fit import Solver, fit
from segablate.labels.patches import Labels
from segablate.labels.restore import Bilinear, Linear
from segablate.measures.ceilings.maps import Maps


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with Crew(2) as made:
        yield made


@pytest.fixture(autouse=True)
def _always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "WORTH_PROCESSES", 1)


@pytest.fixture(scope="module")
def streets() -> list[partial[Labels]]:
    source = Maps({"use": "shapes", "images": 70, "size": [64, 96]})
    return [partial(source.read, item) for item in source.data.items("train")]


@pytest.mark.parametrize("solver", ["moment", "runs"])
def test_processes_fit_the_same_bytes(solver: Solver, crew: Crew, streets: Sequence[partial[Labels]]) -> None:
    taken: list[int] = []

    def fitted(crew: Crew | None) -> list[np.ndarray]:
        with ThreadPoolExecutor(1) as pool:
            found = fit(
                streets, classes=8, ignore=255, wanted={8: 6, 16: 4}, centred=False, solver=solver,
                pool=pool, crew=crew, tick=taken.append,
            )  # fmt: skip
        return [found[stride].components for stride in (8, 16)]

    for alone, together in zip(fitted(None), fitted(crew), strict=True):
        assert alone.tobytes() == together.tobytes()
    assert sum(taken) == 2 * len(streets)


def test_processes_score_the_same_in_the_same_order(crew: Crew, streets: Sequence[partial[Labels]]) -> None:
    with ThreadPoolExecutor(1) as pool:
        subspace = fit(
            streets[:9], classes=8, ignore=255, wanted={16: 8}, centred=True, solver="auto", pool=pool
        )[16]
        ways = [Linear(subspace, [8, 2]), Bilinear(8, 8)]
        alone, together = (
            score(streets, ways, classes=8, ignore=255, pool=pool, crew=used) for used in (None, crew)
        )
    for one, other in zip(alone, together, strict=True):
        assert (one.confusion == other.confusion).all()
        assert one.miou == other.miou
        assert one.images == other.images == len(streets)


class Stumbling:
    """Stops at the number 3."""

    def take(self, items: Sequence[int]) -> int:
        if 3 in items:
            raise SegablateError("three is too many", where="here", hint="take two")
        return sum(items)

    def gathered(self) -> int:
        return os.getpid()


class Falling(Stumbling):
    """Is killed at the number 3."""

    def take(self, items: Sequence[int]) -> int:
        if 3 in items:
            os.kill(os.getpid(), signal.SIGKILL)
        return sum(items)


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Stumbling]:
    """The tasks above in a module that another process finds."""
    (tmp_path / "tasks_of_crew.py").write_text(Path(__file__).read_text())
    monkeypatch.syspath_prepend(tmp_path)
    import tasks_of_crew

    return tasks_of_crew  # type: ignore[return-value]  # a module stands in for a class


def test_an_error_arrives_whole(importable: type[Stumbling]) -> None:
    done: list[int] = []
    with pytest.raises(SegablateError, match="three is too many") as caught, Crew(2) as crew:
        crew.work(importable.Stumbling(), [[1], [2], [3], [4]], done.append)
    assert caught.value.hint == "take two"
    assert done in ([1], [1, 2])


def test_a_worker_that_is_killed_is_told(importable: type[Stumbling]) -> None:
    with pytest.raises(MemoryError, match="a worker process was ended from outside"), Crew(2) as crew:
        crew.work(importable.Falling(), [[1], [2], [3]], [].append)


def test_a_worker_that_was_killed_between_two_tasks_is_told(importable: type[Stumbling]) -> None:
    with Crew(2) as crew:
        for worker in crew.work(importable.Stumbling(), [[1], [2]], [].append):
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.2)
        with pytest.raises(MemoryError, match="a worker process was ended from outside"):
            crew.work(importable.Stumbling(), [[1], [2]], [].append)


def test_each_worker_tells_what_it_gathered_and_none_is_left_behind(importable: type[Stumbling]) -> None:
    done: list[int] = []
    with Crew(3) as crew:
        workers = list(crew.work(importable.Stumbling(), [[1], [2], [4], [5], [6]], done.append))
    assert done == [1, 2, 4, 5, 6]
    assert len({*workers, os.getpid()}) == 4
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_few_maps_are_not_worth_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "WORTH_PROCESSES", 10)
    assert not Crew(2).worth(9)
    assert Crew(2).worth(10)
    assert not Crew(1).worth(1000)


class Vanishing(Stumbling):
    """Cannot be made again where it was sent."""

    def __reduce__(self) -> tuple[object, ...]:
        return _vanish, ()


def _vanish() -> None:
    raise SegablateError("the data set went away")


class Unspeakable(Stumbling):
    """Its error cannot be sent."""

    def take(self, items: Sequence[int]) -> int:
        raise RuntimeError("told nevertheless", lambda: None)


def test_an_error_while_a_worker_receives_is_told(importable: type[Stumbling]) -> None:
    with pytest.raises(SegablateError, match="the data set went away"), Crew(2) as crew:
        list(crew.work(importable.Vanishing(), [[1]], lambda _: None))  # type: ignore[attr-defined]  # a module


def test_an_error_that_cannot_be_sent_is_told_in_words(importable: type[Stumbling]) -> None:
    with pytest.raises(RuntimeError, match="told nevertheless"), Crew(2) as crew:
        list(crew.work(importable.Unspeakable(), [[1]], lambda _: None))  # type: ignore[attr-defined]  # a module

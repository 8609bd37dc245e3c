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
from segablate.labels import worker_pool
from segablate.labels.ceiling import score
from segablate.labels.fit import Solver, fit
from segablate.labels.patches import Labels
from segablate.labels.restore import Bilinear, Linear
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.ceilings.maps import Maps


@pytest.fixture(scope="module")
def workers() -> Iterator[WorkerPool]:
    with WorkerPool(2) as made:
        yield made


@pytest.fixture(autouse=True)
def _always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "WORTH_PROCESSES", 1)


@pytest.fixture(scope="module")
def streets() -> list[partial[Labels]]:
    source = Maps({"use": "shapes", "images": 70, "size": [64, 96]})
    return [partial(source.read, item) for item in source.data.items("train")]


@pytest.mark.parametrize("solver", ["moment", "runs"])
def test_processes_fit_the_same_bytes(
    solver: Solver, workers: WorkerPool, streets: Sequence[partial[Labels]]
) -> None:
    taken: list[int] = []

    def fitted(workers: WorkerPool | None) -> list[np.ndarray]:
        with ThreadPoolExecutor(1) as pool:
            found = fit(
                streets, classes=8, ignore=255, wanted={8: 6, 16: 4}, centred=False, solver=solver,
                pool=pool, workers=workers, tick=taken.append,
            )  # fmt: skip
        return [found[stride].components for stride in (8, 16)]

    for alone, together in zip(fitted(None), fitted(workers), strict=True):
        assert alone.tobytes() == together.tobytes()
    assert sum(taken) == 2 * len(streets)


def test_processes_score_the_same_in_the_same_order(
    workers: WorkerPool, streets: Sequence[partial[Labels]]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        subspace = fit(
            streets[:9], classes=8, ignore=255, wanted={16: 8}, centred=True, solver="auto", pool=pool
        )[16]
        ways = [Linear(subspace, [8, 2]), Bilinear(8, 8)]
        alone, together = (
            score(streets, ways, classes=8, ignore=255, pool=pool, workers=used) for used in (None, workers)
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
    with pytest.raises(SegablateError, match="three is too many") as caught, WorkerPool(2) as workers:
        workers.work(importable.Stumbling(), [[1], [2], [3], [4]], done.append)
    assert caught.value.hint == "take two"
    assert done in ([1], [1, 2])


def test_a_worker_that_is_killed_is_told(importable: type[Stumbling]) -> None:
    with (
        pytest.raises(MemoryError, match="a worker process was ended from outside"),
        WorkerPool(2) as workers,
    ):
        workers.work(importable.Falling(), [[1], [2], [3]], [].append)


def test_a_worker_that_was_killed_between_two_tasks_is_told(importable: type[Stumbling]) -> None:
    with WorkerPool(2) as workers:
        for worker in workers.work(importable.Stumbling(), [[1], [2]], [].append):
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.2)
        with pytest.raises(MemoryError, match="a worker process was ended from outside"):
            workers.work(importable.Stumbling(), [[1], [2]], [].append)


def test_each_worker_tells_what_it_gathered_and_none_is_left_behind(importable: type[Stumbling]) -> None:
    done: list[int] = []
    with WorkerPool(3) as workers:
        workers = list(workers.work(importable.Stumbling(), [[1], [2], [4], [5], [6]], done.append))
    assert done == [1, 2, 4, 5, 6]
    assert len({*workers, os.getpid()}) == 4
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_few_maps_are_not_worth_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "WORTH_PROCESSES", 10)
    assert not WorkerPool(2).worth(9)
    assert WorkerPool(2).worth(10)
    assert not WorkerPool(1).worth(1000)


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
    with pytest.raises(SegablateError, match="the data set went away"), WorkerPool(2) as workers:
        list(workers.work(importable.Vanishing(), [[1]], lambda _: None))  # type: ignore[attr-defined]  # a module


def test_an_error_that_cannot_be_sent_is_told_in_words(importable: type[Stumbling]) -> None:
    with pytest.raises(RuntimeError, match="told nevertheless"), WorkerPool(2) as workers:
        list(workers.work(importable.Unspeakable(), [[1]], lambda _: None))  # type: ignore[attr-defined]  # a module

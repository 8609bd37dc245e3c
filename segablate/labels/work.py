"""Threads for label maps: numpy, scipy and Pillow let go of the interpreter where it counts.

Several threads that each call BLAS with several threads get in each other's way, so inside the pool
each call has one.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

Given = TypeVar("Given")
Made = TypeVar("Made")

AHEAD = 16


class Locked:
    """What several threads may change; its lock stays behind when it goes to another process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())


def worker_count() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def threads(count: int | None = None) -> Iterator[Executor]:
    """A pool of `count` threads, as many as cores by default, each with one BLAS thread."""
    with blas_threads(1), ThreadPoolExecutor(count or worker_count()) as pool:
        yield pool


def blas_threads(count: int) -> AbstractContextManager[object]:
    """So many threads for each call of BLAS, whoever calls: for work that has the machine to itself."""
    limits: AbstractContextManager[object] = threadpool_limits(count, user_api="blas")
    return limits


def each(pool: Executor, call: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """`call(item)` for each item, in order, with only a few results waiting at any time.

    The first error is raised where its result would be, and what has not begun is not begun.
    """
    waiting: deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(call, item))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()

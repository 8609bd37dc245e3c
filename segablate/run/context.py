"""What a measure is lent while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from segablate.measures.base import Arrays, Progress
from segablate.records import Reads
from segablate.run.store import Store


@contextmanager
def silent(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that nobody sees."""
    yield lambda done: None


class StoreContext:
    """The measure context of one process.

    Args:
        store: keeps what `cached` builds.
        device: where networks run.
        progress: opens a bar.
        allow_external: whether code from outside may be run.
        anew: token of the run: trainings that other runs have kept begin anew; "": they are gone on with.
    """

    def __init__(
        self,
        store: Store,
        device: str,
        progress: Progress = silent,
        *,
        allow_external: bool = False,
        anew: str = "",
    ) -> None:
        self.store = store
        self.device = device
        self.allow_external = allow_external
        self.anew = anew
        self._progress = progress

    def cached(self, name: str, reads: Reads, build: Callable[[], Arrays]) -> Arrays:
        """Arrays that depend on `reads` only: taken from the store, or built once and kept there."""
        return self.store.cached(name, reads, build)

    def workspace(self, name: str, reads: Reads) -> Path:
        """A folder in the store for unfinished work that depends on `reads` only."""
        return self.store.workspace(name, reads)

    def tell(self, message: str) -> None:
        """Let a person know of what is no error."""
        self.store.tell(message)

    def progress(self, what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A bar for long work; what it gives is called with the number of further items done."""
        return self._progress(what, total)

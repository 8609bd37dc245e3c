"""Progress bars: on stderr, and only where stderr is a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.progress import Progress, Task
    from rich.text import Text


class Bars:
    """Bars with rate and remaining time. Several may be open at once, from several threads.

    Args:
        shown: whether to draw; by default where stderr is a terminal.
    """

    def __init__(self, shown: bool | None = None) -> None:
        self.shown = sys.stderr.isatty() if shown is None else shown
        self._lock = threading.Lock()
        self._open = 0
        self._drawn: Progress | None = None
        self._live: Live | None = None

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar for `total` items; what it gives is called with the number of further items done."""
        if not self.shown:
            yield lambda done: None
            return
        drawn = self._enter()
        task = drawn.add_task(what, total=total)
        try:
            yield lambda done: drawn.advance(task, done)
        finally:
            drawn.remove_task(task)
            self._leave()

    __call__ = progress

    def _enter(self) -> Progress:
        with self._lock:
            if self._drawn is None:
                self._drawn = _drawn()
                self._live = self._screen(self._drawn)
                self._live.start()
            self._open += 1
            return self._drawn

    def _leave(self) -> None:
        with self._lock:
            self._open -= 1
            if self._open == 0 and self._live is not None:
                self._live.stop()
                self._drawn = self._live = None

    def above(self) -> Iterator[RenderableType]:
        """What stands above the bars: nothing."""
        return iter(())

    def _screen(self, bars: Progress) -> Live:
        from rich.console import Console, Group
        from rich.live import Live

        return Live(
            console=Console(stderr=True),
            get_renderable=lambda: Group(*self.above(), bars.get_renderable()),
            refresh_per_second=4,
            transient=True,
        )


def rate(per_second: float | None) -> str:
    """Items a second, or seconds an item where that is easier to read; "" while it is not known."""
    if not per_second:
        return ""
    return f"{per_second:,.0f}/s" if per_second >= 10 else _slow(per_second)


def _slow(per_second: float) -> str:
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{1 / per_second:.1f} s each"


def _drawn() -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(rate(task.speed))

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True),
    )

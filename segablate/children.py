"""What every process that is started here needs: its share of the cores, and no Ctrl-C of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

# heeded by the libraries that numpy, scipy and torch compute with, if set before they are loaded
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """A process started inside inherits the mask: Ctrl-C is the parent's to handle, once it is out again."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

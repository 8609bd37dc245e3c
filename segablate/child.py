"""A process that works for this one: how it starts, what it inherits, and what happens when either ends.

        parent ── function and what it is given ──► child
           ▲                                          │
           └────────── pipe, both may speak ──────────┘

It is a new Python, not a fork, which neither threads nor torch survive; and it does not run the caller's
script once more, as multiprocessing's own start does. The kernel closes a second pipe when the parent ends,
however that ends, and then the child ends too.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.spawn
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

Pipe: TypeAlias = "Connection[Any, Any]"

# heeded by the libraries that numpy, scipy and torch compute with, if set before they are loaded
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PARENT_IS_GONE = 1
START = """
import sys
from multiprocessing.connection import Connection
pipe = Connection(int(sys.argv[1]))
sys.path[:] = pipe.recv()
from segablate import child
child.serve(pipe, int(sys.argv[2]))
"""

_serves = False


class DefectError(Exception):
    """An error in a child that is nobody's fault but ours, with the traceback it had there."""


class Child:
    """A process that was started by `start`.

    Attributes:
        pipe: the parent's end; it ends when the child does.
        pid: its number.
    """

    def __init__(self, process: subprocess.Popen[bytes], pipe: Pipe, lifeline: int) -> None:
        self.pipe = pipe
        self.pid = process.pid
        self._process = process
        self._lifeline = lifeline

    @property
    def code(self) -> int | None:
        """How it ended: its exit code, or minus the signal; None while it lives."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def end(self, grace: float | None = None) -> None:
        """Wait until it has ended, and kill it if it has not after `grace` seconds; None waits for ever."""
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()
        finally:
            self._close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        self.pipe.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


def start(
    work: Callable[..., None],
    *arguments: Any,
    environment: Mapping[str, str] | None = None,
    script: bool = False,
) -> Child:
    """Call `work(*arguments, pipe)` in a new process.

    Args:
        work: a function of a module.
        arguments: copied to the process.
        environment: variables it has beside those of this process.
        script: whether it needs what the caller's script defines, which is run there once more.
    """
    ours, theirs = multiprocessing.Pipe()
    watched, lifeline = os.pipe()
    handles = [theirs.fileno(), watched]
    command = [sys.executable, "-c", START, *map(str, handles)]
    try:
        with interrupts_kept():
            process = subprocess.Popen(command, pass_fds=handles, env={**os.environ, **(environment or {})})
    except BaseException:
        ours.close()
        os.close(lifeline)
        raise
    finally:
        theirs.close()
        os.close(watched)
    made = Child(process, ours, lifeline)
    main = multiprocessing.spawn.get_preparation_data("") if script else {}
    with suppress(ConnectionError):  # it has ended already, which is seen where its answer is waited for
        ours.send(sys.path)
        ours.send({name: main[name] for name in main if name.startswith("init_main")})
        ours.send_bytes(pickle.dumps((work, arguments)))
    return made


def serve(pipe: Pipe, watched: int) -> None:
    """The other end: what a new process does.

    Args:
        pipe: the child's end.
        watched: a handle that ends when the parent does.
    """
    global _serves
    _serves = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, args=(watched,), daemon=True).start()
    try:
        multiprocessing.spawn.prepare(pipe.recv())
        raw = pipe.recv_bytes()
    except (EOFError, ConnectionError):
        return
    work, arguments = pickle.loads(raw)
    work(*arguments, pipe)


def serves() -> bool:
    """Whether this process is somebody's child."""
    return _serves


def how(code: int | None, before: str) -> str:
    """How a child ended that should not have.

    Args:
        code: its exit code, or minus the signal.
        before: what it had to do first: "the cell was measured".
    """
    if code is None or code >= 0:
        return f"the process ended with exit code {code} before {before}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    why = ": the system does so when memory runs out" if name == "SIGKILL" else ""
    return f"the process was killed by {name}{why}"


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """A process started inside inherits the mask: Ctrl-C is the parent's to handle, once it is out again."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent(watched: int) -> None:
    os.read(watched, 1)
    os._exit(PARENT_IS_GONE)

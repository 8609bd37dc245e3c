"""Processes for a pass over many label maps.

Reading, cutting and sorting are many short calls of numpy, and Python lets only one thread at a time
make those. So where there are label maps enough to pay for it, each core gets a process of its own:

    parent ── task, once ──────────► worker   keeps what it gathers
       │  ──── batch of items ─────►   │
       ◄────── what is made of it ─────┤      in the order of the batches
       ◄────── what was gathered ──────┘      at the end

Workers are new processes: threads and torch, which the parent may hold, do not survive a fork.
"""

from __future__ import annotations

import pickle
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from enum import Enum, auto
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from segablate.child import THREAD_VARIABLES, Child, Pipe, start
from segablate.labels.work import worker_count

Given = TypeVar("Given", contravariant=True)
Made = TypeVar("Made", covariant=True)

# a process takes about half a second to start, as long as some hundred label maps take here
WORTH_PROCESSES = 400
ENDED = "a worker process was ended from outside, as happens when memory is short"
# batches a worker holds: one in work, one to go on with
HELD = 2
# each core has a process already
ONE_THREAD = dict.fromkeys(THREAD_VARIABLES, "1")


class Task(Protocol[Given, Made]):
    """What is done with each batch. It is copied to every process, so it must survive pickling."""

    def take(self, items: Sequence[Given], /) -> Made:
        """Work on a batch."""

    def gathered(self) -> Any:
        """What has been put aside over all batches that came here."""


class Word(Enum):
    """What the parent says."""

    TASK = auto()
    TAKE = auto()
    GATHERED = auto()


class WorkerPool:
    """Worker processes, started when first needed and kept until the pool is closed.

    Args:
        count: how many, as many as cores by default; 1 does all work in this process.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = worker_count() if count is None else count
        self._hands: list[Child] = []

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._hands:
            if kind is not None:
                worker.terminate()
            worker.pipe.close()  # a worker that reads the end of its pipe ends
        for worker in self._hands:
            worker.end()
        self._hands = []

    def worth(self, items: int) -> bool:
        """Whether so many items pay for processes."""
        return self.count > 1 and items >= WORTH_PROCESSES

    def work(
        self, task: Task[Given, Made], batches: Sequence[Sequence[Given]], done: Callable[[Made], None]
    ) -> Iterator[Any]:
        """Every batch through the task, on all processes.

        Args:
            task: what to do; each process has a copy.
            batches: what to do it with.
            done: told what was made of each batch, in order.

        Returns:
            What each process gathered, one after the other: all at once may be more than fits.

        Raises:
            Exception: the first error of a worker, with a note of where it was.
        """
        pipes = self._pipes()
        for pipe in pipes:
            _tell(pipe, Word.TASK, task)
        for made in _in_order(pipes, batches):
            done(made)
        for pipe in pipes:
            _tell(pipe, Word.GATHERED)
        return (_answer(pipe) for pipe in pipes)

    def _pipes(self) -> list[Pipe]:
        if not self._hands:
            self._hands = [start(serve, environment=ONE_THREAD) for _ in range(self.count)]
        return [worker.pipe for worker in self._hands]


def _in_order(pipes: Sequence[Pipe], batches: Sequence[Sequence[Any]]) -> Iterator[Any]:
    """What is made of each batch, in order; a worker that is done gets the next."""
    left = deque(enumerate(batches))
    held: dict[Pipe, deque[int]] = {pipe: deque() for pipe in pipes}
    ready: dict[int, Any] = {}
    after = 0

    def hand_out(pipe: Pipe) -> None:
        number, batch = left.popleft()
        _tell(pipe, Word.TAKE, batch)
        held[pipe].append(number)

    for pipe in [pipe for _ in range(HELD) for pipe in pipes][: len(left)]:
        hand_out(pipe)
    while after < len(batches):
        working: list[Any] = [pipe for pipe in pipes if held[pipe]]
        for pipe in cast("list[Pipe]", wait(working)):
            ready[held[pipe].popleft()] = _answer(pipe)
            if left:
                hand_out(pipe)
        while after in ready:
            yield ready.pop(after)
            after += 1


def _tell(pipe: Pipe, word: Word, content: Any = None) -> None:
    try:
        pipe.send((word, content))
    except ConnectionError:
        raise MemoryError(ENDED) from None


def _answer(pipe: Pipe) -> Any:
    try:
        fine, content = _received(pipe)
    except (EOFError, ConnectionError):
        raise MemoryError(ENDED) from None
    if not fine:
        raise content
    return content


def _send(pipe: Pipe, content: Any) -> None:
    """Send something with large arrays in it, which go as they lie in memory: gigabytes are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    frame = pickle.dumps(content, protocol=5, buffer_callback=buffers.append)
    raw = [buffer.raw() for buffer in buffers]
    pipe.send((frame, [part.nbytes for part in raw]))
    for part in raw:
        if part.nbytes:
            pipe.send_bytes(part)


def _received(pipe: Pipe) -> Any:
    """What `_send` sent."""
    frame, sizes = pipe.recv()
    buffers = [bytearray(size) for size in sizes]
    for buffer in buffers:
        if buffer:
            pipe.recv_bytes_into(buffer)
    return pickle.loads(frame, buffers=buffers)


def serve(pipe: Pipe) -> None:
    """A worker: answer on the pipe until it ends."""
    task: Any = None
    while True:
        try:
            data = pipe.recv_bytes()
        except (EOFError, ConnectionError):
            return
        try:
            word, content = pickle.loads(data)
            if word is Word.TASK:
                task = content
                continue
            answer = (True, task.take(content) if word is Word.TAKE else task.gathered())
        except Exception as error:
            answer = (False, _portable(error))
        with suppress(ConnectionError):  # nobody waits for it any more
            _send(pipe, answer)


def _portable(error: Exception) -> Exception:
    """The error with where it was, or those words alone where it cannot be sent."""
    where = traceback.format_exc()
    error.add_note(where)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(where)
    return error

"""Bytes: how many are alive at the same time, and how many each module moves.

Every tensor that an inference makes is entered when it appears and struck out when nobody holds it any more.
That is done on the meta device, so it is the same on every machine. What a kernel needs inside (a
convolution's workspace) is not seen.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass(frozen=True)
class Bytes:
    """What one inference takes and moves.

    Attributes:
        peak: most bytes of activations alive at the same time, the image included, weights not.
        moved: module's path → bytes its operators read and write, weights included, views not.
        calls: operator → number of its calls, views not.
    """

    peak: int
    moved: Mapping[str, int]
    calls: Mapping[str, int]


def ledger(network: nn.Module, shape: Sequence[int]) -> Bytes:
    """Keep the books of one inference.

    Args:
        network: on the meta device.
        shape: (batch, 3, height, width), of float32.
    """
    with torch.no_grad(), _path(network.eval()) as path, _Book(path) as book:
        network(torch.empty(*shape, device="meta"))
    moved: Counter[str] = Counter()
    for place, number in book.moved.items():
        for above in _and_above(place):
            moved[above] += number
    return Bytes(book.peak, moved, book.calls)


class _Book(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
    def __init__(self, path: Callable[[], str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own
        self.alive = 0
        self.peak = 0
        self.moved: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._path = path
        self._entered: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = func(*args, **(kwargs or {}))
        taken, made = _tensors((args, kwargs)), _tensors(given)
        for tensor in made:
            self._enter(tensor)
        sources = {tensor.untyped_storage()._cdata for tensor in taken}
        if taken and not all(tensor.untyped_storage()._cdata in sources for tensor in made):
            # else it is a view, or memory without anything in it: nothing moves
            unique = {id(tensor): tensor for tensor in (*taken, *made)}
            self.calls[str(func.overloadpacket).replace(".", "::", 1)] += 1
            self.moved[self._path()] += sum(t.numel() * t.itemsize for t in unique.values())
        return given

    def _enter(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._entered or not size:
            return
        self.alive += size
        self.peak = max(self.peak, self.alive)

        def strike(_: Any) -> None:
            self.alive -= size
            del self._entered[key]

        self._entered[key] = weakref.ref(storage, strike)


@contextmanager
def _path(network: nn.Module) -> Iterator[Callable[[], str]]:
    """What tells which module is being run."""
    stack = [""]

    def enter(name: str) -> Callable[..., None]:
        return lambda *_: stack.append(name)

    def leave(*_: Any) -> None:
        stack.pop()

    hooks = []
    for name, module in network.named_modules():
        hooks += [module.register_forward_pre_hook(enter(name)), module.register_forward_hook(leave)]
    try:
        yield lambda: stack[-1]
    finally:
        for hook in hooks:
            hook.remove()


def _and_above(path: str) -> Iterator[str]:
    yield path
    while path:
        path = path.rpartition(".")[0]
        yield path


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]

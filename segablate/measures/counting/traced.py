"""Going through a network once, operator by operator, on a device that holds no numbers.

    network ──► linear, softmax, interpolate, …   as they are called: our formulas
                  └──► addmm, _softmax, …         what they are made of: torch's formulas, bytes

In inference mode torch shows operators as they are called. What is made of others is counted as a whole and
taken apart then: torch's own counter and the books of bytes know what is inside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from segablate.measures.counting.formulas import FORMULAS, MULTIPLY_ADDS, NAMES, UNCOUNTED
from segablate.measures.counting.memory import MemoryTrace
from segablate.models import shapes
from segablate.models.shapes import tensors

Counts = Mapping[str, Mapping[str, int]]
COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd


@dataclass(frozen=True)
class Trace:
    """What was counted in one inference: module's path → of it and its inner modules; "" is the network.

    Attributes:
        macs: by operator, multiply-adds.
        elementwise: likewise, all other operations.
        uncounted: operator → number of its calls, for those without a formula.
        torch_flops: convolutions and matrix products by torch's formulas, two for a multiply-add.
        unknown_to_torch: operator → number of its calls, for those that torch has no formula for, views not.
        moved: bytes its operators read and write, weights included, views not.
        peak: most bytes of activations alive at the same time, the image included, weights not.
        called: paths of the modules that the inference runs through.
    """

    macs: Counts
    elementwise: Counts
    uncounted: Mapping[str, int]
    torch_flops: Mapping[str, int]
    unknown_to_torch: Mapping[str, int]
    moved: Mapping[str, int]
    peak: int
    called: frozenset[str]


def trace(network: nn.Module, shape: Sequence[int]) -> Trace:
    """Count one inference on an image of that shape.

    Args:
        network: on the meta device; elsewhere it is computed.
        shape: (batch, 3, height, width), of float32.
    """
    device = next((value.device for value in network.parameters()), torch.device("meta"))
    with torch.inference_mode(), _path(network.eval()) as path, _Counter(path) as seen:
        network(torch.empty(*shape, device=device))
    paths = [name for name, _ in network.named_modules()]
    counted = {name: _within(name, seen.counted) for name in paths}
    return Trace(
        macs={name: _only(count, True) for name, count in counted.items()},
        elementwise={name: _only(count, False) for name, count in counted.items()},
        uncounted=dict(sorted(seen.uncounted.items())),
        torch_flops={name: _summed(name, seen.torch_flops) for name in paths},
        unknown_to_torch=dict(sorted(seen.unknown_to_torch.items())),
        moved={name: _summed(name, seen.memory.moved) for name in paths},
        peak=seen.memory.peak,
        called=frozenset(name for name in paths if any(_inside(place, name) for place in seen.places)),
    )


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
    def __init__(self, path: Callable[[], str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own
        self.counted: dict[str, Counter[str]] = defaultdict(Counter)
        self.uncounted: Counter[str] = Counter()
        self.torch_flops: Counter[str] = Counter()
        self.unknown_to_torch: Counter[str] = Counter()
        self.memory = MemoryTrace()
        self.places: set[str] = set()
        self._path = path
        self._inside = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # else torch imports its compiler, which takes longer than torch itself
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        outermost, self._inside = not self._inside, True
        try:
            if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), COMPOSITE):
                with self:
                    # not `func.decompose`, which may take a program for compilers, made of other operators
                    result = func._op_dk(COMPOSITE, *args, **named)
            else:
                result = shapes.result(func, args, named)
                self._basic(func, args, named, result)
        finally:
            self._inside = not outermost
        if outermost:
            self._count(func, args, named, result)
        return result

    def _count(self, func: Any, args: Any, named: Any, result: Any) -> None:
        """By our formula, of an operator as it is called."""
        self.places.add(self._path())
        name, made = func.overloadpacket.__name__, tensors(result)
        if name in FORMULAS:
            # a number that lies in a tensor is arithmetic with sizes, not with what is in the image
            if made and made[0].ndim:
                operands = [
                    *args,
                    *(named.get(argument.name) for argument in func._schema.arguments[len(args) :]),
                ]
                operations = FORMULAS[name](operands, tuple(made[0].shape))
                self.counted[self._path()][NAMES.get(name, name)] += operations
        elif name not in UNCOUNTED:
            self.uncounted[f"aten::{name}"] += 1

    def _basic(self, func: Any, args: Any, named: Any, result: Any) -> None:
        """By torch's formula and in the books, of an operator that is made of no others."""
        moves = self.memory.enter(self._path(), tensors((args, named)), tensors(result))
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            self.torch_flops[self._path()] += int(formula(*args, **named, out_val=result))
        elif moves:
            self.unknown_to_torch[str(func.overloadpacket).replace(".", "::", 1)] += 1


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


def _within(name: str, counted: Mapping[str, Counter[str]]) -> Counter[str]:
    return sum((count for place, count in counted.items() if _inside(place, name)), Counter())


def _summed(name: str, counted: Mapping[str, int]) -> int:
    return sum(number for place, number in counted.items() if _inside(place, name))


def _inside(place: str, name: str) -> bool:
    return not name or place == name or place.startswith(f"{name}.")


def _only(count: Counter[str], multiply_adds: bool) -> dict[str, int]:
    return {
        name: number
        for name, number in sorted(count.items())
        if (name in MULTIPLY_ADDS) == multiply_adds and number
    }

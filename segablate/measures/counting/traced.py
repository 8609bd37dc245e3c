"""Going through a network operator by operator: the one file that talks to fvcore.

fvcore's last release is from 2022. It records the network with TorchScript, which runs it once on real
numbers, and it fails on the meta device. It counts one for a multiply-add and knows few operators besides;
`formulas` has the others.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from segablate.measures.counting.formulas import FORMULAS, MULTIPLY_ADDS, Formula, Shape


@dataclass(frozen=True)
class Trace:
    """What was counted in one inference.

    Attributes:
        macs: module's path → operator → multiply-adds, its inner modules' included; "" is the network.
        elementwise: likewise, for all other operations.
        uncounted: operator → number of its calls, for those without a formula.
        called: paths of the modules that the inference runs through.
    """

    macs: Mapping[str, Mapping[str, int]]
    elementwise: Mapping[str, Mapping[str, int]]
    uncounted: Mapping[str, int]
    called: frozenset[str]


def trace(network: nn.Module, shape: Shape) -> Trace:
    """Count the operations of one inference on an image of that shape, on the CPU.

    Args:
        network: on the CPU, with any weights.
        shape: (batch, 3, height, width).
    """
    with torch.no_grad(), warnings.catch_warnings():
        # TorchScript is on its way out, and says so
        warnings.simplefilter("ignore")
        from fvcore.nn import FlopCountAnalysis  # it takes half a second to import

        analysis = FlopCountAnalysis(network.eval(), torch.zeros(*shape))
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        analysis.set_op_handle(**{f"aten::{name}": _handle(formula) for name, formula in FORMULAS.items()})
        counts = analysis.by_module_and_operator()
        unknown = analysis.unsupported_ops()
    called = {name for name, _ in network.named_modules()} - set(analysis.uncalled_modules())
    return Trace(
        macs={name: _only(count, True) for name, count in counts.items()},
        elementwise={name: _only(count, False) for name, count in counts.items()},
        uncounted={name: int(number) for name, number in sorted(unknown.items())},
        called=frozenset(called),
    )


def _handle(formula: Formula) -> Callable[[list[Any], list[Any]], int]:
    def handle(inputs: list[Any], outputs: list[Any]) -> int:
        result = _sizes(outputs[0])
        if not result:
            # arithmetic with sizes, not with what is in the image
            return 0
        return int(formula(_shape(inputs), [_constant(value) for value in inputs[1:]], result))

    return handle


def _constant(value: Any) -> Any:
    if value.node().kind() == "prim::ListConstruct":
        return [one.toIValue() for one in value.node().inputs()]
    return value.toIValue()


def _shape(inputs: Sequence[Any]) -> Shape:
    return next((_sizes(value) for value in inputs if value.isCompleteTensor()), ())


def _sizes(value: Any) -> Shape:
    # a number that lies in a tensor has no sizes
    return value.type().sizes() if value.isCompleteTensor() else ()


def _only(count: Counter[str], multiply_adds: bool) -> dict[str, int]:
    return {
        name: int(number)
        for name, number in sorted(count.items())
        if (name in MULTIPLY_ADDS) == multiply_adds and number
    }

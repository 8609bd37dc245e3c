"""How many operations an operator does, from shapes alone.

Multiply-adds are the business of convolutions and matrix products, and fvcore counts those. What is here is
the rest of a decoder: each addition, multiplication, division, comparison and exponential is one operation.
Copying and laying out anew is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

Shape: TypeAlias = Sequence[int]
# (shape of the first input, constants of the call, shape of the result) → operations
Formula: TypeAlias = Callable[[Shape, Sequence[Any], Shape], int]

# fvcore's names of what multiplies and adds; every other operator is counted apart
MULTIPLY_ADDS = frozenset({"conv", "addmm", "bmm", "einsum", "linear", "matmul", "mm"})


def per_result(number: int) -> Formula:
    """So many operations for each number of the result."""
    return lambda given, constants, result: number * prod(result)


def adaptive_windows(given: Shape, constants: Sequence[Any], result: Shape) -> int:
    """A window of n numbers takes n: n − 1 additions and a division. Windows may overlap."""
    rows, columns = (
        sum(-(-(at + 1) * size // cells) - at * size // cells for at in range(cells))
        for size, cells in zip(given[-2:], result[-2:], strict=True)
    )
    return prod(given[:-2]) * rows * columns


def fixed_windows(given: Shape, constants: Sequence[Any], result: Shape) -> int:
    """As many as a window has numbers, for each number of the result; the border counts too."""
    kernel = next(value for value in constants if isinstance(value, list) and value)
    return prod(result) * (prod(kernel) if len(kernel) > 1 else kernel[0] ** 2)


def average(given: Shape, constants: Sequence[Any], result: Shape) -> int:
    """The mean of n numbers takes n: n − 1 additions and a division."""
    return prod(given)


def selection(given: Shape, constants: Sequence[Any], result: Shape) -> int:
    """The greatest of n numbers takes n − 1 comparisons."""
    return prod(given) - prod(result)


def softmax(given: Shape, constants: Sequence[Any], result: Shape) -> int:
    """Each number: compare, subtract, exponential, add, divide."""
    return 5 * prod(result)


ONCE = per_result(1)
NOTHING = per_result(0)

# operator → formula; `aten::` in front
FORMULAS: Mapping[str, Formula] = {
    # a factor and a summand for each number: `fuse()` makes them vanish into the convolution
    "batch_norm": per_result(2),
    "relu": ONCE,
    "relu_": ONCE,
    "clamp": per_result(2),
    "clamp_min": ONCE,
    "hardtanh": per_result(2),
    "hardtanh_": per_result(2),
    "relu6": per_result(2),
    "leaky_relu": per_result(2),
    "prelu": per_result(2),
    # negate, exponential, add, divide
    "sigmoid": per_result(4),
    "softmax": softmax,
    "add": ONCE,
    "add_": ONCE,
    "sub": ONCE,
    "rsub": ONCE,
    "mul": ONCE,
    "div": ONCE,
    "neg": ONCE,
    "exp": ONCE,
    "square": ONCE,
    "pow": ONCE,
    # square and add
    "linalg_vector_norm": lambda given, constants, result: 2 * prod(given),
    "mean": average,
    "sum": average,
    "amax": selection,
    "argmax": selection,
    "adaptive_avg_pool2d": adaptive_windows,
    "adaptive_max_pool2d": adaptive_windows,
    "avg_pool2d": fixed_windows,
    "max_pool2d": fixed_windows,
    "max_pool2d_with_indices": fixed_windows,
    # four neighbours: four multiplications and three additions
    "upsample_bilinear2d": per_result(7),
    "grid_sampler": per_result(7),
    "upsample_nearest2d": NOTHING,
    "pixel_shuffle": NOTHING,
    "pixel_unshuffle": NOTHING,
    # each cell beside its neighbours
    "im2col": NOTHING,
    "max_unpool2d": NOTHING,
    "arange": NOTHING,
    "repeat": NOTHING,
    "repeat_interleave": NOTHING,
    "expand_as": NOTHING,
    "feature_dropout": NOTHING,
    "linspace": NOTHING,
    "unflatten": NOTHING,
    "pad": NOTHING,
}

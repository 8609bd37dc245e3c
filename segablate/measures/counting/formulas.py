"""How many operations an operator does, from shapes alone.

A multiply-add of a convolution or a matrix product is one. Of all other operators each addition,
multiplication, division, comparison and exponential is one operation. Copying and laying out anew is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

from torch import Tensor

Shape: TypeAlias = Sequence[int]
# (what the operator is given, shape of its result) → operations
Formula: TypeAlias = Callable[[Sequence[Any], Shape], int]


def per_result(number: int) -> Formula:
    """So many operations for each number of the result."""
    return lambda args, result: number * prod(result)


def adaptive_windows(args: Sequence[Any], result: Shape) -> int:
    """A window of n numbers takes n: n − 1 additions and a division. Windows may overlap."""
    shape = first(args)
    rows, columns = (
        sum(-(-(at + 1) * size // cells) - at * size // cells for at in range(cells))
        for size, cells in zip(shape[-2:], result[-2:], strict=True)
    )
    return prod(shape[:-2]) * rows * columns


def fixed_windows(args: Sequence[Any], result: Shape) -> int:
    """As many as a window has numbers, for each number of the result; the border counts too."""
    kernel = next(value for value in args[1:] if isinstance(value, list | tuple) and value)
    return prod(result) * (prod(kernel) if len(kernel) > 1 else kernel[0] ** 2)


def average(args: Sequence[Any], result: Shape) -> int:
    """The mean of n numbers takes n: n − 1 additions and a division."""
    return prod(first(args))


def selection(args: Sequence[Any], result: Shape) -> int:
    """The greatest of n numbers takes n − 1 comparisons."""
    return prod(first(args)) - prod(result)


def norm(affine: int) -> Formula:
    """Mean, deviation and quotient of what is normed together; one more for a factor at that place."""
    return lambda args, result: prod(result) * (4 if args[affine] is None else 5)


def convolution(args: Sequence[Any], result: Shape) -> int:
    """Each weight once for each place of the result."""
    weight: Shape = args[1].shape
    return result[0] * prod(weight) * prod(result[2:])


def transposed_convolution(args: Sequence[Any], result: Shape) -> int:
    """Each weight once for each place of what is given."""
    image, weight = first(args), first(args[1:])
    return result[0] * prod(weight) * prod(image[2:])


def product(left: int) -> Formula:
    """Of a matrix and the next that is given: each row with each column."""
    return lambda args, result: prod(args[left].shape) * result[-1]


def einsum(args: Sequence[Any], result: Shape) -> int:
    """One after the other from the left, as torch does."""
    terms, _, out = args[0].replace(" ", "").partition("->")
    sizes: dict[str, int] = {}
    for term, operand in zip(terms.split(","), args[1], strict=True):
        sizes.update(zip(term, operand.shape, strict=True))
    held, *others = map(set, terms.split(","))
    total = 0
    for at, other in enumerate(others):
        total += prod(sizes[letter] for letter in held | other)
        held = (held | other) & set(out).union(*others[at + 1 :])
    return total


def first(args: Sequence[Any]) -> Shape:
    """Shape of the first tensor."""
    return next((tuple(tensor.shape) for tensor in _tensors(args) if tensor.ndim), ())


def _tensors(args: Sequence[Any]) -> Iterator[Tensor]:
    return (value for value in args if isinstance(value, Tensor))


ONCE = per_result(1)
NOTHING = per_result(0)

CONVOLUTIONS: Mapping[str, Formula] = {
    **{f"conv{n}d": convolution for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": transposed_convolution for n in (1, 2, 3)},
}
# what multiplies and adds; every other operator is counted apart
PRODUCTS: Mapping[str, Formula] = {
    "addmm": product(1),
    "bmm": product(0),
    "einsum": einsum,
    "linear": product(0),
    "matmul": product(0),
    "mm": product(0),
}

# operator as it is called → formula
FORMULAS: Mapping[str, Formula] = {
    **CONVOLUTIONS,
    **PRODUCTS,
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
    "layer_norm": norm(2),
    "group_norm": norm(2),
    "instance_norm": norm(1),
    # negate, exponential, add, divide
    "sigmoid": per_result(4),
    # compare, subtract, exponential, add, divide
    "softmax": per_result(5),
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
    "linalg_vector_norm": lambda args, result: 2 * prod(first(args)),
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

# names under which operators are counted, where that is not their own
NAMES: Mapping[str, str] = dict.fromkeys(CONVOLUTIONS, "conv")
MULTIPLY_ADDS = frozenset({*PRODUCTS, "conv"})
# operators that move, compare or make numbers, and cost nothing
UNCOUNTED = frozenset({
    "__and__", "_reshape_alias", "alias", "as_strided", "bitwise_not", "broadcast_to", "cat", "chunk",
    "clamp_", "clone", "concat", "constant_pad_nd", "contiguous", "copy_", "detach", "dropout", "empty",
    "empty_like", "eq", "expand", "flatten", "floor", "floor_divide", "full", "full_like", "gather",
    "ge", "gt", "index", "index_put_", "item", "lift_fresh", "masked_fill", "max", "movedim", "narrow",
    "new_empty", "new_full", "new_zeros", "nonzero", "ones", "permute", "remainder", "reshape", "roll",
    "select", "size", "slice", "split", "split_with_sizes", "squeeze", "stack", "t", "to", "transpose",
    "type_as", "unbind", "unsafe_chunk", "unsqueeze", "unsqueeze_", "view", "zeros", "zeros_like",
})  # fmt: skip

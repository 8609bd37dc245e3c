"""What an operator gives on the meta device, where that is known without asking torch.

Some of torch's own answers there are programs in Python, which take ten times as long and import its compiler
first: that takes longer than torch itself. Whatever is not here is torch's answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten
COMPARING = ("eq", "ne", "lt", "le", "gt", "ge", "isnan", "logical_and", "logical_or", "logical_not")


class ShapesOnly(TorchDispatchMode):
    """Networks on the meta device run in a sixth of the time while this is entered."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own says no types

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """What the operator gives."""
        return result(func, args, kwargs or {})


def tensors(tree: Any) -> list[Tensor]:
    """The tensors in what an operator takes or gives, in their order."""
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def result(func: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What the operator gives."""
    inputs = tensors((args, named))
    if inputs and all(tensor.is_meta for tensor in inputs):
        # what is wrong with an operator's arguments, torch says
        if func in KNOWN and (known := KNOWN[func](*args, **named)) is not None:
            return known
        if torch.Tag.pointwise in func.tags and _alike(func, inputs):
            return _pointwise(func, inputs)
    return func(*args, **named)


def _alike(func: Any, inputs: Sequence[Tensor]) -> bool:
    """Whether the result is a tensor of the same type."""
    return (
        func.overloadpacket.__name__ not in COMPARING
        and len({tensor.dtype for tensor in inputs}) == 1
        and inputs[0].is_floating_point()
        and len(func._schema.returns) == 1
        and not any(argument.name in ("out", "dtype", "memory_format") for argument in func._schema.arguments)
    )


def _pointwise(func: Any, inputs: Sequence[Tensor]) -> Tensor:
    if func._schema.is_mutable:
        return inputs[0]
    shape = np.broadcast_shapes(*(tensor.shape for tensor in inputs))
    like = next((tensor for tensor in inputs if tensor.shape == shape), None)
    return inputs[0].new_empty(shape) if like is None else _like(like)


def _like(tensor: Tensor) -> Tensor:
    # torch's own looks at strides by a program that is made for compilers
    return tensor.new_empty(tensor.shape) if tensor.is_contiguous() else torch.empty_like(tensor)


def _batch_norm(image: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor, Tensor]:
    return _like(image), image.new_empty(image.shape[1]), image.new_empty(image.shape[1])


def _convolution(
    image: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    more: Sequence[int],
    groups: int,
) -> Tensor | None:
    if image.ndim != weight.ndim:
        return None
    sides = list(zip(image.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True))
    if transposed:
        takes, gives = weight.shape[0], weight.shape[1] * groups
        ends = [(n - 1) * step - 2 * pad + gap * (k - 1) + 1 for n, k, step, pad, gap in sides]
        space = [end + extra for end, extra in zip(ends, more, strict=True)]
    else:
        takes, gives = weight.shape[1] * groups, weight.shape[0]
        space = [_windows(*side) for side in sides]
    fits = image.shape[1] == takes and min(space) > 0
    return image.new_empty((image.shape[0], gives, *space)) if fits else None


def _average_pool(
    image: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil_mode: bool = False,
    *_: Any,
) -> Tensor | None:
    shape = _pooled(image, kernel, stride, padding, (1,), ceil_mode)
    return image.new_empty(shape) if shape else None


def _max_pool(
    image: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor] | None:
    shape = _pooled(image, kernel, stride, padding, dilation, ceil_mode)
    return (image.new_empty(shape), image.new_empty(shape, dtype=torch.int64)) if shape else None


def _pooled(image: Tensor, *arguments: Any) -> list[int]:
    """Shape of the windows' answers; nothing where there are none."""
    *of_sides, ceil = arguments
    kernel, stride, padding, dilation = (tuple(values) * (2 // max(1, len(values))) for values in of_sides)
    sides = zip(image.shape[-2:], kernel, stride or kernel, padding, dilation, strict=True)
    space = [_windows(*side, ceil=ceil) for side in sides]
    return [*image.shape[:-2], *space] if min(space) > 0 else []


def _windows(n: int, kernel: int, step: int, pad: int, gap: int, *, ceil: bool = False) -> int:
    """How many windows lie along a side of n numbers; the last may reach out of it with `ceil`."""
    room = n + 2 * pad - gap * (kernel - 1) - 1
    if not ceil:
        return room // step + 1
    windows = -(-room // step) + 1
    return windows - 1 if (windows - 1) * step >= n + pad else windows


def _resized(image: Tensor, size: Sequence[int] | None, *_: Any, **__: Any) -> Tensor | None:
    return image.new_empty((*image.shape[:-2], *size)) if size else None


def _cat(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return parts[0].new_empty(shape)


def _reduced(image: Tensor, axes: Sequence[int] | None = None, keepdim: bool = False, **_: Any) -> Tensor:
    gone = {axis % image.ndim for axis in axes or range(image.ndim)}
    sizes = [1 if axis in gone else size for axis, size in enumerate(image.shape)]
    return image.new_empty(
        sizes if keepdim else [size for axis, size in enumerate(sizes) if axis not in gone]
    )


KNOWN: Mapping[Any, Callable[..., Any]] = {
    aten.convolution.default: _convolution,
    aten.native_batch_norm.default: _batch_norm,
    aten.avg_pool2d.default: _average_pool,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten._adaptive_avg_pool2d.default: _resized,
    aten.upsample_bilinear2d.default: _resized,
    aten.upsample_nearest2d.default: _resized,
    aten.cat.default: _cat,
    aten.mean.dim: _reduced,
    aten.amax.default: _reduced,
}

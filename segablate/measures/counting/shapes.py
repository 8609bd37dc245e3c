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

from segablate.measures.counting.tensors import tensors

aten = torch.ops.aten
COMPARING = ("eq", "ne", "lt", "le", "gt", "ge", "isnan", "logical_and", "logical_or", "logical_not")


def result(func: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What the operator gives."""
    inputs = tensors((args, named))
    if inputs and all(tensor.is_meta for tensor in inputs):
        if func in KNOWN:
            return KNOWN[func](*args, **named)
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
    return inputs[0].new_empty(shape) if like is None else torch.empty_like(like)


def _batch_norm(image: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(image), image.new_empty(image.shape[1]), image.new_empty(image.shape[1])


def _bilinear(image: Tensor, size: Sequence[int], *_: Any, **__: Any) -> Tensor:
    return image.new_empty((*image.shape[:2], *size))


def _cat(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return parts[0].new_empty(shape)


def _mean(image: Tensor, axes: Sequence[int] | None, keepdim: bool = False, **_: Any) -> Tensor:
    gone = {axis % image.ndim for axis in axes or range(image.ndim)}
    sizes = [1 if axis in gone else size for axis, size in enumerate(image.shape)]
    return image.new_empty(
        sizes if keepdim else [size for axis, size in enumerate(sizes) if axis not in gone]
    )


KNOWN: Mapping[Any, Callable[..., Any]] = {
    aten.native_batch_norm.default: _batch_norm,
    aten.upsample_bilinear2d.default: _bilinear,
    aten.cat.default: _cat,
    aten.mean.dim: _mean,
}

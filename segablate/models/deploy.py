"""A network as it would be deployed: batch norms folded, in a precision and a memory format.

network ── copy, fold ──► the same scores ── cast, lay out ──► ready for inputs of `input_type`
"""

from __future__ import annotations

import copy
from typing import Literal, TypeAlias

import torch

from segablate.models.assemble import Network
from segablate.models.fuse import fuse
from segablate.models.segmenter import Segmenter

Precision: TypeAlias = Literal["fp32", "tf32", "fp16", "bf16"]
MemoryFormat: TypeAlias = Literal["channels-first", "channels-last"]

# TF32 is a way to multiply numbers of 32 bits, not a way to store them
TYPES: dict[str, torch.dtype] = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
FORMATS: dict[str, torch.memory_format] = {
    "channels-first": torch.contiguous_format,
    "channels-last": torch.channels_last,
}


def deploy(
    network: Network,
    memory_format: MemoryFormat = "channels-first",
    precision: Precision = "fp32",
    *,
    fold: bool = True,
) -> Network:
    """A copy for inference on the device where the network is.

    Args:
        network: any network; it is left as it is.
        memory_format: how weights are laid out; give the input in the same.
        precision: the type of weights and input, see `input_type`. Whether numbers of 32 bits are multiplied
            as TF32 is a switch of torch's that whoever runs the network sets.
        fold: fold batch norms into convolutions; a network from outside stays as it is.
    """
    if fold and isinstance(network, Segmenter):
        # W folded into the convolution before it would be one large product where there were two small ones
        ready: Network = fuse(network, upsampler=False)
    else:
        ready = copy.deepcopy(network).eval().requires_grad_(False)
        if isinstance(ready, Segmenter):
            ready = ready.without_auxiliary()
    ready.to(dtype=input_type(precision))
    # torch can do this in one call, of which its types do not know
    for parameter in ready.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=FORMATS[memory_format])
    return ready


def input_type(precision: Precision) -> torch.dtype:
    """The type of the image a network of that precision takes."""
    return TYPES[precision]

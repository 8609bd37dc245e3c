"""From what a cell reads to a network that is ready to run, with its inputs in place.

model ── assemble ── fold batch norms ── precision, memory format ── scope ── runtime ──► a pass
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.measures.timing.device import Call, Device
from segablate.measures.timing.runtimes.base import runtimes
from segablate.measures.timing.session import Subject
from segablate.models.assemble import Network, assemble
from segablate.models.complete import bare
from segablate.models.deploy import FORMATS, deploy, input_type
from segablate.models.scopes import scoped

MOST_INPUTS = 1024
# what torch says when a device, or the system, has no more
ASKED = re.compile(r"[Tt]ried to allocate ([\d.]+ ?\w+)")


def prepare(reads: Mapping[str, Any], device: Device, *, seed: int, allow_external: bool = False) -> Subject:
    """A network in its deployment form, run once.

    Args:
        reads: what the cell depends on.
        device: where it runs.
        seed: of the weights and the images; neither should matter to the time.
        allow_external: whether code from outside may be run.

    Raises:
        SegablateError: out of memory, or the runtime's package is missing.
    """
    torch.manual_seed(seed)
    module = _module(reads, device, allow_external)
    inputs = _inputs(reads, device)
    run = cast(
        Callable[[Tensor], Tensor],
        runtimes.part(reads["runtime"]).build({"module": module, "example": inputs[0].to(device.kind)}, {}),
    )
    call = _around(run, inputs, reads, device)
    with torch.inference_mode():
        call()
    return Subject(call, int(reads["batch"]))


def reworded(error: Exception, reads: Mapping[str, Any]) -> SegablateError:
    """What a network failed with, as the reason of its cell."""
    if isinstance(error, SegablateError):
        return error
    size_asked = ASKED.search(str(error))
    if size_asked or isinstance(error, MemoryError | torch.OutOfMemoryError):
        more = f": {_amount(size_asked[1])} more were asked for" if size_asked else ""
        size = "×".join(map(str, reads["size"]))
        return SegablateError(
            f"out of memory at batch {reads['batch']}, {size}{more}",
            hint="the batch is never made smaller by itself: set a smaller `input.batch` or `input.size`",
        )
    first = next(iter(str(error).strip().splitlines()), "")
    return SegablateError(f"{type(error).__name__}: {first}")


def _amount(size: str) -> str:
    """torch tells GiB of a device and bytes of the system's memory."""
    number, _, unit = size.partition(" ")
    return f"{int(number) / 2**30:,.2f} GiB" if unit == "bytes" and number.isdigit() else size


def _module(reads: Mapping[str, Any], device: Device, allow_external: bool) -> nn.Module:
    network: Network = assemble(bare(reads["model"]), reads["classes"], allow_external=allow_external)
    network = deploy(network.to(device.kind), reads["memory_format"], reads["precision"])
    return scoped(network, reads["scope"], fused=reads["fused"]).eval()


def _inputs(reads: Mapping[str, Any], device: Device) -> list[Tensor]:
    """One input, or so many that the cache does not hold them; on the host where the scope begins there."""
    height, width = reads["size"]
    batch, ends = int(reads["batch"]), reads["scope"] == "end-to-end"
    each = batch * 3 * height * width * (1 if ends else input_type(reads["precision"]).itemsize)
    number = min(MOST_INPUTS, 1 + math.ceil(2 * device.cache / each)) if reads["l2"] == "ring" else 1
    if ends:
        pixels = [torch.randint(0, 256, (batch, height, width, 3), dtype=torch.uint8) for _ in range(number)]
        return [image.pin_memory() for image in pixels] if device.kind == "cuda" else pixels
    images = [torch.randn(batch, 3, height, width) for _ in range(number)]
    kind, layout = input_type(reads["precision"]), FORMATS[reads["memory_format"]]
    return [image.to(device.kind, kind).contiguous(memory_format=layout) for image in images]


def _around(
    run: Callable[[Tensor], Tensor], inputs: list[Tensor], reads: Mapping[str, Any], device: Device
) -> Call:
    """A pass: the next input, and for `end-to-end` the way to the device and back."""
    ring = itertools.cycle(inputs)
    if reads["scope"] != "end-to-end":
        return lambda: run(next(ring))
    return lambda: run(next(ring).to(device.kind, non_blocking=True)).cpu()

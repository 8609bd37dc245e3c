"""The second opinion: torch's own counter on the meta device, where no number is ever in memory.

It counts convolutions and matrix products only, two for a multiply-add, and takes the blink of an eye
whatever the size of the image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, flop_registry


def flops(network: nn.Module, shape: Sequence[int]) -> Mapping[str, int]:
    """Module's path → operations of one inference, two a multiply-add, inner modules included.

    Args:
        network: on the meta device.
        shape: (batch, 3, height, width).
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.empty(*shape, device="meta"))
    root = type(network).__name__
    found = {
        name.removeprefix(root).removeprefix("."): int(sum(counts.values()))
        for name, counts in counter.get_flop_counts().items()
        if name.partition(".")[0] == root
    }
    return _with_lists(network, {**found, "": int(counter.get_total_flops())})


def uncounted(calls: Mapping[str, int]) -> dict[str, int]:
    """Of these operators those that torch's counter has no formula for."""
    known = {str(operator).replace(".", "::", 1) for operator in flop_registry}
    return {name: number for name, number in sorted(calls.items()) if name not in known}


def _with_lists(network: nn.Module, found: dict[str, int]) -> dict[str, int]:
    """A list of modules is never called itself; it costs what is in it."""
    whole: dict[str, int] = {}
    for name, module in reversed(list(network.named_modules())):
        inner = [f"{name}.{child}" if name else child for child, _ in module.named_children()]
        whole[name] = found[name] if name in found else sum(whole.get(child, 0) for child in inner)
    return whole

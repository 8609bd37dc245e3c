"""What training and timing both ask of a GPU: number formats that are set, and how long it was at work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

# recent profilers list these on the device, where nothing runs meanwhile
WAITS = (" Sync", "Stream Wait Event")


@contextmanager
def numerics(*, tf32: bool, autotune: bool) -> Iterator[dict[str, bool]]:
    """Number formats and the choice of algorithms: set for a while, never inherited, and put back.

    Args:
        tf32: whether convolutions and matrix products of 32-bit numbers may drop thirteen of their bits.
        autotune: whether cuDNN tries its algorithms for each new shape, or goes by its rules.

    Yields:
        What was set, for the record.
    """
    cudnn = torch.backends.cudnn
    before = torch.get_float32_matmul_precision(), cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = tf32, autotune, False
    try:
        yield {"tf32": tf32, "cudnn_autotuning": autotune}
    finally:
        torch.set_float32_matmul_precision(before[0])
        cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = before[1:]


def at_work(events: Iterable[Any]) -> float:
    """Seconds in which a kernel or a copy ran; what ran at the same time counts once.

    Args:
        events: `torch.profiler`'s, of one GPU.
    """
    # what is annotated spans kernels that are there by themselves
    own = [
        (event.time_range.start, event.time_range.end)
        for event in events
        if event.device_type.name == "CUDA"
        and not event.is_user_annotation
        and not event.name.endswith(WAITS)
    ]
    microseconds, until = 0.0, float("-inf")
    for start, end in sorted(own):
        microseconds += max(0.0, end - max(start, until))
        until = max(until, end)
    return microseconds * 1e-6

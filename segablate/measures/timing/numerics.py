"""Number formats: set for the time of a measurement, never inherited, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from segablate.errors import SegablateError
from segablate.models.deploy import Precision

AMPERE = (8, 0)  # compute capability from which tf32 and bf16 are there


@contextmanager
def numerics(precision: Precision) -> Iterator[None]:
    """Matrix products in tf32 only where that is asked for; cuDNN tries its algorithms for each shape.

    What was set before is set again afterwards.
    """
    cudnn = torch.backends.cudnn
    before = torch.get_float32_matmul_precision(), cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = precision == "tf32", True, False
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = before[1:]


def check_precision(precision: Precision, device: str) -> None:
    """Refuse a precision that the device does not compute in.

    Raises:
        SegablateError: it would be refused, or emulated, which is slower than what it is compared with.
    """
    if precision == "fp32" or (_on_cuda(precision) if device == "cuda" else _on_cpu(precision)):
        return
    where = torch.cuda.get_device_name() if device == "cuda" else "this CPU"
    raise SegablateError(f"{where} does not compute in `{precision}`", hint="use `fp32`", field="precision")


def _on_cuda(precision: Precision) -> bool:
    return precision == "fp16" or torch.cuda.get_device_capability() >= AMPERE


def _on_cpu(precision: Precision) -> bool:
    asked = {"fp16": "_is_mkldnn_fp16_supported", "bf16": "_is_mkldnn_bf16_supported"}.get(precision)
    # torch tells it in this place only
    known = getattr(torch.ops.mkldnn, asked, None) if asked else None
    return bool(known and known())

"""Number formats that a device computes in."""

from __future__ import annotations

import torch

from segablate.errors import SegablateError
from segablate.models.deploy import Precision

AMPERE = (8, 0)  # compute capability from which tf32 and bf16 are there


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
    query = {"fp16": "_is_mkldnn_fp16_supported", "bf16": "_is_mkldnn_bf16_supported"}.get(precision)
    # torch tells it in this place only
    known = getattr(torch.ops.mkldnn, query, None) if query else None
    return bool(known and known())

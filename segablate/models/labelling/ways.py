"""Which way to a label map is open: it depends on the device, on Triton, and on who is looking."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil

import torch
from torch import Tensor

from segablate.models.labelling import bilinear
from segablate.models.labelling.plain import traced

# compilers that Triton looks for to build what starts a kernel, after $CC
COMPILERS = ("cc", "gcc", "clang")


def enlarged(
    code: Tensor, whole: tuple[int, int], wanted: tuple[int, int], *, align_corners: bool
) -> Tensor | None:
    """Labels of class scores that are enlarged bilinearly; None where only the plain way is open.

    Args:
        code: (batch, classes, h, w).
        whole: height and width to which it is enlarged.
        wanted: height and width of what is computed of it, from the upper left corner on.
        align_corners: as in `torch.nn.functional.interpolate`.

    Returns:
        (batch, height, width).
    """
    # what does not cover the size is refused in the plain way
    if traced(code) or wanted[0] > whole[0] or wanted[1] > whole[1]:
        return None
    code = code.detach()
    if code.device.type == "cpu":
        # the plain way interpolates short floats in 32 bits too, but then rounds the scores
        code = code if code.dtype == torch.float64 else code.float()
        return bilinear.labels(code, whole, wanted, align_corners=align_corners)
    if code.is_cuda and code.dtype != torch.float64 and triton_works(code.device):
        from segablate.models.labelling import kernel

        return kernel.labels(code, whole, wanted, align_corners=align_corners)
    return None


@functools.cache
def triton_works(device: torch.device) -> bool:
    """Whether Triton is installed, with a compiler, and knows this GPU."""
    if importlib.util.find_spec("triton") is None or torch.cuda.get_device_capability(device) < (7, 0):
        return False
    return bool(os.environ.get("CC") or any(shutil.which(name) for name in COMPILERS))

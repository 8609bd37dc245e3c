"""Which precision a device can train in."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from segablate.errors import SegablateError
from segablate.training.recipes.base import Recipe

# flags of processors whose bfloat16 is more than float32 cut short: x86's two, ARM's one
BF16 = {"avx512_bf16", "amx_bf16", "bf16"}
CPUINFO = Path("/proc/cpuinfo")


def possible(recipe: Recipe, device: str) -> Recipe:
    """The recipe, in a precision that the device has.

    Raises:
        SegablateError: it asks for bfloat16, there is none, and it does not say that fp32 will do.
    """
    if recipe.precision != "bf16" or has_bf16(device):
        return replace(recipe, or_fp32=False)
    what = "the GPU" if device == "cuda" else "the processor"
    if not recipe.or_fp32:
        raise SegablateError(
            f"{what} does not compute in bfloat16",
            hint="write `recipe.precision: fp32`, or `recipe.or_fp32: true` to take it where it must be",
            field="precision",
        )
    _warn(f"{what} does not compute in bfloat16: the recipe runs in fp32")
    return replace(recipe, precision="fp32", or_fp32=False)


def has_bf16(device: str) -> bool:
    """Whether a device computes in bfloat16 itself; of a CPU that nobody describes it is not believed."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(BF16 & _flags())


@cache
def _flags() -> set[str]:
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return set()
    return {flag for line in lines if line.startswith(("flags", "Features")) for flag in line.split()}


@cache  # once, not once a variant
def _warn(message: str) -> None:
    print(f"note: {message}", file=sys.stderr)

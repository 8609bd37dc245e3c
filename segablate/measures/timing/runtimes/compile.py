"""Compile: torch writes a program for the module and the example's shape."""

from __future__ import annotations

import os
import shutil
from typing import Literal

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.measures.timing.runtimes.base import Run, runtimes

# what torch looks for to build its CPU programs, after $CXX
COMPILERS = ("g++", "clang++")


@runtimes.register("compile")
def compiled(
    module: nn.Module,
    example: Tensor,
    /,
    *,
    mode: Literal["default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"] = "default",
) -> Run:
    """The module compiled by `torch.compile` as one graph, for this shape only.

    Args:
        mode: what torch is to optimise for, in its own words. `reduce-overhead` and `max-autotune` record a
            CUDA graph too.

    Raises:
        SegablateError: there is no compiler for the device, or the module cannot be one graph.
    """
    _check_toolchain(example)
    # what was compiled for other shapes and modes would count against a limit that torch keeps
    torch._dynamo.reset()
    program = torch.compile(module.eval(), fullgraph=True, dynamic=False, mode=mode)

    @torch.inference_mode()
    def run(image: Tensor) -> Tensor:
        output: Tensor = program(image)
        return output

    try:
        run(example)
    except torch._dynamo.exc.TorchDynamoException as error:
        first = str(error).strip().split("\n", 1)[0]
        raise SegablateError(
            f"torch cannot compile this module: {first}", hint="use the runtime `eager`", field="runtime"
        ) from error
    return run


def _check_toolchain(example: Tensor) -> None:
    if example.is_cuda:
        _check_triton(example)
    elif not (os.environ.get("CXX") or any(shutil.which(name) for name in COMPILERS)):
        raise SegablateError(
            "the runtime `compile` needs a C++ compiler to make programs for the CPU",
            hint="install g++ or clang++, or name one in $CXX",
            field="runtime",
        )


def _check_triton(example: Tensor) -> None:
    from segablate.models.labelling.ways import triton_works

    if not triton_works(example.device):
        raise SegablateError(
            "the runtime `compile` needs Triton and a C compiler to make programs for CUDA",
            hint="install `triton` and gcc, or use the runtime `eager`",
            field="runtime",
        )

"""Eager: operators run one after the other, as the module's code says."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segablate.measures.timing.runtimes.base import Run, runtimes


@runtimes.register()
def eager(module: nn.Module, example: Tensor, /) -> Run:
    """The module itself, in inference mode."""
    module.eval()

    @torch.inference_mode()
    def run(image: Tensor) -> Tensor:
        output: Tensor = module(image)
        return output

    return run

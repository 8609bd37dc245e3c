"""CUDA graph: the kernels of one pass are recorded, and started again all at once.

        input ── copy ──► the recorded input ── kernels, as recorded ──► the recorded output

What it saves is the time in which Python and the driver start kernels one by one, which is most of the time
of a light network at batch 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.measures.timing.runtimes.base import Run, runtimes
from segablate.measures.timing.runtimes.eager import eager

# libraries choose their kernels and take their memory in the first passes, which cannot be recorded
PASSES = 3


@runtimes.register("cuda-graph")
def cuda_graph(module: nn.Module, example: Tensor, /) -> Run:
    """The module recorded once as a CUDA graph. The output is the same tensor every time.

    Raises:
        SegablateError: the example is not on a CUDA device, or something the module does cannot be recorded.
    """
    if not example.is_cuda:
        raise SegablateError(
            f"the runtime `cuda-graph` records what a GPU does, but the device is `{example.device.type}`",
            hint="use the runtime `eager` or `compile` on a CPU",
            field="runtime",
        )
    run = eager(module, example)
    recorded = example.clone()
    _warm_up(run, recorded)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            output = run(recorded)
    except RuntimeError as error:
        if isinstance(error, torch.cuda.OutOfMemoryError):
            raise
        raise SegablateError(
            f"this module cannot be recorded as a CUDA graph: {error}",
            hint="use the runtime `eager` or `compile`",
            field="runtime",
        ) from error

    @torch.inference_mode()
    def replay(image: Tensor) -> Tensor:
        recorded.copy_(image)
        graph.replay()
        return output

    return replay


def _warm_up(run: Run, image: Tensor) -> None:
    # on another stream, as recording does
    side = torch.cuda.Stream(image.device)  # type: ignore[no-untyped-call]  # torch left it so
    side.wait_stream(torch.cuda.current_stream(image.device))
    with torch.cuda.stream(side):
        for _ in range(PASSES):
            run(image)
    torch.cuda.current_stream(image.device).wait_stream(side)

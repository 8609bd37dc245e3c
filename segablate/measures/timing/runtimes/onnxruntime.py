"""ONNX Runtime: the module exported to ONNX and run by another program, without torch.

Inputs and outputs stay where they are: they are bound by address, so that no copy is timed that
the other runtimes do not make.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.measures.timing.runtimes.base import Run, runtimes
from segablate.measures.timing.runtimes.eager import eager
from segablate.models.onnx import check_packages, program

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


@runtimes.register("onnxruntime")
def onnx_runtime(module: nn.Module, example: Tensor, /) -> Run:
    """The module exported to ONNX and run by ONNX Runtime on the example's device.

    The output is the same tensor every time. As many threads are used as torch is set to.

    Raises:
        SegablateError: a package is missing, or ONNX Runtime was built without the device.
    """
    check_packages("the runtime `onnxruntime`", "runtime")
    import onnxruntime

    kind, number = example.device.type, example.device.index or 0
    if PROVIDERS.get(kind) not in onnxruntime.get_available_providers():
        raise SegablateError(
            f"this ONNX Runtime was built without the device `{kind}`",
            hint="install `onnxruntime-gpu` in the place of `onnxruntime`" if kind == "cuda" else None,
            field="runtime",
        )
    # the plain module tells what the output will be
    output = torch.empty_like(eager(module, example)(example), memory_format=torch.contiguous_format)
    session = _session(module, example)
    binding = session.io_binding()
    (target,), (source,) = session.get_outputs(), session.get_inputs()
    place = (kind, number)
    binding.bind_output(target.name, *place, _element(output), list(output.shape), output.data_ptr())

    def run(image: Tensor) -> Tensor:
        image = image.contiguous()
        binding.bind_input(source.name, *place, _element(image), list(image.shape), image.data_ptr())
        session.run_with_iobinding(binding)
        return output

    return run


def _session(module: nn.Module, example: Tensor) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # no second choice: what one device cannot do would be done on the CPU, and timed as if on the first
    return onnxruntime.InferenceSession(
        program(module, example), options, providers=[PROVIDERS[example.device.type]]
    )


def _element(tensor: Tensor) -> int:
    import onnx

    kinds = onnx.TensorProto
    named: dict[torch.dtype, int] = {
        torch.float32: kinds.FLOAT,
        torch.float16: kinds.FLOAT16,
        torch.bfloat16: kinds.BFLOAT16,
        torch.uint8: kinds.UINT8,
        torch.int16: kinds.INT16,
    }
    return named[tensor.dtype]

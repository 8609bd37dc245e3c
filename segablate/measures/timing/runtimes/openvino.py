"""OpenVINO: the module exported to ONNX and run on the CPU by Intel's runtime.

The precision is asked for: left alone, OpenVINO takes bfloat16 wherever the processor has it, whatever the
module is in. So the program is exported in 32 bits, and computes in the type of the example.
Inputs and outputs stay where they are, so that no copy is timed that the other runtimes do not make.
"""

from __future__ import annotations

import copy
import importlib.util
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.measures.timing.runtimes.base import Run, runtimes
from segablate.measures.timing.runtimes.eager import eager
from segablate.models.onnx import check_packages, program

NAMES = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}
NAMES |= {torch.uint8: "u8", torch.int16: "i16", torch.int64: "i64"}


@runtimes.register("openvino")
def openvino(module: nn.Module, example: Tensor, /) -> Run:
    """The module exported to ONNX and run by OpenVINO on the CPU, in the precision of the example.

    The output is the same tensor every time. As many threads are used as torch is set to.

    Raises:
        SegablateError: a package is missing, or the device is no CPU.
    """
    check_packages("the runtime `openvino`", "runtime")
    if importlib.util.find_spec("openvino") is None:
        raise SegablateError(
            "the runtime `openvino` needs `openvino`", hint="pip install -e '.[openvino]'", field="runtime"
        )
    if example.device.type != "cpu":
        raise SegablateError(
            f"the runtime `openvino` is for CPUs, but the device is `{example.device.type}`", field="runtime"
        )
    import openvino as ov

    # the plain module tells what the output will be
    output = torch.empty_like(eager(module, example)(example), memory_format=torch.contiguous_format)
    request = _compiled(module, example, output).create_infer_request()
    request.set_output_tensor(ov.Tensor(_array(output), output.shape, _type(output)))

    def run(image: Tensor) -> Tensor:
        image = image.contiguous()
        request.set_input_tensor(ov.Tensor(_array(image), image.shape, _type(image)))
        request.infer()
        return output

    return run


def _compiled(module: nn.Module, example: Tensor, output: Tensor) -> Any:
    import openvino as ov

    core = ov.Core()
    # bytes of an image stay bytes
    image = example.float() if example.is_floating_point() else example
    model = core.read_model(program(copy.deepcopy(module).float(), image))
    ends = ov.preprocess.PrePostProcessor(model)
    ends.input().tensor().set_element_type(_type(example))
    ends.output().tensor().set_element_type(_type(output))
    precision = NAMES[_computed(module)]
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
    }
    return core.compile_model(ends.build(), "CPU", settings)


def _computed(module: nn.Module) -> torch.dtype:
    """What the module computes in."""
    return next(
        (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point()), torch.float32
    )


def _type(tensor: Tensor) -> Any:
    import openvino as ov

    return getattr(ov.Type, NAMES[tensor.dtype])


def _array(tensor: Tensor) -> np.ndarray:
    """The tensor's own memory; numpy knows no bfloat16."""
    plain = tensor.detach()
    array: np.ndarray = (plain.view(torch.int16) if tensor.dtype == torch.bfloat16 else plain).numpy()
    return array

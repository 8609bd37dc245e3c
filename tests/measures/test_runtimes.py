"""Runtimes: another way to run a module, with the same result, or a reason why not."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.measures.timing.runtimes import compile as compile_
from segablate.measures.timing.runtimes.base import runtimes
from segablate.models import onnx as onnx_
from segablate.models.labelling import ways
from segablate.models.upsamplers.bilinear import Bilinear

CLASSES = 4


class Small(nn.Module):
    """A network of one layer that ends with labels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, CLASSES, 3, 8, 1)
        self.upsampler = Bilinear(CLASSES, 8)

    def forward(self, image: Tensor) -> Tensor:
        return self.upsampler.labels(self.conv(image), (image.shape[-2], image.shape[-1]))


def test_the_page_on_timing_names_every_runtime() -> None:
    page = (Path(__file__).parents[2] / "docs/timing.md").read_text(encoding="utf-8")
    table = page[page.index("## Runtimes") : page.index("## Flags")]
    assert {*re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)} == {"runtime", *runtimes.names()}


def image(seed: int = 0) -> Tensor:
    return torch.randn(1, 3, 24, 37, generator=torch.Generator().manual_seed(seed))


def module() -> nn.Module:
    torch.manual_seed(0)
    return Small()


def prepared(name: str, example: Tensor, **settings: Any) -> Callable[[Tensor], Tensor]:
    run: Callable[[Tensor], Tensor] = runtimes.part(name).build(
        {"module": module().to(example.device), "example": example}, settings
    )
    return run


def test_these_runtimes_are_known() -> None:
    assert runtimes.names() == ["compile", "cuda-graph", "eager", "onnxruntime", "openvino"]


@pytest.mark.parametrize(
    "name",
    [
        "eager",
        pytest.param("compile", marks=pytest.mark.slow),
        pytest.param("onnxruntime", marks=pytest.mark.slow),
        pytest.param("openvino", marks=pytest.mark.slow),
    ],
)
# compilers and exporters warn of their own inner workings
@pytest.mark.filterwarnings("ignore")
def test_on_the_cpu_a_runtime_gives_what_the_module_gives(name: str) -> None:
    needed = {"onnxruntime": onnx_.NEEDED, "openvino": (*onnx_.NEEDED, "openvino")}.get(name, ())
    if any(importlib.util.find_spec(one) is None for one in needed):
        pytest.skip(f"{', '.join(needed)} are not all installed")
    run = prepared(name, image())
    for seed in (0, 1):
        given = image(seed)
        with torch.no_grad():
            expected = module().eval()(given)
        found = run(given)
        assert not found.requires_grad
        assert found.dtype == torch.uint8
        assert torch.equal(found, expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_openvino_computes_in_the_precision_of_the_module(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left alone it takes bfloat16 wherever the processor has it."""
    openvino = pytest.importorskip("openvino")
    seen: dict[str, Any] = {}
    compiled = openvino.Core.compile_model

    def spied(core: Any, model: Any, device: str, settings: dict[str, Any]) -> Any:
        seen.update(settings)
        return compiled(core, model, device, settings)

    monkeypatch.setattr(openvino.Core, "compile_model", spied)
    exact, given = nn.Conv2d(3, 4, 3).to(dtype), image().to(dtype)
    found = runtimes.part("openvino").build({"module": exact, "example": given}, {})(given)
    assert found.dtype == dtype
    assert seen["INFERENCE_PRECISION_HINT"] == {torch.float32: "f32", torch.bfloat16: "bf16"}[dtype]
    with torch.no_grad():
        torch.testing.assert_close(found, exact(given), rtol=2e-2, atol=2e-2)


@pytest.mark.cuda
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["eager", "compile", "cuda-graph"])
def test_on_cuda_a_runtime_gives_what_the_module_gives(name: str) -> None:
    run, given = prepared(name, image().cuda()), image(1).cuda()
    expected = prepared("eager", given)(given)
    assert (run(given) != expected).float().mean() < 1e-2


@pytest.mark.cuda
def test_what_waits_for_the_gpu_cannot_be_recorded() -> None:
    class Waits(nn.Module):
        def forward(self, given: Tensor) -> Tensor:
            return given * given.sum().item()

    graph = runtimes.part("cuda-graph")
    with pytest.raises(SegablateError, match="cannot be recorded as a CUDA graph"):
        graph.build({"module": Waits(), "example": image().cuda()}, {})


def test_a_cuda_graph_of_a_cpu_is_refused() -> None:
    with pytest.raises(SegablateError, match="but the device is `cpu`") as caught:
        prepared("cuda-graph", image())
    assert caught.value.field == "runtime"


def test_compiling_without_a_compiler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compile_.shutil, "which", lambda name: None)
    with pytest.raises(SegablateError, match=r"needs a C\+\+ compiler"):
        prepared("compile", image())


def test_a_module_that_is_no_single_graph_is_refused() -> None:
    class Prints(nn.Module):
        def forward(self, given: Tensor) -> Tensor:
            return given + 1 if given.sum().item() > 0 else given

    with pytest.raises(SegablateError, match="torch cannot compile this module"):
        runtimes.part("compile").build({"module": Prints(), "example": image()}, {})


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(SegablateError, match="takes another `mode`"):
        prepared("compile", image(), mode="fastest")


def test_a_missing_package_is_named_with_the_extra_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_, "NEEDED", ("onnx", "there_is_no_such_package"))
    with pytest.raises(SegablateError, match="there_is_no_such_package") as caught:
        prepared("onnxruntime", image())
    assert caught.value.hint == "pip install -e '.[onnx]'"


def test_without_triton_the_plain_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways.importlib.util, "find_spec", lambda name: None)
    ways.triton_works.cache_clear()
    assert not ways.triton_works(torch.device("cuda"))
    ways.triton_works.cache_clear()

"""Every network can be exported and compiled: the program gives the labels the network gives.

Tracing a deep network takes seconds, so a program is traced once and handed on to ONNX.
"""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from segablate.models.assemble import assemble, needed_fit
from segablate.models.networks.base import networks
from segablate.models.upsamplers.base import Subspace

CLASSES = 5
EVEN = (64, 96)
# neither a multiple of 64, nor do windows divide it
ODD = (360, 480)

# matrices fitted to labels, on a small encoder
SMALL = {"encoder": "xception39", "upsampler": {"use": "dupsampling", "channels": 16}}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    # exporters warn of their own inner workings
    pytest.mark.filterwarnings("ignore"),
]


def every(*often: str) -> pytest.MarkDecorator:
    """Every network, these each time: tracing all takes minutes."""
    names = networks.names()
    exhaustive = pytest.mark.exhaustive
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=[] if name in often else exhaustive) for name in names]
    )


def made(name: str | dict[str, Any]) -> nn.Module:
    model = {"use": name} if isinstance(name, str) else name
    fit = needed_fit(model, CLASSES)
    subspace = None
    if fit:
        rng = np.random.default_rng(0)
        patch = fit.stride**2 * CLASSES
        subspace = Subspace(rng.normal(size=(patch, fit.channels)).astype(np.float32))
    torch.manual_seed(0)
    return assemble(model, CLASSES, subspace=subspace).eval()


def image(size: tuple[int, int]) -> torch.Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))


def same_labels(network: nn.Module, one: torch.Tensor, two: torch.Tensor) -> bool:
    # rounding may turn a tie, and nothing else
    agree = one.argmax(1) == two.argmax(1)
    if network.decoder.only_places:
        # unless it turns where a maximum was, to which a value is put back
        return float(agree.float().mean()) > 0.999
    top = one.topk(2, dim=1).values
    near = (top[:, 0] - top[:, 1]) <= 1e-4 * one.abs().max()
    return bool((agree | near).all()) and float(agree.float().mean()) > 0.999


def session(program: torch.export.ExportedProgram, folder: Path) -> Any:
    """The program as onnxruntime reads it."""
    import onnxruntime

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(program, (), folder / "net.onnx", dynamo=True, verbose=False)
    return onnxruntime.InferenceSession(folder / "net.onnx", providers=["CPUExecutionProvider"])


def onnx_is_here() -> bool:
    return all(importlib.util.find_spec(module) for module in ("onnx", "onnxscript", "onnxruntime"))


def test_the_exported_program_of_dupsampling_gives_the_same_labels() -> None:
    test_the_exported_program_gives_the_same_labels(SMALL)


@every("fanet-18")
def test_the_exported_program_gives_the_same_labels(name: str | dict[str, Any]) -> None:
    network, x = made(name), image(EVEN)
    program = torch.export.export(network, (x,)).module()
    with torch.no_grad():
        assert same_labels(network, network(x), program(x))


@every("pp-liteseg-t")
def test_at_an_odd_size_the_exported_and_the_onnx_program_give_the_same_labels(
    name: str, tmp_path: Path
) -> None:
    network, x = made(name), image(ODD)
    exported = torch.export.export(network, (x,))
    with torch.no_grad():
        expected = network(x)
        assert same_labels(network, expected, exported.module()(x))
    if not onnx_is_here():
        pytest.skip("exported, but onnx, onnxscript and onnxruntime are not all installed")
    running = session(exported, tmp_path)
    (given,) = running.run(None, {running.get_inputs()[0].name: x.numpy()})
    assert same_labels(network, expected, torch.from_numpy(given))


@every("pp-liteseg-t")
def test_the_compiled_network_gives_the_same_labels(name: str) -> None:
    network, x = made(name), image(EVEN)
    # all networks share their code, of which only so many forms are kept
    torch._dynamo.reset()
    # eager: what is tested is that all of it is one graph, not the code that a compiler makes of it
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    with torch.no_grad():
        assert same_labels(network, network(x), compiled(x))

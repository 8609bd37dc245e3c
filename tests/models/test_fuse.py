"""Fusing: the same scores from fewer layers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from segablate.models.assemble import assemble, needed_fit
from segablate.models.fuse import fuse
from segablate.models.networks.base import networks
from segablate.models.segmenter import Segmenter
from segablate.models.upsamplers.base import Subspace, upsamplers

CLASSES = 5


def made(model: dict[str, Any]) -> Segmenter:
    fit = needed_fit(model, CLASSES)
    subspace = None
    if fit:
        rng = np.random.default_rng(0)
        patch = fit.stride**2 * CLASSES
        basis = np.linalg.qr(rng.normal(size=(patch, fit.channels)))[0].astype(np.float32)
        subspace = Subspace(basis, rng.normal(size=patch).astype(np.float32))
    torch.manual_seed(0)
    network = assemble(model, CLASSES, subspace=subspace)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.bias, 0, 0.3)
            nn.init.normal_(module.running_mean, 0, 0.3)  # type: ignore[arg-type]
            nn.init.uniform_(module.weight, 0.6, 1.4)
            nn.init.uniform_(module.running_var, 0.6, 1.4)  # type: ignore[arg-type]
    return network.eval()


def difference(one: nn.Module, two: nn.Module, *size: int) -> float:
    image = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = one(image)
        return float((expected - two(image)).abs().max() / expected.abs().max())


@pytest.mark.parametrize("name", networks.names())
def test_a_fused_network_gives_the_same_scores(name: str) -> None:
    network = made({"use": name})
    fused = fuse(network)
    assert difference(network, fused, 65, 97) < 1e-4
    # a norm that stands before its convolution, with a ReLU between, cannot be folded
    for module in fused.modules():
        for conv, norm in pairwise(module.children()):
            assert not (isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d))
    assert len(fused.auxiliary) == 0


def test_fusing_leaves_the_network_as_it_was() -> None:
    network = made({"use": "pp-liteseg-t"})
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fuse(network)
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize("temperature", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_dupsampling_becomes_one_convolution_with_the_one_before(bias: bool, temperature: bool) -> None:
    upsampler = {"use": "dupsampling", "channels": 6, "bias": bias, "temperature": temperature}
    network = made({"encoder": "resnet18", "upsampler": upsampler, "output_stride": 16})
    if temperature:
        with torch.no_grad():
            network.upsampler.temperature.fill_(0.7)  # type: ignore[union-attr,operator]
    fused = fuse(network)
    assert fused.decoder.classify.out_channels == 16 * 16 * CLASSES
    assert not list(fused.upsampler.parameters())
    assert difference(network, fused, 33, 50) < 1e-4


def test_the_upsampler_may_be_left_as_it_is() -> None:
    upsampler = {"use": "dupsampling", "channels": 6}
    network = made({"encoder": "resnet18", "upsampler": upsampler, "output_stride": 16})
    assert fuse(network, upsampler=False).decoder.classify.out_channels == 6


@pytest.mark.parametrize(
    ("upsampler", "decoder"),
    [
        *((upsampler, "head") for upsampler in upsamplers.names()),
        *(("dupsampling", decoder) for decoder in ("deeplabv3plus", "aggregate")),
    ],
)
def test_any_upsampler_and_any_decoder_can_be_fused(upsampler: str, decoder: str) -> None:
    spec: dict[str, Any] = {"use": upsampler}
    if "channels" in upsamplers.part(upsampler).defaults:
        spec["channels"] = 6
    network = made({"encoder": "resnet18", "decoder": decoder, "upsampler": spec, "output_stride": 16})
    assert difference(network, fuse(network), 33, 50) < 1e-4

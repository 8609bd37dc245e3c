"""Scopes: each stops elsewhere, and all are the same function up to there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.assemble import assemble
from segablate.models.deploy import deploy
from segablate.models.external import External
from segablate.models.scopes import MEAN, SPREAD, scoped
from segablate.models.segmenter import Segmenter

Check = Callable[[Tensor, Tensor], None]

CLASSES = 5
UPSAMPLERS: list[dict[str, Any]] = [
    {"use": "bilinear"},
    {"use": "bilinear", "align_corners": True, "fit": "stretch"},
    {"use": "dupsampling", "channels": 6, "weights": "random"},
    {"use": "nearest"},
]


def made(upsampler: dict[str, Any]) -> Segmenter:
    torch.manual_seed(0)
    network = assemble({"encoder": "resnet18", "upsampler": upsampler, "output_stride": 16}, CLASSES)
    assert isinstance(network, Segmenter)
    return network.eval().requires_grad_(False)


def image(*size: int) -> Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("upsampler", UPSAMPLERS)
@pytest.mark.parametrize("size", [(64, 96), (45, 70)])
def test_every_scope_is_the_same_function(
    upsampler: dict[str, Any], size: tuple[int, int], up_to_ties: Check
) -> None:
    network, x = made(upsampler), image(*size)
    code, scores = scoped(network, "forward")(x), scoped(network, "logits")(x)
    assert torch.equal(network.upsampler(code, size), scores)
    for fused in (True, False):
        label = scoped(network, "labels", fused=fused)(x)
        assert label.dtype == torch.uint8
        up_to_ties(label, scores)
    assert torch.equal(label.long(), scores.argmax(1))


@pytest.mark.parametrize("memory_format", ["channels-first", "channels-last"])
def test_end_to_end_starts_with_bytes_and_normalises_as_imagenet(
    memory_format: Any, up_to_ties: Check
) -> None:
    network = deploy(made({"use": "bilinear"}), memory_format)
    pixels = torch.randint(256, (2, 45, 70, 3), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    x = ((pixels / 255 - torch.tensor(MEAN)) / torch.tensor(SPREAD)).permute(0, 3, 1, 2).contiguous()
    seen: list[Tensor] = []
    network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    scoped(network, "end-to-end", fused=False)(pixels)
    torch.testing.assert_close(seen[0], x, atol=1e-5, rtol=1e-5)
    assert seen[0].is_contiguous() == (memory_format == "channels-first")
    label, expected = scoped(network, "end-to-end")(pixels), scoped(network, "labels")(x)
    assert float((label != expected).float().mean()) <= 1e-3


def test_a_network_from_outside_has_all_scopes_but_the_first() -> None:
    network = External(nn.Conv2d(3, CLASSES, 1), "net:make", CLASSES).eval()
    x = image(8, 12)
    label = scoped(network, "labels")(x)
    assert torch.equal(label.long(), scoped(network, "logits")(x).argmax(1))
    assert scoped(network, "end-to-end")(torch.zeros(2, 8, 12, 3, dtype=torch.uint8)).shape == (2, 8, 12)
    with pytest.raises(SegablateError, match="network from outside stops") as caught:
        scoped(network, "forward")
    assert caught.value.field == "scope"


@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_a_deployed_network_has_its_precision_and_format_and_gives_the_same_scores(precision: Any) -> None:
    network, x = made(UPSAMPLERS[2]).requires_grad_(), image(45, 70)
    ready = deploy(network, "channels-last", precision)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    assert {p.dtype for p in ready.parameters()} == {dtype}
    assert ready.encoder.conv1.weight.is_contiguous(memory_format=torch.channels_last)  # type: ignore[union-attr,index]
    with torch.no_grad():
        expected = network(x)
        given = ready(x.to(dtype).contiguous(memory_format=torch.channels_last)).float()
    off = float((given - expected).abs().max() / expected.abs().max())
    assert off < (0.1 if precision == "bf16" else 1e-4)
    assert any(p.requires_grad for p in network.parameters())


def test_a_network_from_outside_is_deployed_as_a_copy() -> None:
    network = External(nn.Sequential(nn.Conv2d(3, CLASSES, 3, padding=1), nn.Dropout()), "net:make", CLASSES)
    ready = deploy(network, "channels-last", "bf16")
    assert not ready.training
    assert network.training
    assert next(network.parameters()).dtype == torch.float32

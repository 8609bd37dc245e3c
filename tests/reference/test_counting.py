"""Counts held against counting by hand, against torch's own counter and against each other."""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.measures.counting.cost import Cost
from segablate.measures.counting.count import cost
from segablate.measures.counting.fvcore import multiply_adds
from segablate.measures.counting.traced import Trace, trace
from segablate.models.fusions.base import fusions
from segablate.models.networks.base import networks
from segablate.models.upsamplers.base import upsamplers

SHAPE = (1, 3, 12, 18)
N = 3 * 12 * 18


class Does(nn.Module):
    """Does one thing to an image."""

    def __init__(self, what: Any) -> None:
        super().__init__()
        self.what = what

    def forward(self, x: Tensor) -> Tensor:
        return self.what(x)


# what is done to a 1×3×12×18 image, and what it costs by hand
ELEMENTWISE = {
    "add": (lambda x: x + x, N),
    "sub": (lambda x: x - 2 * x, N + N),
    "mul": (lambda x: x * x, N),
    "rsub": (lambda x: 1 - x, N),
    "div": (lambda x: x / 3.0, N),
    "relu": (lambda x: x.relu(), N),
    "sigmoid": (lambda x: x.sigmoid(), 4 * N),
    "leaky_relu": (lambda x: F.leaky_relu(x), 2 * N),
    "softmax": (lambda x: x.softmax(1), 5 * N),
    "mean": (lambda x: x.mean(1, keepdim=True), N),
    "amax": (lambda x: x.amax(1, keepdim=True), N - 12 * 18),
    "argmax": (lambda x: x.argmax(1), N - 12 * 18),
    "bilinear": (lambda x: F.interpolate(x, (24, 36), mode="bilinear"), 7 * 4 * N),
    "nearest": (lambda x: F.interpolate(x, (24, 36)), 0),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x.reshape(1, 12, 6, 9), 2), 0),
    "one window": (lambda x: F.adaptive_avg_pool2d(x, 1), N),
    "windows that divide": (lambda x: F.adaptive_avg_pool2d(x, (4, 6)), N),
    # 12 rows in 5 windows: 3 + 3 + 4 + 3 + 3; 18 columns in 4: 5 + 5 + 5 + 5
    "windows that overlap": (lambda x: F.adaptive_avg_pool2d(x, (5, 4)), 3 * 16 * 20),
    "max_pool": (lambda x: F.max_pool2d(x, 3, 2, 1), 3 * 6 * 9 * 9),
    "avg_pool": (lambda x: F.avg_pool2d(x, (2, 3)), N),
    "moves": (lambda x: torch.cat([x, x], 1).permute(0, 2, 3, 1).reshape(-1)[:5], 0),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_what_is_done_to_each_number_is_counted_as_by_hand(name: str) -> None:
    what, expected = ELEMENTWISE[name]
    found = trace(Does(what), SHAPE)
    assert sum(found.elementwise[""].values()) == expected
    assert found.macs[""] == {}
    assert found.uncounted == {}


@pytest.mark.parametrize(
    ("module", "macs"),
    [
        (nn.Conv2d(3, 8, 3, padding=1), 8 * 3 * 9 * 12 * 18),
        (nn.Conv2d(3, 8, 3, 2, 1), 8 * 3 * 9 * 6 * 9),
        (nn.Conv2d(3, 6, 5, padding=2, groups=3), 6 * 25 * 12 * 18),
        (nn.Conv2d(3, 8, 3, padding=6, dilation=6), 8 * 3 * 9 * 12 * 18),
        (nn.ConvTranspose2d(3, 5, 4, 2, 1), 3 * 5 * 16 * 12 * 18),
        (nn.Linear(18, 7), 3 * 12 * 18 * 7),
        (nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4)), 3 * 4 * 12 * 18),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_multiply_adds_are_those_by_hand_and_half_of_torch_s(module: nn.Module, macs: int) -> None:
    assert sum(trace(module, SHAPE).macs[""].values()) == macs
    assert trace(module.to("meta"), SHAPE).torch_flops[""] == 2 * macs


def test_a_fused_batch_norm_costs_two_operations_a_number() -> None:
    found = trace(nn.BatchNorm2d(3), SHAPE)
    assert found.elementwise[""] == {"batch_norm": 2 * N}


def test_what_has_no_formula_is_listed_with_its_number_of_calls() -> None:
    found: Trace = trace(Does(lambda x: (x.erf() + x.cumsum(2)).erf()), SHAPE)
    assert found.uncounted == {"aten::cumsum": 1, "aten::erf": 2}


def test_a_module_counts_what_is_inside_it() -> None:
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()), nn.Conv2d(4, 2, 1))
    macs = {name: sum(count.values()) for name, count in trace(network, SHAPE).macs.items()}
    pixels = 12 * 18
    assert macs == {"": 20 * pixels, "0": 12 * pixels, "0.0": 12 * pixels, "0.1": 0, "1": 8 * pixels}
    assert trace(network.to("meta"), SHAPE).torch_flops == {name: 2 * number for name, number in macs.items()}


def test_memory_is_what_is_alive_at_the_same_time() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 1, 1)).to("meta")
    image, wide = 4 * N, 4 * 8 * 12 * 18
    # the image is held by the caller; the convolution's result and ReLU's are there together
    assert trace(network, SHAPE).peak == image + 2 * wide


def test_a_layer_in_place_takes_less_memory() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 1, 1)).to("meta")
    assert trace(network, SHAPE).peak == 4 * N + 4 * 8 * 12 * 18 + 4 * 12 * 18


def test_bytes_moved_are_those_read_and_written_and_views_move_none() -> None:
    pixels = 12 * 18
    read, written, weights = 4 * N, 4 * 8 * pixels, 4 * (8 * 3 + 8)
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Flatten(0)).to("meta")
    moved = trace(network, SHAPE).moved
    assert moved[""] == moved["0"] == read + written + weights
    assert moved.get("1", 0) == 0


@functools.cache
def counted(network: str) -> Cost:
    return cost({"use": network}, 5, (65, 97))


@pytest.mark.parametrize("name", networks.names())
def test_every_network_is_counted_whole(name: str) -> None:
    found = counted(name)
    assert found.uncounted == {}
    assert found.check.ratio == 2
    assert found.check.differences == {}
    whole = found.modules[""]
    assert [part.name for part in found.groups] == ["encoder", "context", "decoder", "upsampler"]
    for total in ("macs", "others", "params", "moved"):
        assert sum(getattr(part, total) for part in found.groups) == getattr(whole, total)
    assert found.parameters.total == whole.params
    assert found.peak > 4 * 3 * 65 * 97


@pytest.mark.parametrize("name", networks.names())
def test_the_quick_count_has_the_same_multiply_adds_in_every_module(name: str) -> None:
    slow, quick = counted(name), cost({"use": name}, 5, (65, 97), quick=True)
    assert quick.check.traced is None
    both = slow.modules.keys() & quick.modules.keys()
    assert {"", "encoder", "decoder"} <= both
    assert all(slow.modules[module].macs == quick.modules[module].macs for module in both)
    assert (slow.parameters, slow.peak) == (quick.parameters, quick.peak)


@pytest.mark.parametrize("name", upsamplers.names())
def test_every_upsampler_is_counted(name: str) -> None:
    found = cost({"encoder": "resnet18", "upsampler": name}, 3, (64, 96))
    assert found.uncounted == {}
    assert found.check.differences == {}


@pytest.mark.parametrize("name", fusions.names())
def test_every_fusion_is_counted(name: str) -> None:
    found = cost({"encoder": "stdc1", "decoder": {"use": "fld", "fusion": name}}, 3, (64, 96))
    assert found.uncounted == {}
    assert found.check.differences == {}


def test_the_batch_multiplies_operations_and_activations() -> None:
    one = cost({"encoder": "resnet18"}, 3, (64, 96))
    two = cost({"encoder": "resnet18"}, 3, (64, 96), batch=2)
    assert two.modules[""].macs == 2 * one.modules[""].macs
    # but for the few numbers a channel that batch norm gives beside its result
    assert two.peak == pytest.approx(2 * one.peak, rel=1e-3)
    assert two.parameters == one.parameters


def test_counting_leaves_torch_s_random_numbers_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    cost({"encoder": "resnet18"}, 3, (64, 96))
    assert torch.rand(1) == expected


def test_heads_of_training_are_told_apart() -> None:
    parameters = cost({"use": "pp-liteseg-t"}, 19, (64, 96)).parameters
    assert (parameters.total, parameters.training_only) == (8_028_320, 113_280)
    assert parameters.trainable == 8_141_600


def test_a_frozen_upsampler_is_not_trained() -> None:
    frozen = cost({"encoder": "resnet18", "upsampler": "dupsampling"}, 3, (64, 96)).parameters
    assert frozen.total - frozen.trainable == 32 * 32 * 3 * 64


@pytest.mark.parametrize(
    ("network", "variant", "size", "gmac"),
    [
        ("pp-liteseg-t", "released", (512, 1024), 11.42),
        ("pp-liteseg-b", "released", (512, 1024), 19.23),
        ("pp-liteseg-t", "paper", (512, 1024), 10.74),
        ("pp-liteseg-b", "paper", (512, 1024), 18.55),
        ("pp-liteseg-t", "released", (1024, 2048), 45.68),
    ],
)
def test_pp_liteseg_comes_to_what_fvcore_counts(
    network: str, variant: str, size: tuple[int, int], gmac: float
) -> None:
    found = cost({"use": network, "variant": variant}, 19, size)
    assert round(found.modules[""].macs / 1e9, 2) == gmac


@pytest.mark.parametrize("name", ["pp-liteseg-t", "attanet-light"])
def test_fvcore_counts_the_same_multiply_adds_in_every_module(name: str) -> None:
    theirs = multiply_adds({"use": name}, 5, (64, 96))
    ours = cost({"use": name}, 5, (64, 96))
    assert ours.apart(theirs) == {}
    assert theirs[""] > 0
    assert ours.apart({**theirs, "encoder": 1}) == {"encoder": (ours.modules["encoder"].macs, 1)}


def test_counting_a_network_leaves_torch_s_compiler_and_its_algebra_alone() -> None:
    """To import the one takes longer than to import torch and to count together, the other half of it."""
    code = "import sys; from segablate.measures.counting.count import cost; "
    code += "cost({'use': 'pp-liteseg-t'}, 19, (64, 96)); print({'torch._dynamo', 'sympy'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(3, 8, 3, 2, 1),
        nn.Conv2d(3, 6, (5, 2), (3, 1), (2, 0), (1, 3), groups=3),
        nn.ConvTranspose2d(3, 6, 3, 2, 1, output_padding=1, groups=3),
        nn.ConvTranspose2d(3, 4, (2, 5), (3, 1), (0, 1), dilation=(1, 2)),
        nn.AvgPool2d(3, 2, 1),
        nn.AvgPool2d((2, 5), ceil_mode=True),
        nn.AvgPool2d(2, 3, 1, ceil_mode=True),
        nn.MaxPool2d(3, 2, 1),
        nn.MaxPool2d((3, 2), (4, 5), (1, 0), dilation=(2, 1), ceil_mode=True),
        nn.AdaptiveAvgPool2d((5, 4)),
        nn.UpsamplingNearest2d((31, 17)),
        nn.UpsamplingBilinear2d((31, 17)),
        Does(lambda x: x.amax((1, -1))),
        Does(lambda x: x.amax()),
        Does(lambda x: x.mean(1, keepdim=True)),
        Does(lambda x: x.transpose(1, 2).relu()),
    ],
)
def test_what_an_operator_gives_has_the_shape_that_it_has_in_numbers(module: nn.Module) -> None:
    image = torch.zeros(1, 3, 13, 18)
    numbers = module(image)
    module.to("meta")
    seen: list[Tensor] = []
    trace(Does(lambda x: seen.append(module(x)) or seen[0]), (1, 3, 13, 18))
    assert (seen[0].shape, seen[0].dtype) == (numbers.shape, numbers.dtype)
    assert seen[0].stride() == numbers.stride()


@pytest.mark.parametrize(
    "module", [nn.Conv2d(4, 8, 3), nn.Conv2d(3, 8, 19), nn.MaxPool2d(19), nn.AvgPool2d(19)]
)
def test_what_torch_refuses_is_refused_by_torch(module: nn.Module) -> None:
    with pytest.raises(RuntimeError):
        trace(Does(module.to("meta")), (1, 3, 13, 18))

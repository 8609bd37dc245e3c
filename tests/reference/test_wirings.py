"""A second opinion on wirings: PaddleSeg's U-Net and BiSeNetV2 with the same numbers give the same logits.

They are not quite the networks that papers and their re-implementations agree on, so ours are brought to
theirs first: PaddleSeg's BiSeNetV2 has fewer ReLUs, a narrower head and biases. What is compared is the rest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from segablate.models.assemble import assemble
from segablate.models.decoders.unet import UNet
from segablate.models.features import Feature
from segablate.models.layers import ConvNorm

SIDE = Path(__file__).with_name("paddle_wirings.py")
DEPTHWISE = ".depthwise_conv"
OWN_HEAD = {"use": "bilateral", "detail": "detail", "fusion": "bga", "head": 128}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = os.environ.get("SEGABLATE_PADDLE", sys.executable)
    folder = tmp_path_factory.mktemp("paddle")
    subprocess.run([python, str(SIDE), str(folder)], check=True, capture_output=True, timeout=600)
    return folder


class Given:
    """PaddleSeg's tensors, and how they go into our layers."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            self.tensors = {name: torch.from_numpy(arrays[name]) for name in arrays.files}

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def norm(self, ours: nn.Module, name: str) -> None:
        state = {"weight": "weight", "bias": "bias", "running_mean": "_mean", "running_var": "_variance"}
        for own, other in state.items():
            getattr(ours, own).copy_(self[f"{name}.{other}"])

    def layer(self, ours: nn.Module, name: str, *, relu: bool = True) -> None:
        assert isinstance(ours, ConvNorm)
        ours.relu &= relu
        ours.conv.weight.copy_(self[f"{name}._conv.weight"])
        self.norm(ours.bn, f"{name}._batch_norm")
        bias = self[f"{name}._conv.bias"]
        if ours.conv.bias is not None:
            ours.conv.bias.copy_(bias)
        else:  # the norm takes a mean off what a bias was added to
            ours.bn.running_mean.sub_(bias)  # type: ignore[operator]

    def plain(self, ours: nn.Module, name: str) -> None:
        """A convolution with a bias in place of one with a norm."""
        assert isinstance(ours, ConvNorm)
        ours.relu = False
        ours.conv.weight.copy_(self[f"{name}.weight"])
        ours.bn.bias.copy_(self[f"{name}.bias"])  # type: ignore[operator]
        ours.bn.weight.fill_((1 + ours.bn.eps) ** 0.5)  # type: ignore[operator]

    def pointwise(self, ours: nn.Module, name: str) -> None:
        ours.weight.copy_(self[f"{name}.weight"])  # type: ignore[operator]
        ours.bias = nn.Parameter(self[f"{name}.bias"])


def same(network: nn.Module, path: Path) -> None:
    with np.load(path) as expected, torch.no_grad():
        given = network(torch.from_numpy(expected["image"])).numpy()
        assert np.abs(given - expected["logits"]).max() <= 1e-4 * np.abs(expected["logits"]).max()


@pytest.mark.paddle
def test_u_net_is_wired_as_paddleseg_s(theirs: Path) -> None:
    network, given = assemble({"use": "unet", "variant": "paddleseg"}, 19).eval(), Given(theirs / "unet.npz")
    places = {f"encoder.blocks.0.0.{j}": f"encode.double_conv.{j}" for j in (0, 1)}
    for level in range(4):
        for j in (0, 1):
            places[f"encoder.blocks.{level + 1}.1.{j}"] = f"encode.down_sample_list.{level}.{j + 1}"
            places[f"decoder.blocks.{level}.{j}"] = f"decode.up_sample_list.{level}.double_conv.{j}"
    with torch.no_grad():
        for ours, name in places.items():
            given.layer(network.get_submodule(ours), name)
        given.pointwise(network.get_submodule("decoder.wide"), "conv")
    same(network, theirs / "unet-96x160.npz")


@pytest.mark.paddle
@pytest.mark.parametrize("size", ["129x257", "257x193"])
def test_bisenetv2_is_wired_as_paddleseg_s(theirs: Path, size: str) -> None:
    network = assemble({"use": "bisenetv2", "decoder": OWN_HEAD}, 19).eval()
    given = Given(theirs / "bisenetv2.npz")
    with torch.no_grad():
        for ours, name in branches().items():
            given.layer(network.get_submodule(ours), name, relu=DEPTHWISE not in name)
        given.norm(network.get_submodule("context.norm"), "sb.ce.bn")
        given.plain(network.get_submodule("context.merge"), "sb.ce.conv_3x3")
        for ours, name in (("fine", "db_branch_keep"), ("coarse", "sb_branch_keep")):
            fused = network.get_submodule(f"decoder.fuse.{ours}")
            given.layer(fused.get_submodule("0"), f"bga.{name}.0{DEPTHWISE}", relu=False)
            given.pointwise(fused.get_submodule("1"), f"bga.{name}.1")
        for ours, name in (
            ("fine_down", "db_branch_down.0"),
            ("coarse_up", "sb_branch_up"),
            ("merge", "conv"),
        ):
            given.layer(network.get_submodule(f"decoder.fuse.{ours}"), f"bga.{name}", relu=False)
        given.pointwise(network.get_submodule("decoder.classify"), "head.conv_1x1")
    same(network, theirs / f"bisenetv2-{size}.npz")


def branches() -> dict[str, str]:
    """Our names of BiSeNetV2's ordinary layers → PaddleSeg's."""
    places = {f"encoder.detail.{j}": f"db.convs.{j}" for j in range(8)}
    stem = {"first": "conv", "left.0": "left.0", "left.1": "left.1", "merge": "fuse"}
    places |= {f"encoder.stem.{ours}": f"sb.stem.{name}" for ours, name in stem.items()}
    places |= {"context.mix": "sb.ce.conv_1x1", "decoder.head": "head.conv_3x3.0"}
    wide = ("0", f"1{DEPTHWISE}", f"2{DEPTHWISE}", "3")
    for stage, (theirs, units) in enumerate((("stage3", 2), ("stage4", 2), ("stage5_4", 4))):
        first, name = f"encoder.blocks.{stage}.0", f"sb.{theirs}.0"
        places |= {f"{first}.main.{j}": f"{name}.branch_1.{one}" for j, one in enumerate(wide)}
        places |= {
            f"{first}.shortcut.0": f"{name}.branch_2.0{DEPTHWISE}",
            f"{first}.shortcut.1": f"{name}.branch_2.1",
        }
        for unit in range(1, units):
            ours, name = f"encoder.blocks.{stage}.{unit}", f"sb.{theirs}.{unit}"
            places |= {
                f"{ours}.main.{j}": f"{name}.conv.{one}" for j, one in enumerate(("0", f"1{DEPTHWISE}", "2"))
            }
    return places


@pytest.mark.parametrize(("enlarge", "first"), [("bilinear", "context"), ("transposed", "x8")])
def test_paddleseg_s_u_net_lays_the_enlarged_feature_first_and_others_the_finer_one(
    enlarge: str, first: str
) -> None:
    features = (Feature("x8", 4, 8), Feature("context", 4, 16))
    torch.manual_seed(0)
    decoder = UNet(features, 2, enlarge=enlarge).eval()  # type: ignore[arg-type]
    weight = decoder.get_submodule("blocks.0.0.conv").weight
    with torch.no_grad():
        weight[:, len(weight[0]) // 2 :] = 0.0
        seen = {"x8": torch.randn(1, 4, 8, 8), "context": torch.randn(1, 4, 4, 4)}
        before = decoder(seen)["code"]
        changes = {
            name: not torch.equal(decoder({**seen, name: -value})["code"], before)
            for name, value in seen.items()
        }
    assert changes == {name: name == first for name in seen}

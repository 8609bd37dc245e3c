"""Names of parameters in the checkpoints people have: each name listed for a family finds its tensor."""

from __future__ import annotations

import pytest
import torch
from classify import Classifier
from torch import nn

from segablate.models.assemble import planned
from segablate.models.encoders.base import encoders
from segablate.models.weights.formats import (
    EFFICIENTNET_LITE0,
    PADDLE_PP_LITESEG,
    STDC_IMAGENET,
    STDC_SEG,
    TORCHVISION_RESNET,
    Format,
)

BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
PADDLE_NORM = ("weight", "bias", "_mean", "_variance")


def classifier(name: str) -> nn.Module:
    with torch.device("meta"):
        return Classifier(encoders.part(name).build({"output_stride": 32}, {}))


def missing(kind: Format, network: nn.Module, names: list[str]) -> list[str]:
    own = network.state_dict()
    return [name for name in names if kind.rename(name) not in own]


def test_torchvision_resnet() -> None:
    names = [
        "conv1.weight",
        *(f"bn1.{part}" for part in BATCH_NORM),
        "layer1.0.conv1.weight",
        "layer1.0.downsample.0.weight",
        "layer1.0.downsample.1.running_var",
        "layer4.2.bn3.bias",
        "fc.weight",
        "fc.bias",
    ]
    assert missing(TORCHVISION_RESNET, classifier("resnet50"), names) == []


def test_resnet_has_torchvision_s_number_of_tensors() -> None:
    # 53 convolutions, 53 batch norms of 5 tensors, and a linear layer of 2
    assert len(classifier("resnet50").state_dict()) == 53 + 53 * 5 + 2


def test_stdc_on_imagenet() -> None:
    names = [
        "features.0.conv.weight",
        *(f"features.0.bn.{part}" for part in BATCH_NORM),
        "features.2.conv_list.0.conv.weight",
        "features.2.avd_layer.0.weight",
        *(f"features.2.avd_layer.1.{part}" for part in BATCH_NORM),
        "x2.0.0.conv.weight",
        "x32.0.7.conv_list.3.bn.running_var",
        "conv_last.conv.weight",
        "conv_last.bn.weight",
        "fc.weight",
        "linear.weight",
    ]
    assert missing(STDC_IMAGENET, classifier("stdc1"), names) == []
    assert STDC_IMAGENET.why_unused(STDC_IMAGENET.rename("bn.running_mean"))


def test_stdc_seg_whole_model() -> None:
    names = [
        "cp.backbone.features.0.conv.weight",
        "cp.backbone.x8.0.2.avd_layer.0.weight",
        "cp.arm16.conv.conv.weight",
        "cp.arm16.conv_atten.weight",
        "cp.arm32.bn_atten.running_mean",
        "cp.conv_head32.conv.weight",
        "cp.conv_avg.bn.weight",
        "ffm.convblk.conv.weight",
        "ffm.conv1.weight",
        "ffm.conv2.weight",
        "conv_out.conv.conv.weight",
        "conv_out.conv_out.weight",
        "conv_out16.conv.conv.weight",
        "conv_out32.conv_out.weight",
        "conv_out_sp8.conv.conv.weight",
        "conv_out_sp8.conv_out.weight",
    ]
    assert missing(STDC_SEG, planned({"use": "stdc1-seg"}, 19), names) == []


@pytest.mark.parametrize("network", ["pp-liteseg-t", "pp-liteseg-b"])
def test_paddleseg_pp_liteseg(network: str) -> None:
    names = [
        "backbone.features.0.conv.weight",
        *(f"backbone.features.0.bn.{part}" for part in PADDLE_NORM),
        "backbone.features.2.avd_layer.0.weight",
        "ppseg_head.cm.stages.0.1._conv.weight",
        "ppseg_head.cm.stages.0.1._conv.bias",
        *(f"ppseg_head.cm.stages.2.1._batch_norm.{part}" for part in PADDLE_NORM),
        "ppseg_head.cm.conv_out._conv.weight",
        *(f"ppseg_head.arm_list.{n}.conv_x._conv.weight" for n in range(3)),
        *(f"ppseg_head.arm_list.{n}.conv_out._conv.weight" for n in range(3)),
        *(f"ppseg_head.arm_list.{n}.conv_xy_atten.{m}._conv.weight" for n in range(3) for m in range(2)),
        *(f"seg_heads.{n}.conv._conv.weight" for n in range(3)),
        *(f"seg_heads.{n}.conv_out.weight" for n in range(3)),
    ]
    assert missing(PADDLE_PP_LITESEG, planned({"use": network}, 19), names) == []
    assert PADDLE_PP_LITESEG.why_unused(PADDLE_PP_LITESEG.rename("ppseg_head.arm_list.0._scale"))


def test_efficientnet_lite0_package() -> None:
    names = [
        "_conv_stem.weight",
        "_bn0.running_var",
        "_blocks.0._depthwise_conv.weight",
        "_blocks.1._expand_conv.weight",
        "_blocks.15._bn2.running_var",
        "_conv_head.weight",
        "_bn1.weight",
        "_fc.bias",
    ]
    network = classifier("efficientnet-lite0")
    assert missing(EFFICIENTNET_LITE0, network, names) == []
    assert len(network.state_dict()) == 296

"""Networks rebuilt from papers and released code: parameters exactly, multiply-adds within half a per cent.

Each figure was counted on the reference implementation at 19 classes, without auxiliary heads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from segablate.models.assemble import planned
from segablate.models.decoders.dfn import Refinement
from segablate.models.segmenter import Segmenter
from segablate.models.shapes import ShapesOnly

pytestmark = pytest.mark.shapes

HALF = (512, 1024)
FULL = (1024, 2048)


def made(name: str, **settings: Any) -> Segmenter:
    return planned({"use": name, **settings}, 19).eval()


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def gmac(network: Segmenter, size: tuple[int, int]) -> float:
    with ShapesOnly(), FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.empty(1, 3, *size, device="meta"))
    return float(counter.get_total_flops()) / 2e9


@pytest.mark.parametrize(
    ("name", "settings", "params"),
    [
        ("attanet-light", {}, 891_488),
        ("attanet-resnet18", {}, 12_639_424),
        ("bisenetv1-xception39", {}, 1_541_963),
        # 49.19 MiB of float32 weights
        ("bisenetv1-resnet18", {}, 12_894_163),
        ("bisenetv1-resnet18", {"variant": "mmseg"}, 13_275_539),
        ("bisenetv2", {}, 3_358_627),
        ("enet", {}, 364_311),
        ("espnet", {}, 363_462),
        # less the PReLUs that the released code never calls: a slope for each channel
        ("espnetv2", {}, 1_252_538 - 480),
        ("fanet-18", {}, 13_820_032),
        ("fasterseg", {}, 3_421_875),
        # and 103,968 in transposed convolutions that are fixed to bilinear interpolation
        ("fcn-8s", {}, 134_353_017),
        ("icnet", {}, 6_699_987),
        ("pspnet-resnet50", {}, 46_715_347),
        ("refinenet-resnet50", {}, 99_055_699),
        ("refinenet-resnet101", {}, 118_047_827),
        ("segnet", {}, 29_453_971),
        ("sfnet-df1", {}, 8_422_387),
        ("sfnet-resnet50", {}, 31_325_139),
        ("swiftnet-resnet18", {}, 11_797_071),
        ("unet", {}, 31_038_803),
        ("unet", {"variant": "paddleseg"}, 13_406_227),
    ],
)
def test_a_network_has_the_parameters_of_the_reference(
    name: str, settings: dict[str, Any], params: int
) -> None:
    assert count(made(name, **settings).without_auxiliary()) == params


@pytest.mark.parametrize(
    ("name", "settings", "size", "expected"),
    [
        # the released max-pool rounds up: what it makes of 512×1024, ours makes of one pixel more; less a
        # head of training, a convolution of 256 channels at 129×257
        ("alignseg-resnet50", {}, (513, 1025), 204.40 - 19.72),
        ("attanet-light", {}, HALF, 5.467),
        ("attanet-resnet18", {}, HALF, 22.854),
        ("bisenetv1-xception39", {}, HALF, 6.941),
        ("bisenetv1-xception39", {}, (768, 1536), 15.62),
        ("bisenetv1-resnet18", {"variant": "mmseg"}, HALF, 29.585),
        ("bisenetv2", {}, HALF, 24.603),
        ("enet", {}, HALF, 3.922),
        ("enet", {}, (360, 640), 1.724),
        ("espnet", {}, HALF, 4.670),
        ("espnetv2", {}, HALF, 5.654),
        ("espnetv2", {}, FULL, 22.62),
        # less what the released code computes at 1/64 and throws away
        ("fanet-18", {}, HALF, 11.854 - 0.076),
        ("fasterseg", {}, HALF, 6.94),
        ("fasterseg", {}, FULL, 27.77),
        ("fcn-8s", {}, HALF, 222.4),
        ("icnet", {}, (1025, 2049), 29.81),
        ("pspnet-resnet50", {}, (513, 1025), 376.56),
        ("pspnet-resnet50", {}, (713, 713), 363.78),
        ("pspnet-resnet101", {}, (713, 713), 517.2),
        ("refinenet-resnet50", {}, HALF, 486.9),
        ("refinenet-resnet101", {}, HALF, 525.6),
        ("segnet", {}, HALF, 325.55),
        ("sfnet-df1", {}, HALF, 8.183),
        ("sfnet-df1", {}, FULL, 32.73),
        ("sfnet-resnet50", {}, HALF, 165.85),
        ("swiftnet-resnet18", {}, HALF, 25.89),
        ("swiftnet-resnet18", {}, FULL, 103.57),
        ("unet", {}, HALF, 385.94),
        ("unet", {"variant": "paddleseg"}, HALF, 253.07),
    ],
)
def test_a_network_has_the_multiply_adds_of_the_reference(
    name: str, settings: dict[str, Any], size: tuple[int, int], expected: float
) -> None:
    assert gmac(made(name, **settings), size) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize(
    ("name", "settings", "params", "macs"),
    [
        ("espnet", {}, 365_109, 4.780),
        ("espnet", {"deep": 3}, 203_189, 3.47),
        ("espnetv2", {}, 1_253_038 - 480, None),
        ("espnetv2", {"scale": 0.5}, 99_418 - 112, 0.564),
        ("espnetv2", {"scale": 1.0}, 340_782 - 224, 1.689),
    ],
)
def test_at_twenty_classes_too(name: str, settings: dict[str, Any], params: int, macs: float | None) -> None:
    network = planned({"use": name, **settings}, 20).eval()
    assert count(network) == params
    if macs is not None:
        assert gmac(network, HALF) == pytest.approx(macs, rel=0.005)


def test_modules_have_the_parameters_of_the_reference() -> None:
    bisenet = made("bisenetv1-xception39").encoder
    assert count(bisenet.get_submodule("spatial")) == 91_968
    assert count(bisenet.get_submodule("deep")) == 299_448
    bisenetv2 = made("bisenetv2")
    assert count(bisenetv2.encoder.get_submodule("detail")) == 519_232
    assert count(bisenetv2.decoder.get_submodule("fuse")) == 478_720
    assert count(bisenetv2.decoder.get_submodule("head")) + count(bisenetv2.decoder.classify) == 1_201_171
    swiftnet = made("swiftnet-resnet18")
    assert count(swiftnet.context) == 116_476
    assert count(swiftnet.decoder.get_submodule("ups")) == 501_376
    sfnet = made("sfnet-resnet18")
    assert count(sfnet.context) == 394_496
    assert count(sfnet.decoder.get_submodule("lateral")) == 58_496
    assert count(sfnet.decoder.get_submodule("align")) == 3 * 18_688
    assert count(sfnet.decoder.get_submodule("smooth")) == 443_136
    assert count(sfnet.decoder.get_submodule("head")) + count(sfnet.decoder.classify) == 592_531


def test_segnet_and_fcn_have_those_of_their_own_data_sets() -> None:
    assert count(planned({"use": "segnet"}, 11)) == 29_449_355
    assert gmac(planned({"use": "segnet"}, 11).eval(), (360, 640)) == pytest.approx(142.28, rel=0.005)
    assert count(planned({"use": "fcn-8s"}, 21)) == 134_362_751


# of a stem of 64, 64 and 128 channels beyond one of 32, 32 and 64, and of what reads it
WIDER_STEM = 104_544
# a linear layer that predicts which classes there are
PRESENCE = 512 * 19 + 19


@pytest.mark.parametrize(
    ("name", "given", "params", "macs"),
    [
        ("encnet-resnet50", {}, 33_527_270 - PRESENCE, 281.4),
        ("fastfcn-resnet50", {"context": {"kernel": 3}}, 53_262_822 - PRESENCE, 184.8),
        ("fastfcn-resnet50", {"head": "psp"}, 66_346_355, 260.0),
    ],
)
def test_a_network_has_the_parameters_of_mmseg_s_but_for_the_stem(
    name: str, given: dict[str, Any], params: int, macs: float
) -> None:
    network = made(name, **given)
    assert count(network.without_auxiliary()) == params + WIDER_STEM
    stem = gmac_of_stem((64, 64, 128)) - gmac_of_stem((32, 32, 64))
    assert gmac(network, HALF) == pytest.approx(macs + stem, rel=0.005)


def gmac_of_stem(widths: tuple[int, int, int]) -> float:
    """The stem of three convolutions at 1/2, and the two 1×1 convolutions at 1/4 that read it."""
    a, b, c = widths
    return (256 * 512 * 9 * (3 * a + a * b + b * c) + 128 * 256 * c * (64 + 256)) / 1e9


def test_modules_of_the_classics_have_the_parameters_of_the_reference() -> None:
    pspnet = made("pspnet-resnet50")
    # whose last convolution has no bias here
    assert count(pspnet.auxiliary) == 2_364_691 - 19
    alignseg = made("alignseg-resnet50")
    assert count(alignseg) == 47_854_182
    assert count(alignseg.context) == 17_971_200
    assert count(alignseg.decoder.get_submodule("refine.0")) == 361_088
    attanet = made("attanet-resnet18")
    assert count(attanet) == 12_789_568
    assert count(made("attanet-light")) == 1_004_768
    assert count(attanet.decoder.get_submodule("attend")) == 33_280
    assert count(made("fastfcn-resnet50").encoder.get_submodule("joint")) == 19_735_552


def test_dfn_has_the_parameters_of_the_reference_with_its_heads_and_its_border_network() -> None:
    with torch.device("meta"):
        head = count(Refinement(512, 171)) + 171 * 19 + 19
    network = made("dfn-resnet101")
    border = count(network.auxiliary.get_submodule("border"))
    assert count(network.without_auxiliary()) + 3 * head + border == 90_217_888


@pytest.mark.parametrize(
    ("name", "params", "of_encoder", "whole"),
    [
        ("dfanet-a", (545_528, 1_167_024, 1_788_520), 2.612, 3.4),
        ("dfanet-b", (333_912, 702_368, 1_070_824), 1.301, 2.1),
    ],
)
def test_dfanet_s_encoder_is_the_paper_s_and_its_decoder_costs_as_much_as_printed(
    name: str, params: tuple[int, ...], of_encoder: float, whole: float
) -> None:
    network = made(name)
    encoder = network.encoder
    backbones = [count(encoder.get_submodule(f"backbones.{number}")) for number in range(3)]
    totals = np.cumsum([count(encoder.get_submodule("stem")) + backbones[0], *backbones[1:]])
    assert totals.tolist() == list(params)
    found = gmac(network, (1024, 1024))
    assert round(found, 1) == whole
    assert found - gmac_of_decoder(network) == pytest.approx(of_encoder, rel=0.005)


def gmac_of_decoder(network: Segmenter) -> float:
    given = {
        f.name: torch.empty(1, f.channels, 1024 // f.stride, 1024 // f.stride, device="meta")
        for f in (*network.encoder.gives, network.context.gives)
    }
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.decoder(given)
    return float(counter.get_total_flops()) / 2e9


def test_deeplabv3_without_its_middle_convolution_is_paddleseg_s_on_another_stem() -> None:
    # which is rounded to 0.01 million in its tables
    network = made("deeplabv3-resnet50", decoder="head").without_auxiliary()
    assert round((count(network) - WIDER_STEM) / 1e6, 2) == 39.07


def test_what_the_released_fanet_never_runs_is_at_rest() -> None:
    resting = [p for p in made("fanet-18").parameters() if not p.requires_grad]
    # of what rests, the coarsest level's 3×3 convolution is run by the released code, which then drops it
    assert sum(p.numel() for p in resting) == 149_824 + 9 * 512 * 128 + 2 * 128


def test_heads_of_training_have_the_parameters_of_the_reference() -> None:
    assert count(made("encnet-resnet50").auxiliary.get_submodule("presence")) == PRESENCE
    # the released code brings scores that are there already to size
    assert count(made("espnetv2").auxiliary) == 0

"""The encoder `timm`: what it asks of timm, tried on a made-up one, and on timm itself where it is there."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.assemble import planned
from segablate.models.encoders import timm as adapter
from segablate.models.encoders.base import Encoder, encoders

# of ten families
REAL = (
    "convnext_atto",
    "dla34",
    "efficientnet_b0",
    "hrnet_w18_small",
    "mobilenetv3_small_100",
    "regnetx_002",
    "repvgg_a0",
    "resnet18",
    "swinv2_cr_tiny_224",
    "vgg11",
)


class Made(nn.Module):
    """Three features, of which two have one stride."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList([nn.Conv2d(3, 4, 1, 2), nn.Conv2d(4, 5, 1), nn.Conv2d(5, 6, 1, last // 2)])
        self.feature_info = SimpleNamespace(reduction=lambda: [2, 2, last], channels=lambda: [4, 5, 6])

    def forward(self, x: Tensor) -> list[Tensor]:
        found = []
        for step in self.steps:
            x = step(x)
            found.append(x)
        return found


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timm of two networks: one can be dilated, one has no feature maps."""

    def create_model(name: str, *, features_only: bool, pretrained: bool, output_stride: int = 32) -> Made:
        assert features_only
        if name == "flat":
            raise RuntimeError("features_only is not implemented")
        assert output_stride in (8, 16, 32)
        return Made(output_stride)

    fake: Any = ModuleType("timm")
    fake.create_model = create_model
    fake.list_models = lambda: ["flat", "small"]
    described = {"mean": (0.5, 0.5, 0.5), "std": (0.2, 0.2, 0.2)}
    fake.data = SimpleNamespace(resolve_model_data_config=lambda network: described)
    monkeypatch.setitem(sys.modules, "timm", fake)
    monkeypatch.setattr(adapter.importlib.util, "find_spec", lambda name: object())


def made(output_stride: int = 32, **settings: Any) -> Encoder:
    encoder: Encoder = encoders.part("timm").build({"output_stride": output_stride}, settings)
    return encoder.eval()


@pytest.mark.usefixtures("library")
def test_features_are_named_by_their_strides_and_pixels_are_normalised_as_timm_says() -> None:
    encoder = made(name="small")
    assert [(f.name, f.channels, f.stride) for f in encoder.gives] == [
        ("x2s0", 4, 2),
        ("x2", 5, 2),
        ("x32", 6, 32),
    ]
    assert encoder.normalisation == ((127.5,) * 3, (51.0,) * 3)
    found = encoder(torch.randn(2, 3, 64, 96))
    assert {name: tuple(x.shape[1:]) for name, x in found.items()} == {
        "x2s0": (4, 32, 48),
        "x2": (5, 32, 48),
        "x32": (6, 2, 3),
    }


@pytest.mark.usefixtures("library")
def test_a_finer_output_stride_is_asked_of_timm() -> None:
    assert made(16, name="small").last.stride == 16
    with pytest.raises(SegablateError, match="cannot have `output_stride: 12`"):
        made(12, name="small")


@pytest.mark.usefixtures("library")
def test_a_network_that_timm_has_not_or_that_has_no_features_is_refused() -> None:
    with pytest.raises(SegablateError, match="timm has no network `smal`") as caught:
        made(name="smal")
    assert (caught.value.hint, caught.value.field) == ("did you mean `small`?", "name")
    with pytest.raises(SegablateError, match="`flat` gives no feature maps"):
        made(name="flat")


def test_without_timm_the_extra_that_has_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SegablateError, match="encoder `timm` needs `timm`") as caught:
        made()
    assert caught.value.hint == "pip install -e '.[timm]'"


@pytest.mark.timm
@pytest.mark.filterwarnings("ignore")  # timm's own
@pytest.mark.parametrize("name", REAL)
def test_a_network_of_timm_is_an_encoder(name: str) -> None:
    encoder = made(name=name)
    # Swin takes images of one size
    size = (224, 224) if "swin" in name else (64, 96)
    with torch.no_grad():
        found = encoder(torch.randn(1, 3, *size))
    for feature in encoder.gives:
        sides = tuple(-(-side // feature.stride) for side in size)
        assert tuple(found[feature.name].shape) == (1, feature.channels, *sides)
    assert encoder.last.stride == 32


@pytest.mark.timm
@pytest.mark.filterwarnings("ignore")  # timm's own
def test_a_network_of_timm_is_dilated_and_decoded() -> None:
    model = {"encoder": {"use": "timm", "name": "resnet18"}, "decoder": "fld", "output_stride": 32}
    assert planned(model, 5).eval()(torch.empty(1, 3, 65, 97, device="meta")).shape == (1, 5, 65, 97)
    assert made(8, name="resnet18").last.stride == 8

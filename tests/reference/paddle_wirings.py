"""PaddleSeg's side of the comparison of wirings: run by the interpreter of an environment of its own.

    python paddle_wirings.py FOLDER

Writes for each network all tensors by PaddleSeg's names (`unet.npz`) and, for each size, image and logits
(`unet-96x160.npz`). It ran with paddlepaddle 3.3.1 and paddleseg 2.8.0.
"""

from __future__ import annotations

import sys
import zlib  # noqa: F401  # before paddle, whose first decompression crashes otherwise
from pathlib import Path

import numpy as np
import paddle
from paddleseg.models import BiSeNetV2, UNet

# odd sides for BiSeNetV2: on even ones PaddleSeg pads strided convolutions on two sides only
SIZES = {"unet": [(96, 160)], "bisenetv2": [(129, 257), (257, 193)]}


def main(folder: Path) -> None:
    """Write everything the other side needs."""
    rng = np.random.default_rng(0)
    bisenet = BiSeNetV2(19)
    # ours takes what is beyond the border for zeros, as the re-implementation does that it follows
    bisenet.bga.db_branch_down[1] = paddle.nn.AvgPool2D(3, 2, 1, exclusive=False)
    for name, model in (("unet", UNet(19)), ("bisenetv2", bisenet)):
        _drawn(model, rng)
        model.eval()
        np.savez(folder / f"{name}.npz", **{key: value.numpy() for key, value in model.state_dict().items()})
        for height, width in SIZES[name]:
            image = rng.normal(size=(1, 3, height, width)).astype("float32")
            logits = model(paddle.to_tensor(image))[0].numpy()
            np.savez(folder / f"{name}-{height}x{width}.npz", image=image, logits=logits)


def _drawn(model: paddle.nn.Layer, rng: np.random.Generator) -> None:
    """Every number, for with fresh batch norms a wrong mapping would go unseen."""
    for key, value in model.state_dict().items():
        if len(value.shape) > 1:
            scale = (2 / np.prod(value.shape[1:])) ** 0.5
            value.set_value((rng.normal(size=value.shape) * scale).astype("float32"))
        elif key.endswith(("_variance", ".weight")):
            value.set_value(rng.uniform(0.6, 1.4, value.shape).astype("float32"))
        else:
            value.set_value(rng.normal(0, 0.3, value.shape).astype("float32"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""PaddleSeg's side of the comparison: run by the interpreter of an environment of its own.

    python paddle_side.py FOLDER

Writes for each of PP-LiteSeg-T and -B the parameters (`t.pdparams`) and, for each size, image and logits
(`t-512x1024.npz`). Batch norms get random statistics: with fresh ones a wrong mapping would go unseen.
"""

from __future__ import annotations

import sys
import zlib  # noqa: F401  # before paddle, whose first decompression crashes otherwise
from pathlib import Path

import numpy as np
import paddle
from paddleseg.models import STDC1, STDC2, PPLiteSeg

SIZES = [(128, 256), (256, 192), (200, 300)]
NETWORKS = {"t": (STDC1, [32, 64, 128], [32, 64, 64]), "b": (STDC2, [64, 96, 128], [64, 64, 64])}


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
        for key, value in model.state_dict().items():
            if key.endswith(("_mean", "_batch_norm.bias", "bn.bias")):
                value.set_value(rng.normal(0, 0.3, value.shape).astype("float32"))
            elif key.endswith(("_variance", "_batch_norm.weight", "bn.weight")):
                value.set_value(rng.uniform(0.6, 1.4, value.shape).astype("float32"))
        model.eval()
        paddle.save(model.state_dict(), str(folder / f"{name}.pdparams"))
        for height, width in SIZES:
            image = rng.normal(size=(1, 3, height, width)).astype("float32")
            logits = model(paddle.to_tensor(image))[0].numpy()
            np.savez(folder / f"{name}-{height}x{width}.npz", image=image, logits=logits)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

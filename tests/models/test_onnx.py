"""Exports to ONNX at several sizes: one file where the module bears it, else one for each."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.onnx import export

pytestmark = [
    pytest.mark.slow,  # tracing takes seconds
    # exporters warn of their own inner workings
    pytest.mark.filterwarnings("ignore"),
]
SIZES = [(16, 24), (20, 12)]


class Enlarged(nn.Module):
    """Scores at half the size, enlarged."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.conv(x), (x.shape[-2], x.shape[-1]), mode="bilinear")


class Pooled(Enlarged):
    """Means of three cells a side, whose borders the tracer takes from the example."""

    def forward(self, x: Tensor) -> Tensor:
        scores = super().forward(x)
        return scores + F.interpolate(F.adaptive_avg_pool2d(scores, 3), scores.shape[-2:])


def images() -> list[Tensor]:
    return [torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0)) for size in SIZES]


def answer(path: Path, image: Tensor) -> Tensor:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: image.numpy()})[0])


@pytest.mark.parametrize(("module", "one"), [(Enlarged, True), (Pooled, False)])
def test_several_sizes_are_one_file_where_the_module_bears_it_and_else_one_each(
    module: type[nn.Module], one: bool, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    made, path = module().eval(), tmp_path / "net.onnx"
    files = export(made, images(), path)
    each = {tmp_path / f"net-{h}x{w}.onnx": [(h, w)] for h, w in SIZES}
    assert files == ({path: SIZES} if one else each)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    for place, image in zip([path, path] if one else files, images(), strict=True):
        with torch.no_grad():
            torch.testing.assert_close(answer(place, image), made(image), rtol=1e-3, atol=1e-4)

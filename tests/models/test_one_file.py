"""A new upsampler is one file: the registry finds it, a study may name it, the contract tests take it up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOY = '''
from torch.nn import functional as F
from segablate.models.upsamplers.base import Upsampler, upsamplers

@upsamplers.register()
class Toy(Upsampler):
    """Repeat each cell, the simple way."""

    def __init__(self, classes: int, stride: int, /, *, gain: float = 1.0) -> None:
        super().__init__(classes, stride)
        self.gain = gain

    def restore(self, code):
        return self.gain * F.interpolate(code, scale_factor=float(self.stride))
'''
RUN = """
import sys
import pytest
import segablate.models.upsamplers as package
package.__path__.append(sys.argv[1])
from segablate.models.assemble import planned
from segablate.models.upsamplers.base import upsamplers
assert "toy" in upsamplers.names()
model = {"encoder": "resnet18", "upsampler": {"use": "toy", "gain": 2.0}}
assert planned(model, 3).upsampler.gain == 2.0
from segablate.cli.commands import invoke
assert invoke(["list", "upsamplers"]) == 0
from pathlib import Path
from segablate.run.plan import plan
from segablate.study.load import load
assert [row.cell.reads["model"]["upsampler"]["use"] for row in plan(load(Path(sys.argv[3]))).rows] == ["toy"]
sys.exit(pytest.main([sys.argv[2], "-q", "-k", "toy", "-p", "no:cacheprovider"]))
"""
STUDY = """
name: toy
question: Is one file enough?
fixed: {input: {size: [64, 96], classes: 3}, model.encoder: resnet18, model.upsampler: {use: toy, gain: 2.0}}
measure: [complexity]
"""
CONTRACTS = Path(__file__).parents[1] / "contracts" / "test_upsamplers.py"


def test_one_file_is_enough(tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "toy.yaml").write_text(STUDY)
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path), str(CONTRACTS), str(tmp_path / "toy.yaml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "upsampler  toy" in ran.stdout
    assert " passed" in ran.stdout

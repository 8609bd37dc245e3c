"""Keys are settled: each kind of cell, and what is cached, has the key it had when the reports were made.

A key that changes here loses everybody's results. Raise a version on purpose, or find out why it changed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from segablate.datasets.shapes import Shapes
from segablate.measures import latency
from segablate.measures.base import measures
from segablate.models import assemble, complete
from segablate.run.execute import execute
from segablate.run.plan import Plan, key, plan
from segablate.run.store import Store
from segablate.study.load import load
from segablate.training.recipes.base import recipes

ROOT = Path(__file__).parents[2]
REPORTS = sorted(path.parts[-3] for path in ROOT.glob("reports/*/data/outcomes.jsonl"))
SEEDS = range(10)

STUDY = """\
name: pinned
fixed:
  data: {use: shapes, images: 3, size: [64, 96]}
  input: {size: [64, 96]}
"""
MODEL = (
    "  model: {encoder: efficientnet-lite0, decoder: {use: aggregate, low_level: []}, output_stride: 16}\n"
)
BILINEAR = MODEL + "  model.upsampler: bilinear\n"
DUP = (
    MODEL
    + "  model.upsampler: {use: dupsampling, channels: 8, train: tuned, temperature: false, bias: true}\n"
)
WEIGHTS = "  model.weights: imagenet\n"
CROP = "crop: [64, 96], view: [64, 96], batch: 4"
OHEM = "loss: {use: ohem, min_kept: 1000}"
OUTSIDE = "  model: {use: external, factory: 'a_pinned_net:make', settings: {classes: 10}}\n"
NET = """
from torch import nn


def make(classes):
    return nn.Conv2d(3, classes, 1)
"""

# cell → what is fixed, the measure
CELLS = {
    "projected": (BILINEAR, "{use: oracle}"),
    "projected, fitted": (DUP, "{use: oracle, limit: 2, solver: runs}"),
    "searched": (DUP, "{use: oracle, encode: optimise}"),
    "trained code": (DUP, "{use: oracle, encode: autoencoder, iterations: 9, crops: 2, width: 8}"),
    "counted": (DUP, "{use: complexity}"),
    "counted in part": (BILINEAR, "{use: complexity, scope: decoder, published: decoders-matter}"),
    "timed": (BILINEAR, "{use: latency}"),
    "timed to scores": (DUP, "{use: latency, scope: logits, l2: ring, memory_format: channels-last, cap: 3}"),
    "probe": (DUP + WEIGHTS + f"  recipe: {{use: probe, {CROP}}}\n", "{use: accuracy}"),
    "regression": (
        MODEL + "  model.upsampler: {use: dupsampling, channels: 8}\n"
        f"  recipe: {{use: probe, {CROP}, loss: code-regression, mean: [1, 2, 3]}}\n",
        "{use: accuracy, limit: 2, flip: true, scales: [0.5, 1.0], window: [32, 32]}",
    ),
    "outside": (OUTSIDE + f"  recipe: {{use: quick, {CROP}, {OHEM}}}\n", "{use: accuracy}"),
    "outside, counted": (OUTSIDE, "{use: complexity}"),
    "outside, timed": (OUTSIDE, "{use: latency}"),
    "made-up seeds": ("", "{use: calibration, simulations: 5}"),
    **{
        name: (BILINEAR + f"  recipe: {{use: {name}, {CROP}}}\n", "{use: accuracy}")
        for name in recipes.names()
        if name != "probe"
    },
}
PINNED = {
    "projected": "7ae7c0e19c60610e92cf",
    "projected, fitted": "cad3134b1f527fa45f99",
    "searched": "33203aa3fe0dc314bf8a",
    "trained code": "73e9be7296b050f1be60",
    "counted": "46d512510c98c677fbe3",
    "counted in part": "bbc9397b51514c5fc944",
    "timed": "ac777aca71421b05dc0a",
    "timed to scores": "5ffc8d457f3f94f89c9d",
    "probe": "983dd45b4e11505ad5a6",
    "regression": "477efc8f6b1ade72109d",
    "outside": "d579f6c56411806fbd7d",
    "outside, counted": "44f38b6e2dd26a7c6734",
    "outside, timed": "a937ed0bbd27c2e00340",
    "made-up seeds": "5ac46d6c177e2aad11a6",
    "deeplabv3plus-voc": "00c38f9b61fa37fb7d0d",
    "finetune": "9457eaf7becefc6b6d8b",
    "pp-liteseg-camvid": "a9cc6fcd8bb82077385c",
    "pp-liteseg-cityscapes": "020558fc4a4fb5a293e1",
    "quick": "6ee8168a4f9f758e32f2",
}
CACHED = [
    "decoded/1ff4ed645ddf38326c9d",
    "features/44f3defd4134d9d550d4",
    "features/713eb015a82d30e6bdad",
    "subspace/ab882557d7bd2a34890b",
    "training/8daf184ac64858910638",
    "views/5ca0c4e91047f6af9321",
]


@pytest.fixture(autouse=True)
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same fingerprints, device and code wherever this runs."""
    monkeypatch.setattr(Shapes, "fingerprint", lambda self, split: f"labels of {split}")
    monkeypatch.setattr(Shapes, "image_fingerprint", lambda self, split: f"images of {split}")
    for module in (complete, assemble):
        monkeypatch.setattr(module, "locate", lambda weights, encoder: Path(weights))
    monkeypatch.setattr(assemble, "load_weights", lambda network, path: None)
    monkeypatch.setattr(complete, "fingerprint", lambda path: f"sha256 of {path}")
    monkeypatch.setattr(complete, "identity", lambda factory: {"sha256": "of the file", "package": None})
    monkeypatch.setattr(latency, "device_name", lambda kind: "a processor")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Holds the network from outside."""
    (tmp_path / "a_pinned_net.py").write_text(NET)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def planned(folder: Path, text: str) -> Plan:
    path = folder / "pinned.yaml"
    path.write_text(text)
    return plan(load(path), allow_external=True)


@pytest.mark.parametrize("name", CELLS)
def test_the_key_of_a_cell_is_pinned(name: str, folder: Path) -> None:
    fixed, measure = CELLS[name]
    head = STUDY if fixed else "name: pinned\nfixed:\n  data: {spread: normal, seeds: 5}\n"
    (cell,) = planned(folder, f"{head}{fixed}measure: [{measure}]\n").cells
    assert cell.key == PINNED[name]


def test_the_keys_of_what_is_cached_are_pinned(folder: Path) -> None:
    fixed = f"{DUP}  recipe: {{use: probe, {CROP}, iterations: 2, views: 1, warmup: 0}}\n"
    store = Store(folder / "runs")
    made = planned(folder, f"{STUDY}{fixed}measure: [{{use: accuracy, limit: 1}}]\n")
    assert execute(made, store).failed == 0
    found = (path for path in (store.root / "cache").glob("*/*") if path.suffix in ("", ".npz"))
    assert sorted(str(path.relative_to(store.root / "cache").with_suffix("")) for path in found) == CACHED


@pytest.mark.parametrize("report", REPORTS)
def test_the_keys_of_a_committed_report_can_be_made_again(report: str) -> None:
    lines = (ROOT / "reports" / report / "data" / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    uses = {measure.label: measure.use for measure in load(ROOT / "studies" / f"{report}.yaml").measures}
    rows = [row for row in map(json.loads, lines) if row["outcome"]]
    for row in rows:
        part = measures.part(uses[row["measure"]])
        seeds = {key(part.name, part.version, row["outcome"]["reads"], seed) for seed in (None, row["seed"])}
        assert row["outcome"]["key"] in seeds, (row["variant"], row["measure"])
    assert rows

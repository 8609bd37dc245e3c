"""Whatever is derived and damaged is set aside, told by its name and made again; the numbers are the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from segablate.run.execute import execute
from segablate.run.plan import Plan, plan
from segablate.run.store import Store
from segablate.study.load import load

STUDY = """\
name: tiny
question: Does it heal?
fixed:
  data: {use: shapes, images: 2, size: [64, 96]}
  model.encoder: efficientnet-lite0
  model.output_stride: 16
  model.decoder: {use: aggregate, low_level: []}
  recipe: {use: probe, views: 2, view: [64, 96], crop: [32, 64], iterations: 2, batch: 2, warmup: 1}
vary:
  model.upsampler: {DUp: {use: dupsampling, channels: 8}}
measure:
  - {use: accuracy, minutes: 0}
repeat: 1
"""


def _flipped(content: bytes) -> bytes:
    """With some bits changed everywhere."""
    damaged = np.frombuffer(content, np.uint8).copy()
    places = np.random.default_rng(0).integers(len(damaged), size=max(4, len(damaged) // 500))
    damaged[places] ^= 1 << np.arange(len(places), dtype=np.uint8) % 8
    return damaged.tobytes()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "foreign": lambda content: b"\x80\x02}q\x00." * 100,
    "zeros": lambda content: bytes(len(content)),
    "flipped": _flipped,
}
FILES = (
    "subspace/*.npz",
    "training/*/checkpoint.pt",
    "features/*/x32.pack",
    "views/*/labels.pack",
    "decoded/*/images-*.pack",
    "decoded/*/labels-*.pack",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path, float]:
    """A plan, the store of what came of it, and its mIoU."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.yaml").write_text(STUDY)
    made = plan(load(folder / "tiny.yaml"))
    store = Store(folder / "runs")
    execute(made, store)
    return made, store.root, _miou(made, store)


def _miou(made: Plan, store: Store) -> float:
    outcome = store.outcome(made.cells[0])
    assert outcome is not None
    assert outcome.status == "done", outcome.reason
    return outcome.value("miou")


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_cache_file_is_set_aside_and_made_again(
    trained: tuple[Plan, Path, float], tmp_path: Path, name: str, damage: str
) -> None:
    made, root, miou = trained
    store, told = Store(tmp_path / "runs"), []
    store.tell = told.append
    shutil.copytree(root, store.root)
    shutil.rmtree(store.folder(made.cells[0]))
    if "checkpoint" not in name:  # what a finished training has read is not read again
        shutil.rmtree(store.root / "cache/training")
    hurt = sorted((store.root / "cache").glob(name))
    assert hurt
    for path in hurt:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert execute(made, store).done == 1, told
    assert _miou(made, store) == miou
    for path in hurt:
        (one,) = [message for message in told if message.startswith(f"{path}: ")]
        assert f"it is kept as `{path.name}.broken-1`" in one
        assert path.with_name(f"{path.name}.broken-1").exists()
        assert path.exists()
    assert len(told) == len(hurt)


def test_a_checkpoint_of_another_network_is_set_aside(
    trained: tuple[Plan, Path, float], tmp_path: Path
) -> None:
    made, root, miou = trained
    store, told = Store(tmp_path / "runs"), []
    store.tell = told.append
    shutil.copytree(root, store.root)
    shutil.rmtree(store.folder(made.cells[0]))
    (path,) = store.root.glob("cache/training/*/checkpoint.pt")
    torch.save({"model": {"weight": torch.zeros(3)}}, path)
    assert execute(made, store).done == 1
    assert _miou(made, store) == miou
    assert len(told) == 1
    assert told[0].startswith(f"{path}: this checkpoint is not of this training; it is kept as `")

"""The shipped studies of accuracy, planned on a tiny copy of each data set's layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segablate.report.published import load as reference
from segablate.report.published import matches
from segablate.run.plan import plan
from segablate.study.load import load

STUDIES = Path(__file__).parents[2] / "studies"
# study → cells of accuracy, changes that make it do without files of weights
SHIPPED: dict[str, tuple[int, Sequence[str]]] = {
    "aa-shapes": (20, []),
    "upsamplers-camvid": (40, ["fixed.model.weights=null"]),
    "low-level-features-camvid": (30, ["fixed.model.weights=null"]),
    "upsamplers-beyond-camvid": (60, ["fixed.model.weights=null"]),
    "fusions-camvid": (60, ["fixed.model.weights=null"]),
    "temperature-camvid": (10, ["fixed.model.weights=null"]),
    "temperature-camvid-frozen": (15, ["fixed.model.weights=null"]),
    "low-level-features-camvid-frozen": (60, ["fixed.model.weights=null"]),
    "pp-liteseg-modules-camvid": (25, ["fixed.model.weights=null"]),
    "pilot-modules-camvid": (6, ["fixed.model.weights=null"]),
    "pilot-upsamplers-camvid": (9, ["fixed.model.weights=null"]),
    "pilot-low-level-features-camvid": (6, ["fixed.model.weights=null"]),
    "pooled-norm-camvid": (20, ["fixed.model.weights=null"]),
    "upsamplers-voc": (40, ["fixed.model.weights=null"]),
    "low-level-features-voc": (40, ["fixed.model.weights=null"]),
    "temperature-voc": (6, ["fixed.model.weights=null"]),
    "upsamplers-context": (6, ["fixed.model.weights=null"]),
    "pp-liteseg-modules-cityscapes": (25, ["fixed.model.weights=null"]),
    "pp-liteseg-cityscapes": (12, ["vary.model={T: {use: pp-liteseg-t}, B: {use: pp-liteseg-b}}"]),
}
# how many rows of the published table a study has variants for
ROWS = {
    "upsamplers-voc": 4, "low-level-features-voc": 4, "upsamplers-context": 1,
    "pp-liteseg-modules-cityscapes": 5, "pp-liteseg-cityscapes": 4, "pp-liteseg-modules-camvid": 5,
}  # fmt: skip


def _pictures(folder: Path, stems: Sequence[str], suffix: str, *, colours: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stem in stems:
        shape = (20, 24, 3) if colours else (20, 24)
        Image.fromarray(np.zeros(shape, np.uint8)).save(folder / f"{stem}.{suffix}")


def _voc(root: Path) -> None:
    _pictures(root / "SegmentationClassAug", "ab", "png")
    _pictures(root / "SegmentationClassContext", "ab", "png")
    _pictures(root / "JPEGImages", "ab", "jpg", colours=True)
    for folder in ("Segmentation", "SegmentationContext"):
        (root / "ImageSets" / folder).mkdir(parents=True)
        for split, stem in (("train_aug", "a"), ("train", "a"), ("val", "b")):
            (root / "ImageSets" / folder / f"{split}.txt").write_text(f"{stem}\n")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for split in ("train", "val", "test"):
        _pictures(tmp_path / "camvid" / split, "a", "png", colours=True)
        _pictures(tmp_path / "camvid" / f"{split}annot", "a", "png")
    _voc(tmp_path / "voc2012")
    _voc(tmp_path / "pascal-context")
    for split in ("train", "val"):
        city = tmp_path / "cityscapes"
        _pictures(city / "leftImg8bit" / split / "ulm", [f"{split}_leftImg8bit"], "png", colours=True)
        _pictures(city / "gtFine" / split / "ulm", [f"{split}_gtFine_labelIds"], "png")
    monkeypatch.setenv("SEGABLATE_DATA", str(tmp_path))


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("name", SHIPPED)
def test_it_plans_and_its_published_rows_are_found(name: str) -> None:
    count, changes = SHIPPED[name]
    made = plan(load(STUDIES / f"{name}.yaml", list(changes)))
    cells = [cell for cell in made.cells if cell.measure == "accuracy"]
    assert len(cells) == count
    if name in ROWS:
        rows = reference(made.study.published).rows
        known = [row for row in rows if "match" in row]  # others are printed and stand beside nothing here
        found = [row["name"] for row in known if any(matches(row["match"], cell.reads) for cell in cells)]
        assert len(found) == ROWS[name], found


def test_every_study_that_trains_is_planned_here(shipped: Callable[[], set[str]]) -> None:
    assert shipped() - {"quickstart"} == set(SHIPPED)


@pytest.fixture
def shipped() -> Callable[[], set[str]]:
    def names() -> set[str]:
        return {
            p.stem for p in STUDIES.glob("*.yaml") if "accuracy" in p.read_text().partition("measure:")[2]
        }

    return names

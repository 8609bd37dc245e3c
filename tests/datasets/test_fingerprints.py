"""A fingerprint changes when what `label` gives changes, and is taken once a process."""

from __future__ import annotations

import pytest

from segablate.datasets import fingerprints
from segablate.datasets.folder import Folder
from segablate.datasets.shapes import Shapes
from segablate.errors import SegablateError


@pytest.fixture
def taken(save, tmp_path, monkeypatch):
    """Write label maps, read their fingerprint as a new process would."""
    for stem in "abc":
        save(f"{stem}.png", [[0, 1]])

    def take(split="all", **settings):
        monkeypatch.setattr(fingerprints, "_known", {})
        return Folder(**{"classes": 2, "root": str(tmp_path), **settings}).fingerprint(split)

    return take


def test_it_is_the_same_for_the_same_files(taken):
    assert taken() == taken()
    assert len(taken()) == fingerprints.DIGITS


def test_it_changes_with_a_byte(taken, save):
    before = taken()
    save("b.png", [[1, 1]])
    assert taken() != before


def test_it_changes_with_a_name(taken, tmp_path):
    before = taken()
    (tmp_path / "c.png").rename(tmp_path / "d.png")
    assert taken() != before


def test_it_changes_with_order_and_with_what_is_listed(taken, tmp_path):
    prints = set()
    for order in ("a\nb\nc", "c\nb\na", "a\nb"):
        (tmp_path / "list.txt").write_text(order)
        prints.add(taken("list.txt"))
    assert len(prints) == 3


def test_it_does_not_depend_on_where_the_files_lie(taken, tmp_path):
    before = taken()
    (tmp_path / "y").mkdir()
    for path in tmp_path.glob("*.png"):
        path.rename(tmp_path / "y" / path.name)
    assert taken(labels="y") == before


def test_it_changes_with_what_values_stand_for(taken):
    assert len({taken(), taken(values={1: 0}), taken(values={0: 1})}) == 3


def test_files_are_read_once_a_process(taken, tmp_path, monkeypatch):
    before = taken()
    monkeypatch.setattr(fingerprints, "of_files", None)
    assert Folder(classes=2, root=str(tmp_path)).fingerprint("all") == before


def test_it_does_not_depend_on_the_number_of_threads(taken, monkeypatch):
    before = taken()
    monkeypatch.setattr(fingerprints, "_MOST_THREADS", 1)
    monkeypatch.setattr(fingerprints, "_BATCH", 1)
    assert taken() == before


def test_a_file_that_vanished_is_told(save, tmp_path):
    save("a.png", [[0]])
    data = Folder(classes=2, root=str(tmp_path))
    data.items("all")
    (tmp_path / "a.png").unlink()
    with pytest.raises(SegablateError, match="there is no such file"):
        data.fingerprint("all")


def test_that_of_a_generated_set_is_its_settings():
    sets = [{}, {"seed": 1}, {"images": 3}, {"size": (64, 96)}]
    prints = [Shapes(**settings).fingerprint(split) for settings in sets for split in ("train", "val")]
    assert len(set(prints)) == len(prints)
    assert Shapes(seed=1).fingerprint("val") == prints[3]

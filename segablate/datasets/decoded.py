"""Images and label maps of a split, decoded once and mapped into memory ever after.

    first time:  files ──decode, in threads──► images-….pack, labels-….pack
    afterwards:  the packs are opened, which takes no time and decodes nothing

A pack is named for a fingerprint of what is in it, so that it never grows stale: other files are another
pack. Images and label maps are apart, so that data sets which differ in `map` only share the images.
Two processes that want the same pack at once: one builds it, the other waits. The lock is the system's,
which lets go of it when a process dies; what a dead one left unfinished is removed by the next.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from segablate.datasets import fingerprints
from segablate.datasets.pack import Pack, opened, write_pack
from segablate.datasets.protocol import Dataset, Item
from segablate.disk import locked, sweep
from segablate.errors import SegablateError

IGNORE = 255
VERSION = 2  # raised when the same files would give another pack
_MOST_THREADS = 8
_AT_ONCE = 32  # pictures held in memory while a pack is written


def decoded(
    dataset: Dataset,
    split: str,
    folder: Path,
    *,
    tick: Callable[[int], None] = lambda done: None,
    notify: Callable[[str], None] = lambda message: None,
) -> Decoded:
    """A split's images and label maps, decoded now if they never were.

    Args:
        dataset: what is decoded.
        split: a split's name or a list file.
        folder: where packs are kept; made if it is not there.
        tick: called with the number of further pictures decoded, of twice as many as there are items.
        notify: called with what a person should know: a damaged pack that was set aside.

    Raises:
        SegablateError: a picture is missing or wrong, an image and its label map differ in size, there
            are more than 255 classes, or the file system refuses.
    """
    if len(dataset.classes) > IGNORE:
        raise SegablateError(
            f"{len(dataset.classes)} classes: decoded label maps hold at most {IGNORE}",
            hint="merge some with `data.map`",
        )
    items = dataset.items(split)
    images = _pack(folder, _name_of_images(dataset, split), items, dataset.image, tick, notify)
    labels = _pack(folder, _name_of_labels(dataset, split), items, _eight_bits(dataset), tick, notify)
    for item, image, label in zip(items, images.shapes, labels.shapes, strict=True):
        if image[:2] != label:
            raise SegablateError(
                f"the image of `{item.name}` is {image[0]}×{image[1]}, its label map {label[0]}×{label[1]}",
                where=str(item.image) if item.image else None,
            )
    return Decoded(images, labels, len(dataset.classes))


class Decoded:
    """A split in memory-mapped files: nothing is read before it is looked at.

    Args:
        images: of shape (height, width, 3) each.
        labels: of shape (height, width) each, of the same pictures.
        classes: how many classes there are.

    Attributes:
        classes: how many classes there are.
        ignore: the label of pixels that count as nothing.
    """

    ignore = IGNORE

    def __init__(self, images: Pack, labels: Pack, classes: int) -> None:
        self.classes = classes
        self._images = images
        self._labels = labels

    def __len__(self) -> int:
        return len(self._labels)

    def name(self, index: int) -> str:
        """The item's name."""
        return self._labels.names[index]

    def size(self, index: int) -> tuple[int, int]:
        """Height and width, which may differ from item to item; reads no pixel."""
        height, width = self._labels.shapes[index]
        return height, width

    def image(self, index: int) -> np.ndarray:
        """The image, uint8 of shape (height, width, 3): a view that cannot be written to.

        Raises:
            DamagedError: it is not what was decoded; its pack has been set aside.
        """
        return self._images[index]

    def label(self, index: int) -> np.ndarray:
        """The label map, uint8 of shape (height, width): a view that cannot be written to.

        Raises:
            DamagedError: it is not what was decoded; its pack has been set aside.
        """
        return self._labels[index]


def _name_of_images(dataset: Dataset, split: str) -> str:
    return f"images-{fingerprints.of_text(f'{VERSION} {dataset.image_fingerprint(split)}')}"


def _name_of_labels(dataset: Dataset, split: str) -> str:
    about = f"{VERSION} {dataset.fingerprint(split)} {len(dataset.classes)} {dataset.ignore}"
    return f"labels-{fingerprints.of_text(about)}"


def _eight_bits(dataset: Dataset) -> Callable[[Item], np.ndarray]:
    """Label maps in which `IGNORE` and nothing else is ignored."""

    def read(item: Item) -> np.ndarray:
        label = dataset.label(item)
        if dataset.ignore not in (None, IGNORE):
            label = np.where(label == dataset.ignore, IGNORE, label)
        return label.astype(np.uint8, copy=False)

    return read


def _pack(
    folder: Path,
    name: str,
    items: Sequence[Item],
    read: Callable[[Item], np.ndarray],
    tick: Callable[[int], None],
    notify: Callable[[str], None],
) -> Pack:
    path = folder / f"{name}.pack"
    with _storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        pack = opened(path, None)
        if pack is None:
            with locked(path.with_name(f".{path.name}.lock")):
                pack = opened(path, notify)
                if pack is None:
                    sweep(folder, path.name)
                    write_pack(path, [item.name for item in items], _read_ahead(items, read, tick))
                    pack = Pack(path)
    return pack


def _read_ahead(
    items: Sequence[Item], read: Callable[[Item], np.ndarray], tick: Callable[[int], None]
) -> Iterator[np.ndarray]:
    """What `read` gives, in order, in threads: decoding leaves the interpreter to others."""
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        for begin in range(0, len(items), _AT_ONCE):
            for array in pool.map(read, items[begin : begin + _AT_ONCE]):
                yield array
                tick(1)


@contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SegablateError(f"decoded pictures cannot be kept here: {why}", where=str(folder)) from error

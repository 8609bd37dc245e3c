"""Which files make up a split: a folder's pictures by stem, list files, and how they match."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from segablate.datasets.files import SUFFIXES
from segablate.errors import SegablateError, near_miss

MOST_SHOWN = 5


def pictures(folder: Path, what: str) -> dict[str, str]:
    """The paths of a folder's pictures by stem, sorted by stem; other files and hidden ones are passed over.

    Stems are in Unicode's form C, so that a name written on another system still matches.

    Args:
        folder: where to look, not deeper.
        what: "label maps" or "images", for messages.

    Raises:
        SegablateError: there is no such folder, it holds no picture, or two files share a stem.
    """
    paths: dict[str, str] = {}
    for entry in _entries(folder):
        stem, suffix = os.path.splitext(entry.name)
        if suffix.lower() not in SUFFIXES or entry.name.startswith(".") or entry.is_dir():
            continue
        stem = unicodedata.normalize("NFC", stem)
        if stem in paths:
            first, second = sorted((os.path.basename(paths[stem]), entry.name))
            raise SegablateError(
                f"`{first}` and `{second}` have the same stem", where=str(folder), hint="keep one of them"
            )
        paths[stem] = entry.path  # no Path: its making is most of the time of a large folder
    if not paths:
        raise SegablateError(f"there are no {what} in this folder", where=str(folder), hint=_deeper(folder))
    return dict(sorted(paths.items()))


def below(folder: Path, ending: str, what: str) -> dict[str, str]:
    """The paths of files in the folders of a folder, by name without `ending`, sorted by it.

    Args:
        folder: where to look, two levels deep.
        ending: the end of the names of the files that are meant; all others are passed over.
        what: "label maps" or "images", for messages.

    Raises:
        SegablateError: there is no such folder, it holds no such file, or two share a name.
    """
    paths: dict[str, str] = {}
    for inner in _entries(folder):
        if inner.name.startswith(".") or not inner.is_dir():
            continue
        for entry in _entries(Path(inner.path)):
            if not entry.name.endswith(ending) or entry.name.startswith("."):
                continue
            name = unicodedata.normalize("NFC", entry.name.removesuffix(ending))
            if name in paths:
                raise SegablateError(
                    f"`{entry.name}` is there twice, also in `{paths[name]}`", where=inner.path
                )
            paths[name] = entry.path
    if not paths:
        hint = f"they are called `<folder>/<name>{ending}`"
        raise SegablateError(f"there are no {what} in this folder", where=str(folder), hint=hint)
    return dict(sorted(paths.items()))


def matched(labels: Mapping[str, str], images: Mapping[str, str], folder: Path) -> None:
    """Check that each label map has an image and each image a label map.

    Raises:
        SegablateError: they do not; the message names the stems.
    """
    alone = {"no image": labels.keys() - images.keys(), "no label map": images.keys() - labels.keys()}
    faults = [f"{_some(stems)} {_has(stems)} {lack}" for lack, stems in alone.items() if stems]
    if faults:
        raise SegablateError("; ".join(faults), where=str(folder), hint="they are matched by stem")


def chosen(path: Path, labels: Mapping[str, str], endings: Sequence[str] = ()) -> dict[str, str]:
    """The label maps that a list file names, by stem or by file name, in the list's order.

    Args:
        path: the list file.
        labels: stem → path of all label maps.
        endings: what ends file names and belongs to no stem, beside the usual suffixes.

    Raises:
        SegablateError: the list cannot be read, is empty, names something twice or something missing.
    """
    first: dict[str, int] = {}
    for number, name in _lines(path):
        stem = name if name in labels else _stem(name, endings)
        if stem not in labels:
            raise SegablateError(
                f"there is no label map `{name}`",
                where=f"{path}:{number}",
                hint=f"label maps are looked for in `{os.path.dirname(next(iter(labels.values())))}`",
            )
        if first.setdefault(stem, number) != number:
            raise SegablateError(
                f"`{stem}` is listed twice, first in line {first[stem]}", where=f"{path}:{number}"
            )
    if not first:
        raise SegablateError("this list is empty", where=str(path))
    return {stem: labels[stem] for stem in first}


def list_file(split: str, splits: Sequence[str], root: Path) -> Path:
    """The list file that `split` is the path of, taken from here or from the data set's folder.

    Raises:
        SegablateError: there is none.
    """
    for path in (Path(os.path.expanduser(split)), root / split):
        if path.is_file():
            return path
    if os.sep in split or split.endswith(".txt"):
        raise SegablateError("there is no such list file", where=split)
    raise SegablateError(f"there is no split `{split}`", where=str(root), hint=near_miss(split, splits))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        raise SegablateError("there is no such folder", where=str(folder)) from None
    except OSError as error:
        raise SegablateError(f"this folder cannot be read: {error.strerror}", where=str(folder)) from None


def _lines(path: Path) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SegablateError("this list is not UTF-8 text", where=str(path)) from None
    except OSError as error:
        raise SegablateError(f"this list cannot be read: {error.strerror}", where=str(path)) from None
    numbered = enumerate(text.split("\n"), 1)
    return [(n, unicodedata.normalize("NFC", line.strip())) for n, line in numbered if line.strip()]


def _stem(name: str, endings: Sequence[str]) -> str:
    """`2007_000032` of `2007_000032.png`, and of DeepLab's `/JPEGImages/… /SegmentationClassAug/….png`."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    for ending in endings:
        if last.endswith(ending):
            return last.removesuffix(ending)
    stem, suffix = os.path.splitext(last)
    return stem if suffix.lower() in SUFFIXES else last


def _deeper(folder: Path) -> str:
    below = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if below:
        return f"folders are not searched, and here are {_some(below)}"
    return f"pictures end in {', '.join(f'`{suffix}`' for suffix in SUFFIXES)}"


def _some(names: Sequence[str] | set[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in sorted(names)[:MOST_SHOWN])
    more = len(names) - MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _has(names: set[str]) -> str:
    return "has" if len(names) == 1 else "have"

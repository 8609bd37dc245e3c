"""The ceiling of a folder of label maps, without a study and without a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from segablate.disk.machine_lock import shared
from segablate.errors import SegablateError
from segablate.measures.base import Arrays, Progress, Result, measures
from segablate.models.upsamplers.base import upsampler_class, upsamplers
from segablate.records import Reads

USUAL_IGNORE, NO_LABEL = 255, 65535


class TemporaryContext:
    """A measure context that keeps nothing; its folder goes when it is left."""

    device = "cpu"
    allow_external = False
    anew = ""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._folder = TemporaryDirectory(prefix="segablate-")

    def __enter__(self) -> TemporaryContext:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def progress(self, what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """The bar of whoever asked."""
        return self._progress(what, total)

    def tell(self, message: str) -> None:
        """It keeps nothing that could be damaged."""

    def cached(self, name: str, reads: Reads, build: Callable[[], Arrays]) -> Arrays:
        """Build it."""
        return build()

    def workspace(self, name: str, reads: Reads) -> Path:
        """A folder that goes with the context's."""
        return Path(mkdtemp(prefix=f"{name}-", dir=self._folder.name))


def ceilings(
    labels: Path,
    classes: int,
    ignore: int,
    strides: Sequence[int],
    names: Sequence[str],
    channels: Sequence[int],
    encode: str,
    bits: int,
    centre: bool,
    fit: Path | None,
    score: Path | None,
    limit: int | None,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Rows of the JSON contract of `segablate oracle`: upsamplers, in each channels, in each strides.

    Args:
        labels: folder of label maps.
        classes: number of classes C.
        ignore: label of pixels that are not scored.
        strides: output strides.
        names: upsamplers.
        channels: code widths, for upsamplers that have one.
        encode: `project`, `optimise`, `autoencoder` or `clusters`.
        bits: length of each number of a cell, for `clusters`.
        centre: take the mean patch off, where components are fitted.
        fit: file with the stems to fit on; all if None.
        score: file with the stems to score; all if None.
        limit: score so many only.
        progress: opens a bar.

    Raises:
        SegablateError: as in a study.
    """
    settings = {"encode": encode, "bits": bits, "fit": _path(fit), "score": _path(score), "limit": limit}
    oracle = measures.part("oracle").build({}, settings)
    data = {"use": "folder", "root": str(labels), "classes": classes, "ignore": ignore}
    configs = [
        {"data": data, "model": {"upsampler": spec, "output_stride": stride}}
        for spec in _specs(names, channels, bits, centre)
        for stride in strides
    ]
    reads = [oracle.reads(config) for config in configs]
    with shared("segablate oracle"), TemporaryContext(progress) as temporary:
        results = list(oracle.measure(reads, 0, temporary))
    return [_row(about, result) for about, result in zip(reads, results, strict=True)]


def ignored(value: int | None, classes: int) -> int:
    """The label value that is not scored: by default 255, or none that is there where 255 is a class."""
    if value is not None:
        return value
    return USUAL_IGNORE if classes <= USUAL_IGNORE else NO_LABEL


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _specs(names: Sequence[str], channels: Sequence[int], bits: int, centre: bool) -> list[dict[str, Any]]:
    specs: list[dict[str, Any]] = []
    for name in names:
        known = upsamplers.part(name).defaults
        own: dict[str, Any] = {"bias": True} if centre and "bias" in known else {}
        if upsampler_class(name).own_length:
            own["bits"] = bits
        if "channels" in known:
            specs += [{"use": name, "channels": width, **own} for width in channels]
        else:
            specs.append({"use": name, **own})
    return specs


def _row(reads: Reads, result: Result | SegablateError) -> dict[str, Any]:
    if isinstance(result, SegablateError):
        raise result
    scores = {m.metric: m.value for m in result.measurements}
    taken = ("per_class_iou", "images", "pixels", "explained", "seconds")
    return {
        "upsampler": reads["upsampler"]["use"],
        "output_stride": reads["output_stride"],
        "channels": reads["upsampler"].get("channels"),
        "encode": reads["encode"],
        **scores,
        **{name: result.facts[name] for name in taken},
    }

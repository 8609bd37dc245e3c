"""Features of an encoder at rest, computed once and kept in memory-mapped files.

        pictures ── encoder, float32 ──► <name>.pack: picture after picture, float16 (channels, h, w)

Half precision keeps eleven bits of a feature: far less than augmentation changes. One file a feature, so that
a decoder that reads one more adds one file. Two processes may ask at once: one computes, the other waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from segablate.datasets.pack import Pack, opened, writing
from segablate.disk import locked, sweep, write_errors
from segablate.models.encoders.base import Encoder
from segablate.training.gpu import sent

Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
Pictures: TypeAlias = Callable[[int], Tensor]

AT_ONCE = 8
COARSE = 4


class Features:
    """Kept features of some pictures.

    Args:
        folder: holds them, and nothing else does.
        encoder: what computes those that are not there; it is put in eval mode.
        names: which are wanted.
        sizes: height and width of each picture.
        pictures: number → what the encoder sees of that picture, (3, height, width).
        device: where the encoder runs.
        progress: opens a bar.
        notify: called with what a person should know: a damaged file that was set aside.

    Raises:
        SegablateError: the file system refused.
    """

    def __init__(
        self,
        folder: Path,
        encoder: Encoder,
        names: Sequence[str],
        sizes: Sequence[tuple[int, int]],
        pictures: Pictures,
        device: str,
        progress: Progress,
        notify: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.sizes = sizes
        self._folder = folder
        self._features = {feature.name: feature for feature in encoder.gives}
        self._notify = notify
        with write_errors(folder), locked(folder / ".lock"):
            sweep(folder)
            packs = {name: self._opened(name) for name in names}
            missing = [name for name in names if packs[name] is None]
            if missing:
                # a pass is dear and a coarse feature small: the next decoder may want it
                deepest = max(place for place, each in enumerate(encoder.gives) if each.name in missing)
                coarse = [each.name for each in encoder.gives[:deepest] if each.stride >= COARSE]
                wanted = {*missing, *(name for name in coarse if self._opened(name) is None)}
                self._compute(sorted(wanted), encoder, pictures, device, progress)
        self._packs = {name: packs[name] or Pack(self._path(name)) for name in names}

    def of(self, number: int) -> dict[str, np.ndarray]:
        """The features of a picture, float16 (channels, h, w) each, still on the disk.

        Raises:
            DamagedError: they are not what was computed; their file has been set aside.
        """
        return {name: pack[number] for name, pack in self._packs.items()}

    def window(self, number: int, top: int, left: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
        """What of them belongs to a window of the picture; its sides are multiples of every stride."""
        windows = {}
        for name, values in self.of(number).items():
            s = self._features[name].stride
            rows, columns = slice(top // s, (top + size[0]) // s), slice(left // s, (left + size[1]) // s)
            windows[name] = values[:, rows, columns]
        return windows

    def tensors(self, numbers: Sequence[int], device: str) -> dict[str, Tensor]:
        """Of pictures of one size: float32 (pictures, channels, h, w) each."""
        return tensors([self.of(number) for number in numbers], device)

    @torch.no_grad()
    def _compute(
        self, names: Sequence[str], encoder: Encoder, pictures: Pictures, device: str, progress: Progress
    ) -> None:
        # twice as fast on a CPU
        encoder.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch lists it not
        with ExitStack() as stack, progress("pictures through the encoder", len(self.sizes)) as tick:
            files = {name: stack.enter_context(writing(self._path(name), np.float16)) for name in names}
            # on a CPU larger tensors only mean more memory to be fetched and given back
            for group in _groups(self.sizes, 1 if device == "cpu" else AT_ONCE):
                images = torch.stack([pictures(number) for number in group]).to(device)
                features = encoder(images.contiguous(memory_format=torch.channels_last), names)
                for name, file in files.items():
                    values = features[name].to("cpu", torch.float16).numpy()
                    for number, value in zip(group, values, strict=True):
                        file.add(str(number), value)
                tick(len(group))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.pack"

    def _opened(self, name: str) -> Pack | None:
        feature = self._features[name]
        r = feature.stride
        shapes = [(feature.channels, -(-height // r), -(-width // r)) for height, width in self.sizes]
        return opened(self._path(name), self._notify, shapes)


def tensors(features: Sequence[Mapping[str, np.ndarray]], device: str) -> dict[str, Tensor]:
    """Features of pictures of one size as float32 batches on a device."""
    return {
        name: sent(np.stack([feature[name] for feature in features]), device).float() for name in features[0]
    }


def _groups(sizes: Sequence[tuple[int, int]], most: int) -> list[list[int]]:
    """Pictures next to each other that are of one size, few at a time."""
    groups: list[list[int]] = []
    for number, size in enumerate(sizes):
        last = groups[-1] if groups else []
        if last and len(last) < most and sizes[last[0]] == size:
            last.append(number)
        else:
            groups.append([number])
    return groups

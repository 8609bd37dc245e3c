"""Codebook: a cell's code says which of 2^b label patches it is; where it is unsure, their mean.

        code ── softmax over the words ── 1×1 conv, one column a word ── lay out as patches ──► scores
        2^b                               stride²·classes                classes at full size

What mask tokenisers end with (van den Oord et al., VQ-VAE, 2017, arXiv:1711.00937), of label patches. In a
network the words are learned; for `encode: clusters` k-means finds them, and a cell has exactly one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.labels.codebook import codebook
from segablate.models.upsamplers.base import ShortCode, Upsampler, depth_to_space, upsamplers

MOST_BITS = 16


@upsamplers.register(paper="arXiv:1711.00937")
class Codebook(Upsampler):
    """Restore a label patch by its number among 2^bits.

    Args:
        classes: number of classes.
        stride: pixels a cell is high and wide.
        bits: length of the number; the code has 2^bits channels.

    Raises:
        SegablateError: fewer bits than one, or more than 16.
    """

    overlaps = False
    own_length: ClassVar[bool] = True

    def __init__(self, classes: int, stride: int, /, *, bits: int = 8) -> None:
        super().__init__(classes, stride)
        self.words = nn.Conv2d(_words(bits), classes * stride * stride, 1, bias=False)

    @classmethod
    def code_channels(cls, classes: int, settings: Mapping[str, Any]) -> int:
        """A score for each word."""
        return _words(settings["bits"])

    @classmethod
    def short_code(cls, settings: Mapping[str, Any], bits: int) -> ShortCode | None:
        """The number of a word; its own `bits` say how long it is."""
        most = _words(settings["bits"])
        return lambda sample, _, seed: codebook(sample, most, seed)

    def restore(self, code: Tensor) -> Tensor:
        """(batch, 2^bits, h, w) → (batch, classes, h·stride, w·stride)."""
        return depth_to_space(self.words(code.softmax(dim=1)), self.stride)


def _words(bits: int) -> int:
    if not 1 <= bits <= MOST_BITS:
        raise SegablateError(f"`bits` is {bits}, but must be from 1 to {MOST_BITS}", field="bits")
    return 1 << bits

"""Bytes: how many are alive at the same time, and how many each module moves.

Every tensor that an inference makes is entered when it appears and struck out when nobody holds it any more.
That is done on the meta device, so it is the same on every machine. What a kernel needs inside (a
convolution's workspace) is not seen.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Sequence
from typing import Any

from torch import Tensor


class MemoryTrace:
    """The books of one inference.

    Attributes:
        peak: most bytes of activations alive at the same time, the image included, weights not.
        moved: module's path → bytes its own operators read and write, weights included, views not.
    """

    def __init__(self) -> None:
        self.peak = 0
        self.moved: Counter[str] = Counter()
        self._alive = 0
        self._entered: dict[int, weakref.ref[Any]] = {}

    def enter(self, place: str, taken: Sequence[Tensor], made: Sequence[Tensor]) -> bool:
        """What an operator was given and what it made; whether anything moved.

        Args:
            place: path of the module that it was called by.
            taken: the tensors it was given.
            made: the tensors it gave.
        """
        for tensor in made:
            self._alive_from_now(tensor)
        sources = {tensor.untyped_storage()._cdata for tensor in taken}
        if not taken or all(tensor.untyped_storage()._cdata in sources for tensor in made):
            # a view, or memory without anything in it
            return False
        unique = {id(tensor): tensor for tensor in (*taken, *made)}
        self.moved[place] += sum(tensor.numel() * tensor.itemsize for tensor in unique.values())
        return True

    def _alive_from_now(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._entered or not size:
            return
        self._alive += size
        self.peak = max(self.peak, self._alive)

        def strike(_: Any) -> None:
            self._alive -= size
            del self._entered[key]

        self._entered[key] = weakref.ref(storage, strike)

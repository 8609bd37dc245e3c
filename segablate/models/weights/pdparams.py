"""Paddle's `.pdparams`: a pickle of numpy arrays, read by an unpickler that knows arrays and containers only.

A pickle is a program. Here none of it is run: the few names that arrays are written with stand for our own
recorders of shape, type and bytes, and any other name ends the reading.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from segablate.errors import SegablateError

# no parameters are kept in sets, whose members would be hashed unseen
SETS = {pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET}
TYPES = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}


def _text(name: Any) -> str:
    """A name that is text: to hash or to write tuples of tuples can take for ever."""
    if type(name) is not str:
        raise pickle.UnpicklingError(f"a name of type `{type(name).__name__}`")
    return name


class _Type:
    """Stands for `numpy.dtype`: a plain number type, of either byte order."""

    def __init__(self, name: str, align: bool = False, copy: bool = True) -> None:
        if _text(name) not in TYPES:
            raise pickle.UnpicklingError(f"numbers of type {name!r}")
        self.name = name
        self.order = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.name)


class _Array:
    """Stands for a `numpy.ndarray`: records what it is to be."""

    def __init__(self, *_: Any) -> None:
        self.value: np.ndarray = np.zeros(0, np.float32)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, content = state
        if not isinstance(kind, _Type) or not isinstance(content, bytes):
            raise pickle.UnpicklingError("an array of something else than numbers")
        flat = np.frombuffer(content, kind.dtype)
        self.value = flat.reshape(tuple(map(int, shape)), order="F" if fortran else "C")


class _Ndarray:
    """Stands for the class `numpy.ndarray`, which is named but never called."""


def _encode(text: str, encoding: str = "latin1") -> bytes:
    # how protocol 2 writes bytes
    if _text(encoding) != "latin1":
        raise pickle.UnpicklingError(f"bytes written as {encoding!r}")
    return text.encode("latin1")


def _ordered(pairs: Iterable[tuple[Any, Any]] = ()) -> dict[str, Any]:
    # Python 2 hands an `OrderedDict` its pairs
    return {_text(name): value for name, value in pairs}


ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _ordered,
    ("_codecs", "encode"): _encode,
    ("numpy", "ndarray"): _Ndarray,
    ("numpy", "dtype"): _Type,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
}


class _RefusedError(Exception):
    """A name that is not admitted."""


class _Unpickler(pickle._Unpickler):
    """The unpickler that is written in Python: of the other one nobody sees a key before it is hashed."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ADMITTED:
            raise _RefusedError(f"{module}.{name}")
        return ADMITTED[module, name]


def _checked(code: bytes, names: slice) -> Callable[[Any], None]:
    """What an opcode does that fills a mapping, after a look at the names, which lie there on the stack."""
    load = pickle._Unpickler.dispatch[code[0]]

    def checked(unpickler: Any) -> None:
        for name in unpickler.stack[names]:
            _text(name)
        load(unpickler)

    return checked


_Unpickler.dispatch = {
    **{code: load for code, load in pickle._Unpickler.dispatch.items() if bytes([code]) not in SETS},
    pickle.SETITEM[0]: _checked(pickle.SETITEM, slice(-2, -1)),
    pickle.SETITEMS[0]: _checked(pickle.SETITEMS, slice(None, None, 2)),
    pickle.DICT[0]: _checked(pickle.DICT, slice(None, None, 2)),
}


def read_pdparams(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the file by their names.

    Raises:
        SegablateError: it asks for more than arrays and containers, it is cut off, or it is no mapping.
    """
    try:
        with path.open("rb") as file:
            content = _Unpickler(file).load()
    except _RefusedError as refused:
        raise SegablateError(
            f"the file asks for `{refused}`, but only arrays and containers are admitted",
            where=str(path),
            hint="it is not a mere list of parameters; do not load it with anything else either",
        ) from None
    except Exception as error:  # a broken pickle can raise nearly anything
        raise SegablateError(f"this is not a whole `.pdparams` file: {error}", where=str(path)) from error
    if not isinstance(content, dict):
        raise SegablateError("there are no parameters by name in it", where=str(path))
    return {str(name): value.value for name, value in content.items() if isinstance(value, _Array)}

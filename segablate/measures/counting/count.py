"""Putting the counters together: one network, one image, one `Cost`."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from segablate.errors import SegablateError
from segablate.measures.counting import meta
from segablate.measures.counting.cost import Check, Cost, Module, Parameters
from segablate.measures.counting.ledger import Bytes, ledger
from segablate.measures.counting.traced import Trace, trace
from segablate.models.assemble import Network, assemble, needed_fit, planned
from segablate.models.complete import EXTERNAL, Config
from segablate.models.segmenter import Segmenter
from segablate.models.upsamplers.base import Subspace
from segablate.training.forward import ran_out

HEADS = "auxiliary"


def cost(
    model: Config,
    classes: int,
    size: tuple[int, int],
    *,
    batch: int = 1,
    quick: bool = False,
    allow_external: bool = False,
) -> Cost:
    """Count one inference.

    Args:
        model: what a study says under `model`; weights make no difference and are not read.
        classes: number of classes.
        size: height and width of the image.
        batch: number of images.
        quick: multiply-adds alone, on the meta device: nothing is computed.
        allow_external: whether code from outside may be run.

    Raises:
        SegablateError: see `assemble`; or the image is too small.
    """
    bare = {name: value for name, value in model.items() if name != "weights"}
    shape = (batch, 3, *size)
    with _enough_memory(shape, classes, quick):
        real, shadow = _networks(bare, classes, size, quick, allow_external)
        parameters = _parameters(shadow)
        seen = None if real is None else trace(_for_inference(real), shape)
        del real
        shadow = _for_inference(shadow)
        torch_flops, books = meta.flops(shadow, shape), ledger(shadow, shape)
    return Cost(
        shape=shape,
        classes=classes,
        stride=shadow.upsampler.stride if isinstance(shadow, Segmenter) else None,
        modules=_modules(shadow, seen, torch_flops, books),
        parameters=parameters,
        peak=books.peak,
        check=_check(seen, torch_flops),
        uncounted=seen.uncounted if seen else meta.uncounted(books.calls),
        quick=quick,
    )


@contextmanager
def _enough_memory(shape: tuple[int, ...], classes: int, quick: bool) -> Iterator[None]:
    """Say what is too large where memory runs out."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        raise SegablateError(
            f"there is not enough memory for {'×'.join(map(str, shape))} and {classes:,} classes",
            hint=None if quick else "`--quick` counts without computing",
        ) from error


def _networks(
    model: Config, classes: int, size: tuple[int, int], quick: bool, allow: bool
) -> tuple[Network | None, Network]:
    """The network with numbers, unless it is not needed, and without."""
    if model.get("use") == EXTERNAL:
        # code from outside need not do what it does on the meta device
        with torch.random.fork_rng(devices=[]):
            made = assemble(model, classes, allow_external=allow)
        return None if quick else made, copy.deepcopy(made).to("meta")
    shadow = planned(model, classes)
    shadow.check_size(*size)
    if quick:
        return None, shadow
    fit = needed_fit(model, classes)
    subspace = Subspace.placeholder(classes, fit.stride, fit.channels) if fit else None
    with torch.random.fork_rng(devices=[]):
        return assemble(model, classes, subspace=subspace), shadow


def _for_inference(network: Network) -> Network:
    return network.without_auxiliary() if isinstance(network, Segmenter) else network


def _parameters(network: nn.Module) -> Parameters:
    named = dict(network.named_parameters())
    heads = {name for name in named if name.partition(".")[0] == HEADS}
    kept = [value for name, value in named.items() if name not in heads]
    buffers = [value for name, value in network.named_buffers() if name.partition(".")[0] != HEADS]
    return Parameters(
        total=sum(value.numel() for value in kept),
        trainable=sum(value.numel() for value in named.values() if value.requires_grad),
        training_only=sum(named[name].numel() for name in heads),
        bytes=sum(value.numel() * value.itemsize for value in [*kept, *buffers]),
    )


def _modules(
    network: nn.Module, seen: Trace | None, torch_flops: Mapping[str, int], books: Bytes
) -> dict[str, Module]:
    called = {"", *(seen.called if seen else books.moved)}
    return {
        name: Module(
            name=name,
            kind=type(module).__name__,
            params=sum(value.numel() for value in module.parameters()),
            macs=_sum(seen.macs.get(name, {}).values()) if seen else torch_flops.get(name, 0) // 2,
            elementwise=dict(seen.elementwise.get(name, {})) if seen else {},
            moved=books.moved.get(name, 0),
        )
        for name, module in network.named_modules()
        if name in called or _is_part(name)
    }


def _is_part(name: str) -> bool:
    # a part that does nothing is still a part
    return bool(name) and "." not in name and name != HEADS


def _check(seen: Trace | None, torch_flops: Mapping[str, int]) -> Check:
    if seen is None:
        return Check(None, torch_flops[""])
    mine = {name: _sum(counts.values()) for name, counts in seen.macs.items()}
    leaves = _innermost(name for name, number in mine.items() if 2 * number != torch_flops.get(name, 0))
    return Check(
        mine.get("", 0), torch_flops[""], {name: (mine[name], torch_flops.get(name, 0)) for name in leaves}
    )


def _innermost(names: Iterable[str]) -> list[str]:
    known = sorted(names)
    return [name for name in known if not any(other != name and _inside(other, name) for other in known)]


def _inside(inner: str, outer: str) -> bool:
    return not outer or inner.startswith(f"{outer}.")


def _sum(numbers: Iterable[Any]) -> int:
    return int(sum(numbers))

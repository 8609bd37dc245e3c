"""Putting the counters together: one network, one image, one `Cost`."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from segablate.errors import SegablateError
from segablate.measures.counting.cost import Check, Cost, Module, Parameters
from segablate.measures.counting.traced import Trace, trace
from segablate.models.assemble import Network, assemble, planned
from segablate.models.complete import EXTERNAL, Config
from segablate.models.segmenter import Segmenter
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
        quick: multiply-adds alone, by torch's formulas.
        allow_external: whether code from outside may be run.

    Raises:
        SegablateError: see `assemble`; or the image is too small.
    """
    bare = {name: value for name, value in model.items() if name != "weights"}
    shape = (batch, 3, *size)
    with enough_memory(shape, classes):
        network = _network(bare, classes, size, allow_external)
        parameters = _parameters(network)
        network = without_heads(network)
        seen = trace(network, shape)
    return Cost(
        shape=shape,
        classes=classes,
        stride=network.upsampler.stride if isinstance(network, Segmenter) else None,
        modules=_modules(network, seen, quick),
        parameters=parameters,
        peak=seen.peak,
        check=_check(seen, quick),
        uncounted=seen.unknown_to_torch if quick else seen.uncounted,
        quick=quick,
    )


@contextmanager
def enough_memory(shape: tuple[int, ...], classes: int) -> Iterator[None]:
    """Say what is too large where memory runs out."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        raise SegablateError(
            f"there is not enough memory for {'×'.join(map(str, shape))} and {classes:,} classes"
        ) from error


def _network(model: Config, classes: int, size: tuple[int, int], allow: bool) -> Network:
    """The network, without a number in it."""
    if model.get("use") == EXTERNAL:
        with torch.random.fork_rng(devices=[]):
            return copy.deepcopy(assemble(model, classes, allow_external=allow)).to("meta")
    made = planned(model, classes)
    made.check_size(*size)
    return made


def without_heads(network: Network) -> Network:
    """The network as it answers: heads that only training reads are left out."""
    return network.without_auxiliary() if isinstance(network, Segmenter) else network


def _parameters(network: nn.Module) -> Parameters:
    named = dict(network.named_parameters())
    heads = {name for name in named if name.partition(".")[0] == HEADS}
    values = [value for name, value in named.items() if name not in heads]
    buffers = [value for name, value in network.named_buffers() if name.partition(".")[0] != HEADS]
    return Parameters(
        total=sum(value.numel() for value in values),
        trainable=sum(value.numel() for value in named.values() if value.requires_grad),
        training_only=sum(named[name].numel() for name in heads),
        bytes=sum(value.numel() * value.itemsize for value in [*values, *buffers]),
    )


def _modules(network: nn.Module, seen: Trace, quick: bool) -> dict[str, Module]:
    return {
        name: Module(
            name=name,
            kind=type(module).__name__,
            params=sum(value.numel() for value in module.parameters()),
            macs=seen.torch_flops[name] // 2 if quick else sum(seen.macs[name].values()),
            elementwise={} if quick else dict(seen.elementwise[name]),
            moved=seen.moved[name],
        )
        for name, module in network.named_modules()
        if name in seen.called or _is_part(name)
    }


def _is_part(name: str) -> bool:
    # a part that does nothing is still a part
    return bool(name) and "." not in name and name != HEADS


def _check(seen: Trace, quick: bool) -> Check:
    if quick:
        return Check(None, seen.torch_flops[""])
    mine = {name: sum(counts.values()) for name, counts in seen.macs.items()}
    leaves = _innermost(name for name, number in mine.items() if 2 * number != seen.torch_flops[name])
    return Check(
        mine[""], seen.torch_flops[""], {name: (mine[name], seen.torch_flops[name]) for name in leaves}
    )


def _innermost(names: Iterable[str]) -> list[str]:
    known = sorted(names)
    return [name for name in known if not any(other != name and _inside(other, name) for other in known)]


def _inside(inner: str, outer: str) -> bool:
    return not outer or inner.startswith(f"{outer}.")

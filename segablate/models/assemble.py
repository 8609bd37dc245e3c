"""From what a study says about `model` to a network.

        {use: pp-liteseg-t, …} ── expand ──► parts ── complete ──► all settings ── assemble ──► Segmenter

The first two arrows are in `complete.py`, the last is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from segablate.errors import SegablateError, context
from segablate.models.auxiliary import Head, head_of
from segablate.models.check import positive
from segablate.models.complete import EXTERNAL, Config, bare, complete, read
from segablate.models.contexts.base import Context
from segablate.models.decoders.base import Decoder
from segablate.models.encoders.base import Encoder
from segablate.models.external import External, external
from segablate.models.features import Feature
from segablate.models.segmenter import Segmenter
from segablate.models.shapes import ShapesOnly
from segablate.models.upsamplers.base import Subspace, Upsampler, upsampler_class
from segablate.models.weights.load import load_weights, locate

Network: TypeAlias = Segmenter | External


@dataclass(frozen=True)
class Fit:
    """What an upsampler wants to have fitted to labels.

    Attributes:
        stride: height and width of a patch.
        channels: how many directions.
        mean: whether the fit is centred, and the mean patch wanted too.
    """

    stride: int
    channels: int
    mean: bool


def assemble(
    model: Config, classes: int, *, subspace: Subspace | None = None, allow_external: bool = False
) -> Network:
    """Make the network, with weights drawn from torch's global generator.

    Args:
        model: what the study says under `model`.
        classes: number of classes.
        subspace: what was fitted to labels, where `needed_fit` asks for it.
        allow_external: whether code from outside may be run.

    Raises:
        SegablateError: a part does not exist or does not fit the others; `field` is the path below `model`.
    """
    if model.get("use") == EXTERNAL:
        return external(model, classes, allow=allow_external)
    return _assemble(complete(model), classes, subspace)


def _assemble(done: Config, classes: int, subspace: Subspace | None) -> Segmenter:
    if classes < 1:
        raise SegablateError(f"there are {classes} classes, but a network needs at least 1")
    encoder: Encoder = _build(
        "encoder", done, {"output_stride": done["output_stride"]}, lift=("output_stride",)
    )
    around: Context = _build("context", done, {"feature": encoder.last})
    part, settings = read("upsampler", done["upsampler"])
    with context(field="upsampler"):
        width = upsampler_class(part.name).code_channels(classes, settings)
        positive(channels=width)
    features = (*encoder.gives, around.gives)
    decoder: Decoder = _build("decoder", done, {"features": features, "code": width})
    _context_is_read(done, decoder)
    above = {"classes": classes, "stride": decoder.code.stride, "subspace": subspace}
    upsampler: Upsampler = _build("upsampler", done, above)
    heads = _heads(done["auxiliary"], (*encoder.gives, *around.sees, *decoder.gives), classes)
    network = Segmenter(encoder, around, decoder, upsampler, heads)
    if "weights" in done:
        load_weights(network, locate(done["weights"]["path"], done["encoder"]["use"]))
    return network


def planned(
    model: Config, classes: int, size: tuple[int, int] | None = None, *, labels: bool = True
) -> Segmenter:
    """The network on the meta device: shapes without numbers, for a check before anything runs.

    Args:
        model: what the study says under `model`.
        classes: number of classes.
        size: height and width of an image it must take.
        labels: whether there are label maps to fit on: `"data" in config` for a measure that reads what the
            weights are; one that reads shapes alone takes them for granted.

    Raises:
        SegablateError: see `assemble`; the image is too small; a part is fitted to labels and there are none.
            A model from outside cannot be planned, only made: see `shaped`.
    """
    if model.get("use") == EXTERNAL:
        raise SegablateError("a model from outside is known only once it is made", field="use")
    done = complete(model)
    fit = needed_fit(model, classes) if labels else None
    subspace = Subspace.placeholder(classes, fit.stride, fit.channels) if fit else None
    with torch.device("meta"):
        network = _assemble(done, classes, subspace)
        if size is not None:
            network.check_size(*size)
            with ShapesOnly():
                network.eval()(torch.empty(1, 3, *size))
    return network


def shaped(model: Config, classes: int, *, allow_external: bool = False) -> Network:
    """What `planned` gives; code from outside is run for it, tried on a random batch, and emptied of numbers.

    Raises:
        SegablateError: see `planned`; or code from outside is not allowed, or does not give what it must.
    """
    if model.get("use") != EXTERNAL:
        return planned(model, classes)
    with torch.random.fork_rng(devices=[]):
        return external(model, classes, allow=allow_external).to("meta")


def needed_fit(model: Config, classes: int) -> Fit | None:
    """What must be fitted to labels before the network can be made; None: nothing."""
    if model.get("use") == EXTERNAL:
        return None
    done = complete(model)
    part, settings = read("upsampler", done["upsampler"])
    if not upsampler_class(part.name).needs_labels(settings):
        return None
    with torch.device("meta"):
        stand_in = _assemble(complete({**bare(done), "upsampler": "nearest", "weights": None}), classes, None)
    return Fit(stand_in.decoder.code.stride, settings["channels"], settings["bias"])


def _build(name: str, done: Config, ingredients: Config, lift: tuple[str, ...] = ()) -> Any:
    part, settings = read(name, done[name])
    try:
        return part.build(ingredients, settings)
    except SegablateError as error:
        # what is at fault may be written beside the part, not in it
        if error.field not in lift:
            error.field = f"{name}.{error.field}" if error.field else name
        raise


def _heads(wanted: Config, features: tuple[Feature, ...], classes: int) -> dict[str, Head]:
    heads = {}
    for name, spec in wanted.items():
        with context(field=f"auxiliary.{name}"):
            heads[name] = head_of(name, spec, features, classes)
    return heads


def _context_is_read(done: Config, decoder: Decoder) -> None:
    if "context" in decoder.reads or done["context"]["use"] == "none":
        return
    raise SegablateError(
        f"decoder `{done['decoder']['use']}` has no use for the context `{done['context']['use']}`",
        hint="set `context: none`",
        field="context",
    )

"""From what a study says about `model` to all that the network is made of.

Two studies that mean the same network complete to the same mapping, whether they name it or spell it out;
cells are keyed by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from segablate.errors import SegablateError, context, near_miss
from segablate.models import auxiliary
from segablate.models.contexts.base import contexts
from segablate.models.decoders.base import decoders
from segablate.models.encoders.base import encoders
from segablate.models.external import spec as external_spec
from segablate.models.fusions.base import fusions
from segablate.models.identity import identity
from segablate.models.networks.base import PARTS, expand
from segablate.models.upsamplers.base import upsamplers
from segablate.models.weights.load import fingerprint, locate
from segablate.registry import Part, Registry

Config: TypeAlias = Mapping[str, Any]

EXTERNAL = "external"

REGISTRIES: dict[str, Registry] = {
    "encoder": encoders,
    "context": contexts,
    "decoder": decoders,
    "upsampler": upsamplers,
}
DEFAULTS = {"context": "none", "decoder": "head", "upsampler": "bilinear"}


def complete(model: Config) -> dict[str, Any]:
    """All that a network is made of: every part with its version and every setting, as JSON values.

    Weights are there by what is in the file, not only by where it lies, and so is code from outside: its
    version is what `identity` sees of it. None of it is run.

    Raises:
        SegablateError: an unknown part, setting or word; `field` is the path below `model`.
    """
    if model.get("use") == EXTERNAL:
        factory, settings = external_spec(model)
        return {"use": EXTERNAL, "factory": factory, "settings": settings, "version": identity(factory)}
    plan = expand(model)
    for word in plan:
        if word not in PARTS:
            raise SegablateError(
                f"a model has no `{word}`", hint=near_miss(word, ["use", *PARTS]), field=word
            )
    if "encoder" not in plan:
        raise SegablateError("a model needs an `encoder`, or a network's name under `use`")
    plan = {**DEFAULTS, **plan}
    done: dict[str, Any] = {name: _complete(name, plan[name]) for name in REGISTRIES}
    done["output_stride"] = _output_stride(plan)
    done["auxiliary"] = _complete_heads(plan.get("auxiliary") or {})
    if plan.get("weights") is not None:
        path = locate(str(plan["weights"]), done["encoder"]["use"])
        done["weights"] = {"path": str(plan["weights"]), "sha256": fingerprint(path)}
    return done


def bare(done: Config) -> dict[str, Any]:
    """The way back from `complete`: what a study may write, without versions, which are for keys."""
    if done.get("use") == EXTERNAL:
        # its settings are its own, and may have a `version` among them
        return {name: value for name, value in done.items() if name != "version"}
    written = dict(done)
    for name in REGISTRIES:
        part, settings = read(name, done[name])
        written[name] = {"use": part.name, **settings}
    if "auxiliary" in done:
        written["auxiliary"] = {name: auxiliary.written(head) for name, head in done["auxiliary"].items()}
    if done.get("weights"):
        written["weights"] = done["weights"]["path"]
    return written


def read(name: str, recorded: Config) -> tuple[Part, dict[str, Any]]:
    """The part of a completed model, and its settings as a study may write them."""
    part, settings = REGISTRIES[name].read(recorded)
    if "fusion" in settings:
        settings["fusion"] = fusions.written(settings["fusion"])
    return part, settings


def unconfirmed(done: Config) -> tuple[str, ...]:
    """What of the parts of a completed model is our reading, because its source does not say."""
    parts = [read(name, done[name])[0] for name in REGISTRIES if name in done]
    texts = (getattr(part.make, "unconfirmed", "") for part in parts)
    return tuple(text for text in texts if text)


def _complete(name: str, spec: Any) -> dict[str, Any]:
    with context(field=name):
        part, settings = REGISTRIES[name].resolve(spec)
        if "fusion" in settings:
            with context(field="fusion"):
                settings["fusion"] = fusions.to_wire(settings["fusion"])
    return part.to_wire(settings)


def _complete_heads(heads: Any) -> dict[str, Any]:
    if not isinstance(heads, Mapping):
        raise SegablateError("`auxiliary` is a mapping from names to heads", field="auxiliary")
    done = {}
    for name, head in heads.items():
        with context(field=f"auxiliary.{name}"):
            done[str(name)] = auxiliary.to_wire(head)
    return done


def _output_stride(plan: Config) -> int:
    stride = plan.get("output_stride", 32)
    if isinstance(stride, bool) or not isinstance(stride, int):
        raise SegablateError(
            f"`output_stride` is `{stride}`, but must be a whole number", field="output_stride"
        )
    return stride

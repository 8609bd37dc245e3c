"""What a network is: a function from its settings to a mapping that names its parts.

What it gives could be written in a study in the same words, so a network is only a name for it, and whatever
a study says about a part besides the network's name replaces or completes what the network says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from segablate.errors import context
from segablate.registry import Registry

networks = Registry("network", "segablate.models.networks")

Plan: TypeAlias = dict[str, Any]

PARTS = ("encoder", "context", "decoder", "upsampler", "output_stride", "auxiliary", "weights")


def expand(config: Mapping[str, Any]) -> Plan:
    """Put a network's parts in the place of its name; a config without `use` is returned as it is.

    A part that is written as settings only (`decoder: {fusion: add}`) completes the network's own; one that
    is named (`decoder: head`) replaces it.

    Raises:
        SegablateError: there is no such network, or it has no such setting.
    """
    if "use" not in config:
        return dict(config)
    own = {name: value for name, value in config.items() if name in PARTS}
    settings = {name: value for name, value in config.items() if name not in (*PARTS, "use")}
    with context(field="use"):
        part = networks.part(str(config["use"]))
    plan: Plan = part.build({}, settings)
    for name, value in own.items():
        plan[name] = _over(plan.get(name), value)
    return plan


def _over(default: Any, value: Any) -> Any:
    if not isinstance(value, Mapping) or "use" in value or not value:
        return value
    below = {"use": default} if isinstance(default, str) else default
    return {**below, **value} if isinstance(below, Mapping) else dict(value)

"""A network as a tree of parts with the shapes they give, as data and as text.

pp-liteseg-t
├── encoder   STDC          x8 256×64×128, x16 512×32×64, x32 1024×16×32
│   └── …
└── upsampler Bilinear      19×512×1024
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from segablate.models.segmenter import Segmenter
from segablate.models.shapes import ShapesOnly


@dataclass(frozen=True)
class Node:
    """A module in the tree.

    Attributes:
        name: its name in the module above.
        kind: its class.
        gives: feature → (channels, height, width); where there is only one, its name is "".
        parameters: number of its parameters, all that is below it included.
        children: the modules it is made of that are shown.
    """

    name: str
    kind: str
    gives: Mapping[str, tuple[int, ...]]
    parameters: int
    children: tuple[Node, ...] = ()


def tree(network: Segmenter, size: tuple[int, int], *, name: str = "network", depth: int = 2) -> Node:
    """The tree of a network that lies on the meta device.

    Args:
        network: as `assemble.planned` gives it.
        size: height and width of the image.
        name: what the root is called.
        depth: how many levels below the root are shown.
    """
    outputs: dict[nn.Module, dict[str, tuple[int, ...]]] = {}

    def note(module: nn.Module, _: Any, output: Any) -> None:
        outputs[module] = _shapes(output)

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    try:
        with torch.no_grad(), ShapesOnly():
            network.eval().with_auxiliary(torch.empty(1, 3, *size, device="meta"))
    finally:
        for hook in hooks:
            hook.remove()
    outputs[network] = outputs.get(network.upsampler, {})
    return _node(network, name, outputs, depth)


def draw(node: Node) -> list[str]:
    """The tree as lines of text."""
    rows = list(_rows(node, "", ""))
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        f"{row[0]:<{wide[0]}}  {row[1]:<{wide[1]}}  {row[2]:>{wide[2]}}  {row[3]}".rstrip() for row in rows
    ]


def _node(
    module: nn.Module, name: str, outputs: dict[nn.Module, dict[str, tuple[int, ...]]], depth: int
) -> Node:
    children = [
        _node(child, below, outputs, depth - 1)
        for below, child in module.named_children()
        if depth > 0 and (child in outputs or any(True for _ in child.children()))
    ]
    return Node(
        name,
        type(module).__name__,
        outputs.get(module, {}),
        sum(parameter.numel() for parameter in module.parameters()),
        tuple(children),
    )


def _shapes(output: Any) -> dict[str, tuple[int, ...]]:
    if isinstance(output, Tensor):
        return {"": tuple(output.shape[1:])}
    if isinstance(output, Mapping):
        return {str(name): tuple(value.shape[1:]) for name, value in output.items()}
    if isinstance(output, tuple | list) and output and isinstance(output[0], Tensor):
        # a unit's result and what it shows beside it
        return {"": tuple(output[0].shape[1:])}
    return {}


def _rows(node: Node, lead: str, below: str) -> list[tuple[str, str, str, str]]:
    shapes = ", ".join(f"{name} {'×'.join(map(str, shape))}".strip() for name, shape in node.gives.items())
    rows = [(f"{lead}{node.name}", node.kind, f"{node.parameters:,}", shapes)]
    for number, child in enumerate(node.children, start=1):
        last = number == len(node.children)
        rows += _rows(child, f"{below}{'└── ' if last else '├── '}", f"{below}{'    ' if last else '│   '}")
    return rows

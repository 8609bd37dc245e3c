"""The tensors in what an operator is given, or gives."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves


def tensors(tree: Any) -> list[Tensor]:
    """In their order."""
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]

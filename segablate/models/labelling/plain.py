"""What a label map is, and the plain way to one: enlarge, then look for the largest score.

The plain way is what every other is tested against. It is taken where nothing else may be done: while a
program is traced or compiled, and for tensors without numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

# a label map of bytes keeps 255 for pixels that are not labelled
MOST_IN_A_BYTE = 255


def label_type(classes: int) -> torch.dtype:
    """The type of a label map: a byte a pixel, or two above 255 classes."""
    return torch.uint8 if classes <= MOST_IN_A_BYTE else torch.int16


def best(scores: Tensor) -> Tensor:
    """(batch, classes, height, width) → labels (batch, height, width): the class of the largest score."""
    return scores.argmax(1).to(label_type(scores.shape[1]))


def traced(code: Tensor) -> bool:
    """Whether a program is made of what is done with this tensor, or it holds no numbers.

    A traced program must hold plain operators only, and cannot look at values to choose its way.
    """
    return bool(torch.compiler.is_compiling() or torch.jit.is_tracing() or code.is_meta)

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


def best(scores: Tensor, classes: int = 1) -> Tensor:
    """The class of the largest score.

    Args:
        scores: (batch, classes, height, width), or any other shape with an axis of classes.
        classes: which axis that is.

    Returns:
        (batch, height, width), or what else is left without that axis.
    """
    return scores.argmax(classes).to(label_type(scores.shape[classes]))


def traced(code: Tensor) -> bool:
    """Whether a program is made of what is done with this tensor, or it holds no numbers.

    A traced program must hold plain operators only, and cannot look at values to choose its way.
    """
    compiling = torch.compiler.is_compiling()
    return bool(compiling or torch._C._get_tracing_state() is not None or code.is_meta)

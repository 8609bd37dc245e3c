"""How much of the way from an image to a label map a module covers.

        pixels ──► image ──► encoder, context, decoder ──► code ──► scores ──► labels
                     ├─ forward ───────────────────────────┤
                     ├─ logits ───────────────────────────────────────┤
                     ├─ labels ──────────────────────────────────────────────────┤
          ├─ end-to-end ─────────────────────────────────────────────────────────┤

`pixels` are bytes as a camera or a file gives them. Moving them to the device and the labels back is the
caller's: only whoever holds the clock knows where the host is.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.assemble import Network
from segablate.models.labelling.plain import best
from segablate.models.segmenter import Segmenter

Scope: TypeAlias = Literal["forward", "logits", "labels", "end-to-end"]

# of ImageNet's training images, red, green, blue, as fractions of 255: what the encoders were trained with
MEAN = (0.485, 0.456, 0.406)
SPREAD = (0.229, 0.224, 0.225)


def scoped(network: Network, scope: Scope, *, fused: bool = True) -> nn.Module:
    """The network as a module that ends where the scope ends; the weights are shared.

    Args:
        network: any network, in the precision and memory format it is to run in.
        scope: `forward` gives the code, (batch, channels, h, w); `logits` scores, (batch, classes, H, W);
            `labels` the label map, (batch, H, W), a byte a pixel up to 255 classes and int16 above;
            `end-to-end` the same label map, from pixels (batch, H, W, 3) as bytes.
        fused: give labels without forming the scores of all pixels where that is possible.

    Raises:
        SegablateError: `forward` of a network from outside, whose parts are not known.
    """
    if scope == "logits":
        return network
    if scope == "labels":
        return Labels(network, fused=fused)
    if scope == "end-to-end":
        return EndToEnd(network, fused=fused)
    if not isinstance(network, Segmenter):
        raise SegablateError(
            "where a network from outside stops before its upsampler is not known",
            hint="take the scope `logits` or `labels`",
            field="scope",
        )
    return Forward(network)


class Forward(nn.Module):
    """All but the upsampler.

    Args:
        network: the network.
    """

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 3, height, width) → code (batch, channels, h, w)."""
        return self.network.code(image)


class Labels(nn.Module):
    """A network that ends with a label map.

    Args:
        network: the network.
        fused: let the upsampler give labels in its own way; a network from outside has none.
    """

    def __init__(self, network: Network, *, fused: bool = True) -> None:
        super().__init__()
        self.network = network
        self.fused = fused and isinstance(network, Segmenter)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 3, height, width) → labels (batch, height, width)."""
        if self.fused and isinstance(self.network, Segmenter):
            size = (image.shape[-2], image.shape[-1])
            return self.network.upsampler.labels(self.network.code(image), size)
        return best(self.network(image))


class EndToEnd(nn.Module):
    """A network that starts with bytes and ends with a label map.

    Args:
        network: the network.
        fused: as in `Labels`.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, network: Network, *, fused: bool = True) -> None:
        super().__init__()
        self.labels = Labels(network, fused=fused)
        weight = next((p for p in network.parameters() if p.ndim == 4), torch.empty(0))
        self.channels_last = _channels_last(network)
        mean, spread = (torch.tensor(value, device=weight.device)[:, None, None] for value in (MEAN, SPREAD))
        self.register_buffer("mean", (255 * mean).to(weight.dtype), persistent=False)
        self.register_buffer("scale", (1 / (255 * spread)).to(weight.dtype), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Bytes (batch, height, width, 3) → labels (batch, height, width)."""
        image = pixels.permute(0, 3, 1, 2).to(self.mean.dtype)
        wanted = torch.channels_last if self.channels_last else torch.contiguous_format
        labels: Tensor = self.labels(((image - self.mean) * self.scale).contiguous(memory_format=wanted))
        return labels


def _channels_last(network: nn.Module) -> bool:
    # a convolution answers in its weight's format, unless its input already has that of the other kind
    for parameter in network.parameters():
        if parameter.ndim == 4 and not parameter.is_contiguous():
            return parameter.is_contiguous(memory_format=torch.channels_last)
    return False

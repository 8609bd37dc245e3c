"""Encoders as the classifiers they were trained as: needed to read their checkpoints and to check them.

Parameters are named as in the checkpoints, after `encoder.` and `head.`.
"""

from __future__ import annotations

from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.encoders.base import Encoder
from segablate.models.encoders.efficientnet import SameConv
from segablate.models.layers import ConvNorm


class ResNetHead(nn.Module):
    """Mean over the image, then one linear layer.

    Args:
        channels: channels of the encoder's result.
        classes: number of classes.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes)."""
        scores: Tensor = self.fc(x.mean((2, 3)))
        return scores


class STDCHead(nn.Module):
    """1×1 convolution, squared, mean over the image, two linear layers without a bias.

    The checkpoints hold a batch norm `bn` of 2,048 numbers more, which the released code never applies.

    Args:
        channels: channels of the encoder's result.
        classes: number of classes.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv_last = ConvNorm(channels, channels, 1)
        self.fc = nn.Linear(channels, channels, bias=False)
        self.linear = nn.Linear(channels, classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes)."""
        scores: Tensor = self.linear(self.fc(self.conv_last(x).square().mean((2, 3))).relu())
        return scores


class EfficientNetHead(nn.Module):
    """1×1 convolution to 1,280 channels, mean over the image, one linear layer.

    Args:
        channels: channels of the encoder's result.
        classes: number of classes.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.widen = SameConv(channels, 1280, 1)
        self.fc = nn.Linear(1280, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) → (batch, classes)."""
        scores: Tensor = self.fc(self.widen(x).mean((2, 3)))
        return scores


HEADS: dict[str, type[nn.Module]] = {
    "resnet": ResNetHead,
    "stdc": STDCHead,
    "efficientnet-lite": EfficientNetHead,
}


class Classifier(nn.Module):
    """An encoder and its family's head.

    Args:
        encoder: the encoder.
        classes: number of classes.

    Raises:
        SegablateError: there is no such head for the family.
    """

    def __init__(self, encoder: Encoder, classes: int = 1000) -> None:
        super().__init__()
        family = encoder.name.rstrip("0123456789")
        if family not in HEADS:
            raise SegablateError(f"encoder `{encoder.name}` has no classifier here")
        self.encoder = encoder
        self.head = HEADS[family](encoder.last.channels, classes)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 3, height, width) → (batch, classes)."""
        scores: Tensor = self.head(self.encoder(image, [self.encoder.last.name])[self.encoder.last.name])
        return scores

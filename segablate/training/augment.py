"""Augmentation of a whole batch at once, on the device that trains.

        images ── scale, crop, mirror: one gather ── pad with the mean ── brightness, contrast, saturation
        labels ── the same, nearest ── pad with ignore

A crop may be larger than the scaled image, which then lies somewhere in it. Images of a batch may differ in
size. Shrinking does not blur first, as in the toolkits whose recipes these are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from segablate.models.encoders.base import Colour
from segablate.training.gpu import sent
from segablate.training.losses.base import IGNORE
from segablate.training.rng import Draw

# raised when the same draw gives other pixels
VERSION = 2

GREY = (0.299, 0.587, 0.114)


class Canvas:
    """Images and labels of some sizes, laid into one array.

    Args:
        images: each uint8 (height, width, 3).
        labels: each uint8 (height, width).
        device: where they are augmented.
    """

    def __init__(self, images: Sequence[np.ndarray], labels: Sequence[np.ndarray], device: str) -> None:
        self.sizes = np.array([label.shape for label in labels])
        height, width = self.sizes.max(0)
        image = np.zeros((len(images), height, width, 3), np.uint8)
        label = np.full((len(images), height, width), IGNORE, np.uint8)
        for number, (h, w) in enumerate(self.sizes):
            image[number, :h, :w] = images[number]
            label[number, :h, :w] = labels[number]
        self.images = sent(image, device).permute(0, 3, 1, 2)
        self.labels = sent(label, device)


def augment(canvas: Canvas, draw: Draw, crop: tuple[int, int], mean: Colour) -> tuple[Tensor, Tensor]:
    """Crops of a batch.

    Args:
        canvas: images and labels.
        draw: what happens to each.
        crop: height and width of the result.
        mean: the colour that fills what lies outside the image, in 0…255.

    Returns:
        Colours in 0…255, float32 (batch, 3, *crop), and labels, int64 (batch, *crop).
    """
    device = canvas.images.device
    along = (_places(canvas.sizes, draw, crop, axis) for axis in range(2))
    (rows, in_row), (columns, in_column) = ([sent(value, device) for value in values] for values in along)
    inside = in_row[:, :, None] & in_column[:, None, :]
    y, x = rows[:, :, None].expand_as(inside), columns[:, None, :].expand_as(inside)
    colours = _sample(canvas.images, y, x)
    colours = _coloured(colours, draw)
    fill = sent(np.asarray(mean, np.float32), device)[:, None, None]
    colours = torch.where(inside[:, None], colours, fill)
    batch = torch.arange(len(y), device=device)[:, None, None]
    labels = canvas.labels[batch, y.round().long(), x.round().long()].long()
    return colours, labels.where(inside, IGNORE)


def _places(sizes: np.ndarray, draw: Draw, crop: tuple[int, int], axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Where in its image each row or column of a crop comes from, (batch, crop[axis]), and whether inside."""
    length = sizes[:, axis]
    scaled = np.maximum(np.round(length * draw.scale), 1)
    # a negative start is padding, which then lies on both sides
    room = scaled - crop[axis]
    start = np.sign(room) * np.floor((draw.row, draw.column)[axis] * (np.abs(room) + 1))
    place = np.arange(crop[axis])[None] + start[:, None]
    if axis == 1:
        place = np.where(draw.mirrored[:, None], place[:, ::-1], place)
    source = (place + 0.5) * (length / scaled)[:, None] - 0.5
    within = (place >= 0) & (place < scaled[:, None])
    return np.clip(source, 0, length[:, None] - 1).astype(np.float32), within


def _sample(images: Tensor, y: Tensor, x: Tensor) -> Tensor:
    height, width = images.shape[-2:]
    # −1 and 1 are the outer edges of the outermost pixels
    grid = torch.stack([(x + 0.5) * (2 / width) - 1, (y + 0.5) * (2 / height) - 1], dim=-1)
    return F.grid_sample(images.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)


def _coloured(colours: Tensor, draw: Draw) -> Tensor:
    factors = (draw.brightness, draw.contrast, draw.saturation)
    if all((factor == 1).all() for factor in factors):
        return colours
    brightness, contrast, saturation = (
        sent(factor.astype(np.float32), colours.device)[:, None, None, None] for factor in factors
    )
    colours = (colours * brightness).clamp(0, 255)
    mean = _grey(colours).mean((2, 3), keepdim=True)
    colours = (mean + (colours - mean) * contrast).clamp(0, 255)
    grey = _grey(colours)
    return (grey + (colours - grey) * saturation).clamp(0, 255)


def _grey(colours: Tensor) -> Tensor:
    weights = sent(np.asarray(GREY, np.float32), colours.device)[:, None, None]
    return (colours * weights).sum(1, keepdim=True)

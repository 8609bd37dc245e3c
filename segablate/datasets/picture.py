"""One decoded example to look at: image, label map, the one over the other, and what the colours mean.

Where there is no image, it is the label map alone.

┌───────┬───────────┬─────────┐
│ image │ label map │ overlay │
├───────┴───────────┴─────────┤
│ ■ sky 31 %   ■ road 24 %  … │
└─────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from segablate.datasets.protocol import Dataset

LARGEST, SMALLEST = 640, 160  # longer side of a panel in pixels
GAP, LINE, SWATCH, SIZE = 8, 24, 14, 14
WHITE = (255, 255, 255)
IGNORED = "ignored"


def shares(label: np.ndarray, data: Dataset) -> dict[str, float]:
    """What occurs in a label map, the commonest first, with its share of the pixels; ignored pixels last."""
    counts = np.bincount(label.ravel(), minlength=len(data.classes))
    ignored = 0 if data.ignore is None else int((label == data.ignore).sum())
    if data.ignore is not None and data.ignore < len(counts):
        counts[data.ignore] = 0
    order = np.argsort(-counts[: len(data.classes)], kind="stable")
    shares_by_name = {data.classes[c]: float(counts[c] / label.size) for c in order if counts[c]}
    return shares_by_name | ({IGNORED: ignored / label.size} if ignored else {})


def example(image: np.ndarray | None, label: np.ndarray, data: Dataset) -> Image.Image:
    """The picture. Classes have their colours; ignored pixels are white, and left alone in the overlay.

    Args:
        image: uint8 of shape (height, width, 3); None leaves the label map alone.
        label: of shape (height, width).
        data: names and colours of the classes.
    """
    scored = np.ones(label.shape, bool) if data.ignore is None else label != data.ignore
    painted = np.full((*label.shape, 3), 255, np.uint8)
    painted[scored] = data.palette[label[scored]]
    panels = [_resized(painted, Image.Resampling.NEAREST)]
    if image is not None:
        blended = np.where(scored[..., None], (image.astype(np.uint16) + painted) // 2, image)
        panels.insert(0, _resized(image, Image.Resampling.BICUBIC))
        panels.append(_resized(blended.astype(np.uint8), Image.Resampling.BICUBIC))
    return _put_together(panels, _legend(shares(label, data), data))


def _resized(panel: np.ndarray, how: Image.Resampling) -> Image.Image:
    """To a size that one can look at, small ones by a whole factor."""
    picture = Image.fromarray(panel)
    side = max(picture.size)
    factor = LARGEST / side if side > LARGEST else float(-(-SMALLEST // side))
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture if size == picture.size else picture.resize(size, how)


def _legend(shares: dict[str, float], data: Dataset) -> list[tuple[str, tuple[int, int, int]]]:
    colours = dict(zip(data.classes, data.palette.tolist(), strict=True))
    return [
        (
            f"{name} {_percent(share)}",
            WHITE if name == IGNORED and name not in colours else tuple(colours[name]),
        )
        for name, share in shares.items()
    ]


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")


def _put_together(
    panels: Sequence[Image.Image], entries: Sequence[tuple[str, tuple[int, int, int]]]
) -> Image.Image:
    width = sum(panel.width for panel in panels) + GAP * (len(panels) - 1)
    font = _font()
    placed, height = _placed([SWATCH + GAP + int(font.getlength(text)) for text, _ in entries], width)
    top = panels[0].height + GAP
    sheet = Image.new("RGB", (width, top + height), WHITE)
    left = 0
    for panel in panels:
        sheet.paste(panel, (left, 0))
        left += panel.width + GAP
    pen = ImageDraw.Draw(sheet)
    for (x, y), (text, colour) in zip(placed, entries, strict=True):
        box = (x, top + y + 3, x + SWATCH, top + y + 3 + SWATCH)
        pen.rectangle(box, fill=colour, outline=(0, 0, 0))
        pen.text((x + SWATCH + GAP // 2, top + y + 1), text, fill=(0, 0, 0), font=font)
    return sheet


def _placed(widths: Sequence[int], width: int) -> tuple[list[tuple[int, int]], int]:
    """Where entries of these widths go, line after line, and how high all lines are."""
    places: list[tuple[int, int]] = []
    x = y = 0
    for needed in widths:
        if x and x + needed > width:
            x, y = 0, y + LINE
        places.append((x, y))
        x += needed + 2 * GAP
    return places, y + LINE


def _font() -> ImageFont.FreeTypeFont:
    import matplotlib  # not above: whoever looks for data sets imports this file

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")), SIZE)

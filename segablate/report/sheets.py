"""Draw sheets of label maps: panels side by side, an image a strip, the colours of the classes below."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from segablate.report.figures import Sheet, Strip

WIDE, NARROW, FEW = 320, 220, 4  # the longest side of a panel, of which few columns have more room
GAP, LINE, SIZE, SWATCH = 6, 18, 13, 14
CHARACTER = 8  # pixels
PAPER, INK, LIGHT, GREY = (255, 255, 255), (0, 0, 0), (221, 221, 221), (119, 119, 119)


def png(sheet: Sheet) -> bytes:
    """The sheet as a PNG, the same bytes each time: headings, a row of panels an image, the legend."""
    side = WIDE if len(sheet.heads) <= FEW else NARROW
    rows = [
        [_panel(_coloured(sheet, strip, panel), side) for panel in strip.panels] for strip in sheet.strips
    ]
    wide = max(panel.shape[1] for row in rows for panel in row)
    width = len(sheet.heads) * (wide + GAP) - GAP
    bands = [_heads(sheet.heads, wide, width)]
    for strip, row in zip(sheet.strips, rows, strict=True):
        padded = [
            np.pad(panel, ((0, 2), (0, wide + GAP - panel.shape[1]), (0, 0)), constant_values=255)
            for panel in row
        ]
        bands += [_band(width, LINE, [(0, 1, strip.title)]), np.concatenate(padded, axis=1)[:, :width]]
    bands.append(_legend(sheet, width))
    out = io.BytesIO()
    Image.fromarray(np.concatenate(bands)).save(out, format="PNG", optimize=True)
    return out.getvalue()


def _coloured(sheet: Sheet, strip: Strip, panel: np.ndarray) -> np.ndarray:
    """A panel in colours, (height, width, 3) uint8."""
    if panel.ndim == 3:
        return panel
    scored = strip.truth < (len(sheet.classes) or np.iinfo(strip.truth.dtype).max)
    if panel.dtype == bool:
        coloured = np.where(panel[..., None], INK, PAPER)
    else:
        count = max(len(sheet.palette), int(panel.max()) + 1)
        # classes without a colour take one that is not their neighbours'
        colours = np.arange(count)[:, None] * (37, 91, 151) % 256
        colours[: len(sheet.palette)] = np.array(sheet.palette, int).reshape(-1, 3)
        coloured = colours[panel]
    return np.where(scored[..., None], coloured, LIGHT).astype(np.uint8)


def _panel(pixels: np.ndarray, side: int) -> np.ndarray:
    """Framed, its longest side so long: nearest neighbours, for label maps have nothing between classes."""
    height, width = (
        max(1, round(length * (side - 2) / max(pixels.shape[:2]))) for length in pixels.shape[:2]
    )
    rows, columns = (np.arange(n) * old // n for n, old in zip((height, width), pixels.shape, strict=False))
    framed = np.full((height + 2, width + 2, 3), GREY, np.uint8)
    framed[1:-1, 1:-1] = pixels[rows][:, columns]
    return framed


def _heads(heads: Sequence[str], wide: int, width: int) -> np.ndarray:
    wrapped = [
        textwrap.wrap(" ".join(head.split()), max(1, wide // CHARACTER), max_lines=2, placeholder="…")
        for head in heads
    ]
    texts = [
        (at * (wide + GAP), LINE * row, line)
        for at, lines in enumerate(wrapped)
        for row, line in enumerate(lines)
    ]
    return _band(width, LINE * max(map(len, wrapped)) + 2, texts)


def _band(width: int, height: int, texts: Sequence[tuple[int, int, str]]) -> np.ndarray:
    band = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(band)
    for x, y, text in texts:
        pen.text((x, y), " ".join(text.split()), fill=INK, font=_font())
    return np.array(band)


def _legend(sheet: Sheet, width: int) -> np.ndarray:
    """The colour and name of each class that occurs, in lines."""
    maps = [
        panel for strip in sheet.strips for panel in strip.panels if panel.ndim == 2 and panel.dtype != bool
    ]
    seen = np.unique(np.concatenate([np.unique(panel) for panel in maps]))
    places, x, y = [], 0, 4
    for index in (int(index) for index in seen if index < min(len(sheet.classes), len(sheet.palette))):
        needed = SWATCH + 4 + int(_font().getlength(sheet.classes[index])) + 2 * GAP
        if x and x + needed > width:
            x, y = 0, y + LINE
        places.append((x, y, index))
        x += needed
    band = _band(width, y + LINE, [(x + SWATCH + 4, y, sheet.classes[i]) for x, y, i in places])
    for x, y, index in places:
        band[y : y + SWATCH, x : x + SWATCH] = INK
        band[y + 1 : y + SWATCH - 1, x + 1 : x + SWATCH - 1] = sheet.palette[index]
    return band


def _font() -> ImageFont.FreeTypeFont:
    """The one font of all pictures: it comes with matplotlib."""
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", SIZE)

"""Draw where variants differ: image, truth, each variant, and the pixels they do not agree about."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from segablate.report.pictures import font
from segablate.report.sheets import Contrast, Scene

WIDTH = 220
GAP, LINE = 6, 18
PAPER, INK, LIGHT, GREY = (255, 255, 255), (0, 0, 0), (221, 221, 221), (119, 119, 119)
CHARACTERS = 27
SWATCH = 14


def draw(sheet: Contrast) -> bytes:
    """The sheet as a PNG: headings, a row of panels an image, the colours of the classes."""
    columns = ["image", "truth", *sheet.variants, "black: not all agree"]
    has_images = any(scene.image is not None for scene in sheet.scenes)
    columns = columns if has_images else columns[1:]
    width = len(columns) * (WIDTH + GAP) - GAP
    bands = [_heads(columns, width)]
    for scene in sheet.scenes:
        bands += [
            _words(f"{scene.name}: {scene.share:.1%} of its pixels", width),
            _row(sheet, scene, has_images),
        ]
    bands.append(_legend(sheet, width))
    picture = Image.fromarray(np.concatenate(bands))
    out = io.BytesIO()
    picture.save(out, format="PNG", optimize=True)
    return out.getvalue()


def _row(sheet: Contrast, scene: Scene, has_images: bool) -> np.ndarray:
    truth, scored = scene.truth, scene.truth < (len(sheet.classes) or 255)
    agreed = np.ones(truth.shape, bool)
    for other in scene.predicted[1:]:
        agreed &= other == scene.predicted[0]
    maps = [_coloured(sheet, labels, scored) for labels in (truth, *scene.predicted)]
    differs = np.where(scored[..., None], np.where(agreed[..., None], PAPER, INK), LIGHT).astype(np.uint8)
    image = [scene.image if scene.image is not None else np.full((*truth.shape, 3), LIGHT, np.uint8)]
    panels = [_panel(one) for one in (*(image if has_images else ()), *maps, differs)]
    gap = np.full((panels[0].shape[0], GAP, 3), PAPER, np.uint8)
    joined = [part for panel in panels for part in (gap, panel)][1:]
    return np.concatenate(joined, axis=1)


def _coloured(sheet: Contrast, labels: np.ndarray, scored: np.ndarray) -> np.ndarray:
    """A label map in the classes' colours, (height, width, 3) uint8; what is not scored is grey."""
    colours = np.zeros((max(len(sheet.palette), int(labels.max()) + 1), 3), np.uint8)
    if sheet.palette:
        colours[: len(sheet.palette)] = sheet.palette
    else:
        colours[:] = (np.arange(len(colours))[:, None] * (37, 91, 151) % 256).astype(np.uint8)
    return np.where(scored[..., None], colours[labels], LIGHT).astype(np.uint8)


def _panel(pixels: np.ndarray) -> np.ndarray:
    """Framed, WIDTH wide: nearest neighbours, for a label map has no values between its classes."""
    height = max(1, round(pixels.shape[0] * (WIDTH - 2) / pixels.shape[1]))
    rows = np.arange(height) * pixels.shape[0] // height
    columns = np.arange(WIDTH - 2) * pixels.shape[1] // (WIDTH - 2)
    framed = np.full((height + 2, WIDTH, 3), GREY, np.uint8)
    framed[1:-1, 1:-1] = pixels[rows][:, columns]
    return framed


def _heads(columns: Sequence[str], width: int) -> np.ndarray:
    wrapped = [
        textwrap.wrap(" ".join(name.split()), CHARACTERS, max_lines=2, placeholder="…") for name in columns
    ]
    lines = max(len(one) for one in wrapped)
    texts = [
        (at * (WIDTH + GAP), LINE * row, line)
        for at, one in enumerate(wrapped)
        for row, line in enumerate(one)
    ]
    return _band(width, LINE * lines + 2, texts)


def _words(text: str, width: int) -> np.ndarray:
    return _band(width, LINE, [(0, 1, " ".join(text.split()))])


def _band(width: int, height: int, texts: Sequence[tuple[int, int, str]]) -> np.ndarray:
    band = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(band)
    for x, y, text in texts:
        pen.text((x, y), text, fill=INK, font=font())
    return np.asarray(band)


def _legend(sheet: Contrast, width: int) -> np.ndarray:
    """The colour and name of each class that occurs, in lines."""
    seen = np.unique(np.concatenate([np.unique(a) for s in sheet.scenes for a in (s.truth, *s.predicted)]))
    places, x, y = [], 0, 4
    for index in (int(one) for one in seen if one < min(len(sheet.classes), len(sheet.palette))):
        needed = SWATCH + 4 + int(font().getlength(sheet.classes[index])) + 2 * GAP
        if x and x + needed > width:
            x, y = 0, y + LINE
        places.append((x, y, index))
        x += needed
    band = np.array(_band(width, y + LINE, [(x + SWATCH + 4, y, sheet.classes[i]) for x, y, i in places]))
    for x, y, index in places:
        band[y : y + SWATCH, x : x + SWATCH] = INK
        band[y + 1 : y + SWATCH - 1, x + 1 : x + SWATCH - 1] = sheet.palette[index]
    return band

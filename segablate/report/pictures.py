"""The label maps that come back worst: chosen by rule, then drawn as an indexed PNG.

Three columns: the truth, what came back, and where the two differ.
White is right, black is wrong, grey is not scored.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from segablate.report.ceilings import Ceiling, strides, widest
from segablate.report.data import arrays, artefact_path
from segablate.report.per_class import selected
from segablate.report.sheets import Sheet, Strip
from segablate.report.words import images, listed, percent, stem

ARTEFACT = "worst.npz"
MOST_STRIPS = 3
LARGEST, SMALLEST = 512, 256
# the last entries of the palette belong to the drawing; classes take the ones before, over again if need be
WHITE, LIGHT, GREY, BLACK = 252, 253, 254, 255
OWN = {WHITE: 255, LIGHT: 221, GREY: 119, BLACK: 0}
CLASSES = 252
GAP, LINE, SIZE = 8, 20, 13


def sheets(found: Sequence[Ceiling], baseline: Mapping[str, str]) -> tuple[Sheet, ...]:
    """Sheets of the baseline and the best at the largest output stride, where their pictures are at hand."""
    if not found:
        return ()
    label = widest(found)
    largest = strides(one for one in found if one.measure == label)[-1]
    chosen = [one for one in selected(found, baseline, label) if one.stride == largest]
    drawn: list[Sheet] = []
    for one in chosen:
        if ARTEFACT in one.record.outcome.artefacts and artefact_path(one.record, ARTEFACT).is_file():  # type: ignore[union-attr]  # ceilings have outcomes
            drawn.append(_sheet(one, [sheet.name for sheet in drawn]))
    return tuple(drawn)


def draw(sheet: Sheet) -> bytes:
    """The sheet as an indexed PNG: headings, three pictures a label map, the colours of the classes."""
    rows = _rows(sheet)
    width = rows[0].shape[1]
    third = (width + GAP) // 3
    bands = [_text(width, [(0, "truth"), (third, "what came back"), (2 * third, "black: differs")])]
    for strip, row in zip(sheet.strips, rows, strict=True):
        bands += [_text(width, [(0, f"{strip.name}: mIoU {percent(strip.miou)}")]), row]
    bands += _legend(sheet, width)
    picture = Image.fromarray(np.concatenate(bands))
    picture.putpalette(_palette(sheet.palette))
    out = io.BytesIO()
    picture.save(out, format="PNG", optimize=True)
    return out.getvalue()


def _sheet(one: Ceiling, taken: Sequence[str]) -> Sheet:
    kept = arrays(one.record, ARTEFACT)
    facts = one.record.facts
    count = sum(name.startswith("truth_") for name in kept)
    strips = sorted((_strip(kept, i) for i in range(count)), key=lambda strip: (strip.miou, strip.name))[
        :MOST_STRIPS
    ]
    named = listed([f"{strip.name} ({percent(strip.miou)})" for strip in strips])
    return Sheet(
        name=stem(f"worst-{one.measure}-stride-{one.stride}-{one.family}-{one.channels or ''}", taken),
        caption=f"{one.name} at output stride {one.stride} under {one.measure}: "
        f"of {images([one.images])} the ones with the lowest mIoU are {named}. "
        "In the right column black differs; grey is not scored.",
        classes=tuple(str(name) for name in facts.get("class_names", ())),
        palette=tuple((int(r), int(g), int(b)) for r, g, b in facts.get("palette", ())),
        strips=tuple(strips),
    )


def _strip(kept: Mapping[str, np.ndarray], i: int) -> Strip:
    return Strip(str(kept[f"name_{i}"]), float(kept[f"miou_{i}"]), kept[f"truth_{i}"], kept[f"restored_{i}"])


def _rows(sheet: Sheet) -> list[np.ndarray]:
    """Truth, restored and difference side by side, a row a label map, all of one width."""
    times = max(1, SMALLEST // max(max(strip.truth.shape) for strip in sheet.strips))
    panels = [_panels(strip, len(sheet.classes), times) for strip in sheet.strips]
    width = max(panel.shape[1] for row in panels for panel in row)
    space = [((0, GAP), (0, width + GAP - row[0].shape[1])) for row in panels]
    rows = [
        np.concatenate([np.pad(panel, pad, constant_values=WHITE) for panel in row], axis=1)
        for row, pad in zip(panels, space, strict=True)
    ]
    return [row[:, :-GAP] for row in rows]


def _panels(strip: Strip, classes: int, times: int) -> list[np.ndarray]:
    """The three pictures of a label map, framed: uint8, thinned or repeated to a size one can look at."""
    step = -(-max(strip.truth.shape) // LARGEST)
    truth, restored = (
        labels[::step, ::step].repeat(times, axis=0).repeat(times, axis=1)
        for labels in (strip.truth, strip.restored)
    )
    scored = truth < (classes or np.iinfo(truth.dtype).max)
    differs = np.where(truth == restored, WHITE, BLACK)
    panels = (truth % CLASSES, restored % CLASSES, differs)
    return [
        np.pad(np.where(scored, panel, LIGHT).astype(np.uint8), 1, constant_values=GREY) for panel in panels
    ]


def _text(width: int, texts: Sequence[tuple[int, str]]) -> np.ndarray:
    """A band of text, (LINE, width) uint8, in the four greys of the palette."""
    band = Image.new("L", (width, LINE), 255)
    pen = ImageDraw.Draw(band)
    for x, text in texts:
        pen.text((x, 2), " ".join(text.split()), fill=0, font=font())
    greys = np.array([BLACK, GREY, LIGHT, WHITE], np.uint8)
    levels = np.digitize(np.asarray(band), [60, 170, 238])
    return np.asarray(greys[levels])


def _legend(sheet: Sheet, width: int) -> list[np.ndarray]:
    """Bands with the colour and name of each class that occurs."""
    seen = np.unique(np.concatenate([np.unique(a) for s in sheet.strips for a in (s.truth, s.restored)]))
    lines: list[list[tuple[int, int]]] = [[]]
    x = 0
    for index in (int(index) for index in seen if index < len(sheet.classes)):
        needed = LINE + int(font().getlength(sheet.classes[index])) + 2 * GAP
        if x and x + needed > width:
            lines.append([])
            x = 0
        lines[-1].append((x, index))
        x += needed
    return [_legend_line(sheet, line, width) for line in lines if line]


def _legend_line(sheet: Sheet, line: Sequence[tuple[int, int]], width: int) -> np.ndarray:
    band = _text(width, [(x + LINE, sheet.classes[index]) for x, index in line])
    for x, index in line:
        band[4 : LINE - 3, x : x + LINE - 6] = BLACK
        band[5 : LINE - 4, x + 1 : x + LINE - 7] = index % CLASSES
    return band


def _palette(colours: Sequence[tuple[int, int, int]]) -> list[int]:
    entries = [(0, 0, 0)] * 256
    entries[: min(len(colours), CLASSES)] = colours[:CLASSES]
    for entry, grey in OWN.items():
        entries[entry] = (grey, grey, grey)
    return [value for entry in entries for value in entry]


def font() -> ImageFont.FreeTypeFont:
    """The one font of all pictures: it comes with matplotlib."""
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", SIZE)

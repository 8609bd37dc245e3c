"""Bands around class borders: how far each pixel is from the nearest other label, up to a width.

Accuracy inside bands of growing width tells apart what happens at contours from what happens inside
objects: Kohli, Ladický, Torr, *Robust higher order potentials*, IJCV 2009; Krähenbühl & Koltun, NeurIPS
2011; Chen et al., DeepLab, arXiv:1606.00915, who call the curve a trimap plot.

A pixel lies in the band of width w if the (2w + 1)² window around it, cut at the frame of the image,
holds two labels, that is if another label is at most w pixels away in the chessboard distance.
`ignore` counts as a label here: VOC draws every contour as a strip of it, and those papers measure
around that strip. Its own pixels are in no band's score. The frame of the image is no border.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segablate.labels.patches import Labels

WIDTHS = (1, 2, 4, 8, 16, 32)


def rings(label: Labels, widths: Sequence[int] = WIDTHS) -> NDArray[np.uint8]:
    """How many of the bands do not hold each pixel: 0 within all, len(widths) within none; shape of the map.

    Args:
        label: label map (height, width).
        widths: half widths of the bands in pixels, increasing.
    """
    outside = np.full(label.shape, len(widths), np.uint8)
    marks = _corners(label, widths[-1])
    covered = 1
    for width in widths:
        # the window of 2w + 1 pixels has 2w corners; the last band's windows are what this one's grow from
        while covered < 2 * width:
            step = min(covered, 2 * width - covered)
            marks = marks[:-step] | marks[step:]
            marks = marks[:, :-step] | marks[:, step:]
            covered += step
        margin = widths[-1] - width
        outside -= marks[margin : margin + label.shape[0], margin : margin + label.shape[1]]
    return outside


def _corners(label: Labels, margin: int) -> NDArray[np.bool_]:
    """Whether the four pixels around each corner differ, the map continued by `margin` of its frame.

    What the frame's pixels are continued with lies in every window that reaches it, so it adds no label.
    """
    wide = np.pad(label, margin, mode="edge")
    first = wide[:-1, :-1]
    uneven: NDArray[np.bool_] = (first != wide[:-1, 1:]) | (first != wide[1:, :-1]) | (first != wide[1:, 1:])
    return uneven

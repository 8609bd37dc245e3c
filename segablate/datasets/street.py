"""A street as a list of strokes, far to near: what is where, before anything is drawn.

        sky
          ▁▂▅▂▁      far end            up
     ▕▔▔╲ ─────── ╱▔▔▏  horizon         │  across
     ▕ house ╲ ╱ house▏                 └──►
     ▕____ ╱ road ╲ ___▏  kerbs, then pavements

The unit of length is the camera's height above the ground, and depth 1 is where the ground leaves the
picture below: a point at depth z is drawn at 1/z of its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from segablate.datasets.strokes import (
    BUILDING,
    FENCE,
    HAZE,
    PAVEMENT,
    ROAD,
    SKY,
    TREE,
    Colour,
    Stroke,
    View,
    corners_of,
    flat,
    mist,
    mix,
)
from segablate.datasets.things import bin_, car, pedestrian, pole, tree

_END = 30.0  # where the street ends


def street(random: Random, height: int, width: int) -> list[Stroke]:
    """A street of random width, houses, trees and traffic, in the order in which it is drawn."""
    view = View(height, width, height * random.uniform(0.36, 0.48), width * random.uniform(0.36, 0.64))
    half, paved = random.uniform(1.5, 2.2), random.uniform(0.9, 1.6)
    centre = random.uniform(-0.6, 0.6)
    left, right = centre - half, centre + half
    strokes = [*_sky(view, random), *_ground(view, random, left, right, paved)]
    for side, kerb in ((-1, left), (1, right)):
        strokes += _houses(view, random, kerb + side * paved, side)
    for side, kerb in ((-1, left), (1, right)):
        if random.random() < 0.45:
            strokes += _fence(view, random, kerb + side * paved * random.uniform(0.5, 0.95))
    for _, thing in sorted(_things(view, random, left, right, paved), key=lambda found: -found[0]):
        strokes += thing
    return strokes


def _sky(view: View, random: Random) -> Iterator[Stroke]:
    blue = random.uniform(0, 1)
    for band in range(6):
        top, low = view.horizon * band / 6, view.horizon * (band + 1) / 6 + 1
        colour = mix((120, 160, 215), HAZE, max(blue, band / 6))
        yield Stroke("polygon", corners_of((0, top), (view.width, low)), SKY, colour)
    x = view.vanishing - view.scale(_END) * 40
    while x < view.vanishing + view.scale(_END) * 40:  # what closes the street at its far end
        wide, tall = random.uniform(1.5, 5) * view.scale(_END), random.uniform(1.5, 7) * view.scale(_END)
        label, colour = (TREE, (84, 110, 70)) if random.random() < 0.35 else (BUILDING, _stone(random))
        corners = corners_of((x, view.horizon - tall), (x + wide, view.horizon + 1))
        yield Stroke("polygon", corners, label, mix(colour, HAZE, 0.5))
        x += wide


def _ground(view: View, random: Random, left: float, right: float, paved: float) -> Iterator[Stroke]:
    grey = random.randint(-12, 12)
    bottom = (view.width, view.height)
    slabs, asphalt = (158 + grey, 150 + grey, 142 + grey), (92 + grey, 92 + grey, 98 + grey)
    yield Stroke("polygon", corners_of((0, view.horizon), bottom), PAVEMENT, slabs)
    yield Stroke("polygon", flat(view, left, right, 0.8, 200), ROAD, asphalt)
    for kerb in (left, right):
        yield Stroke("polygon", flat(view, kerb - 0.03, kerb + 0.03, 0.8, 40), None, (190, 188, 182))
    middle, depth = (left + right) / 2, 0.8 + random.random()
    while depth < 25:  # the broken line in the middle
        yield Stroke(
            "polygon", flat(view, middle - 0.04, middle + 0.04, depth, depth + 1), None, (222, 222, 214)
        )
        depth += 2.2
    for joint in range(1, 14):  # between the slabs
        near = 0.7 * 1.3**joint
        for side, kerb in ((-1, left), (1, right)):
            ends = [view.at(kerb, near), view.at(kerb + side * paved, near)]
            yield Stroke("line", ends, None, mix(slabs, (60, 60, 60), 0.2))


def _houses(view: View, random: Random, across: float, side: int) -> list[Stroke]:
    blocks = []
    near = 0.7
    while near < _END:
        far = near * random.uniform(1.25, 1.8)
        if random.random() < 0.88:  # else a gap, through which the sky is seen
            blocks.append((near, min(far, _END), random.uniform(2.6, 8), _stone(random)))
        near = far
    strokes = []
    for near, far, tall, stone in reversed(blocks):
        hazy = mix(stone, HAZE, mist(near))
        end = [view.at(across, far, 0), view.at(across + side * 6, far, 0)]
        end += [view.at(across + side * 6, far, tall), view.at(across, far, tall)]
        strokes.append(Stroke("polygon", end, BUILDING, mix(hazy, (0, 0, 0), 0.25)))
        strokes.append(Stroke("polygon", view.wall(across, near, far, 0, tall), BUILDING, hazy))
        strokes += _windows(view, random, across, near, far, tall)
    return strokes


def _windows(
    view: View, random: Random, across: float, near: float, far: float, tall: float
) -> Iterator[Stroke]:
    columns = max(1, int((far - near) / 0.9))
    step = (far - near) / columns
    glass = mix((60, 72, 88), HAZE, 0.4 * random.random() + 0.6 * mist(near))
    for column in range(min(columns, 7)):
        start = near + (column + 0.25) * step
        for floor in range(min(5, int(tall / 1.6))):
            low = 0.7 + floor * 1.6
            yield Stroke("polygon", view.wall(across, start, start + step / 2, low, low + 0.8), None, glass)


def _fence(view: View, random: Random, across: float) -> Iterator[Stroke]:
    near = random.uniform(1, 6)
    far, tall = near * random.uniform(1.5, 3), random.uniform(0.4, 0.8)
    colour = random.choice(((96, 74, 52), (120, 124, 120), (60, 84, 66)))
    yield Stroke("polygon", view.wall(across, near, far, 0, tall), FENCE, mix(colour, HAZE, mist(near)))
    for board in range(12):
        depth = near + (far - near) * board / 12
        ends = [view.at(across, depth, 0), view.at(across, depth, tall)]
        yield Stroke("line", ends, None, mix(colour, (20, 20, 20), 0.4))


def _things(
    view: View, random: Random, left: float, right: float, paved: float
) -> Iterator[tuple[float, list[Stroke]]]:
    """All that stands on the ground, each with its depth."""
    for side, kerb in ((-1, left), (1, right)):
        for _ in range(random.randint(1, 4)):
            depth = _depth(random, 2.2, 25)
            yield depth, tree(view, random, kerb + side * paved * random.uniform(0.5, 1.1), depth)
        for _ in range(random.randint(2, 5)):
            depth = _depth(random, 2, 22)
            yield depth, pole(view, random, kerb + side * random.uniform(0.1, 0.35), depth)
        for _ in range(random.randint(1, 5)):
            depth = _depth(random, 2, 25)
            yield depth, pedestrian(view, random, kerb + side * paved * random.uniform(0.2, 0.9), depth)
        for _ in range(random.randint(0, 3)):  # parked
            depth = _depth(random, 1.8, 28)
            yield depth, car(view, random, kerb - side * 0.7, depth)
        if random.random() < 0.35:
            depth = _depth(random, 2, 10)
            yield depth, bin_(view, random, kerb + side * 0.5, depth)
    for _ in range(random.randint(1, 4)):  # driving
        depth = _depth(random, 2.5, 28)
        yield depth, car(view, random, left + (right - left) * random.choice((0.3, 0.7)), depth)
    if random.random() < 0.4:
        depth = _depth(random, 2.5, 20)
        yield depth, pedestrian(view, random, random.uniform(left, right), depth)


def _depth(random: Random, near: float, far: float) -> float:
    """Evenly by size seen, not by distance: otherwise all would be far away."""
    return float(near * (far / near) ** random.random())


def _stone(random: Random) -> Colour:
    return mix(random.choice(((164, 104, 84), (176, 160, 136), (128, 122, 120), (198, 186, 160))),
                (60, 50, 50), random.uniform(0, 0.35))  # fmt: skip

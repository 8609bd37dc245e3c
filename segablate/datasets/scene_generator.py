"""The scene generator: a street as a list of graphics primitives, far to near, before anything is drawn.

        sky
          ▁▂▅▂▁      far end            up
     ▕▔▔╲ ─────── ╱▔▔▏  horizon         │  across
     ▕ house ╲ ╱ house▏                 └──►
     ▕____ ╱ road ╲ ___▏  kerbs, then pavements

The unit of length is the camera's height above the ground, and depth 1 is where the ground leaves the
picture below: a point at depth z is drawn at 1/z of its size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple, TypeAlias

SKY, BUILDING, FENCE, PAVEMENT, ROAD, TREE, POLE, SIGN, CAR, PEDESTRIAN = range(10)
VOID = 255
HAZE = (188, 200, 212)

Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[int, int, int]


class Primitive(NamedTuple):
    """One filled shape.

    Attributes:
        shape: a polygon, an ellipse by two corners of its box, or a line.
        points: (x, y) in pixels.
        label: the class it gives its pixels; None where it shows in the image only.
        colour: what it looks like; None where it shows in the label map only.
        width: of a line, in pixels.
    """

    shape: Literal["polygon", "ellipse", "line"]
    points: list[Point]
    label: int | None
    colour: Colour | None
    width: int = 1


@dataclass(frozen=True, slots=True)
class View:
    """The camera: where the horizon and the vanishing point lie, in pixels."""

    height: int
    width: int
    horizon: float
    vanishing: float

    def scale(self, depth: float) -> float:
        """Pixels a unit of length at this depth."""
        return (self.height - self.horizon) / depth

    def at(self, across: float, depth: float, up: float = 0.0) -> Point:
        """Where a point is seen."""
        scale = self.scale(depth)
        return self.vanishing + across * scale, self.horizon + (1 - up) * scale

    def box(self, across: float, depth: float, low: float, high: float, wide: float) -> list[Point]:
        """An upright rectangle that faces the camera: upper left and lower right corner."""
        return [self.at(across - wide / 2, depth, high), self.at(across + wide / 2, depth, low)]

    def wall(self, across: float, near: float, far: float, low: float, high: float) -> list[Point]:
        """An upright rectangle that runs along the street."""
        at = self.at
        return [
            at(across, near, low), at(across, far, low), at(across, far, high), at(across, near, high),
        ]  # fmt: skip


def mirrored(view: View, across: float, depth: float, half: list[Point]) -> list[Point]:
    """The outline of something symmetric, from (half width, height) upwards."""
    left = [view.at(across - x, depth, up) for x, up in half]
    return left + [view.at(across + x, depth, up) for x, up in reversed(half)]


def flat(view: View, left: float, right: float, near: float, far: float) -> list[Point]:
    """A strip of ground along the street."""
    at = view.at
    return [at(left, near), at(left, far), at(right, far), at(right, near)]


def corners_of(first: Point, second: Point) -> list[Point]:
    """A box from two opposite corners."""
    (x0, y0), (x1, y1) = first, second
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def mist(depth: float) -> float:
    """How much of the haze lies before what is at this depth."""
    return 0.7 * (1 - math.exp(-depth / 25))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """One colour with a share of the other."""
    r, g, b = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return r, g, b


_CORNERS = 64  # of a tree's crown
_CIRCLE = [(math.cos(math.tau * k / _CORNERS), math.sin(math.tau * k / _CORNERS)) for k in range(_CORNERS)]
_WAVES = [[0.07 * math.sin(math.tau * n * k / _CORNERS) for k in range(_CORNERS)] for n in (2, 3, 4)]
_SIGNS: tuple[Colour, ...] = ((196, 38, 40), (36, 78, 170), (232, 196, 44))
_PAINTS: tuple[Colour, ...] = ((168, 30, 34), (36, 60, 120), (226, 226, 222), (44, 46, 50), (140, 146, 150))


def tree(view: View, random: Random, across: float, depth: float) -> list[Primitive]:
    """A trunk and a crown with a ragged outline."""
    up, radius = random.uniform(2.4, 3.6), random.uniform(0.8, 1.6)
    veil = mist(depth)
    trunk = corners_of(*view.box(across, depth, 0, up, random.uniform(0.12, 0.22)))
    green = mix((random.randint(50, 90), random.randint(88, 124), random.randint(36, 60)), HAZE, veil)
    leaves = (mix(green, (20, 30, 10), 0.3), mix(green, (170, 190, 90), 0.3))
    (x, y), size = view.at(across, depth, up), radius * view.scale(depth)
    primitives = [Primitive("polygon", trunk, TREE, mix((84, 64, 48), HAZE, veil))]
    primitives.append(Primitive("polygon", _ragged(random, x, y, size), TREE, green))
    for _ in range(12):  # twigs at its edge, and light and shade within
        angle, out, leaf = random.random() * math.tau, 0.2 + random.random(), 0.05 + 0.15 * random.random()
        twig = _twig(random, x + math.cos(angle) * out * size, y + math.sin(angle) * out * size, leaf * size)
        primitives.append(Primitive("polygon", twig, TREE, random.choice(leaves)))
    return primitives


def _ragged(random: Random, x: float, y: float, size: float) -> list[Point]:
    """A blob whose radius wavers slowly and jumps from corner to corner."""
    first, second, third = (random.randrange(_CORNERS) for _ in range(3))
    points = []
    for corner, (cosine, sine) in enumerate(_CIRCLE):
        slow = _WAVES[0][corner - first] + _WAVES[1][corner - second] + _WAVES[2][corner - third]
        radius = size * (0.77 + slow + 0.26 * random.random())
        points.append((x + cosine * radius, y + sine * radius))
    return points


def _twig(random: Random, x: float, y: float, size: float) -> list[Point]:
    points = []
    for cosine, sine in _CIRCLE[:: _CORNERS // 8]:
        radius = size * (0.7 + 0.5 * random.random())
        points.append((x + cosine * radius, y + sine * radius))
    return points


def pole(view: View, random: Random, across: float, depth: float) -> list[Primitive]:
    """A lamp post, or a short one with a sign; one to three pixels wide."""
    with_sign = random.random() < 0.6
    rise = random.uniform(1.5, 2.2) if with_sign else random.uniform(3, 5)
    wide = max(1, min(3, round(0.07 * view.scale(depth))))
    grey = mix((88, 90, 94), HAZE, mist(depth))
    primitives = [Primitive("line", [view.at(across, depth), view.at(across, depth, rise)], POLE, grey, wide)]
    if with_sign:
        return primitives + _sign(view, random, across, depth, rise)
    arm = [view.at(across, depth, rise), view.at(across + random.choice((-0.7, 0.7)), depth, rise + 0.1)]
    return [*primitives, Primitive("line", arm, POLE, grey, max(1, wide - 1))]


def _sign(view: View, random: Random, across: float, depth: float, up: float) -> list[Primitive]:
    size = random.uniform(0.4, 0.6)
    box = view.box(across, depth, up - size / 2, up + size / 2, size)
    colour = mix(random.choice(_SIGNS), HAZE, mist(depth))
    (x0, y0), (x1, y1) = box
    inner = [(x0 + (x1 - x0) / 4, y0 + (y1 - y0) / 4), (x1 - (x1 - x0) / 4, y1 - (y1 - y0) / 4)]
    kind = random.choice(("disc", "board", "triangle"))
    if kind == "disc":
        plate = Primitive("ellipse", box, SIGN, colour)
    elif kind == "board":
        plate = Primitive("polygon", corners_of(*box), SIGN, colour)
    else:
        plate = Primitive("polygon", [((x0 + x1) / 2, y0), (x1, y1), (x0, y1)], SIGN, colour)
    return [plate, Primitive("ellipse", inner, None, (236, 236, 230))]


def car(view: View, random: Random, across: float, depth: float) -> list[Primitive]:
    """A car from behind or before, on its shadow, with a seam when near."""
    half, rise = random.uniform(0.55, 0.65), random.uniform(0.9, 1.15)
    paint, lamp = mix(random.choice(_PAINTS), HAZE, mist(depth)), random.choice(_SIGNS[::2])
    outline = mirrored(view, across, depth, [(half, 0.1), (half, rise * 0.5), (half * 0.8, rise)])
    glass = mirrored(view, across, depth, [(half * 0.75, rise * 0.55), (half * 0.65, rise * 0.92)])
    primitives = [Primitive("ellipse", view.box(across, depth, -0.06, 0.1, half * 2.3), None, (48, 48, 52))]
    for x in (across - half * 0.75, across + half * 0.75):
        primitives.append(
            Primitive("polygon", corners_of(*view.box(x, depth, 0, 0.25, 0.2)), CAR, (26, 26, 28))
        )
    primitives += [Primitive("polygon", outline, CAR, paint), Primitive("polygon", glass, None, (50, 60, 70))]
    for x in (across - half * 0.78, across + half * 0.78):
        primitives.append(Primitive("ellipse", view.box(x, depth, 0.3, 0.42, 0.16), None, lamp))
    return [*primitives, *_border(view, outline, depth)]


def pedestrian(view: View, random: Random, across: float, depth: float) -> list[Primitive]:
    """Someone in a coat, with a seam when near."""
    rise, veil = random.uniform(0.95, 1.25), mist(depth)
    coat = mix((random.randint(20, 200), random.randint(20, 160), random.randint(20, 160)), HAZE, veil)
    half = [(random.uniform(0.05, 0.16), 0.0), (0.12, rise * 0.5), (0.17, rise * 0.78), (0.0, rise * 0.86)]
    body = [*mirrored(view, across, depth, half), view.at(across, depth, rise * 0.42)]
    head = view.box(across, depth, rise * 0.84, rise, rise * 0.14)
    spine = [view.at(across, depth, 0.1), view.at(across, depth, rise)]
    return [
        Primitive("line", spine, PEDESTRIAN, coat),  # so that the farthest are still one pixel wide
        Primitive("polygon", body, PEDESTRIAN, coat),
        Primitive("ellipse", head, PEDESTRIAN, mix((206, 164, 136), HAZE, veil)),
        *_border(view, body, depth),
    ]


def bin_(view: View, random: Random, across: float, depth: float) -> list[Primitive]:
    """An object of no class, as every real data set has them."""
    box = corners_of(*view.box(across, depth, 0, random.uniform(0.5, 0.8), 0.4))
    return [Primitive("polygon", box, VOID, (58, 78, 60))]


def _border(view: View, outline: list[Point], depth: float) -> list[Primitive]:
    """The seam that annotators leave round what is large enough to show it."""
    if view.scale(depth) < view.height / 14:
        return []
    return [Primitive("line", [*outline, outline[0]], VOID, None)]


_END = 30.0  # where the street ends


def scene(random: Random, height: int, width: int) -> list[Primitive]:
    """A street of random width, houses, trees and traffic, in the order in which it is drawn."""
    view = View(height, width, height * random.uniform(0.36, 0.48), width * random.uniform(0.36, 0.64))
    half, paved = random.uniform(1.5, 2.2), random.uniform(0.9, 1.6)
    centre = random.uniform(-0.6, 0.6)
    left, right = centre - half, centre + half
    primitives = [*_sky(view, random), *_ground(view, random, left, right, paved)]
    for side, kerb in ((-1, left), (1, right)):
        primitives += _houses(view, random, kerb + side * paved, side)
    for side, kerb in ((-1, left), (1, right)):
        if random.random() < 0.45:
            primitives += _fence(view, random, kerb + side * paved * random.uniform(0.5, 0.95))
    for _, parts in sorted(_objects(view, random, left, right, paved), key=lambda placed: -placed[0]):
        primitives += parts
    return primitives


def _sky(view: View, random: Random) -> Iterator[Primitive]:
    blue = random.uniform(0, 1)
    for band in range(6):
        top, low = view.horizon * band / 6, view.horizon * (band + 1) / 6 + 1
        colour = mix((120, 160, 215), HAZE, max(blue, band / 6))
        yield Primitive("polygon", corners_of((0, top), (view.width, low)), SKY, colour)
    x = view.vanishing - view.scale(_END) * 40
    while x < view.vanishing + view.scale(_END) * 40:  # what closes the street at its far end
        wide, rise = random.uniform(1.5, 5) * view.scale(_END), random.uniform(1.5, 7) * view.scale(_END)
        label, colour = (TREE, (84, 110, 70)) if random.random() < 0.35 else (BUILDING, _stone(random))
        corners = corners_of((x, view.horizon - rise), (x + wide, view.horizon + 1))
        yield Primitive("polygon", corners, label, mix(colour, HAZE, 0.5))
        x += wide


def _ground(view: View, random: Random, left: float, right: float, paved: float) -> Iterator[Primitive]:
    grey = random.randint(-12, 12)
    bottom = (view.width, view.height)
    slabs, asphalt = (158 + grey, 150 + grey, 142 + grey), (92 + grey, 92 + grey, 98 + grey)
    yield Primitive("polygon", corners_of((0, view.horizon), bottom), PAVEMENT, slabs)
    yield Primitive("polygon", flat(view, left, right, 0.8, 200), ROAD, asphalt)
    for kerb in (left, right):
        yield Primitive("polygon", flat(view, kerb - 0.03, kerb + 0.03, 0.8, 40), None, (190, 188, 182))
    middle, depth = (left + right) / 2, 0.8 + random.random()
    while depth < 25:  # the broken line in the middle
        yield Primitive(
            "polygon", flat(view, middle - 0.04, middle + 0.04, depth, depth + 1), None, (222, 222, 214)
        )
        depth += 2.2
    for joint in range(1, 14):  # between the slabs
        near = 0.7 * 1.3**joint
        for side, kerb in ((-1, left), (1, right)):
            ends = [view.at(kerb, near), view.at(kerb + side * paved, near)]
            yield Primitive("line", ends, None, mix(slabs, (60, 60, 60), 0.2))


def _houses(view: View, random: Random, across: float, side: int) -> list[Primitive]:
    blocks = []
    near = 0.7
    while near < _END:
        far = near * random.uniform(1.25, 1.8)
        if random.random() < 0.88:  # else a gap, through which the sky is seen
            blocks.append((near, min(far, _END), random.uniform(2.6, 8), _stone(random)))
        near = far
    primitives = []
    for near, far, rise, stone in reversed(blocks):
        hazy = mix(stone, HAZE, mist(near))
        end = [view.at(across, far, 0), view.at(across + side * 6, far, 0)]
        end += [view.at(across + side * 6, far, rise), view.at(across, far, rise)]
        primitives.append(Primitive("polygon", end, BUILDING, mix(hazy, (0, 0, 0), 0.25)))
        primitives.append(Primitive("polygon", view.wall(across, near, far, 0, rise), BUILDING, hazy))
        primitives += _windows(view, random, across, near, far, rise)
    return primitives


def _windows(
    view: View, random: Random, across: float, near: float, far: float, rise: float
) -> Iterator[Primitive]:
    columns = max(1, int((far - near) / 0.9))
    step = (far - near) / columns
    glass = mix((60, 72, 88), HAZE, 0.4 * random.random() + 0.6 * mist(near))
    for column in range(min(columns, 7)):
        start = near + (column + 0.25) * step
        for floor in range(min(5, int(rise / 1.6))):
            low = 0.7 + floor * 1.6
            yield Primitive(
                "polygon", view.wall(across, start, start + step / 2, low, low + 0.8), None, glass
            )


def _fence(view: View, random: Random, across: float) -> Iterator[Primitive]:
    near = random.uniform(1, 6)
    far, rise = near * random.uniform(1.5, 3), random.uniform(0.4, 0.8)
    colour = random.choice(((96, 74, 52), (120, 124, 120), (60, 84, 66)))
    yield Primitive("polygon", view.wall(across, near, far, 0, rise), FENCE, mix(colour, HAZE, mist(near)))
    for board in range(12):
        depth = near + (far - near) * board / 12
        ends = [view.at(across, depth, 0), view.at(across, depth, rise)]
        yield Primitive("line", ends, None, mix(colour, (20, 20, 20), 0.4))


def _objects(
    view: View, random: Random, left: float, right: float, paved: float
) -> Iterator[tuple[float, list[Primitive]]]:
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

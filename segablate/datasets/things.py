"""What stands in a street, each a list of strokes from behind to before."""

from __future__ import annotations

import math
from random import Random

from segablate.datasets.strokes import (
    CAR,
    HAZE,
    PEDESTRIAN,
    POLE,
    SIGN,
    TREE,
    VOID,
    Colour,
    Point,
    Stroke,
    View,
    corners_of,
    mirrored,
    mist,
    mix,
)

_CORNERS = 64  # of a tree's crown
_CIRCLE = [(math.cos(math.tau * k / _CORNERS), math.sin(math.tau * k / _CORNERS)) for k in range(_CORNERS)]
_WAVES = [[0.07 * math.sin(math.tau * n * k / _CORNERS) for k in range(_CORNERS)] for n in (2, 3, 4)]
_SIGNS: tuple[Colour, ...] = ((196, 38, 40), (36, 78, 170), (232, 196, 44))
_PAINTS: tuple[Colour, ...] = ((168, 30, 34), (36, 60, 120), (226, 226, 222), (44, 46, 50), (140, 146, 150))


def tree(view: View, random: Random, across: float, depth: float) -> list[Stroke]:
    """A trunk and a crown with a ragged outline."""
    up, radius = random.uniform(2.4, 3.6), random.uniform(0.8, 1.6)
    veil = mist(depth)
    trunk = corners_of(*view.box(across, depth, 0, up, random.uniform(0.12, 0.22)))
    green = mix((random.randint(50, 90), random.randint(88, 124), random.randint(36, 60)), HAZE, veil)
    leaves = (mix(green, (20, 30, 10), 0.3), mix(green, (170, 190, 90), 0.3))
    (x, y), size = view.at(across, depth, up), radius * view.scale(depth)
    strokes = [Stroke("polygon", trunk, TREE, mix((84, 64, 48), HAZE, veil))]
    strokes.append(Stroke("polygon", _ragged(random, x, y, size), TREE, green))
    for _ in range(12):  # twigs at its edge, and light and shade within
        angle, out, leaf = random.random() * math.tau, 0.2 + random.random(), 0.05 + 0.15 * random.random()
        twig = _twig(random, x + math.cos(angle) * out * size, y + math.sin(angle) * out * size, leaf * size)
        strokes.append(Stroke("polygon", twig, TREE, random.choice(leaves)))
    return strokes


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


def pole(view: View, random: Random, across: float, depth: float) -> list[Stroke]:
    """A lamp post, or a short one with a sign; one to three pixels wide."""
    with_sign = random.random() < 0.6
    tall = random.uniform(1.5, 2.2) if with_sign else random.uniform(3, 5)
    wide = max(1, min(3, round(0.07 * view.scale(depth))))
    grey = mix((88, 90, 94), HAZE, mist(depth))
    strokes = [Stroke("line", [view.at(across, depth), view.at(across, depth, tall)], POLE, grey, wide)]
    if with_sign:
        return strokes + _sign(view, random, across, depth, tall)
    arm = [view.at(across, depth, tall), view.at(across + random.choice((-0.7, 0.7)), depth, tall + 0.1)]
    return [*strokes, Stroke("line", arm, POLE, grey, max(1, wide - 1))]


def _sign(view: View, random: Random, across: float, depth: float, up: float) -> list[Stroke]:
    size = random.uniform(0.4, 0.6)
    box = view.box(across, depth, up - size / 2, up + size / 2, size)
    colour = mix(random.choice(_SIGNS), HAZE, mist(depth))
    (x0, y0), (x1, y1) = box
    inner = [(x0 + (x1 - x0) / 4, y0 + (y1 - y0) / 4), (x1 - (x1 - x0) / 4, y1 - (y1 - y0) / 4)]
    kind = random.choice(("disc", "board", "triangle"))
    if kind == "disc":
        plate = Stroke("ellipse", box, SIGN, colour)
    elif kind == "board":
        plate = Stroke("polygon", corners_of(*box), SIGN, colour)
    else:
        plate = Stroke("polygon", [((x0 + x1) / 2, y0), (x1, y1), (x0, y1)], SIGN, colour)
    return [plate, Stroke("ellipse", inner, None, (236, 236, 230))]


def car(view: View, random: Random, across: float, depth: float) -> list[Stroke]:
    """A car from behind or before, on its shadow, with a seam when near."""
    half, tall = random.uniform(0.55, 0.65), random.uniform(0.9, 1.15)
    paint, lamp = mix(random.choice(_PAINTS), HAZE, mist(depth)), random.choice(_SIGNS[::2])
    outline = mirrored(view, across, depth, [(half, 0.1), (half, tall * 0.5), (half * 0.8, tall)])
    glass = mirrored(view, across, depth, [(half * 0.75, tall * 0.55), (half * 0.65, tall * 0.92)])
    strokes = [Stroke("ellipse", view.box(across, depth, -0.06, 0.1, half * 2.3), None, (48, 48, 52))]
    for x in (across - half * 0.75, across + half * 0.75):
        strokes.append(Stroke("polygon", corners_of(*view.box(x, depth, 0, 0.25, 0.2)), CAR, (26, 26, 28)))
    strokes += [Stroke("polygon", outline, CAR, paint), Stroke("polygon", glass, None, (50, 60, 70))]
    for x in (across - half * 0.78, across + half * 0.78):
        strokes.append(Stroke("ellipse", view.box(x, depth, 0.3, 0.42, 0.16), None, lamp))
    return [*strokes, *_border(view, outline, depth)]


def pedestrian(view: View, random: Random, across: float, depth: float) -> list[Stroke]:
    """Someone in a coat, with a seam when near."""
    tall, veil = random.uniform(0.95, 1.25), mist(depth)
    coat = mix((random.randint(20, 200), random.randint(20, 160), random.randint(20, 160)), HAZE, veil)
    half = [(random.uniform(0.05, 0.16), 0.0), (0.12, tall * 0.5), (0.17, tall * 0.78), (0.0, tall * 0.86)]
    body = [*mirrored(view, across, depth, half), view.at(across, depth, tall * 0.42)]
    head = view.box(across, depth, tall * 0.84, tall, tall * 0.14)
    spine = [view.at(across, depth, 0.1), view.at(across, depth, tall)]
    return [
        Stroke("line", spine, PEDESTRIAN, coat),  # so that the farthest are still one pixel wide
        Stroke("polygon", body, PEDESTRIAN, coat),
        Stroke("ellipse", head, PEDESTRIAN, mix((206, 164, 136), HAZE, veil)),
        *_border(view, body, depth),
    ]


def bin_(view: View, random: Random, across: float, depth: float) -> list[Stroke]:
    """A thing of no class, as every real data set has them."""
    box = corners_of(*view.box(across, depth, 0, random.uniform(0.5, 0.8), 0.4))
    return [Stroke("polygon", box, VOID, (58, 78, 60))]


def _border(view: View, outline: list[Point], depth: float) -> list[Stroke]:
    """The seam that annotators leave round what is large enough to show it."""
    if view.scale(depth) < view.height / 14:
        return []
    return [Stroke("line", [*outline, outline[0]], VOID, None)]

"""What a scene is made of: strokes, the camera that sees them, and the haze between.

The unit of length is the camera's height above the ground, and depth 1 is where the ground leaves the
picture below: a point at depth z is drawn at 1/z of its size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

SKY, BUILDING, FENCE, PAVEMENT, ROAD, TREE, POLE, SIGN, CAR, PEDESTRIAN = range(10)
VOID = 255
HAZE = (188, 200, 212)

Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[int, int, int]


class Stroke(NamedTuple):
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


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """One colour with a share of the other."""
    r, g, b = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return r, g, b

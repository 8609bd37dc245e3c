"""What a count means, and how papers count.

One network has many "FLOPs": papers mix multiply-adds and twice as many, count an element's work or do not,
and leave out parts. So a number is never without its convention, and a paper's is computed from the same
counts as ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from segablate.measures.counting.cost import Cost

MACS = "GMAC: multiply-adds of convolutions and matrix products in one inference, biases not counted"
FLOPS = f"GFLOP = 2 × GMAC; {MACS}"
ELEMENTWISE = (
    "every addition, multiplication, division, comparison and exponential outside of convolutions and matrix "
    "products is one operation, batch norm is two a number as long as it is not fused, and moving is none"
)
OPERATIONS = "2 × multiply-adds + other operations"
PARAMS = "parameters that an inference needs; running statistics are not parameters"
PEAK = (
    "most bytes of float32 activations alive at the same time in one eager inference, image included; "
    "weights and what a kernel needs inside are not"
)
INTENSITY = "(2 × multiply-adds + other operations) ÷ bytes that operators read and write, weights included"

Published: TypeAlias = Literal["decoders-matter"]


@dataclass(frozen=True)
class Convention:
    """How a paper counts.

    Attributes:
        metric: what the number is called.
        text: the convention in words.
        count: the number, from our counts.
    """

    metric: str
    text: str
    count: Callable[[Cost], int]


def _decoders_matter(cost: Cost) -> int:
    counted = cost.within("decoder")
    # only DUpsampling divides in the upsampler: each restored number by the temperature
    restored = cost.within("upsampler").elementwise.get("div", 0)
    return counted.flops + 2 * restored


CONVENTIONS: Mapping[Published, Convention] = {
    "decoders-matter": Convention(
        "decoders_matter_flops",
        "as arXiv:1903.02120 must have counted for its Tables 2 and 3 to come out: decoder and upsampler "
        "only, 2 × multiply-adds, and two operations on each number that DUpsampling restores; interpolation "
        "is free. Two readings of the last layer give the same decimals; this one is the plain 1×1 "
        "convolution",
        _decoders_matter,
    ),
}

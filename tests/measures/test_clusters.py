"""The ceiling of codes of limited length: what is found, how long it is, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segablate.errors import SegablateError
from segablate.measures.base import Result

Measured = Callable[..., list[Result]]
SHAPES = {"use": "shapes", "images": 4, "size": [64, 96]}
CLASSES = 10


def config(upsampler: Any, stride: int = 8) -> dict[str, Any]:
    return {"data": SHAPES, "model": {"upsampler": upsampler, "output_stride": stride}}


def values(result: Result) -> dict[str, float]:
    return {m.metric: m.value for m in result.measurements}


def test_a_longer_code_gives_back_more_and_takes_the_bits_it_says(measured: Measured) -> None:
    found = [values(measured(config({"use": "codebook", "bits": b}), encode="clusters")[0]) for b in (2, 5)]
    assert [one["code_bits"] for one in found] == [2, 5]
    assert all(0 < one["entropy_bits"] <= one["code_bits"] for one in found)
    assert found[0]["miou"] < found[1]["miou"] < 1


def test_a_linear_code_has_bits_for_each_of_its_numbers(measured: Measured) -> None:
    spec = {"use": "dupsampling", "channels": 12}
    short, long = (values(measured(config(spec), encode="clusters", bits=b)[0]) for b in (1, 8))
    assert (short["code_bits"], long["code_bits"]) == (12, 96)
    assert short["miou"] < long["miou"]
    (shares,) = measured(config("bilinear"), encode="clusters", bits=3)
    assert values(shares)["code_bits"] == 3 * CLASSES


def test_long_numbers_reach_the_linear_ceiling(measured: Measured) -> None:
    for spec in ("bilinear", {"use": "dupsampling", "channels": 12}):
        (plain,) = measured(config(spec))
        (fine,) = measured(config(spec), encode="clusters", bits=12)
        assert values(fine)["miou"] == pytest.approx(values(plain)["miou"], abs=0.01)


def test_the_same_seed_finds_the_same(measured: Measured) -> None:
    one, two = (measured(config("codebook"), encode="clusters")[0] for _ in range(2))
    assert values(one) == values(two)


def test_a_codebook_does_not_read_the_measure_s_bits(oracle: Callable[..., Any]) -> None:
    few, many = (oracle(encode="clusters", bits=b) for b in (2, 8))
    assert few.reads(config("codebook")) == many.reads(config("codebook"))
    assert few.reads(config("bilinear")) != many.reads(config("bilinear"))


def test_an_upsampler_without_such_a_code_is_refused_with_those_that_have_one(
    oracle: Callable[..., Any],
) -> None:
    with pytest.raises(SegablateError, match="`carafe` with these settings has no code of limited") as caught:
        oracle(encode="clusters").reads(config("carafe"))
    assert caught.value.hint == "there is one for `bilinear`, `codebook` and `dupsampling`"
    assert caught.value.field == "model.upsampler"


@pytest.mark.parametrize("bits", [0, 17])
def test_bits_have_bounds(oracle: Callable[..., Any], bits: int) -> None:
    with pytest.raises(SegablateError, match=f"`bits` is {bits}, but must be from 1 to 16"):
        oracle(encode="clusters", bits=bits)
    with pytest.raises(SegablateError, match=f"`bits` is {bits}, but must be from 1 to 16"):
        oracle(encode="clusters").reads(config({"use": "codebook", "bits": bits}))


def test_a_codebook_is_no_linear_projection(oracle: Callable[..., Any]) -> None:
    with pytest.raises(SegablateError, match="has no linear projection"):
        oracle().reads(config("codebook"))

"""Max-unpooling in decoders: values go back to where the maxima were."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from segablate.models.decoders.enet import unpool


@pytest.mark.parametrize("size", [(4, 6), (5, 7), (1, 1)])
def test_a_value_goes_back_to_the_maximum_of_its_window_and_the_rest_is_zero(size: tuple[int, int]) -> None:
    like = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    pooled = F.max_pool2d(like, 2, 2, ceil_mode=True)
    back = unpool(pooled, like)
    assert back.shape == like.shape
    held = back != 0
    assert torch.equal(back[held], like[held])
    assert int(held.sum()) == pooled.numel()
    # one in every window, which is at least as large as the others of it
    assert torch.equal(F.max_pool2d(held.float(), 2, 2, ceil_mode=True), torch.ones_like(pooled))


def test_of_equal_maxima_one_takes_the_value() -> None:
    back = unpool(torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 2, 2))
    assert float(back.sum()) == 1

"""Shapes without numbers, of which some are known without asking torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from segablate.models.assemble import planned
from segablate.models.shapes import ShapesOnly


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", ["pp-liteseg-t", "espnetv2", "fanet-18"])
def test_a_network_gives_the_shapes_types_and_gradients_that_torch_says(name: str, training: bool) -> None:
    network = planned({"use": name}, 5).train(training)
    image = torch.empty(2, 3, 65, 97, device="meta")

    def given() -> list[tuple[torch.Size, torch.dtype, bool]]:
        answer = network.with_auxiliary(image) if training else (network(image), {})
        scores: Tensor = answer[0]
        return [(x.shape, x.dtype, x.requires_grad) for x in (scores, *answer[1].values())]

    with ShapesOnly():
        known = given()
    assert known == given()


def test_a_batch_norm_that_sees_one_value_a_channel_is_refused_all_the_same() -> None:
    norm = torch.nn.BatchNorm2d(3, device="meta")
    with ShapesOnly(), pytest.raises(ValueError, match="more than 1 value per channel"):
        norm(torch.empty(1, 3, 1, 1, device="meta"))

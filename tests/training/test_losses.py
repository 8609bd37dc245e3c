"""Losses against a second, plainer way to the same number, and what every loss keeps to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.segmenter import Answer
from segablate.models.upsamplers.base import Subspace
from segablate.models.upsamplers.bilinear import Bilinear
from segablate.models.upsamplers.dupsampling import DUpsampling
from segablate.training.losses.base import IGNORE, losses, share
from segablate.training.losses.border import Border, borders
from segablate.training.losses.cross_entropy import EPSILON, OHEM, CrossEntropy
from segablate.training.losses.detail import Detail, edges
from segablate.training.losses.presence import Presence
from segablate.training.losses.regression import CodeRegression

CLASSES, STRIDE = 3, 4


def upsampler() -> DUpsampling:
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(STRIDE**2 * CLASSES, 6)))[0]
    return DUpsampling(CLASSES, STRIDE, Subspace(basis.astype(np.float32)), channels=6)


@pytest.mark.parametrize("name", losses.names())
def test_every_loss_is_a_number_with_a_gradient_and_adds_up_over_parts(name: str) -> None:
    loss = losses.part(name).build({"upsampler": upsampler()}, {"min_kept": 0} if name == "ohem" else {})
    channels = 1 if name == "detail" else CLASSES
    scores = torch.randn(4, channels, 8, 12, requires_grad=True)
    code = torch.randn(4, 6, 2, 3, requires_grad=True)
    labels = torch.randint(0, CLASSES, (4, 8, 12))
    labels[0, :5] = IGNORE
    whole = loss(Answer(scores, code), labels)
    whole.backward()
    assert (scores.grad is None) != (code.grad is None)
    if name == "ohem":  # which mines each part by itself
        return
    parts = zip(scores.chunk(2), code.chunk(2), labels.chunk(2), strict=True)
    total = sum(loss(Answer(s, c), y) * share(loss, y, labels) for s, c, y in parts)
    torch.testing.assert_close(total, whole)


@pytest.mark.parametrize("name", ["cross-entropy", "ohem"])
def test_a_batch_without_a_single_label_costs_nothing(name: str) -> None:
    loss = losses.part(name).build({"upsampler": None}, {})
    scores = torch.randn(2, CLASSES, 4, 4, requires_grad=True)
    value = loss(Answer(scores), torch.full((2, 4, 4), IGNORE))
    value.backward()
    assert value == 0


def test_presence_asks_which_classes_there_are() -> None:
    labels = torch.full((2, 4, 6), IGNORE)
    labels[0, 0, 0], labels[1, 1] = 2, 1
    sure = torch.tensor([[-9.0, -9.0, 9.0], [-9.0, 9.0, -9.0]])[:, :, None, None].expand(2, 3, 4, 6)
    assert Presence(None)(Answer(sure), labels) < 1e-3
    assert Presence(None)(Answer(-sure), labels) > 8


def test_borders_are_where_labels_meet_and_what_is_not_scored_is_no_label() -> None:
    labels = torch.zeros(1, 5, 6, dtype=torch.long)
    labels[0, :, 3:], labels[0, 4:] = 1, IGNORE
    found = borders(labels)[0]
    assert found[:4].tolist() == [[False, False, True, True, False, False]] * 4
    assert not found[4].any()


def test_without_focus_the_border_loss_is_cross_entropy_and_with_it_less_for_what_is_right() -> None:
    labels = torch.randint(0, CLASSES, (2, 8, 12))
    scores = torch.randn(2, 1, 8, 12)
    truth = borders(labels)[:, None].float()
    plain = Border(None, focus=0.0)(Answer(scores), labels)
    torch.testing.assert_close(plain, F.binary_cross_entropy_with_logits(scores, truth))
    assert Border(None)(Answer(scores), labels) < plain
    two = Border(None)(Answer(scores.expand(2, 2, 8, 12)), labels)
    torch.testing.assert_close(two, 2 * Border(None)(Answer(scores), labels))


def test_cross_entropy_is_that_of_torch() -> None:
    scores, labels = torch.randn(2, CLASSES, 5, 7), torch.randint(0, CLASSES, (2, 5, 7))
    labels[1, 2:] = IGNORE
    expected = F.cross_entropy(scores, labels, ignore_index=IGNORE)
    torch.testing.assert_close(CrossEntropy(None)(Answer(scores), labels), expected)


def by_sorting(scores: torch.Tensor, labels: torch.Tensor, threshold: float, min_kept: int) -> torch.Tensor:
    """PaddleSeg's way, but for `min_kept: 0`: softmax over all classes, a full sort, a mask."""
    valid = (labels != IGNORE).reshape(-1)
    truth = labels.reshape(-1).where(valid, 0)
    probability = scores.softmax(1).movedim(1, 0).reshape(scores.shape[1], -1)
    probability = probability[truth, torch.arange(len(truth))].where(valid, 1.0)
    kept = valid.clone()
    if min_kept < int(valid.sum()):
        limit = threshold
        if min_kept > 0:
            # the release sorts all pixels, in which those without a class stand last
            limit = max(threshold, float(probability.sort().values[min_kept - 1]))
        kept &= probability < limit
    pixel = F.cross_entropy(scores, labels, ignore_index=IGNORE, reduction="none").reshape(-1)
    return (pixel * kept).mean() / (kept.float().mean() + EPSILON)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    min_kept=st.integers(0, 80),
    threshold=st.sampled_from([0.1, 0.3, 0.7]),
    ignored=st.sampled_from([0.0, 0.3, 0.9]),
    sharp=st.sampled_from([0.1, 1.0, 5.0]),
)
def test_ohem_is_what_a_full_sort_gives(
    seed: int, min_kept: int, threshold: float, ignored: float, sharp: float
) -> None:
    chance = torch.Generator().manual_seed(seed)
    scores = (torch.randn(2, CLASSES, 5, 7, generator=chance) * sharp).double()
    labels = torch.randint(0, CLASSES, (2, 5, 7), generator=chance)
    labels[torch.rand(2, 5, 7, generator=chance) < ignored] = IGNORE
    ours = OHEM(None, threshold=threshold, min_kept=min_kept)(Answer(scores), labels)
    torch.testing.assert_close(ours, by_sorting(scores, labels, threshold, min_kept))


def test_ohem_that_need_keep_no_pixel_keeps_those_below_the_threshold() -> None:
    labels = torch.tensor([[[0, 1, 0, IGNORE]]])
    scores = torch.tensor([4.0, 4.0, -4.0, 0.0]).reshape(1, 1, 1, 4) * torch.tensor([1.0, -1.0]).reshape(
        1, 2, 1, 1
    )
    losses = F.cross_entropy(scores, labels, ignore_index=IGNORE, reduction="none")
    kept = OHEM(None, min_kept=0).hardest(losses, labels != IGNORE)
    assert kept.tolist() == [[[False, True, True, False]]]


def test_edges_are_where_labels_change() -> None:
    labels = torch.zeros(1, 16, 16, dtype=torch.int64)
    labels[:, :, 8:] = 1
    found = edges(labels)[0, 0]
    assert found[8, 8] == 1  # the greater side of the border, at stride 1
    assert not found[:, :4].any()
    assert not edges(torch.full((1, 16, 16), 2))[0, 0, 4:-4, 4:-4].any()


def test_detail_is_small_for_the_edges_themselves() -> None:
    labels = torch.randint(0, 2, (1, 4, 4)).repeat_interleave(8, 1).repeat_interleave(8, 2)
    right = Detail(None)(Answer((edges(labels) * 2 - 1) * 20), labels)
    wrong = Detail(None)(Answer((1 - edges(labels) * 2) * 20), labels)
    assert right < 1e-3 < 1 < wrong


def test_regression_is_zero_for_the_labels_own_code_and_else_the_distance() -> None:
    loss = CodeRegression(upsampler())
    labels = torch.randint(0, CLASSES, (2, 7, 10))  # the stride does not divide it
    labels[0, :3] = IGNORE
    codes = loss.codes(labels)
    assert codes.shape == (2, 6, 2, 3)
    scores = torch.zeros(2, CLASSES, 7, 10)
    assert loss(Answer(scores, codes), labels) == 0
    assert float(loss(Answer(scores, codes + 2), labels)) == pytest.approx(6 * 4)
    # the first cell of the second image by hand
    patch = F.one_hot(labels[1, :4, :4], CLASSES).reshape(-1).float()
    torch.testing.assert_close(codes[1, :, 0, 0], patch @ upsampler().weight)


@pytest.mark.parametrize("other", [None, Bilinear(CLASSES, STRIDE)])
def test_regression_needs_a_frozen_w(other: Bilinear | None) -> None:
    with pytest.raises(SegablateError, match="needs the upsampler `dupsampling` with frozen weights"):
        CodeRegression(other)
    with pytest.raises(SegablateError, match="frozen"):
        CodeRegression(DUpsampling(CLASSES, STRIDE, None, channels=6, weights="random", train="tuned"))


@pytest.mark.parametrize(("name", "bad"), [("cross-entropy", {"smoothing": 1.0}), ("ohem", {"min_kept": -1})])
def test_a_setting_out_of_range_is_refused(name: str, bad: dict[str, float]) -> None:
    with pytest.raises(SegablateError) as caught:
        losses.part(name).build({"upsampler": None}, bad)
    assert caught.value.field == next(iter(bad))

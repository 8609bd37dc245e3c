"""Codes of limited length: what is stored suffices, long codes lose nothing, and bits are what is counted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from segablate.labels.codebook import codebook
from segablate.labels.codes import Code, Sample, bits, entropy, sample
from segablate.labels.fit import fit
from segablate.labels.patches import Labels, cut, pad
from segablate.labels.quantised import Coefficients, Shares, lloyd
from segablate.labels.restore import Bilinear, Linear
from segablate.labels.subspace import Subspace
from segablate.labels.work import threads

CLASSES, STRIDE, IGNORE = 4, 8, 255


def label_map(seed: int) -> Labels:
    """Cells of 11 × 7 pixels, some of them not scored, which no grid of patches fits."""
    cells = np.random.default_rng(seed).integers(0, CLASSES + 1, (5, 9), dtype=np.uint8)
    cells[cells == CLASSES] = IGNORE
    return cells.repeat(11, axis=0).repeat(7, axis=1)


def readers() -> list[Callable[[], Labels]]:
    return [partial(label_map, seed) for seed in range(3)]


def sampled(most: int = 10_000, seed: int = 0) -> Sample:
    with threads(2) as pool:
        return sample(
            readers(), stride=STRIDE, classes=CLASSES, ignore=IGNORE, most=most, seed=seed, pool=pool
        )


def subspace(channels: int, centred: bool = False) -> Subspace:
    with threads(1) as pool:
        fitted = fit(
            readers(), classes=CLASSES, ignore=IGNORE, wanted={STRIDE: channels}, centred=centred,
            solver="moment", pool=pool,
        )  # fmt: skip
    return fitted[STRIDE]


def restored(code: Code, label: Labels) -> Labels:
    return code.decode(code.encode(cut(pad(label, STRIDE, IGNORE), STRIDE)))


def test_a_sample_weighs_as_many_patches_as_there_are() -> None:
    grids = [pad(label_map(seed), STRIDE, IGNORE) for seed in range(3)]
    patches = [cut(grid, STRIDE) for grid in grids]
    void = sum(int((p.first[~p.mixed] == IGNORE).sum()) for p in patches)
    cells = sum(p.first.size for p in patches)
    for most in (10_000, 12):
        found = sampled(most)
        assert found.weights.sum() == pytest.approx(cells - void)
        assert len(np.unique(found.rows, axis=0)) == len(found.rows)


def test_as_many_words_as_patches_give_every_label_map_back() -> None:
    code = codebook(sampled(), 1 << 12, 0)
    label = label_map(1)
    scored = label < CLASSES
    assert np.array_equal(restored(code, label)[: len(label), : label.shape[1]][scored], label[scored])
    assert bits(code.levels) == 12


def test_more_words_are_no_worse_and_the_same_seed_finds_the_same() -> None:
    def right(most: int) -> float:
        code = codebook(sampled(), most, 0)
        assert len(code.words) <= most
        labels = [label_map(seed) for seed in range(3)]
        return float(np.mean([(restored(code, m)[: len(m), : m.shape[1]] == m).mean() for m in labels]))

    few, some, many = (right(most) for most in (4, 32, 128))
    assert few < some < many
    assert np.array_equal(codebook(sampled(), 32, 5).words, codebook(sampled(), 32, 5).words)


def test_a_word_is_stored_for_the_patch_it_has_most_pixels_of() -> None:
    code = codebook(sampled(), 16, 0)
    patches = cut(pad(label_map(4), STRIDE, IGNORE), STRIDE)
    numbers = code.encode(patches)[..., 0]
    for row, number in zip(patches.flat, numbers[patches.mixed], strict=True):
        assert ((code.words == row) & (row < CLASSES)).sum(axis=1).argmax() == number


@pytest.mark.parametrize("centred", [False, True])
def test_long_coefficients_restore_what_the_linear_code_restores(centred: bool) -> None:
    fitted = subspace(12, centred)
    label = label_map(2)
    plain = Linear(fitted, [12]).restore(cut(pad(label, STRIDE, IGNORE), STRIDE))[0]
    found = restored(Coefficients(fitted, 12, sampled(), 1 << 14), label)
    scored = pad(label, STRIDE, IGNORE) < CLASSES
    assert (found == plain)[scored].mean() > 0.999
    short = restored(Coefficients(fitted, 12, sampled(), 2), label)
    assert (short == plain)[scored].mean() < 0.999


@pytest.mark.parametrize("aligned", [False, True])
def test_long_shares_restore_what_bilinear_interpolation_restores(aligned: bool) -> None:
    label = label_map(2)
    plain = Bilinear(STRIDE, CLASSES, aligned).restore(cut(pad(label, STRIDE, IGNORE), STRIDE))[0]
    code = Shares.fitted(sampled(), aligned, 1 << 10)
    # a tie of whole numbers may be none of rounded ones
    assert (restored(code, label) == plain).mean() > 0.99
    assert bits(code.levels) == 10 * CLASSES


def test_centres_are_means_of_what_is_nearest_to_them() -> None:
    values = np.array([0.0, 0.1, 0.9, 1.0, 5.0])
    weights = np.array([1, 1, 3, 1, 1], np.float32)
    np.testing.assert_allclose(lloyd(values, weights, 3), [0.05, 0.925, 5.0], atol=1e-6)
    assert len(lloyd(np.zeros(3), np.ones(3, np.float32), 4)) == 1


def test_entropy_is_that_of_each_number_by_itself() -> None:
    assert entropy([np.array([4, 4]), np.array([8, 0]), np.array([1, 1, 1, 1])]) == 3.0
    assert bits((2, 16, 5)) == 1 + 4 + 3

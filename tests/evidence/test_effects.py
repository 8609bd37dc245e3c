"""Second opinion: statsmodels' least squares with the seed as a factor."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

from segablate.evidence.effects import Effect, effects, whole_grid

SEEDS = 4


@pytest.fixture
def grid():
    rng = np.random.default_rng(0)
    cells = np.array([[0.0, 0.3], [0.4, 0.5], [0.1, 0.6]])
    return cells[..., None] + 0.2 * rng.normal(size=SEEDS) + 0.05 * rng.normal(size=(3, 2, SEEDS))


@pytest.fixture
def fitted(grid):
    rows = [(a, b, s, grid[a, b, s]) for a in range(3) for b in range(2) for s in range(SEEDS)]
    return ols("y ~ C(seed) + C(a) * C(b)", pd.DataFrame(rows, columns=["a", "b", "seed", "y"])).fit()


CONTRASTS = {
    Effect("alone", 0, 2): "C(a)[T.2] = 0",
    Effect("alone", 1, 1): "C(b)[T.1] = 0",
    Effect("with", 0, 1, (1, 1)): "C(a)[T.1] + C(a)[T.1]:C(b)[T.1] = 0",
    Effect("interaction", 0, 2, (1, 1)): "C(a)[T.2]:C(b)[T.1] = 0",
    Effect("average", 0, 2): "C(a)[T.2] + 0.5 * C(a)[T.2]:C(b)[T.1] = 0",
    Effect("average", 1, 1): "C(b)[T.1] + C(a)[T.1]:C(b)[T.1] / 3 + C(a)[T.2]:C(b)[T.1] / 3 = 0",
}


@pytest.mark.parametrize("effect", CONTRASTS, ids=str)
def test_an_effect_is_that_of_statsmodels(grid, fitted, effect):
    found, opinion = effects(grid)[effect], fitted.t_test(CONTRASTS[effect])
    assert found.difference == pytest.approx(opinion.effect.item())
    assert found.error == pytest.approx(opinion.sd.item())
    assert found.freedom == fitted.df_resid
    assert found.interval(0.95) == pytest.approx(tuple(opinion.conf_int()[0]))
    assert found.p_none() == pytest.approx(float(np.squeeze(opinion.pvalue)), abs=1e-9)


def test_one_seed_or_one_axis_has_no_effects(grid):
    assert effects(grid[..., :1]) == {}
    assert effects(grid[:, 0]) == {}


def test_a_grid_without_any_spread_has_no_error(grid):
    cells = np.repeat(grid[..., :1], SEEDS, axis=2)
    assert effects(cells)[Effect("alone", 0, 1)].error == 0


def test_a_grid_is_whole_with_the_seeds_that_all_cells_have():
    cells = {(a, b): {0: 1.0, 1: 2.0, 2: 3.0} for a in range(2) for b in range(2)}
    cells[1, 1] = {0: 5.0, 2: float("nan"), 1: 6.0}
    values, seeds = whole_grid(cells)
    assert seeds == (0, 1)
    assert values[1, 1].tolist() == [5.0, 6.0]


def test_a_grid_with_a_hole_is_none():
    assert whole_grid({(0, 0): {0: 1.0}, (1, 1): {0: 1.0}, (0, 1): {0: 1.0}}) is None
    assert whole_grid({(0, 0): {0: 1.0}, (0, 1): {1: 1.0}}) is None

"""What every registered network keeps to; registering one is enough to be tested here."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.assemble import assemble, needed_fit, planned
from segablate.models.complete import complete
from segablate.models.networks.base import PARTS, expand, networks
from segablate.models.scopes import scoped
from segablate.models.segmenter import Segmenter
from segablate.models.shapes import ShapesOnly
from segablate.models.upsamplers.base import Subspace

CLASSES = 4

# all of one network after another, so that few are held at a time
pytestmark = pytest.mark.parametrize("name", networks.names(), scope="module")


def made(name: str, seed: int = 0) -> Segmenter:
    # drawing weights takes longer than copying them
    return copy.deepcopy(drawn(name, seed))


@functools.lru_cache(2)
def drawn(name: str, seed: int) -> Segmenter:
    fit = needed_fit({"use": name}, CLASSES)
    subspace = None
    if fit is not None:
        basis = np.random.default_rng(0).normal(size=(fit.stride**2 * CLASSES, fit.channels))
        subspace = Subspace(basis.astype(np.float32))
    torch.manual_seed(seed)
    return assemble({"use": name}, CLASSES, subspace=subspace)


@functools.cache
def least(name: str) -> int:
    return planned({"use": name}, CLASSES).encoder.smallest


def image(name: str, batch: int = 1) -> torch.Tensor:
    """A small image whose sides no stride divides."""
    return torch.randn(batch, 3, least(name) + 1, 3 * least(name) // 2 - 1)


@pytest.mark.shapes
def test_scores_have_the_image_s_size(name: str) -> None:
    network = planned({"use": name}, CLASSES).eval()
    for height, width in ((64, 128), (33, 47), (65, 97), (32, 50)):
        # twice as large for one that goes down to 1/64
        size = (height * least(name) // 32, width * least(name) // 32)
        with torch.device("meta"), ShapesOnly():
            assert network(torch.empty(2, 3, *size)).shape == (2, CLASSES, *size)


@pytest.mark.shapes
def test_auxiliary_scores_have_the_image_s_size_too(name: str) -> None:
    network = planned({"use": name}, CLASSES).eval()
    with ShapesOnly():
        scores, more = network.with_auxiliary(torch.empty(2, 3, 65, 97, device="meta"))
    assert scores.shape == (2, CLASSES, 65, 97)
    assert set(more) == set(network.auxiliary)
    assert all(value.shape[2:] == (65, 97) for value in more.values())


def test_a_gradient_reaches_every_trainable_parameter_and_every_pixel(name: str) -> None:
    network = made(name).train()
    x = image(name, batch=2).requires_grad_()
    scores, more = network.with_auxiliary(x)
    loss = scores.square().mean() + sum(value.square().mean() for value in more.values())
    loss.backward()
    assert [n for n, p in network.named_parameters() if p.requires_grad and p.grad is None] == []
    assert x.grad is not None
    # a pixel may stop at a ReLU or a max-pool in one image
    assert x.grad.abs().amax((0, 1)).all()


def test_the_same_seed_makes_the_same_network_which_gives_the_same_scores(name: str) -> None:
    x = image(name)
    with torch.no_grad():
        one, two = made(name).eval()(x), drawn.__wrapped__(name, 0).eval()(x)
    assert torch.equal(one, two)


def test_a_state_dict_makes_the_same_network(name: str) -> None:
    one, two, x = made(name).eval(), made(name, seed=1).eval(), image(name)
    two.load_state_dict(one.state_dict())
    with torch.no_grad():
        assert torch.equal(one(x), two(x))


def test_labels_are_the_arg_max_of_the_scores(
    name: str, up_to_ties: Callable[[torch.Tensor, torch.Tensor], None]
) -> None:
    network, x = made(name).eval(), image(name, batch=2)
    with torch.no_grad():
        up_to_ties(scoped(network, "labels")(x), network(x))


def test_auxiliary_heads_change_no_score(name: str) -> None:
    network, x = made(name).eval(), image(name)
    with torch.no_grad():
        scores, _ = network.with_auxiliary(x)
        assert torch.equal(scores, network.without_auxiliary()(x))
    assert not any(key.startswith("auxiliary") for key in network.state_dict())


@pytest.mark.shapes
def test_its_plan_names_parts_only_and_could_be_written_in_a_study(name: str) -> None:
    plan = expand({"use": name})
    assert set(plan) <= set(PARTS)
    assert json.loads(json.dumps(plan)) == plan
    assert complete(plan) == complete({"use": name})


@pytest.mark.shapes
def test_a_completed_plan_is_plain_json(name: str) -> None:
    done = complete({"use": name})
    assert json.loads(json.dumps(done)) == done


@pytest.mark.shapes
def test_an_image_smaller_than_the_stride_is_refused(name: str) -> None:
    with pytest.raises(SegablateError, match="is too small for encoder"):
        planned({"use": name}, CLASSES, size=(least(name) - 1, least(name)))

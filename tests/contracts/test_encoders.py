"""What every registered encoder keeps to; registering one is enough to be tested here."""

from __future__ import annotations

import contextlib
import copy
import functools

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.encoders.base import Encoder, encoder_class, encoders
from segablate.models.features import find
from segablate.models.shapes import ShapesOnly

STRIDES = (8, 16, 32, 64)
# those that no other package makes
NAMES = [name for name in encoders.names() if not encoder_class(name).needs]


# all of one encoder after another, so that few are held at a time
each = pytest.mark.parametrize("name", NAMES, scope="module")


def made(name: str, output_stride: int, seed: int = 0) -> Encoder:
    """An encoder of its own, whose weights may be changed."""
    # drawing weights takes longer than copying them
    return copy.deepcopy(drawn(name, output_stride, seed))


@functools.lru_cache(4)
def drawn(name: str, output_stride: int, seed: int = 0) -> Encoder:
    torch.manual_seed(seed)
    encoder: Encoder = encoders.part(name).build({"output_stride": output_stride}, {})
    return encoder.eval()


@functools.lru_cache(2)
def shapes(name: str) -> dict[int, Encoder]:
    """Output stride → the encoder without numbers, for each that it can have."""
    possible = {}
    for stride in STRIDES:
        with torch.device("meta"), contextlib.suppress(SegablateError):
            possible[stride] = encoders.part(name).build({"output_stride": stride}, {}).eval()
    return possible


def coarsest(name: str) -> Encoder:
    return list(shapes(name).values())[-1]


def image(name: str, batch: int = 1, device: str = "cpu") -> torch.Tensor:
    """A small image whose sides no stride divides."""
    least = coarsest(name).smallest
    return torch.randn(batch, 3, least + 1, 3 * least // 2 - 1, device=device)


@each
def test_features_are_what_is_declared_at_every_output_stride(name: str) -> None:
    for output_stride, encoder in shapes(name).items():
        with ShapesOnly():
            features = encoder(image(name, batch=2, device="meta"))
        height, width = image(name, device="meta").shape[-2:]
        declared = {
            f.name: (2, f.channels, -(-height // f.stride), -(-width // f.stride)) for f in encoder.gives
        }
        assert {key: tuple(value.shape) for key, value in features.items()} == declared
        assert len(declared) == len(encoder.gives)  # a name is used once
        assert encoder.last.stride == output_stride


@each
def test_declared_features_hold_on_real_numbers_too(name: str) -> None:
    encoder, x = drawn(name, min(shapes(name))), image(name)
    with torch.no_grad():
        features = encoder(x)
    assert all(value.isfinite().all() for value in features.values())
    assert features[encoder.last.name].shape[1:] == (
        encoder.last.channels,
        *(-(-side // encoder.last.stride) for side in x.shape[-2:]),
    )


@each
def test_an_output_stride_the_family_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(SegablateError, match="cannot have `output_stride: 12`") as caught:
        encoders.part(name).build({"output_stride": 12}, {})
    assert caught.value.field == "output_stride"


@each
def test_an_image_of_less_than_a_cell_is_refused(name: str) -> None:
    encoder = coarsest(name)
    least = encoder.smallest
    with ShapesOnly():
        encoder(torch.empty(1, 3, least, least, device="meta"))
    with pytest.raises(SegablateError, match=f"{least - 1}×{least} is too small for encoder `{name}`"):
        encoder(torch.empty(1, 3, least - 1, least, device="meta"))


@each
def test_an_unknown_feature_is_refused_with_the_names_there_are(name: str) -> None:
    encoder = coarsest(name)
    with pytest.raises(SegablateError, match="there is no feature `zzz`") as caught:
        find(encoder.gives, "zzz")
    assert any(f"`{feature.name}`" in str(caught.value.hint) for feature in encoder.gives)


@each
def test_only_what_is_wanted_is_kept(name: str) -> None:
    encoder = coarsest(name)
    first = encoder.gives[0].name
    with ShapesOnly():
        assert list(encoder(image(name, device="meta"), [first])) == [first]


@each
def test_a_gradient_reaches_every_parameter(name: str) -> None:
    encoder = made(name, max(shapes(name))).train()
    # of all features, since a branch for detail ends beside the last one
    features = encoder(image(name, batch=2))
    sum(value.square().mean() for value in features.values()).backward()
    without = [n for n, p in encoder.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@each
def test_the_same_image_gives_the_same_features(name: str) -> None:
    stride, x = max(shapes(name)), image(name)
    with torch.no_grad():
        one, two = drawn(name, stride)(x), drawn.__wrapped__(name, stride)(x)
    assert all(torch.equal(one[key], two[key]) for key in one)


@each
def test_a_state_dict_makes_the_same_encoder(name: str) -> None:
    stride = max(shapes(name))
    encoder = drawn(name, stride)
    other = made(name, stride, seed=1)
    other.load_state_dict(encoder.state_dict())
    x = image(name)
    with torch.no_grad():
        one, two = encoder(x), other(x)
    assert all(torch.equal(one[key], two[key]) for key in one)


@each
def test_it_is_its_tail_after_its_head_wherever_it_is_cut(name: str) -> None:
    encoder = drawn(name, max(shapes(name)))
    with torch.no_grad():
        whole = encoder(image(name))
        for stage in encoder.stages():
            given = {key: whole[key] for key in before(encoder, stage.name)}
            again = encoder.tail(given, stage.name, list(whole))
            assert list(again) == list(whole)
            assert all(torch.equal(again[key], whole[key]) for key in whole)


@each
def test_a_head_is_all_that_its_feature_depends_on_and_nothing_else(name: str) -> None:
    encoder = made(name, min(shapes(name))).train()
    x, everything = image(name, batch=2), dict(encoder.named_parameters())
    for stage in encoder.stages():
        encoder.zero_grad()
        encoder(x, [stage.name])[stage.name].square().mean().backward()
        used = {key for key, p in everything.items() if p.grad is not None}
        own = {id(p) for module in encoder.head(stage.name) for p in module.parameters()}
        assert used == {key for key, p in everything.items() if id(p) in own}


@each
def test_it_ends_with_a_stage_and_names_those_it_can_run_on_from(name: str) -> None:
    encoder = coarsest(name)
    ends = [stage.name for stage in encoder.stages()]
    assert not ends or ends[-1] == encoder.last.name
    with pytest.raises(SegablateError, match=f"encoder `{name}` has no feature `zzz`"):
        encoder.head("zzz")
    for feature in encoder.gives:
        if feature.name not in ends:
            with pytest.raises(SegablateError, match="cannot run on from its feature") as caught:
                encoder.head(feature.name)
            can = "it can from " + ", ".join(f"`{end}`" for end in ends)
            assert caught.value.hint == (can if ends else "it can only be run as a whole")


def before(encoder: Encoder, name: str) -> list[str]:
    """The features up to one."""
    names = [feature.name for feature in encoder.gives]
    return names[: names.index(name) + 1]

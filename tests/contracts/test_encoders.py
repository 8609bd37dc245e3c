"""What every registered encoder keeps to; registering one is enough to be tested here."""

from __future__ import annotations

import copy
import functools

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.encoders.base import Encoder, encoder_class, encoders
from segablate.models.features import find

STRIDES = (8, 16, 32, 64)
# those that no other package makes
NAMES = [name for name in encoders.names() if not encoder_class(name).needs]


def made(name: str, output_stride: int, device: str = "cpu", seed: int = 0) -> Encoder:
    # drawing weights takes longer than copying them
    return copy.deepcopy(drawn(name, output_stride, device, seed))


@functools.lru_cache(4)
def drawn(name: str, output_stride: int, device: str, seed: int) -> Encoder:
    torch.manual_seed(seed)
    with torch.device(device):
        encoder: Encoder = encoders.part(name).build({"output_stride": output_stride}, {})
    return encoder.eval()


@functools.cache
def possible(name: str) -> tuple[int, ...]:
    strides = []
    for stride in STRIDES:
        try:
            made(name, stride, "meta")
            strides.append(stride)
        except SegablateError:
            continue
    return tuple(strides)


def image(name: str, batch: int = 1, device: str = "cpu") -> torch.Tensor:
    """A small image whose sides no stride divides."""
    least = made(name, possible(name)[-1], "meta").smallest
    return torch.randn(batch, 3, least + 1, 3 * least // 2 - 1, device=device)


cases = pytest.mark.parametrize(
    ("name", "output_stride"),
    [(name, stride) for name in NAMES for stride in possible(name)],
    scope="module",
)
# all of one encoder after another, so that few are held at a time
each = pytest.mark.parametrize("name", NAMES, scope="module")


@cases
@pytest.mark.parametrize("size", [(64, 96), (33, 47)])
def test_features_are_what_is_declared(name: str, output_stride: int, size: tuple[int, int]) -> None:
    encoder = made(name, output_stride, "meta")
    # twice as large for one that goes down to 1/64
    size = (size[0] * encoder.smallest // 32, size[1] * encoder.smallest // 32)
    features = encoder(torch.empty(2, 3, *size, device="meta"))
    declared = {
        f.name: (2, f.channels, -(-size[0] // f.stride), -(-size[1] // f.stride)) for f in encoder.gives
    }
    assert {name: tuple(value.shape) for name, value in features.items()} == declared


@cases
def test_the_last_feature_has_the_output_stride(name: str, output_stride: int) -> None:
    assert made(name, output_stride, "meta").last.stride == output_stride


@cases
def test_names_are_used_once(name: str, output_stride: int) -> None:
    names = [feature.name for feature in made(name, output_stride, "meta").gives]
    assert len(names) == len(set(names))


@each
def test_declared_features_hold_on_real_numbers_too(name: str) -> None:
    encoder, x = made(name, possible(name)[0]), image(name)
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
        made(name, 12, "meta")
    assert caught.value.field == "output_stride"


@each
def test_an_image_of_less_than_a_cell_is_refused(name: str) -> None:
    encoder = made(name, possible(name)[-1], "meta")
    least = encoder.smallest
    encoder(torch.empty(1, 3, least, least, device="meta"))
    with pytest.raises(SegablateError, match=f"{least - 1}×{least} is too small for encoder `{name}`"):
        encoder(torch.empty(1, 3, least - 1, least, device="meta"))


@each
def test_an_unknown_feature_is_refused_with_the_names_there_are(name: str) -> None:
    encoder = made(name, possible(name)[-1], "meta")
    with pytest.raises(SegablateError, match="there is no feature `zzz`") as caught:
        find(encoder.gives, "zzz")
    assert any(f"`{feature.name}`" in str(caught.value.hint) for feature in encoder.gives)


@each
def test_only_what_is_wanted_is_kept(name: str) -> None:
    encoder = made(name, possible(name)[-1], "meta")
    first = encoder.gives[0].name
    assert list(encoder(image(name, device="meta"), [first])) == [first]


@each
def test_a_gradient_reaches_every_parameter(name: str) -> None:
    encoder = made(name, possible(name)[-1]).train()
    # of all features, since a branch for detail ends beside the last one
    features = encoder(image(name, batch=2))
    sum(value.square().mean() for value in features.values()).backward()
    without = [n for n, p in encoder.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@each
def test_the_same_image_gives_the_same_features(name: str) -> None:
    stride, x = possible(name)[-1], image(name)
    with torch.no_grad():
        one, two = made(name, stride)(x), drawn.__wrapped__(name, stride, "cpu", 0)(x)
    assert all(torch.equal(one[key], two[key]) for key in one)


@each
def test_a_state_dict_makes_the_same_encoder(name: str) -> None:
    stride = possible(name)[-1]
    encoder = made(name, stride)
    other = made(name, stride, seed=1)
    other.load_state_dict(encoder.state_dict())
    x = image(name)
    with torch.no_grad():
        one, two = encoder(x), other(x)
    assert all(torch.equal(one[key], two[key]) for key in one)


@cases
def test_it_is_its_tail_after_its_head_wherever_it_is_cut(name: str, output_stride: int) -> None:
    encoder = made(name, output_stride)
    with torch.no_grad():
        whole = encoder(image(name))
        for stage in encoder.stages():
            given = {key: whole[key] for key in before(encoder, stage.name)}
            again = encoder.tail(given, stage.name, list(whole))
            assert list(again) == list(whole)
            assert all(torch.equal(again[key], whole[key]) for key in whole)


@each
def test_a_head_is_all_that_its_feature_depends_on_and_nothing_else(name: str) -> None:
    encoder = made(name, possible(name)[0]).train()
    x, everything = image(name, batch=2), dict(encoder.named_parameters())
    for stage in encoder.stages():
        encoder.zero_grad()
        encoder(x, [stage.name])[stage.name].square().mean().backward()
        used = {key for key, p in everything.items() if p.grad is not None}
        own = {id(p) for module in encoder.head(stage.name) for p in module.parameters()}
        assert used == {key for key, p in everything.items() if id(p) in own}


@each
def test_it_ends_with_a_stage_and_names_those_it_can_run_on_from(name: str) -> None:
    encoder = made(name, possible(name)[-1], "meta")
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

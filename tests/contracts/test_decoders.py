"""What every registered decoder keeps to; registering one is enough to be tested here."""

from __future__ import annotations

import pytest
import torch

from segablate.errors import SegablateError
from segablate.models.decoders.base import Decoder, decoders
from segablate.models.features import Feature

FEATURES = (
    Feature("x4", 6, 4),
    Feature("x8", 8, 8),
    Feature("x16", 12, 16),
    Feature("x32", 16, 32),
    Feature("context", 10, 32),
)
CODE = 7

pytestmark = pytest.mark.parametrize("name", decoders.names())


def made(name: str, seed: int = 0, code: int = CODE) -> Decoder:
    torch.manual_seed(seed)
    part = decoders.part(name)
    width = part.defaults.get("channels")
    # a wide one does the same things, and takes its time
    settings = {"channels": 32} if isinstance(width, int) and width > 128 else {}
    decoder: Decoder = part.build({"features": FEATURES, "code": code}, settings)
    return decoder.eval()


def features_of(size: tuple[int, int], batch: int = 2) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {f.name: (f.channels, -(-size[0] // f.stride), -(-size[1] // f.stride)) for f in FEATURES}
    return {name: torch.randn(batch, *shape, generator=generator) for name, shape in shapes.items()}


@pytest.mark.parametrize("size", [(64, 96), (33, 47), (65, 97), (32, 32)])
def test_all_it_gives_is_as_declared(name: str, size: tuple[int, int]) -> None:
    decoder = made(name)
    given = decoder(features_of(size), None)
    declared = {
        f.name: (2, f.channels, -(-size[0] // f.stride), -(-size[1] // f.stride)) for f in decoder.gives
    }
    assert {name: tuple(value.shape) for name, value in given.items()} == declared


def test_it_needs_no_feature_but_those_it_reads(name: str) -> None:
    decoder, features = made(name), features_of((64, 96))
    read = {key: features[key] for key in decoder.reads}
    assert torch.equal(decoder(read)["code"], decoder(features)["code"])


def test_a_gradient_reaches_every_parameter_and_all_it_reads(name: str) -> None:
    decoder, features = made(name).train(), features_of((64, 96))
    read = {key: features[key].requires_grad_() for key in decoder.reads}
    decoder(read)["code"].square().mean().backward()
    seen = {key: value.grad for key, value in read.items() if key not in decoder.only_places}
    assert [key for key, grad in seen.items() if grad is None or not grad.any()] == []
    assert [n for n, p in decoder.named_parameters() if p.requires_grad and p.grad is None] == []


def test_images_of_a_batch_do_not_mix(name: str) -> None:
    # in float64: sums over all pixels are large, and rounded otherwise in another batch
    decoder = made(name).double()
    features = {key: value.double() for key, value in features_of((64, 96)).items()}
    second = {key: value[1:] for key, value in features.items()}
    torch.testing.assert_close(decoder(features)["code"][1:], decoder(second)["code"])


def test_a_state_dict_makes_the_same_decoder(name: str) -> None:
    one, two, features = made(name), made(name, seed=1), features_of((33, 47))
    two.load_state_dict(one.state_dict())
    assert torch.equal(one(features)["code"], two(features)["code"])


def test_the_last_convolution_gives_the_code(name: str) -> None:
    decoder = made(name)
    last = decoder.last_convolution
    assert last is None or last.kernel_size == (1, 1)
    assert decoder.code == Feature("code", CODE, decoder.code.stride)


def test_an_unknown_feature_is_refused(name: str) -> None:
    part = decoders.part(name)
    if "low_level" not in part.defaults:
        pytest.skip("reads the same features always")
    with pytest.raises(SegablateError, match="there is no feature `x9`"):
        part.build({"features": FEATURES, "code": CODE}, {"low_level": ["x9"]})

"""How a network runs while it is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.encoders.base import Encoder
from segablate.models.external import External
from segablate.models.layers import PooledNorm
from segablate.models.segmenter import Answer, Segmenter
from segablate.models.upsamplers.dupsampling import DUpsampling
from segablate.training.recipes.base import Precision, Recipe

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# of torch, of its CPU allocator, of cuDNN and cuBLAS, and of sizes that no memory has
NO_ROOM = ("out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED", "size calculation overflowed")


def training_mode(network: nn.Module, recipe: Recipe) -> None:
    """Let learn what is to learn: what is frozen of an encoder stays at rest, its batch norms too.

    Raises:
        SegablateError: the encoder has no feature to be frozen up to that the recipe names.
    """
    network.train()
    for module in network.modules():
        if isinstance(module, PooledNorm):
            module.renormed = recipe.pooled_norm == "renorm"
    if isinstance(network, Segmenter):
        for module in _at_rest(network.encoder, recipe):
            module.requires_grad_(False).eval()


def _at_rest(encoder: Encoder, recipe: Recipe) -> Sequence[nn.Module]:
    if not recipe.keeps:
        return []
    return [encoder] if recipe.frozen is None else encoder.head(recipe.frozen)


def stored_features(network: Segmenter, recipe: Recipe) -> list[str]:
    """The features of an encoder at rest that are computed once: those that are read, and the one from which
    the rest of the encoder runs on.

    Raises:
        SegablateError: nothing of the encoder would be left to learn, or it cannot run on from there.
    """
    read = network.features_read()
    if recipe.frozen is None:
        return sorted(read)
    network.encoder.head(recipe.frozen)
    names = [feature.name for feature in network.encoder.gives]
    before = names[: names.index(recipe.frozen) + 1]
    if read <= set(before):
        raise SegablateError(
            f"`{recipe.frozen}` lies behind all that is read of the encoder: nothing of it would learn",
            hint="write `recipe.frozen: all`",
        )
    return sorted({*(read & set(before)), recipe.frozen})


def run_on(network: Segmenter, features: Mapping[str, Tensor], recipe: Recipe) -> dict[str, Tensor]:
    """What the decoder reads, from those features of the encoder that are kept."""
    if recipe.frozen is None:
        return dict(features)
    return network.encoder.tail(features, recipe.frozen, network.features_read())


def forward(network: nn.Module, inputs: dict[str, Tensor], labels: Tensor, recipe: Recipe) -> Answer:
    """The network's answer to images, or to an encoder's features.

    Raises:
        SegablateError: it is a model from outside whose scores cannot be learned from.
    """
    size = (labels.shape[-2], labels.shape[-1])
    if recipe.channels_last:
        inputs = {name: x.contiguous(memory_format=torch.channels_last) for name, x in inputs.items()}
    if not isinstance(network, Segmenter):
        outputs = scores(network, inputs["image"])
        if isinstance(network, External):
            _learnable(outputs, network.factory)
        return Answer(outputs)
    if "image" in inputs:
        inputs = network.encoder(inputs["image"], network.features_read())
    else:
        inputs = run_on(network, inputs, recipe)
    return network.decode(inputs, size)


def scores(network: nn.Module, image: Tensor) -> Tensor:
    """(batch, 3, height, width) → scores of that size; those of code from outside are looked at."""
    output: Tensor = network.checked(image) if isinstance(network, External) else network(image)
    return output


def _learnable(scores: Tensor, factory: str) -> None:
    if torch.is_grad_enabled() and not scores.requires_grad:
        raise SegablateError(
            f"`{factory}` gives scores that carry no gradient, so that nothing of it can be trained",
            hint="look for `no_grad`, `inference_mode`, `detach` or `argmax` on the way to its scores",
            field="factory",
        )


def full(answer: Answer) -> Answer:
    """The answer in 32 bits: losses sum over many pixels, which half precision does not bear."""
    more = {name: scores.float() for name, scores in answer.auxiliary.items()}
    return Answer(answer.scores.float(), None if answer.code is None else answer.code.float(), more)


def mixed(device: str, precision: Precision) -> torch.autocast:
    """Where operations that bear it run in that precision."""
    return torch.autocast(device, TYPES[precision], enabled=precision != "fp32")


def temperature(network: nn.Module) -> float:
    """DUpsampling's learned temperature; NaN where there is none."""
    upsampler = getattr(network, "upsampler", None)
    learned = upsampler.temperature if isinstance(upsampler, DUpsampling) else None
    return float("nan") if learned is None else float(learned.detach())


def ran_out(error: Exception) -> bool:
    """Whether what torch failed with is that there is not enough memory."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_ROOM)


@contextmanager
def memory(recipe: Recipe) -> Iterator[None]:
    """Say what to do where memory runs out."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        raise SegablateError(
            f"there is not enough memory for {recipe.batch // recipe.accumulate} crops of "
            f"{recipe.crop[0]}×{recipe.crop[1]} at a time",
            hint="a larger `recipe.accumulate`, a smaller `recipe.batch` or `recipe.crop`",
        ) from error

"""What an accuracy depends on, checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from segablate.datasets.base import Dataset, datasets
from segablate.errors import SegablateError, context
from segablate.measures.base import Config
from segablate.models.assemble import needed_fit, planned, shaped
from segablate.models.complete import EXTERNAL, complete
from segablate.models.segmenter import Segmenter
from segablate.models.shapes import ShapesOnly
from segablate.training.forward import forward, stored_features, training_mode
from segablate.training.objective import Objective, completed
from segablate.training.precision import possible
from segablate.training.recipes.base import Recipe, recipes
from segablate.training.sources import GRID

ONE_VALUE = "Expected more than 1 value per channel"


def required(config: Config, word: str) -> Any:
    """What a study says under `word`.

    Raises:
        SegablateError: it says nothing.
    """
    if word not in config:
        raise SegablateError(f"measure `accuracy` needs `{word}`", field=word)
    return config[word]


def data_of(config: Config) -> tuple[Dataset, dict[str, Any], str | None]:
    """The data set, what the record says of it, and where it lies."""
    with context(field="data"):
        part, settings = datasets.resolve(required(config, "data"))
        data: Dataset = part.build({}, settings)
    root = settings.pop("root", None)
    return data, part.to_wire(settings), root


# what a study says in more ways than one, or a device has a say in
SETTLED = ("encoder", "frozen", "precision", "or_fp32")


def recipe_of(spec: Any, device: str = "cpu") -> tuple[Recipe, dict[str, Any]]:
    """A recipe for a device, and what the record says of it: every value.

    Raises:
        SegablateError: there is no such recipe, setting or loss, or the device lacks the precision; `field`
            begins with `recipe`.
    """
    with context(field="recipe"):
        part, settings = recipes.resolve(spec)
        recipe = possible(part.build({}, settings), device)
        settings |= {name: getattr(recipe, name) for name in SETTLED}
        return recipe, part.to_wire({**settings, "loss": completed(recipe.loss)})


def model_of(model: Any, recipe: Recipe, classes: int, *, allow_external: bool) -> dict[str, Any]:
    """What the record says of a network that this recipe can train.

    Raises:
        SegablateError: the network cannot be made, or not be trained so; or it is code from outside, and that
            is not allowed.
    """
    if not isinstance(model, Mapping):
        raise SegablateError(
            f"`model` is `{model}`, but is a mapping", hint="write `model: {use: …}`", field="model"
        )
    if model.get("use") == EXTERNAL:
        return _from_outside(model, recipe, classes, allow=allow_external)
    with context(field="model"):
        done = complete(model)
        network = planned(model, classes)
    with context(field="recipe"):
        _check(network, recipe, classes)
    fit = needed_fit(model, classes)
    record = {
        "model": done,
        "classes": classes,
        # reports lay these beside the ceiling's; on the wire since the first version
        "upsampler": done["upsampler"],
        "output_stride": network.decoder.code.stride,
    }
    return record | ({"fit": None} if fit else {})


def _from_outside(model: Mapping[str, Any], recipe: Recipe, classes: int, *, allow: bool) -> dict[str, Any]:
    with context(field="model"):
        done = complete(model)
        network = shaped(model, classes, allow_external=allow)
        if not any(parameter.requires_grad for parameter in network.parameters()):
            raise SegablateError(
                f"`{done['factory']}` gives a network without a parameter that training may change",
                field="factory",
            )
    with context(field="recipe"):
        _as_a_whole(recipe)
        Objective(network, recipe, classes)
    return {"model": done, "classes": classes}


def _as_a_whole(recipe: Recipe) -> None:
    """Refuse what a recipe wants of the encoder alone."""
    unknown = "which part of a model from outside is its encoder is not known, so that it cannot"
    if recipe.keeps:
        raise SegablateError(f"{unknown} be frozen", hint="write `recipe.encoder: trained`", field="encoder")
    if recipe.encoder_rate != 1:
        raise SegablateError(
            f"{unknown} have a rate of its own", hint="write `recipe.encoder_rate: 1`", field="encoder_rate"
        )


def _check(network: Segmenter, recipe: Recipe, classes: int) -> None:
    """One step on the meta device, which has shapes and no numbers."""
    with context(field="crop"):
        network.check_size(*recipe.crop)
        if recipe.keeps and any(side % GRID for side in recipe.crop):
            raise SegablateError(
                f"the crop {recipe.crop[0]}×{recipe.crop[1]} is cut out of features, so that its sides "
                f"must be multiples of {GRID}"
            )
    with context(field="frozen"):
        stored_features(network, recipe)
    training_mode(network, recipe)
    Objective(network, recipe, classes)
    at_once = recipe.batch // recipe.accumulate
    with torch.device("meta"):
        labels = torch.empty((at_once, *recipe.crop), dtype=torch.int64)
        image = torch.empty((at_once, 3, *recipe.crop))
    try:
        with ShapesOnly():
            forward(network, {"image": image}, labels, recipe)
    except ValueError as error:
        if ONE_VALUE not in str(error):
            raise
        raise SegablateError(
            f"with {at_once} crops of {recipe.crop[0]}×{recipe.crop[1]} at a time a batch norm sees one "
            "value a channel, of which there is no variance",
            hint="train on 2 crops at a time or more",
            field="accumulate" if recipe.batch > 1 else "batch",
        ) from None

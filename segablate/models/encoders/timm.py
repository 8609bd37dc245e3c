"""timm: any of its networks that gives feature maps.

        image ── timm's network ──► x2, x4, x8, x16, x32: its own features, by their strides

Names, channels, strides and the normalisation of pixels are what timm says of a network. Weights come by
timm's own rules: from its cache, or from where it fetches them.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any, ClassVar

from torch import Tensor

from segablate.errors import SegablateError, near_miss
from segablate.models.encoders.base import Encoder, encoders
from segablate.models.features import Feature

OUTPUT_STRIDES = (8, 16, 32, 64)


@encoders.register()
class Timm(Encoder):
    """An encoder of the package timm.

    Args:
        output_stride: pixels per cell of the last feature.
        name: what timm calls it.
        pretrained: with the weights that timm has for it.

    Raises:
        SegablateError: timm is not installed; it has no such network, or one without feature maps; or the
            network cannot have that output stride.
    """

    needs: ClassVar[str] = "timm"

    def __init__(self, output_stride: int, /, *, name: str = "resnet18", pretrained: bool = False) -> None:
        library = _library()
        network = _made(library, name, output_stride, pretrained)
        described = network.feature_info
        strides, widths = described.reduction(), described.channels()
        # a network that cannot be dilated may still be read up to the stride that is wanted
        places = [number for number, stride in enumerate(strides) if stride <= output_stride]
        last = strides[places[-1]] if places else 0
        possible = [stride for stride in strides if stride in OUTPUT_STRIDES]
        super().__init__("timm", output_stride, [last] if last in possible else possible)
        self.network = network
        self.places = places
        names = [f"x{strides[number]}" for number in places]
        # of several features of one stride the last has the plain name, as `deepest` would have it
        unique = [name if name not in names[at + 1 :] else f"{name}s{at}" for at, name in enumerate(names)]
        self.gives = tuple(
            Feature(x, widths[number], strides[number]) for x, number in zip(unique, places, strict=True)
        )
        pixels = library.data.resolve_model_data_config(network)
        mean, spread = (tuple(255 * part for part in pixels[word]) for word in ("mean", "std"))
        self.normalisation = (mean, spread)  # type: ignore[misc]  # each network has its own

    def walk(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """All features at once, as timm gives them."""
        features = self.network(image)
        for feature, number in zip(self.gives, self.places, strict=True):
            yield feature.name, features[number]


def _library() -> Any:
    if importlib.util.find_spec("timm") is None:
        raise SegablateError("encoder `timm` needs `timm`", hint="pip install -e '.[timm]'")
    return importlib.import_module("timm")


def _made(library: Any, name: str, output_stride: int, pretrained: bool) -> Any:
    plain = name.partition(".")[0]
    if plain not in library.list_models():
        raise SegablateError(
            f"timm has no network `{name}`", hint=near_miss(plain, library.list_models()), field="name"
        )
    settings = {"features_only": True, "pretrained": pretrained}
    try:
        made = library.create_model(name, **settings)
        if made.feature_info.reduction()[-1] > output_stride:
            made = _dilated(library, name, output_stride, settings) or made
    except (RuntimeError, AttributeError, NotImplementedError, TypeError) as error:
        raise SegablateError(
            f"timm's network `{name}` gives no feature maps: {error}", field="name"
        ) from error
    return made


def _dilated(library: Any, name: str, output_stride: int, settings: dict[str, Any]) -> Any:
    """The network at that output stride; None where timm cannot."""
    try:
        return library.create_model(name, output_stride=output_stride, **settings)
    except (TypeError, AssertionError, NotImplementedError, RuntimeError):
        return None

"""A segmentation network: four parts in a row.

image ──► encoder ──┬── last ──► context ──┬──► decoder ──► upsampler ──► scores
                    └── features ──────────┘
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from segablate.models.auxiliary import Head
from segablate.models.contexts.base import Context
from segablate.models.decoders.base import Decoder
from segablate.models.encoders.base import Encoder
from segablate.models.upsamplers.base import Upsampler


@dataclass(frozen=True)
class Answer:
    """What training looks at.

    Attributes:
        scores: (batch, classes, height, width).
        code: what the upsampler was given, (batch, code, h, w); None where nobody can tell.
        auxiliary: each auxiliary head's scores by its name, (batch, outputs, height, width).
    """

    scores: Tensor
    code: Tensor | None = None
    auxiliary: Mapping[str, Tensor] = field(default_factory=dict)


class Segmenter(nn.Module):
    """An encoder, a context, a decoder and an upsampler that fit each other.

    Args:
        encoder: image → features.
        context: the last feature → the same, having seen more.
        decoder: features → code.
        upsampler: code → scores.
        auxiliary: heads that only training uses, by name.
    """

    def __init__(
        self,
        encoder: Encoder,
        context: Context,
        decoder: Decoder,
        upsampler: Upsampler,
        auxiliary: Mapping[str, Head],
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.context = context
        self.decoder = decoder
        self.upsampler = upsampler
        self.auxiliary = nn.ModuleDict(auxiliary)
        self.classes = upsampler.classes

    def check_size(self, height: int, width: int) -> None:
        """Refuse an image that is too small.

        Raises:
            SegablateError: height or width is less than the encoder's largest stride.
        """
        self.encoder.check_size(height, width)

    def forward(self, image: Tensor) -> Tensor:
        """(batch, 3, height, width) → scores (batch, classes, height, width)."""
        scores: Tensor = self.upsampler(self.code(image), (image.shape[-2], image.shape[-1]))
        return scores

    def code(self, image: Tensor) -> Tensor:
        """(batch, 3, height, width) → what the upsampler enlarges, (batch, code, h, w)."""
        features = self.encoder(image, self.features_read(auxiliary=False))
        return self._decoded(features, frozenset())["code"]

    def with_auxiliary(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The scores, and each auxiliary head's by its name: what training needs.

        Args:
            image: (batch, 3, height, width).

        Returns:
            Scores (batch, classes, height, width), and name → (batch, outputs, height, width).
        """
        size = (image.shape[-2], image.shape[-1])
        answer = self.decode(self.encoder(image, self.features_read()), size)
        return answer.scores, dict(answer.auxiliary)

    def features_read(self, *, auxiliary: bool = True) -> frozenset[str]:
        """Names of the encoder's features that the other parts look at."""
        own = {feature.name for feature in self.encoder.gives}
        looked_at = {name for head in self.heads().values() for name in head.reads} if auxiliary else set()
        context = {self.encoder.last.name} if "context" in self.decoder.reads else set()
        return frozenset((looked_at | set(self.decoder.reads)) & own | context)

    def decode(
        self, features: Mapping[str, Tensor], size: tuple[int, int], *, auxiliary: bool = True
    ) -> Answer:
        """What follows the encoder.

        Args:
            features: those of `features_read`, each (batch, channels, h, w).
            size: height and width of the image.
            auxiliary: ask the auxiliary heads too.
        """
        heads = self.heads() if auxiliary else {}
        looked_at = frozenset(name for head in heads.values() for name in head.reads)
        seen = {**features, **self._decoded(features, looked_at)}
        answers = {
            name: head(*(seen[read] for read in head.reads), size=size) for name, head in heads.items()
        }
        return Answer(self.upsampler(seen["code"], size), seen["code"], answers)

    def without_auxiliary(self) -> Segmenter:
        """This network, having dropped the heads that only training uses."""
        self.auxiliary = nn.ModuleDict()
        return self

    def _decoded(self, features: Mapping[str, Tensor], more: frozenset[str]) -> dict[str, Tensor]:
        """The code, and those of the decoder's levels that are named."""
        seen = dict(features)
        own = more & {feature.name for feature in self.context.sees}
        if "context" in self.decoder.reads:
            x = seen[self.encoder.last.name]
            # called as a module where nothing more is wanted of it: hooks count and draw it
            seen.update(self.context.seen(x) if own else {"context": self.context(x)})
        levels = more & {feature.name for feature in self.decoder.gives}
        decoded: dict[str, Tensor] = self.decoder(seen, ("code", *levels))
        return {**{name: seen[name] for name in own}, **decoded}

    def heads(self) -> dict[str, Head]:
        """The auxiliary heads by name."""
        return {name: head for name, head in self.auxiliary.items() if isinstance(head, Head)}

"""A segmentation network: four parts in a row.

image ──► encoder ──┬── last ──► context ──┬──► decoder ──► upsampler ──► scores
                    └── features ──────────┘
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from segablate.models.auxiliary import AuxiliaryHead
from segablate.models.contexts.base import Context
from segablate.models.decoders.base import Decoder
from segablate.models.encoders.base import Encoder
from segablate.models.upsamplers.base import Upsampler


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
        auxiliary: Mapping[str, AuxiliaryHead],
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
        code: Tensor = self.decoder(self._encode(image, frozenset()))["code"]
        return code

    def with_auxiliary(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The scores, and each auxiliary head's by its name: what training needs.

        Args:
            image: (batch, 3, height, width).

        Returns:
            Scores (batch, classes, height, width), and name → (batch, outputs, height, width).
        """
        size = (image.shape[-2], image.shape[-1])
        looked_at = frozenset(head.on for head in self._heads().values())
        features = self._encode(image, looked_at)
        levels = looked_at & {feature.name for feature in self.decoder.gives}
        decoded = self.decoder(features, ("code", *levels))
        seen = {**features, **decoded}
        answers = {name: head(seen[head.on], size) for name, head in self._heads().items()}
        return self.upsampler(decoded["code"], size), answers

    def without_auxiliary(self) -> Segmenter:
        """This network, having dropped the heads that only training uses."""
        self.auxiliary = nn.ModuleDict()
        return self

    def _encode(self, image: Tensor, more: frozenset[str]) -> dict[str, Tensor]:
        own = {feature.name for feature in self.encoder.gives}
        last = self.encoder.last.name
        asked = (more | set(self.decoder.reads)) & own
        wants_context = "context" in self.decoder.reads
        features: dict[str, Tensor] = self.encoder(image, asked | ({last} if wants_context else set()))
        if wants_context:
            features["context"] = self.context(features[last])
        return features

    def _heads(self) -> dict[str, AuxiliaryHead]:
        return {name: head for name, head in self.auxiliary.items() if isinstance(head, AuxiliaryHead)}

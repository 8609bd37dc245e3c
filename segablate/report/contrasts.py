"""Where variants differ: the test images that tell them apart most, chosen by rule and not by hand.

The accuracy measure keeps `pictures.npz` for the first seed, of the same few test images for every variant:

| array | what |
|---|---|
| `name_0`, `name_1`, … | the image's name |
| `truth_0`, … | (height, width) label map, thinned to a size one can look at |
| `predicted_0`, … | (height, width), what the variant says at the same places |
| `image_0`, … | (height, width, 3) uint8; or the bytes of a JPEG or PNG file, 1-D uint8; may be absent |
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, UnidentifiedImageError

from segablate.errors import SegablateError
from segablate.report.data import Record, arrays, artefact_path
from segablate.report.sheets import Contrast, Scene
from segablate.report.words import counted, listed, stem

ARTEFACT = "pictures.npz"
# how accuracy packs the images
PACKED = ("JPEG",)
LABELS = (np.uint8, np.uint16)
MOST_SCENES = 4
MOST_VARIANTS = 4

Kept = dict[str, np.ndarray]


def contrasts(records: Sequence[Record]) -> tuple[Contrast, ...]:
    """A sheet for each measure whose pictures of at least two variants are at hand.

    Raises:
        SegablateError: a file of pictures is damaged.
    """
    drawn: list[Contrast] = []
    having = [one for one in records if _has_pictures(one)]
    for measure in dict.fromkeys(one.measure for one in having):
        own = [one for one in having if one.measure == measure]
        first = [one for one in own if one.seed == min(one.seed for one in own)]
        first.sort(key=lambda one: not one.baseline)
        # variants that share a cell say the same
        chosen = list({one.outcome.key: one for one in first if one.outcome}.values())[:MOST_VARIANTS]
        if len(chosen) > 1:
            made = _contrast(measure, chosen, len(first), [one.name for one in drawn])
            drawn += [made] if made else []
    return tuple(drawn)


def differing(truth: np.ndarray, predicted: Sequence[np.ndarray], classes: int) -> float:
    """Share of the scored pixels on which not all variants say the same."""
    scored = truth < classes
    apart = np.zeros(truth.shape, bool)
    for other in predicted[1:]:
        apart |= other != predicted[0]
    return float(apart[scored].mean()) if scored.any() else 0.0


def _has_pictures(record: Record) -> bool:
    kept = record.done and record.outcome is not None and ARTEFACT in record.outcome.artefacts
    return kept and artefact_path(record, ARTEFACT).is_file()


def _contrast(measure: str, chosen: Sequence[Record], there: int, taken: Sequence[str]) -> Contrast | None:
    kept = [_by_name(arrays(one, ARTEFACT)) for one in chosen]
    common = [name for name in kept[0] if all(name in other for other in kept)]
    names = tuple(str(name) for name in chosen[0].facts.get("class_names", ()))
    classes = len(names) or 255
    scenes = [scene for name in common if (scene := _scene(name, [own[name] for own in kept], classes))]
    shown = sorted(scenes, key=lambda scene: (-scene.share, scene.name))[:MOST_SCENES]
    if not shown:
        return None
    left = f" The first {len(chosen)} of {there} variants." if there > len(chosen) else ""
    told = listed([f"{one.name} ({one.share:.1%})" for one in shown])
    return Contrast(
        name=stem(f"where-variants-differ-{measure}", taken),
        caption=f"Of {counted(len(scenes), 'test image')} kept by {measure} (seed {chosen[0].seed}) "
        f"those on which the variants disagree about most pixels: {told}. "
        f"Last column: black where not all variants say the same; grey is not scored.{left}",
        classes=names,
        palette=tuple((int(r), int(g), int(b)) for r, g, b in chosen[0].facts.get("palette", ())),
        variants=tuple(one.variant for one in chosen),
        scenes=tuple(shown),
    )


def _by_name(kept: Kept) -> dict[str, Kept]:
    """Name of an image → its arrays, without the numbers in their names."""
    count = sum(name.startswith("name_") for name in kept)
    found: dict[str, Kept] = {}
    for at in range(count):
        own = {
            what: kept[f"{what}_{at}"] for what in ("truth", "predicted", "image") if f"{what}_{at}" in kept
        }
        if {"truth", "predicted"} <= set(own):
            found[str(kept[f"name_{at}"])] = own
    return found


def _scene(name: str, kept: Sequence[Kept], classes: int) -> Scene | None:
    """The image under all variants; None where they did not keep it alike."""
    truth, predicted = kept[0]["truth"], tuple(own["predicted"] for own in kept)
    maps = (truth, *predicted)
    if truth.ndim != 2 or any(one.shape != truth.shape or one.dtype not in LABELS for one in maps):
        return None
    share = differing(truth, predicted, classes)
    return Scene(name, share, _image(name, kept[0].get("image"), truth.shape), truth, predicted)


def _image(name: str, kept: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """The image at the size of the label maps, (height, width, 3) uint8."""
    if kept is None:
        return None
    try:
        packed = kept.ndim == 1
        picture = Image.open(io.BytesIO(kept.tobytes()), formats=PACKED) if packed else Image.fromarray(kept)
        return np.asarray(picture.convert("RGB").resize((shape[1], shape[0])))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, TypeError) as error:
        raise SegablateError(f"the image `{name}` in `{ARTEFACT}` cannot be read: {error}") from error

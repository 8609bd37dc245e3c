"""What a network reaches: trained by a recipe, scored at the size of the labels.

    data ── train ──► network ── score ──► mIoU, pixel accuracy, Boundary IoU; by class, size, border

One cell is one network trained with one seed. The same seed gives every variant the same images in the same
order and the same augmentation, so that variants pair.
"""

from __future__ import annotations

import io
import traceback
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from segablate.disk import DamagedError
from segablate.errors import SegablateError, context
from segablate.labels.scores import Scores
from segablate.measures import inputs
from segablate.measures.base import (
    DEVICE,
    PLACES,
    Arrays,
    Config,
    MeasureContext,
    Needs,
    Result,
    allows_external,
    measures,
)
from segablate.measures.inputs import split_name
from segablate.measures.learning.album import Album
from segablate.measures.learning.learn import Learning
from segablate.measures.learning.planning import data_of, model_of, recipe_of, required
from segablate.models.gpu import numerics
from segablate.records import Measurement, Reads
from segablate.training import augment
from segablate.training.loop import COLUMNS, Done

CONVENTIONS = {
    "miou": "one confusion matrix over all images, mean over the classes that occur in the truth",
    "pixel_accuracy": "share of the scored pixels of all images",
    "boundary_iou": "pixels within 2 % of the diagonal of a contour, mean over classes",
}
FROZEN = "; {}, and its features were kept in half precision"
CURVE_ROWS = 500
# matrices of the images that belong together
BLOCKS = "blocks.npz"
# a cell reads few files that can be damaged: more in one cell is a disk that cannot be helped
TRIES = 8


@measures.register("accuracy")
class Accuracy:
    """Accuracy of a network that is trained by the study's recipe.

    Args:
        train: split to train on, or a list file; the data set's own choice if not given.
        score: split that is scored, or a list file; the data set's own choice if not given.
        limit: score so many images only, spread evenly over the split.
        flip: look at the mirrored image too.
        scales: look at the image at these sizes, and average.
        window: height and width of what is seen at once; none given: the image.
        minutes: between two checkpoints; it changes no number.
    """

    seeded: ClassVar[bool] = True
    portable: ClassVar[bool] = True
    metrics: ClassVar[tuple[str, ...]] = tuple(CONVENTIONS)
    needs: ClassVar[Needs] = Needs(gpu="optional", memory=4.0)
    thread_sensitive: ClassVar[bool] = True

    def __init__(
        self,
        *,
        train: str | None = None,
        score: str | None = None,
        limit: int | None = None,
        flip: bool = False,
        scales: tuple[float, ...] = (1.0,),
        window: tuple[int, int] | None = None,
        minutes: float = 5.0,
    ) -> None:
        if limit is not None and limit < 1:
            raise SegablateError(f"`limit` is {limit}, but must be at least 1", field="limit")
        if not scales or min(scales) <= 0:
            raise SegablateError("`scales` needs at least one factor above 0", field="scales")
        if window is not None and min(window) < 1:
            raise SegablateError("`window` holds a side below 1", field="window")
        self.train = train
        self.score = score
        self.limit = limit
        self.tta = {
            "flip": flip,
            "scales": list(scales),
            "window": None if window is None else list(window),
        }
        self.minutes = minutes

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        model = required(config, "model")
        recipe, recipe_entry = recipe_of(required(config, "recipe"), config.get(DEVICE, "cpu"))
        data, about, root = data_of(config)
        network = model_of(model, recipe, len(data.classes), allow_external=allows_external(config))
        train, score = self.train or data.default_fit, self.score or data.default_score
        with context(field="train" if self.train else "data"):
            trained, trained_images = data.fingerprint(train), data.image_fingerprint(train)
        with context(field="score" if self.score else "data"):
            scored, scored_images = data.fingerprint(score), data.image_fingerprint(score)
        fit = (
            {"fit": split_name(train, data), "fitted": trained, "solver": "auto"} if "fit" in network else {}
        )
        return {
            **network,
            **fit,
            "data": about,
            "recipe": recipe_entry,
            "augmentation": augment.VERSION,
            "train": split_name(train, data),
            "trained": trained,
            "trained_images": trained_images,
            "score": split_name(score, data),
            "scored": scored,
            "scored_images": scored_images,
            "limit": self.limit,
            "sight": self.tta,
            PLACES: {"root": root, "train": train, "score": score, "fit": train, "minutes": self.minutes},
        }

    def together(self, reads: Reads) -> Hashable:
        """Each network by itself: what they share, they find in the store's cache."""
        return str({name: value for name, value in reads.items() if name != PLACES})

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        for reads in cells:
            yield _retried(reads, seed, ctx)


def _retried(reads: Reads, seed: int, ctx: MeasureContext) -> Result | SegablateError:
    for _ in range(TRIES):
        try:
            return _measured(reads, seed, ctx)
        except DamagedError as error:
            _let_go(error)
            ctx.tell(f"{error}; it is made again")
            failure: SegablateError = error
        except SegablateError as error:
            _let_go(error)
            return error
    return failure


def _measured(reads: Reads, seed: int, ctx: MeasureContext) -> Result:
    devices = [torch.cuda.current_device()] if ctx.device == "cuda" else []
    # what is scored may differ in size: to try algorithms for each would take longer than they do
    with torch.random.fork_rng(devices), numerics(tf32=False, autotune=False):
        learning = Learning(reads, seed, ctx)
        done = learning.learn()
        scores, album = _scored(learning)
    artefacts: dict[str, Arrays | bytes] = {
        "images.npz": scores.arrays(),
        BLOCKS: scores.blocks(learning.blocks),
        "curve.npz": {"curve": _thinned(done)},
        "curve.csv": _csv(done),
    }
    if seed == 0:  # one training's pictures are enough to look at
        artefacts["pictures.npz"] = album.arrays()
    result = Result(_measurements(scores, reads["recipe"]), _facts(scores, learning, done), artefacts)
    return inputs.with_unconfirmed(result, reads["model"])


def _let_go(error: BaseException | None) -> None:
    """Free what the frames of an error hold: whoever tells it keeps it while the next network is trained."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _scored(learning: Learning) -> tuple[Scores, Album]:
    scores, album = Scores(learning.reads["classes"]), Album(learning.numbers)
    with learning.timed("scoring"), learning.ctx.progress("scoring", len(learning.numbers)) as tick:
        for number, (name, truth, predicted) in zip(learning.numbers, learning.label_maps(), strict=True):
            scores.add(name, truth, predicted)
            if album.wants(number):
                album.add(name, learning.score.image(number), truth, predicted)
            tick(1)
    return scores, album


def _measurements(scores: Scores, recipe: Reads) -> tuple[Measurement, ...]:
    summary, frozen = scores.summary(), ""
    if recipe.get("frozen"):
        frozen = FROZEN.format(f"the encoder was frozen up to its feature {recipe['frozen']}")
    elif recipe["encoder"] == "frozen":
        frozen = FROZEN.format("the encoder was frozen")
    return tuple(
        Measurement(metric, (float(summary[metric]),), convention + frozen)
        for metric, convention in CONVENTIONS.items()
    )


def _facts(scores: Scores, learning: Learning, done: Done) -> dict[str, Any]:
    summary = scores.summary()
    steps = max(done.seconds, 1e-9)
    parameters = list(learning.network.parameters())
    return {
        **{name: summary[name] for name in ("per_class_iou", "trimap", "by_size")},
        "class_names": list(learning.data.classes),
        "palette": np.asarray(learning.data.palette).tolist(),
        "images": len(learning.numbers),
        "pixels": int(scores.confusions.sum()),
        "trained_images": len(learning.train),
        "parameters": sum(parameter.numel() for parameter in parameters),
        "trained_parameters": sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        "iterations": done.iteration,
        "resumed": done.resumed,
        "images_per_second": round(done.iteration * learning.recipe.batch / steps, 3),
        "waiting_share": round(done.waited / steps, 5),
        "busy_share": None if done.busy is None else round(done.busy, 5),
        **({"numerics": done.numerics} if done.numerics else {}),
        "last_loss": float(np.mean([row[1] for row in done.curve[-20:]])),
        "temperature": None if np.isnan(done.curve[-1][3]) else done.curve[-1][3],
        "seconds": {phase: round(seconds, 3) for phase, seconds in learning.seconds.items()},
    }


def _thinned(done: Done) -> np.ndarray:
    """At most `CURVE_ROWS` rows: means over as many steps each, the rates and temperatures too."""
    curve = np.array(done.curve)
    return np.stack([rows.mean(0) for rows in np.array_split(curve, min(len(curve), CURVE_ROWS))])


def _csv(done: Done) -> bytes:
    text = io.StringIO()
    text.write(",".join(COLUMNS) + "\n")
    for iteration, *values in done.curve:
        text.write(",".join([str(int(iteration)), *(f"{value:.7g}" for value in values)]) + "\n")
    return text.getvalue().encode()

"""What every encoding of the ceiling needs: the label maps, the fitted components, the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np

from segablate.datasets.base import Item
from segablate.labels import boundary
from segablate.labels.ceiling import Tally
from segablate.labels.confusion import scores
from segablate.labels.patches import Labels
from segablate.labels.restore import Restorer
from segablate.labels.subspace import Subspace
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import PLACES, Arrays, MeasureContext, Result
from segablate.measures.ceilings.fitting import FitInputs, Fitting, Kind
from segablate.measures.ceilings.maps import maps
from segablate.models.upsamplers.base import upsampler_class, upsamplers
from segablate.records import Measurement, Reads

PICTURES = 3
CONVENTION = {
    "miou": "one confusion matrix over all label maps, mean over the classes that occur in the truth",
    "pixel_accuracy": "share of the scored pixels of all label maps",
    "boundary_iou": "pixels within 2 % of the diagonal of a contour, mean over classes",
}
BLIND_SPOTS = {
    "boundary_iou": ("where the truth is ignored, the contour is the truth's own",),
}


def fit_inputs(reads: Reads) -> FitInputs:
    """What the components depend on that a cell is restored with."""
    return FitInputs(
        data=reads["data"],
        labels=reads["fitted"],
        solver=reads["solver"],
        stride=reads["output_stride"],
        centred=reads["upsampler"].get("bias", False),
        channels=reads["upsampler"]["channels"],
        split=reads["fit"],
        place=reads[PLACES]["fit"],
    )


def kind(reads: Reads) -> Kind:
    """Which components a cell that needs some is restored with."""
    return fit_inputs(reads).kind


class OracleSetup:
    """The label maps that some cells are scored on, and what their components are fitted to.

    Args:
        reads: what one of the cells reads; all are on the same label maps.
        ctx: keeps the fitted components.
    """

    def __init__(self, reads: Reads, ctx: MeasureContext) -> None:
        self.source = maps(reads)
        self.data = self.source.data
        self.classes = self.source.classes
        self.ignore = self.source.ignore
        self.items = spread(self.data.items(reads[PLACES]["score"]), reads["limit"])
        self.ctx = ctx
        self.seconds = {"decode": 0.0, "fit": 0.0, "score": 0.0}
        self._shared = dict(self.seconds)

    def begin(self) -> None:
        """Another cell: from here on its own seconds are counted, beside those that all share."""
        self.seconds = dict(self._shared)

    def maps(self, items: Sequence[Item]) -> list[Callable[[], Labels]]:
        """A reader for each label map."""
        return [partial(self.source.read, item) for item in items]

    def reading(self, seconds: float) -> None:
        """Add to the time that reading label maps took."""
        self.seconds["decode"] += seconds

    def components(self, cells: Sequence[Reads], pool: Executor, workers: WorkerPool) -> dict[Kind, Subspace]:
        """By stride and whether centred: the components that the cells need, from the store or fitted."""
        inputs = [fit_inputs(reads) for reads in cells if "fitted" in reads]
        if not inputs:
            return {}
        begun = time.perf_counter()
        components = Fitting(inputs, self.source, self.ctx, pool, workers, self.reading).all()
        self.seconds["fit"] = time.perf_counter() - begun
        self._shared = dict(self.seconds)
        return components

    def result(
        self, tally: Tally, restore: Callable[[int, Labels], Labels], explained: float | None
    ) -> Result:
        """What is told of a cell; `restore` gives the worst maps again, by number and truth, as pictures."""
        score = scores(tally.confusion)
        values = {
            "miou": score.miou,
            "pixel_accuracy": score.pixel_accuracy,
            "boundary_iou": tally.regions.iou(),
        }
        facts = {
            "per_class_iou": {str(c): iou for c, iou in score.per_class_iou.items()},
            "class_names": list(self.data.classes),
            "palette": np.asarray(self.data.palette).tolist(),
            "images": tally.images,
            "pixels": score.pixels,
            "explained": explained,
            "seconds": {phase: round(seconds, 3) for phase, seconds in self.seconds.items()},
            "boundary_ratio": boundary.RATIO,
        }
        taken = [
            Measurement(metric, (value,), CONVENTION[metric], BLIND_SPOTS.get(metric, ()))
            for metric, value in values.items()
        ]
        artefacts = {
            "confusion.npz": {"confusion": tally.confusion},
            "worst.npz": self._pictures(tally, restore),
        }
        return Result(tuple(taken), facts, artefacts)

    def _pictures(self, tally: Tally, restore: Callable[[int, Labels], Labels]) -> Arrays:
        """The label maps that were restored worst, beside the truth."""
        arrays: dict[str, np.ndarray] = {}
        for place, number in enumerate(tally.worst(PICTURES)):
            item = self.items[number]
            truth = self.source.read(item)
            restored = restore(number, truth)[: truth.shape[0], : truth.shape[1]]
            arrays[f"truth_{place}"] = truth
            arrays[f"restored_{place}"] = restored
            # a name of bytes that are no text is kept as far as it can be written
            arrays[f"name_{place}"] = np.array(item.name.encode("utf-8", "replace").decode())
            arrays[f"miou_{place}"] = np.array(tally.miou[number])
        return arrays


def restorer(reads: Reads, classes: int, components: Mapping[Kind, Subspace]) -> Restorer:
    """The linear restorer of a cell."""
    part, settings = upsamplers.read(reads["upsampler"])
    fitted = components[kind(reads)] if "fitted" in reads else None
    linear = upsampler_class(part.name).restorer(classes, reads["output_stride"], settings, fitted)
    if linear is None:
        raise RuntimeError(f"{part.name} has no projection, yet it was planned")
    return linear


def spread(items: Sequence[Item], limit: int | None) -> list[Item]:
    """At most `limit` items, spread evenly, the first among them."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]

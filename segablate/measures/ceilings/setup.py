"""What every encoding of the ceiling needs: the label maps, the fitted components, the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TypeAlias

import numpy as np

from segablate.datasets.base import Item
from segablate.labels import boundary
from segablate.labels.ceiling import Tally
from segablate.labels.confusion import scores
from segablate.labels.fit import fit
from segablate.labels.patches import Labels
from segablate.labels.restore import Restorer
from segablate.labels.subspace import Subspace, largest
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import PLACES, Arrays, MeasureContext, Result
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


# output stride, whether the components are centred, and what they are fitted to
Kind: TypeAlias = tuple[int, bool, str]


def kind(reads: Reads) -> Kind:
    """Which components a cell that needs some is restored with."""
    return reads["output_stride"], reads["upsampler"].get("bias", False), reads["fitted"]


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
        wanted: dict[Kind, int] = {}
        about: dict[Kind, Reads] = {}
        for reads in cells:
            if "fitted" in reads:
                wanted[kind(reads)] = max(wanted.get(kind(reads), 0), reads["upsampler"]["channels"])
                about[kind(reads)] = reads
        if not about:
            return {}
        begun = time.perf_counter()
        found = _Fitting(self, about, wanted, pool, workers).all()
        self.seconds["fit"] = time.perf_counter() - begun
        self._shared = dict(self.seconds)
        return found

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


class _Fitting:
    """Components for several strides: what the store lacks is fitted in one pass over the labels."""

    def __init__(
        self,
        setup: OracleSetup,
        about: Mapping[Kind, Reads],
        wanted: Mapping[Kind, int],
        pool: Executor,
        workers: WorkerPool,
    ) -> None:
        self.setup = setup
        self.about = about
        self.wanted = wanted
        self.pool = pool
        self.workers = workers
        self._fitted: dict[Kind, Subspace] = {}

    def all(self) -> dict[Kind, Subspace]:
        """By kind."""
        components = {}
        for kind, about in self.about.items():
            reads = {
                "data": about["data"],
                "fitted": about["fitted"],
                "solver": about["solver"],
                "output_stride": kind[0],
                "centred": kind[1],
                "components": self._components(kind),
            }
            components[kind] = Subspace.from_arrays(
                self.setup.ctx.cached("subspace", reads, partial(self._build, kind))
            )
        return components

    def _components(self, kind: Kind) -> int:
        """Rounded up to few sizes, so that studies that want fewer find what is there."""
        most = largest(kind[0], self.setup.classes)
        rounded = 64
        while rounded < self.wanted[kind]:
            rounded *= 4
        return min(rounded, most)

    def _build(self, kind: Kind) -> Arrays:
        if kind not in self._fitted:
            self._fit(kind)
        return self._fitted[kind].to_arrays()

    def _fit(self, kind: Kind) -> None:
        """This kind, and in the same pass those that differ in the stride only."""
        setup, about = self.setup, self.about[kind]
        items = setup.data.items(about[PLACES]["fit"])
        kinds = {other[0]: other for other in self.wanted if other[1:] == kind[1:]}
        with setup.ctx.progress(f"fitting to {about['fit']}", len(items)) as tick:
            fitted = fit(
                setup.maps(items),
                classes=setup.classes,
                ignore=setup.ignore,
                wanted={stride: self._components(other) for stride, other in kinds.items()},
                centred=kind[1],
                solver=about["solver"],
                pool=self.pool,
                workers=self.workers,
                tick=tick,
                spent=setup.reading,
            )
        self._fitted |= {kinds[stride]: subspace for stride, subspace in fitted.items()}


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

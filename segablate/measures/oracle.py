"""The ceiling of an upsampler: how well labels survive being stored at 1/r of their size.

    true labels ──encode──► code at 1/r ──upsampler──► restored labels ──against the truth──► mIoU*

`project` encodes linearly: the average of each cell, or the leading components of the label patches
(DUpsampling: x = Pv). `optimise` starts there and searches the code itself, image by image.
`autoencoder` trains a network to encode, on other label maps than those that are scored.
`clusters` stores a cell in so many bits, found by k-means on label maps to fit on.
Tian et al., CVPR 2019, arXiv:1903.02120, Table 1, call the number mIoU*.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

from segablate.datasets.base import Dataset, datasets
from segablate.errors import SegablateError, context
from segablate.labels.fit import ALWAYS_CENTRED, CENTRE_IT, Solver
from segablate.labels.subspace import check_channels
from segablate.measures.base import PLACES, Config, MeasureContext, Needs, Result, measures
from segablate.measures.ceilings import clusters as limited
from segablate.measures.ceilings.autoencode import autoencode, unseen
from segablate.measures.ceilings.clusters import clusters
from segablate.measures.ceilings.project import project
from segablate.measures.ceilings.refine import refine
from segablate.measures.ceilings.search import search
from segablate.measures.ceilings.setup import CONVENTION, spread
from segablate.measures.inputs import split_name
from segablate.models.upsamplers.base import upsampler_class, upsamplers
from segablate.records import Reads

# what k-means may find
MOST_BITS = 16
# a confusion matrix of more takes a gigabyte for each process
MOST_CLASSES = 4096
MOST_STRIDE = 4096

Encode: TypeAlias = Literal["project", "optimise", "autoencoder", "clusters"]


@measures.register("oracle", paper="arXiv:1903.02120, Sec. 3.2 and Table 1")
class Oracle:
    """The label-reconstruction ceiling (mIoU*) of an upsampler on a data set's own labels.

    Args:
        encode: `project`: linearly; `optimise`: search the code by gradient, from the projection on, and of a
            learned upsampler from what `autoencoder` gives; `autoencoder`: by a network, trained through the
            upsampler on label maps that are not scored; `clusters`: in a limited number of bits, by k-means.
        fit: split that components and clusters are fitted and the autoencoder is trained on, or a list file;
            the data set's own choice if not given.
        score: split that is scored, or a list file; the data set's own choice if not given.
        limit: score so many label maps only, spread evenly over the split.
        solver: how components are found; `auto` takes the second moment where it fits in memory.
        iterations: steps that the autoencoder is trained, for `optimise` of a learned upsampler too; at 600 a
            variant takes minutes on one core.
        crops: pieces of label maps in each of these steps.
        width: channels of the layers of the autoencoder's encoder.
        bits: of `clusters`: length of each number of a linear code; a `codebook` says its own.
    """

    portable: ClassVar[bool] = True
    needs: Needs = Needs()

    def __init__(
        self,
        *,
        encode: Encode = "project",
        fit: str | None = None,
        score: str | None = None,
        limit: int | None = None,
        solver: Solver = "auto",
        iterations: int = 600,
        crops: int = 8,
        width: int = 64,
        bits: int = 4,
    ) -> None:
        for name, number in (
            ("limit", limit),
            ("iterations", iterations),
            ("crops", crops),
            ("width", width),
        ):
            if number is not None and number < 1:
                raise SegablateError(f"`{name}` is {number}, but must be at least 1", field=name)
        if not 1 <= bits <= MOST_BITS:
            raise SegablateError(f"`bits` is {bits}, but must be from 1 to {MOST_BITS}", field="bits")
        self.metrics = (*CONVENTION, *(limited.CONVENTION if encode == "clusters" else ()))
        # a linear projection and a search have nothing random
        self.seeded = encode in ("autoencoder", "clusters")
        # each search has one thread, and components are the same on any number of them
        self.thread_sensitive = encode == "autoencoder"
        self.needs = Needs(gpu="optional" if encode in ("autoencoder", "optimise") else "never")
        self.encode = encode
        self.fit = fit
        self.score = score
        self.limit = limit
        self.solver = solver
        self.bits = bits
        self.budget = {"iterations": iterations, "crops": crops, "width": width}

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        with context(field="data"):
            part, settings = datasets.resolve(_required(config, "data"))
            data: Dataset = part.build({}, settings)
        with context(field="model.output_stride"):
            stride = _stride(config)
        with context(field="model.upsampler"):
            upsampler, chosen = upsamplers.resolve(_required(config, "model", "upsampler"))
            needs_labels = _check(upsampler.name, chosen, len(data.classes), stride, self.encode)
            trained = self.encode == "autoencoder" or (
                self.encode == "optimise"
                and not needs_labels
                and upsampler_class(upsampler.name).restorer(len(data.classes), stride, chosen, None) is None
            )
        score = self.score or data.default_score
        with context(field="score" if self.score else "data"):
            fingerprint = data.fingerprint(score)
        root = settings.pop("root", None)
        reads: dict[str, Any] = {
            "data": part.to_wire(settings),
            "score": split_name(score, data),
            "scored": fingerprint,
            "limit": self.limit,
            "encode": self.encode,
            "output_stride": stride,
            "upsampler": upsampler.to_wire(self._of_the_ceiling(upsampler.name, chosen, trained)),
            PLACES: {"root": root, "score": score, "fit": self.fit or data.default_fit},
        }
        if trained:
            reads |= self._reads_of_training(data, score)
        elif self.encode == "clusters":
            reads |= self._reads_of_clusters(data, upsampler.name)
        elif self.fit and not needs_labels:
            with context(field="fit"):
                data.items(self.fit)  # not read here, and wrong all the same if it is not there
        return reads | (self._reads_of_fit(data, chosen) if needs_labels else {})

    def together(self, reads: Reads) -> Hashable:
        """Everything on the same label maps: they are read once. What is trained is trained by itself."""
        if "trained" in reads:
            return str({name: value for name, value in reads.items() if name != PLACES})
        return tuple(str(reads[name]) for name in ("data", "scored", "limit", "encode"))

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        if self.encode == "autoencoder":
            return autoencode(cells, seed, ctx)
        if self.encode == "clusters":
            return clusters(cells, seed, ctx)
        if "trained" in cells[0]:
            return refine(cells, seed, ctx)
        return (project if self.encode == "project" else search)(cells, ctx)

    def _reads_of_training(self, data: Dataset, score: str) -> dict[str, Any]:
        fit = self.fit or data.default_fit
        with context(field="fit" if self.fit else "data"):
            items = data.items(fit)
            trained = {"on": split_name(fit, data), "labels": data.fingerprint(fit), **self.budget}
        unseen(items, spread(data.items(score), self.limit))
        return {"trained": trained}

    def _reads_of_clusters(self, data: Dataset, upsampler: str) -> dict[str, Any]:
        fit = self.fit or data.default_fit
        with context(field="fit" if self.fit else "data"):
            record = {"on": split_name(fit, data), "labels": data.fingerprint(fit)}
        return {
            "clustered": record if upsampler_class(upsampler).own_length else {**record, "bits": self.bits}
        }

    def _of_the_ceiling(self, upsampler: str, settings: Mapping[str, Any], trained: bool) -> dict[str, Any]:
        made = upsampler_class(upsampler)
        without = {*made.in_ceilings, *(() if trained else made.only_training)}
        return {name: value for name, value in settings.items() if name not in without}

    def _reads_of_fit(self, data: Dataset, settings: Mapping[str, Any]) -> dict[str, Any]:
        if self.solver == "sklearn" and not settings.get("bias"):
            raise SegablateError(ALWAYS_CENTRED, hint=CENTRE_IT, field="solver")
        fit = self.fit or data.default_fit
        with context(field="fit" if self.fit else "data"):
            return {"fit": split_name(fit, data), "fitted": data.fingerprint(fit), "solver": self.solver}


def _check(name: str, settings: Mapping[str, Any], classes: int, stride: int, encode: Encode) -> bool:
    """Whether the upsampler's weights come from labels; refuse one that cannot be encoded for in this way."""
    upsampler = upsampler_class(name)
    if not upsampler.on_grid(settings):
        raise SegablateError(
            "ceilings are on the grid of `fit: crop`, where a patch of labels has a code of its own",
            hint="leave `fit` out",
            field="fit",
        )
    if classes > MOST_CLASSES:
        raise SegablateError(
            f"a confusion matrix of {classes:,} classes is too large: {MOST_CLASSES:,} at most", field="data"
        )
    if encode == "clusters" and upsampler.short_code(settings, 1) is None:
        raise SegablateError(
            f"upsampler `{name}` with these settings has no code of limited length",
            hint=f"there is one for {_listed(_with_short_codes())}",
        )
    if upsampler.needs_labels(settings):
        # not `code_channels`, to which 0 channels are none given
        check_channels(settings["channels"], stride, classes)
        return True
    if encode == "project" and upsampler.restorer(classes, stride, settings, None) is None:
        raise SegablateError(
            f"upsampler `{name}` with these settings has no linear projection of labels onto its code",
            hint="its weights are learned, so train them: `encode: autoencoder`, or `optimise`",
        )
    return False


def _with_short_codes() -> list[str]:
    return [
        name
        for name in upsamplers.names()
        if upsampler_class(name).short_code(upsamplers.part(name).settings({}), 1)
    ]


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _required(config: Config, *path: str) -> Any:
    value: Any = config
    for word in path:
        if not isinstance(value, Mapping) or word not in value:
            raise SegablateError(f"measure `oracle` needs `{'.'.join(path)}`")
        value = value[word]
    return value


def _stride(config: Config) -> int:
    stride = _required(config, "model", "output_stride")
    if not isinstance(stride, int) or isinstance(stride, bool) or not 1 <= stride <= MOST_STRIDE:
        raise SegablateError(f"output stride `{stride}` is not a whole number from 1 to {MOST_STRIDE:,}")
    return stride

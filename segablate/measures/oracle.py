"""The ceiling of an upsampler: how well labels survive being stored at 1/r of their size.

    true labels ──encode──► code at 1/r ──upsampler──► restored labels ──against the truth──► mIoU*

`project` encodes linearly: the average of each cell, or the leading components of the label patches
(DUpsampling: x = Pv). `optimise` starts there and searches the code itself, image by image.
Tian et al., CVPR 2019, arXiv:1903.02120, Table 1, call the number mIoU*.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from segablate.datasets.base import Dataset, datasets
from segablate.errors import SegablateError, context
from segablate.labels.fit import ALWAYS_CENTRED, CENTRE_IT, Solver
from segablate.labels.subspace import check_channels
from segablate.measures.base import PLACES, Config, Result, Workshop, measures
from segablate.measures.ceilings.project import project
from segablate.measures.ceilings.search import search
from segablate.models.upsamplers.base import upsampler_class, upsamplers
from segablate.records import Reads

# what of an upsampler's settings has no say in its ceiling: they tell how it is trained
TRAINING_ONLY = ("train", "temperature")


@measures.register("oracle", paper="arXiv:1903.02120, Sec. 3.2 and Table 1")
class Oracle:
    """The label-reconstruction ceiling (mIoU*) of an upsampler on a data set's own labels.

    Args:
        encode: `project`: linearly; `optimise`: search the code by gradient, starting from the projection.
        fit: split that components are fitted on, or a list file; the data set's own choice if not given.
        score: split that is scored, or a list file; the data set's own choice if not given.
        limit: score so many label maps only, spread evenly over the split.
        solver: how components are found; `auto` takes the second moment where it fits in memory.
    """

    seeded: ClassVar[bool] = False

    def __init__(
        self,
        *,
        encode: Literal["project", "optimise"] = "project",
        fit: str | None = None,
        score: str | None = None,
        limit: int | None = None,
        solver: Solver = "auto",
    ) -> None:
        if limit is not None and limit < 1:
            raise SegablateError(f"`limit` is {limit}, but must be at least 1", field="limit")
        self.encode = encode
        self.fit = fit
        self.score = score
        self.limit = limit
        self.solver = solver

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        with context(field="data"):
            part, settings = datasets.resolve(_given(config, "data"))
            data: Dataset = part.build({}, settings)
        with context(field="model.output_stride"):
            stride = _stride(config)
        with context(field="model.upsampler"):
            upsampler, chosen = upsamplers.resolve(_given(config, "model", "upsampler"))
            needs_labels = _check(upsampler.name, chosen, len(data.classes), stride)
        score = self.score or data.default_score
        with context(field="score" if self.score else "data"):
            fingerprint = data.fingerprint(score)
        root = settings.pop("root", None)
        reads: dict[str, Any] = {
            "data": {"use": part.name, "version": part.version, **settings},
            "score": _named(score, data),
            "scored": fingerprint,
            "limit": self.limit,
            "encode": self.encode,
            "output_stride": stride,
            "upsampler": {"use": upsampler.name, "version": upsampler.version, **_of_the_ceiling(chosen)},
            PLACES: {"root": root, "score": score, "fit": self.fit or data.default_fit},
        }
        return reads | (self._reads_of_fit(data, chosen) if needs_labels else {})

    def together(self, reads: Reads) -> Hashable:
        """Everything on the same label maps: they are read once."""
        return tuple(str(reads[name]) for name in ("data", "scored", "limit", "encode"))

    def measure(self, cells: Sequence[Reads], seed: int, shop: Workshop) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        return (project if self.encode == "project" else search)(cells, shop)

    def _reads_of_fit(self, data: Dataset, settings: Mapping[str, Any]) -> dict[str, Any]:
        if self.solver == "sklearn" and not settings.get("bias"):
            raise SegablateError(ALWAYS_CENTRED, hint=CENTRE_IT, field="solver")
        fit = self.fit or data.default_fit
        with context(field="fit" if self.fit else "data"):
            return {"fit": _named(fit, data), "fitted": data.fingerprint(fit), "solver": self.solver}


def _check(name: str, settings: Mapping[str, Any], classes: int, stride: int) -> bool:
    """Whether the upsampler's weights come from labels; refuse one that has no linear projection."""
    upsampler = upsampler_class(name)
    if upsampler.needs_labels(settings):
        # not `code_channels`, to which 0 channels are none given
        check_channels(settings["channels"], stride, classes)
        return True
    if upsampler.restorer(classes, stride, settings, None) is None:
        raise SegablateError(
            f"upsampler `{name}` with these settings has no linear projection of labels onto its code",
            hint="skip it for this measure: its weights are learned, so its ceiling has to be trained",
        )
    return False


def _given(config: Config, *path: str) -> Any:
    value: Any = config
    for word in path:
        if not isinstance(value, Mapping) or word not in value:
            raise SegablateError(f"measure `oracle` needs `{'.'.join(path)}`")
        value = value[word]
    return value


def _named(split: str, data: Dataset) -> str:
    """A split's name; of a list file its name only, for the fingerprint tells what it lists."""
    return split if split in data.splits else Path(split).name


def _stride(config: Config) -> int:
    stride = _given(config, "model", "output_stride")
    if not isinstance(stride, int) or isinstance(stride, bool) or stride < 1:
        raise SegablateError(f"output stride `{stride}` is not a whole number of at least 1")
    return stride


def _of_the_ceiling(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in TRAINING_ONLY}

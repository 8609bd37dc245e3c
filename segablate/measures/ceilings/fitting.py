"""Components of label patches, for ceilings and for upsamplers that begin with them: stored, or fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from segablate.labels.fit import Solver, fit
from segablate.labels.subspace import Subspace, largest
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import Arrays, MeasureContext
from segablate.measures.ceilings.maps import Maps

# output stride, whether the components are centred, and what they are fitted to
Kind: TypeAlias = tuple[int, bool, str]
FEWEST_COMPONENTS = 64


@dataclass(frozen=True)
class FitInputs:
    """What components depend on.

    Attributes:
        data: the data set, as it is recorded.
        labels: fingerprint of the label maps that are fitted to.
        solver: how components are found.
        stride: output stride of the code.
        centred: whether the mean patch is taken off first.
        channels: how many components are needed; more may be fitted.
        split: of these label maps, as it is recorded.
        place: the split, or the list file, on this machine.
    """

    data: Mapping[str, Any]
    labels: str
    solver: Solver
    stride: int
    centred: bool
    channels: int
    split: str
    place: str

    @property
    def kind(self) -> Kind:
        """Which components are wanted, however many."""
        return self.stride, self.centred, self.labels

    def canonical(self, components: int) -> dict[str, Any]:
        """What is hashed for the store; its names never change."""
        return {
            "data": self.data,
            "fitted": self.labels,
            "solver": self.solver,
            "output_stride": self.stride,
            "centred": self.centred,
            "components": components,
        }


class Fitting:
    """Components for several strides: what the store lacks is fitted in one pass over the labels.

    Args:
        inputs: what is wanted.
        source: the label maps.
        ctx: keeps components.
        pool: threads.
        workers: processes.
        spent: called with the seconds that reading label maps took.
    """

    def __init__(
        self,
        inputs: Sequence[FitInputs],
        source: Maps,
        ctx: MeasureContext,
        pool: Executor,
        workers: WorkerPool,
        spent: Callable[[float], None],
    ) -> None:
        self.inputs = {wanted.kind: wanted for wanted in inputs}
        self.source = source
        self.ctx = ctx
        self.pool = pool
        self.workers = workers
        self.spent = spent
        self._channels = {
            kind: max(wanted.channels for wanted in inputs if wanted.kind == kind) for kind in self.inputs
        }
        self._fitted: dict[Kind, Subspace] = {}

    def all(self) -> dict[Kind, Subspace]:
        """By kind."""
        return {
            kind: Subspace.from_arrays(
                self.ctx.cached(
                    "subspace", wanted.canonical(self._components(kind)), partial(self._build, kind)
                )
            )
            for kind, wanted in self.inputs.items()
        }

    def _components(self, kind: Kind) -> int:
        """Rounded up to few sizes, so that studies that want fewer find what is there."""
        rounded = FEWEST_COMPONENTS
        while rounded < self._channels[kind]:
            rounded *= 4
        return min(rounded, largest(kind[0], self.source.classes))

    def _build(self, kind: Kind) -> Arrays:
        if kind not in self._fitted:
            self._fit(kind)
        return self._fitted[kind].to_arrays()

    def _fit(self, kind: Kind) -> None:
        """This kind, and in the same pass those that differ in the stride only."""
        wanted = self.inputs[kind]
        items = self.source.data.items(wanted.place)
        kinds = {other[0]: other for other in self.inputs if other[1:] == kind[1:]}
        with self.ctx.progress(f"fitting to {wanted.split}", len(items)) as tick:
            fitted = fit(
                [partial(self.source.read, item) for item in items],
                classes=self.source.classes,
                ignore=self.source.ignore,
                wanted={stride: self._components(other) for stride, other in kinds.items()},
                centred=wanted.centred,
                solver=wanted.solver,
                pool=self.pool,
                workers=self.workers,
                tick=tick,
                spent=self.spent,
            )
        self._fitted |= {kinds[stride]: subspace for stride, subspace in fitted.items()}

"""`encode: project`: one pass over the label maps for every cell at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from segablate.errors import SegablateError
from segablate.labels.ceiling import restore_all, score
from segablate.labels.patches import Labels
from segablate.labels.restore import Linear, Restorer
from segablate.labels.subspace import Subspace
from segablate.labels.work import threads
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import MeasureContext, Result
from segablate.measures.ceilings.fitting import Kind
from segablate.measures.ceilings.setup import OracleSetup, kind, restorer
from segablate.records import Reads


def project(cells: Sequence[Reads], ctx: MeasureContext) -> Iterator[Result | SegablateError]:
    """The linear ceiling of some cells on the same label maps."""
    setup = OracleSetup(cells[0], ctx)
    with threads() as pool, WorkerPool() as workers:
        components = setup.components(cells, pool, workers)
        restorers, places = _arrange(cells, setup.classes, components)
        begun = time.perf_counter()
        with ctx.progress("scoring", len(setup.items)) as tick:
            tallies = score(
                setup.maps(setup.items),
                restorers,
                classes=setup.classes,
                ignore=setup.ignore,
                pool=pool,
                workers=workers,
                tick=tick,
                spent=setup.reading,
            )
        setup.seconds["score"] = time.perf_counter() - begun
        for reads, place in zip(cells, places, strict=True):
            own = restorer(reads, setup.classes, components)

            def again(_: int, label: Labels, own: Restorer = own) -> Labels:
                return restore_all(label, [own], setup.ignore)[0]

            explained = None
            if "fitted" in reads:
                explained = components[kind(reads)].explained(reads["upsampler"]["channels"])
            yield setup.result(tallies[place], again, explained)


def _arrange(
    cells: Sequence[Reads], classes: int, components: Mapping[Kind, Subspace]
) -> tuple[list[Restorer], list[int]]:
    """Restorers, nested widths together in one, and the number of each cell's map among theirs."""
    fitted = [reads for reads in cells if "fitted" in reads]
    plain = [reads for reads in cells if "fitted" not in reads]
    widths: dict[Kind, list[int]] = {kind(reads): [] for reads in fitted}
    for reads in fitted:
        widths[kind(reads)].append(reads["upsampler"]["channels"])
    restorers: list[Restorer] = [Linear(components[k], w) for k, w in widths.items()]
    restorers += [restorer(reads, classes, components) for reads in plain]
    # in the order in which the restorers give their maps
    order = [id(reads) for k in widths for reads in fitted if kind(reads) == k] + [id(r) for r in plain]
    return restorers, [order.index(id(reads)) for reads in cells]

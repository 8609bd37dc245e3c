"""The commands as functions: they return what the commands print, tables as data frames.

Everything is imported when it is called, so that `import segablate` is cheap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    from segablate.app.latency import Row
    from segablate.run.plan import Plan

Model: TypeAlias = str | Mapping[str, Any]
PathLike: TypeAlias = str | Path


@dataclass(frozen=True)
class Planned:
    """What a study asks for.

    Attributes:
        study: its name.
        cells: one row a variant, measure and seed: `state` and, of one that is not done, `why`.
        claims: one row a claim: whether what is planned can decide it, and about how many seeds would.
        cost: what is to be measured and how long it may take, in a sentence.
    """

    study: str
    cells: pd.DataFrame
    claims: pd.DataFrame
    cost: str


@dataclass(frozen=True)
class Reported:
    """A report that was written.

    Attributes:
        study: the study's name.
        page: the page in Markdown, beside which the others are.
        claims: one row a claim, with its verdict.
        rows: one row a variant, measure and seed: `state`, and a column a metric; scores are fractions.
    """

    study: str
    page: Path
    claims: pd.DataFrame
    rows: pd.DataFrame


@dataclass(frozen=True)
class Ran(Reported):
    """A report that was written after a run.

    Attributes:
        counts: cells that are `done` (measured now), `reused`, `failed` and `open`; rows that are `skipped`.
        notes: what a person should know of the run.
    """

    counts: Mapping[str, int]
    notes: tuple[str, ...]


def plan(
    study: PathLike,
    *,
    set: Sequence[str] = (),
    sd: Mapping[str, float] | None = None,
    device: str = "auto",
    store: PathLike = "runs",
    allow_external: bool = False,
) -> Planned:
    """The cells of a study, which are done, and what the others will cost; nothing is run.

    Args:
        study: its YAML file.
        set: changes of it, `key=value`.
        sd: metric → standard deviation of a pair's difference, in the stored unit, for how many seeds claims
            need.
        device: where networks compute: `auto`, `cpu` or `cuda`.
        store: where outcomes are kept.
        allow_external: whether the code of a function of your own may run.

    Raises:
        SegablateError: the study is wrong; it names file and line.
    """
    import pandas as pd

    from segablate.app import tables
    from segablate.app.bill import bill
    from segablate.app.publish import COMMITTED, planned
    from segablate.run.explain import explain
    from segablate.run.prospects import prospects
    from segablate.run.store import Store

    made, outcomes = planned(Path(study), set, allow_external, device), Store(Path(store))
    states = {cell.key: state for cell, state in explain(made, outcomes)}
    return Planned(
        made.study.name,
        pd.DataFrame(tables.cells(made, states)),
        pd.DataFrame(tables.prospects(prospects(made, outcomes, sd or {}))),
        bill(made, outcomes, states, COMMITTED / made.study.name),
    )


def run(
    study: PathLike,
    *,
    set: Sequence[str] = (),
    only: Literal["missing", "failed", "all"] = "missing",
    jobs: int | Literal["auto"] = 1,
    per_gpu: int = 1,
    executor: str = "",
    slurm: Mapping[str, str] | None = None,
    detach: bool = False,
    budget: str = "",
    device: str = "auto",
    wait: float = 600.0,
    take_over: bool = False,
    store: PathLike = "runs",
    reports: PathLike | None = None,
    label: str = "",
    reuse_report: bool = True,
    allow_external: bool = False,
) -> Ran:
    """Run what is missing of a study, then write its report.

    Args:
        study: its YAML file.
        set: changes of it, `key=value`.
        only: what to measure: what has no number, what failed before, or everything anew.
        jobs: groups of cells at the same time; `auto` is as many as fit on this machine.
        per_gpu: how many of them may share a GPU.
        executor: `inline`, `processes`, `slurm` and so on; by default `processes` for several jobs.
        slurm: options of `sbatch`, such as `partition` and `time`.
        detach: whether the cells are left in SLURM's queue, and not waited for.
        budget: time such as `3h`: no cell is begun that would not be finished by then.
        device: where networks compute: `auto`, `cpu` or `cuda`.
        wait: seconds at most that other work of ours is waited for before something is timed.
        take_over: whether to take over at once what other runs are at.
        store: where outcomes are kept.
        reports: where reports go; by default below the store.
        label: folder of its own below the study's, for another machine.
        reuse_report: whether to take what the committed report holds, of measures that are the same anywhere.
        allow_external: whether the code of a function of your own may run.

    Raises:
        SegablateError: the study is wrong, or a file cannot be written. A cell that fails is a row.
    """
    from segablate.app.grid import grid
    from segablate.app.publish import place_of, run_study

    notes: list[str] = []
    finished = run_study(
        Path(study),
        place_of(Path(store), None if reports is None else Path(reports), label, set),
        set,
        only=only,
        grid=grid(jobs, executor, per_gpu, slurm or {}, detach, budget),
        device=device,
        wait=wait,
        take_over=take_over,
        reuse_report=reuse_report,
        allow_external=allow_external,
        note=notes.append,
    )
    counts = {
        name: getattr(finished.summary, name) for name in ("done", "reused", "failed", "skipped", "open")
    }
    return Ran(*_reported(finished.plan, finished.path), counts, tuple(notes))


def report(
    study: PathLike,
    *,
    set: Sequence[str] = (),
    formats: Sequence[str] = (),
    store: PathLike = "runs",
    reports: PathLike | None = None,
    label: str = "",
    allow_external: bool = False,
) -> Reported:
    """Write a study's report again; nothing is run.

    The numbers come from the store where it has all of them, else from the data of the report that there is.

    Args:
        study: its YAML file.
        set: changes of it, `key=value`.
        formats: `html`, `latex`; Markdown and CSV are always written.
        store: where outcomes are kept.
        reports: where reports go; by default below the store, or where the committed one is.
        label: folder of its own below the study's, for another machine.
        allow_external: whether the code of a function of your own may run.

    Raises:
        SegablateError: there are no results yet, or the study is wrong.
    """
    from segablate.app.publish import place_of, planned, republish

    place = place_of(Path(store), None if reports is None else Path(reports), label, set)
    _, page = republish(Path(study), place, set, formats, allow_external=allow_external)
    return Reported(*_reported(planned(Path(study), set, allow_external), page))


def _reported(made: Plan, page: Path) -> tuple[str, Path, pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    from segablate.app import tables
    from segablate.report.claims import claim_verdicts
    from segablate.report.data import read

    records = read(page.parent / "data")
    claims = pd.DataFrame(tables.claims(claim_verdicts(made.claims, records)))
    rows = [{**row, **row.pop("measurements")} for row in tables.rows(records)]
    return made.study.name, page, claims, pd.DataFrame(rows)


def results(folder: PathLike) -> pd.DataFrame:
    """The numbers of a report that is there, tidy.

    Args:
        folder: the report's, such as `reports/quickstart`.

    Returns:
        One row for each variant, measure, metric and seed: `value` is in the stored unit (scores are
        fractions), and each axis of the study has a column of its own.

    Raises:
        SegablateError: there are no results there, or they are damaged.
    """
    from segablate.report.results import results as read

    return read(Path(folder))


def oracle(
    labels: PathLike,
    classes: int,
    *,
    stride: Sequence[int],
    upsampler: Sequence[str] = ("bilinear", "dupsampling"),
    channels: Sequence[int] = (64,),
    encode: Literal["project", "optimise", "autoencoder", "clusters"] = "project",
    bits: int = 8,
    centre: bool = False,
    fit: PathLike | None = None,
    score: PathLike | None = None,
    ignore: int | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """The label-reconstruction ceiling of a folder of label maps.

    Args:
        labels: the folder.
        classes: how many classes there are.
        stride: output strides.
        upsampler: names of upsamplers.
        channels: numbers of channels, for upsamplers that have some.
        encode: how label maps are stored: projected, searched, by a trained network or in few bits.
        bits: of `clusters`: length of a codebook's number, and of each number of a linear code.
        centre: whether to take the mean patch off before the fit.
        fit: file with the names to fit on; all if None.
        score: file with the names to score; all if None.
        ignore: the label value that is not scored; by default 255, or none where 255 is a class.
        limit: score so many label maps only.

    Returns:
        One row an upsampler, number of channels and stride; scores are fractions, and `attrs["answer"]` says
        in a sentence what the labels allow.

    Raises:
        SegablateError: a label map or a setting is wrong.
    """
    import pandas as pd

    from segablate.app.answers import of_ceilings
    from segablate.app.oracle import ceilings, ignored
    from segablate.run.context import silent

    rows = ceilings(
        Path(labels),
        classes,
        ignored(ignore, classes),
        stride,
        upsampler,
        channels,
        encode,
        bits,
        centre,
        None if fit is None else Path(fit),
        None if score is None else Path(score),
        limit,
        silent,
    )
    frame = pd.DataFrame(rows)
    frame.attrs["answer"] = of_ceilings(rows)
    return frame


def flops(
    model: Model,
    *,
    size: tuple[int, int] = (512, 1024),
    batch: int = 1,
    classes: int = 19,
    quick: bool = False,
    allow_external: bool = False,
) -> pd.DataFrame:
    """What a network costs.

    Args:
        model: a network's name, `package.module:function`, or what a study says under `model`.
        size: height and width of the image.
        batch: images at a time.
        classes: how many classes there are.
        quick: whether to count convolutions and matrix products alone.
        allow_external: whether the code of a function of your own may run.

    Returns:
        One row a module, the network itself first with the name "": parameters, multiply-adds (`macs`), twice
        as many (`flops`), other operations (`elementwise`). `attrs` has `answer`, a sentence; the
        `convention`; and `uncounted`, the operators that nobody counted.

    Raises:
        SegablateError: there is no such network, or it does not fit the image.
    """
    import pandas as pd

    from segablate.app import tables
    from segablate.app.answers import of_cost
    from segablate.app.publish import find_external
    from segablate.measures.counting import conventions
    from segablate.measures.counting.count import cost

    find_external(allow_external)
    counted = cost(_spec(model), classes, size, batch=batch, quick=quick, allow_external=allow_external)
    frame = pd.DataFrame([tables.module(module) for module in counted.modules.values()])
    frame.attrs = {
        "answer": of_cost(counted, _named(model)),
        "convention": f"{conventions.FLOPS}; elementwise: {conventions.ELEMENTWISE}",
        "uncounted": dict(counted.uncounted),
    }
    return frame


def latency(
    *models: Model,
    size: tuple[int, int] = (512, 1024),
    batch: int = 1,
    classes: int = 19,
    repeat: int = 3,
    device: str = "auto",
    wait: float = 600.0,
    allow_external: bool = False,
    **settings: Any,
) -> pd.DataFrame:
    """Time networks side by side, interleaved, in fresh processes.

    Args:
        models: networks' names, `package.module:function`, or what a study says under `model`.
        size: height and width of the image.
        batch: images at a time.
        classes: how many classes there are.
        repeat: how many fresh processes.
        device: where networks compute: `auto`, `cpu` or `cuda`.
        wait: seconds at most that other work of ours is waited for.
        allow_external: whether the code of a function of your own may run.
        settings: of the measure `latency`: `scope`, `precision`, `runtime`, `cap` and so on.

    Returns:
        One row a network: milliseconds, images a second, the interval between processes (`low_ms`,
        `high_ms`), and how many times as long as the first it takes (`ratio`, `ratio_low`, `ratio_high`).
        `attrs["answer"]` is a sentence, `attrs["flags"]` says what to doubt.

    Raises:
        SegablateError: one of them cannot be timed, or other work did not end in time.
    """
    import pandas as pd

    from segablate.app.answers import of_times
    from segablate.app.latency import side_by_side
    from segablate.app.publish import find_external
    from segablate.measures.inputs import Input
    from segablate.run.context import silent
    from segablate.run.machine import pick_device

    find_external(allow_external)
    named = [(_named(model), _spec(model)) for model in models]
    image, where = Input(size, batch, classes), pick_device(device)
    shared, rows = side_by_side(
        named, image, where, settings, repeat, silent, allow_external=allow_external, wait=wait
    )
    frame = pd.DataFrame([_timed(row) for row in rows])
    flags = {flag["name"]: f"{flag['found']}; {flag['remedy']}" for row in rows for flag in row.flags}
    frame.attrs = {"answer": of_times(shared, rows), "flags": flags}
    return frame


def _timed(row: Row) -> dict[str, Any]:
    low, high = row.interval or (None, None)
    against = row.against
    return {
        "model": row.model,
        **row.metrics,
        "low_ms": low,
        "high_ms": high,
        "ratio": 1.0 if against is None else against.value,
        "ratio_low": None if against is None else against.low,
        "ratio_high": None if against is None else against.high,
        "processes": len(row.processes),
        "flags": [flag["name"] for flag in row.flags],
    }


def _named(model: Model) -> str:
    return model if isinstance(model, str) else str(model.get("factory") or model.get("use", "network"))


def _spec(model: Model) -> dict[str, Any]:
    """A network as a study would write it."""
    if not isinstance(model, str):
        return dict(model)
    return {"use": "external", "factory": model} if ":" in model else {"use": model}

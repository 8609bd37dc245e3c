"""The measure `latency`: what its cells depend on, what it refuses, and that each network can be timed."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from segablate.errors import SegablateError
from segablate.measures.base import Result, measures
from segablate.measures.latency import Latency
from segablate.measures.timing import fresh, worker
from segablate.measures.timing.cpu import Cpu
from segablate.measures.timing.fresh import TimingJob, run_job
from segablate.measures.timing.prepare import prepare, reworded
from segablate.measures.timing.protocols import Rules
from segablate.models.assemble import assemble
from segablate.models.networks.base import networks
from segablate.run.plan import key, plan
from segablate.study.load import load

STUDIES = Path(__file__).parents[2] / "studies"
SPEED = ["pp-liteseg-table3", "pp-liteseg-table2", "camvid-table4", "dupsampling-table3", "upsampler"]
# one of each family of parts; each takes a process of its own
OFTEN = (
    *("bisenetv2", "deeplabv3plus-resnet50", "dupsampling-resnet50", "enet", "espnetv2", "fanet-18"),
    *("icnet", "pp-liteseg-t", "sfnet-df1", "stdc1-seg"),
)
SMALL = {"size": [64, 96], "classes": 5}
QUICK = {"cap": 0.01, "warm_up": 0.0, "bound": 0.0}
TINY = {"encoder": "resnet18", "upsampler": "bilinear"}


def latency(**settings: Any) -> Latency:
    return measures.part("latency").build({}, {**QUICK, **settings})  # type: ignore[no-any-return]


def reads(model: dict[str, Any], *, given: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    return latency(**settings).reads({"model": model, "input": given or SMALL})


def named(model: dict[str, Any], **settings: Any) -> str:
    return key("latency", 1, reads(model, **settings), 0)


def timed(cells: Sequence[dict[str, Any]], rules: Rules | None = None) -> dict[int, Any]:
    """In this process, without a fresh one."""
    given = rules or Rules(l2="warm", warm_up=0.0, settle=False, cap=0.01, bound=0.0)
    return worker.timed(TimingJob(tuple(cells), given, 0), range(len(cells)), lambda word: None)


@pytest.fixture(scope="module")
def two() -> list[Result]:
    """Two networks timed by the measure as a run does it, in a fresh process."""

    class MeasureContext:
        device = "cpu"
        allow_external = False

        def progress(self, what: str, total: int) -> Any:
            import contextlib

            return contextlib.nullcontext(lambda done: None)

    cells = [reads({"use": "pp-liteseg-t"}), reads(TINY)]
    found = list(latency().measure(cells, 0, MeasureContext()))  # type: ignore[arg-type]
    assert all(isinstance(one, Result) for one in found)
    return found  # type: ignore[return-value]


def test_weights_and_what_only_training_knows_are_not_in_the_key() -> None:
    plain = {"use": "dupsampling-resnet50"}
    same = {**plain, "upsampler": {"use": "dupsampling", "train": "tuned", "weights": "random"}}
    assert named(plain) == named(same)
    assert named({"use": "pp-liteseg-t", "auxiliary": {}}) == named({"use": "pp-liteseg-t"})


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "logits"},
        {"precision": "bf16"},
        {"memory_format": "channels-last"},
        {"fused": False},
        {"l2": "ring"},
        {"cap": 0.02},
        {"given": {**SMALL, "size": [64, 128]}},
        {"given": {**SMALL, "batch": 2}},
    ],
)
def test_what_the_time_depends_on_is_in_the_key(change: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr("segablate.measures.latency.check_precision", lambda *_: None)
    assert named(TINY, **change) != named(TINY)


def test_a_device_and_its_threads_are_in_the_key(monkeypatch: Any) -> None:
    here = reads(TINY)
    assert here["threads"] == torch.get_num_threads()
    monkeypatch.setattr("segablate.measures.latency.device_name", lambda kind: "Example GPU")
    there = latency().reads({"model": TINY, "input": SMALL, "device": "cuda"})
    assert {name for name in here if here[name] != there[name]} == {"device", "device_name"}


def test_where_the_last_step_does_not_occur_fused_is_no_difference() -> None:
    assert named(TINY, scope="logits") == named(TINY, scope="logits", fused=False)


@pytest.mark.parametrize(
    ("config", "settings", "field", "message"),
    [
        ({"input": {**SMALL, "batch": 0}}, {}, "input.batch", "`batch` is `0`, but must be at least 1"),
        ({"input": {**SMALL, "size": [16, 96]}}, {}, "input.size", "16×96 is too small for encoder"),
        ({"input": {"classes": 5}}, {}, "input", "must be a height and a width"),
        ({}, {}, "input", "measure `latency` needs the size of an image"),
        ({"input": SMALL}, {"precision": "tf32"}, "precision", "this CPU does not compute in `tf32`"),
        (
            {"input": SMALL, "model": {"use": "external", "factory": "a:b"}},
            {},
            "model.factory",
            "which is not run unless you allow it",
        ),
    ],
)
def test_what_cannot_be_timed_is_refused_when_the_plan_is_made(
    config: dict[str, Any], settings: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(SegablateError, match=message) as caught:
        latency(**settings).reads({"model": TINY, **config})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"runtime": "tensorrt"}, "there is no runtime `tensorrt`"),
        ({"cap": 0.0}, "`cap` is 0"),
        ({"bound": -1.0}, "`bound` is -1"),
        ({"scope": "everything"}, "takes another `scope`"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SegablateError, match=message):
        latency(**settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_where_there_is_none_is_refused_with_the_way_out() -> None:
    with pytest.raises(SegablateError, match="there is no CUDA device here") as caught:
        latency().reads({"model": TINY, "input": SMALL, "device": "cuda"})
    assert caught.value.hint == "use `--device cpu`"


def test_a_result_has_all_samples_and_what_is_doubtful(two: list[Result]) -> None:
    for result in two:
        found = {taken.metric: taken for taken in result.measurements}
        assert set(found) == {"p50_ms", "p95_ms", "p99_ms", "iqr_ms", "fps"}
        samples = found["p50_ms"].samples
        assert len(samples) == result.facts["n"] >= 5
        assert found["p50_ms"].value == statistics.median(samples)
        assert found["p50_ms"].value <= found["p95_ms"].value <= found["p99_ms"].value <= max(samples)
        assert "scope labels" in found["p50_ms"].convention
        assert all({"name", "found", "remedy"} == set(flag) for flag in result.facts["flags"])


def test_networks_of_one_call_share_a_session(two: list[Result]) -> None:
    assert two[0].facts["session"] == two[1].facts["session"]
    assert [one.facts["turn"] for one in two] == [1, 2]
    assert {one.facts["networks"] for one in two} == {2}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.exhaustive) for name in networks.names()],
)
def test_every_network_can_be_timed_at_a_small_size(name: str) -> None:
    (found,) = timed([reads({"use": name})]).values()
    assert not isinstance(found, Exception), found
    assert all(value > 0 for value in found.samples)


@pytest.mark.parametrize("scope", ["forward", "logits", "labels", "end-to-end"])
@pytest.mark.parametrize("settings", [{}, {"memory_format": "channels-last", "fused": False}, {"l2": "ring"}])
def test_every_scope_ends_where_it_says(scope: str, settings: dict[str, Any]) -> None:
    subject = prepare(reads({"use": "pp-liteseg-t"}, scope=scope, **settings), Cpu(), seed=0)
    output = subject.call()
    assert isinstance(output, torch.Tensor)
    shapes = {"forward": (1, 5, 8, 12), "logits": (1, 5, 64, 96)}
    assert tuple(output.shape) == shapes.get(scope, (1, 64, 96))
    assert output.is_floating_point() == (scope in shapes)


def test_what_is_timed_is_the_network_itself() -> None:
    """The deployed pass against the network as assembled, on the same weights and image."""
    cell = reads({"use": "pp-liteseg-t"}, scope="logits")
    subject = prepare(cell, Cpu(), seed=7)
    torch.manual_seed(7)
    network = assemble({"use": "pp-liteseg-t", "auxiliary": {}}, 5).eval()
    image = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(subject.call(), network(image), rtol=1e-3, atol=1e-4)
        labels = prepare({**cell, "scope": "labels", "fused": True}, Cpu(), seed=7).call()
        same = labels.long() == network(image).argmax(1)  # type: ignore[attr-defined]
    assert same.float().mean() > 0.999  # rounding decides ties


def test_out_of_memory_says_how_much_was_asked_for_and_leaves_the_others(monkeypatch: Any) -> None:
    def starved(cell: dict[str, Any], *rest: Any, **more: Any) -> Any:
        if cell["batch"] == 3:
            torch.empty(10**13)
        return prepare(cell, *rest, **more)

    monkeypatch.setattr(worker, "prepare", starved)
    found = timed([reads(TINY), reads(TINY, given={**SMALL, "batch": 3}), reads(TINY)])
    assert isinstance(found[1], SegablateError)
    assert "out of memory at batch 3, 64×96: 37,252.90 GiB more were asked for" in str(found[1])
    assert "never made smaller" in (found[1].hint or "")
    assert all(found[at].samples for at in (0, 2))


def test_what_a_gpu_says_is_understood_too() -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has …")
    assert "2.50 GiB more were asked for" in str(reworded(error, reads(TINY)))


def test_a_network_that_kills_its_process_is_lost_alone(monkeypatch: Any) -> None:
    def once(job: TimingJob, at: Sequence[int], tell: Callable[[float], None]) -> Any:
        return (None, 1, -9) if 1 in at else (dict.fromkeys(at, SegablateError("fine")), None, 0)

    monkeypatch.setattr(fresh, "_once", once)
    found = run_job(TimingJob(({}, {}, {}), Rules(), 0)).results
    assert [str(one) for one in found] == [
        "fine",
        "the process was killed by SIGKILL: the system does so when memory runs out",
        "fine",
    ]


@pytest.mark.parametrize(
    "study",
    [*(f"{name}-speed" for name in SPEED), "pp-liteseg-table2-systems-speed", "resolution-scaling"],
)
def test_the_studies_can_be_planned_and_take_turns(study: str) -> None:
    made = plan(load(STUDIES / f"{study}.yaml"))
    cells = [row for row in made.rows if row.measure.use == "latency"]
    assert len({row.cell.key for row in cells if row.cell}) == len(cells)
    groups = [group for group in made.groups() if group.measure.use == "latency"]
    assert len(groups) == made.study.repeat >= 2


def test_a_cell_says_the_rules_it_was_timed_by() -> None:
    kept = dataclasses.asdict(latency(protocol="paddleseg-trt").rules)
    assert kept["most"] == 2000
    (found,) = latency(protocol="paddleseg-trt").results(fresh.TimingRun("s", (_timed(),), 1))
    assert isinstance(found, Result)
    assert any("TensorRT" in spot for spot in found.measurements[0].blind_spots)


def _timed() -> Any:
    return timed([reads(TINY)])[0]

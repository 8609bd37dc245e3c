"""Training's look at a GPU, on fakes: it tells its share, costs no accuracy and leaves nothing running."""

from __future__ import annotations

import math
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tiny_training
import torch

from segablate.errors import SegablateError
from segablate.models.gpu import numerics
from segablate.training import files, gpu
from segablate.training.gpu import AFTER, STEPS, Watch, sent
from segablate.training.loop import Training

LONG = AFTER + STEPS + 2


class Profiler:
    """Sees one kernel that runs for half of the time."""

    made: list[Profiler]
    kernels = True

    def __init__(self, *, activities: list[Any], acc_events: bool) -> None:
        self.made.append(self)
        self.seconds = math.nan
        self.stopped = 0

    def start(self) -> None:
        self.since = time.perf_counter()

    def stop(self) -> None:
        self.seconds = time.perf_counter() - self.since
        self.stopped += 1

    def events(self) -> list[SimpleNamespace]:
        kernel = SimpleNamespace(
            name="gemm",
            device_type=SimpleNamespace(name="CUDA"),
            time_range=SimpleNamespace(start=0.0, end=0.5e6 * self.seconds),
            is_user_annotation=False,
        )
        return [kernel] if self.kernels else []


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A GPU, as far as it is looked at; how often it was waited for."""
    waited: list[str] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append("waited"))
    monkeypatch.setattr(gpu, "profile", Profiler)
    monkeypatch.setattr(Profiler, "made", [], raising=False)
    return waited


@pytest.fixture
def as_on_a_gpu(waits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU's generator is there to be kept, too; it is looked at from the third step to the fifth."""
    monkeypatch.setattr(gpu, "AFTER", 2)
    monkeypatch.setattr(gpu, "STEPS", 3)
    monkeypatch.setattr(torch.cuda, "get_rng_state", torch.get_rng_state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state: None)


def training(path: Path, device: str = "cuda", iterations: int = 6) -> Training:
    """It runs on the CPU, and takes it for the device."""
    made: Training = tiny_training.training(path, iterations=iterations)
    made.device = device
    return made


def test_the_share_is_that_of_a_few_steps_after_the_start(waits: list[str]) -> None:
    with Watch("cuda", None) as watch:
        for number in range(1, 100):
            took = watch.step()
            assert (took > 0) == (number in (AFTER, AFTER + STEPS))
            assert (watch.busy is None) == (number < AFTER + STEPS)
            time.sleep(0.0005)
    assert watch.busy == pytest.approx(0.5, abs=0.1)
    (profiler,) = Profiler.made
    assert (profiler.stopped, len(waits)) == (1, 2)


@pytest.mark.parametrize(("device", "busy"), [("cpu", None), ("cuda", 0.75)])
def test_a_cpu_is_not_looked_at_nor_what_is_known(waits: list[str], device: str, busy: float | None) -> None:
    with Watch(device, busy) as watch:
        assert {watch.step() for _ in range(LONG)} == {0.0}
    assert watch.busy == busy
    assert not Profiler.made
    assert not waits


def test_a_driver_that_lets_nobody_look_is_not_an_idle_gpu(
    waits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Profiler, "kernels", False)
    with Watch("cuda", None) as watch:
        for _ in range(LONG):
            watch.step()
    assert watch.busy is None


def test_looking_changes_no_weight_and_what_was_found_is_kept(as_on_a_gpu: None, tmp_path: Path) -> None:
    made, other = training(tmp_path / "a.pt"), training(tmp_path / "b.pt", "cpu")
    done, plain = made.run(lambda steps: None), other.run(lambda steps: None)
    assert done.busy is not None
    assert 0 < done.busy <= 1
    assert done.numerics == {"tf32": False, "cudnn_autotuning": True}
    assert (plain.busy, plain.numerics) == (None, {})
    for one, same in zip(made.network.parameters(), other.network.parameters(), strict=True):
        assert torch.equal(one, same)
    again = training(tmp_path / "a.pt").run(lambda steps: None)
    assert (again.busy, again.numerics, len(Profiler.made)) == (done.busy, done.numerics, 1)


def test_a_training_that_fails_while_it_is_looked_at_leaves_nothing_running(
    as_on_a_gpu: None, tmp_path: Path
) -> None:
    def stop(steps: int) -> None:
        if made.progress.iteration == 4:
            raise SegablateError("enough")

    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    made = training(tmp_path / "x.pt")
    with pytest.raises(SegablateError, match="enough"):
        made.run(stop)
    assert [one.stopped for one in Profiler.made] == [1]
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before
    # it goes on from its last checkpoint, and is looked at anew
    again = training(tmp_path / "x.pt", iterations=10).run(lambda steps: None)
    assert again.busy is not None
    assert len(Profiler.made) == 2


def test_a_step_runs_in_the_formats_that_are_told(as_on_a_gpu: None, tmp_path: Path) -> None:
    cudnn, seen = torch.backends.cudnn, set()
    made = training(tmp_path / "x.pt", iterations=3)
    with numerics(tf32=True, autotune=False):
        made.run(lambda steps: seen.add((cudnn.allow_tf32, cudnn.benchmark)) if steps == 1 else None)
    assert seen == {(False, True)}


def test_a_checkpoint_of_before_anyone_looked_is_gone_on_from(tmp_path: Path) -> None:
    training(tmp_path / "x.pt", "cpu", iterations=3).run(lambda steps: None)
    kept = files.load(tmp_path / "x.pt")
    assert kept is not None
    for name in ("busy", "numerics"):
        del kept["progress"][name]
    files.save(tmp_path / "x.pt", kept)
    done = training(tmp_path / "x.pt", "cpu", iterations=3).run(lambda steps: None)
    assert (done.iteration, done.busy, done.numerics) == (3, None, {})


def test_to_a_gpu_arrays_go_from_page_locked_memory_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Locked:
        def to(self, device: str, *, non_blocking: bool) -> str:
            asked.append((device, non_blocking))
            return "there"

    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: Locked())
    assert sent(np.zeros(3), "cuda") == "there"
    assert sent(np.zeros(3), torch.device("cuda", 1)) == "there"
    assert asked == [("cuda", True), (torch.device("cuda", 1), True)]


def test_on_the_cpu_an_array_is_not_even_copied() -> None:
    array = np.arange(3.0)
    assert sent(array, "cpu").data_ptr() == array.ctypes.data

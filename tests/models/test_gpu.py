"""What is set for a GPU and read of torch's profiler, on fakes: no GPU is needed to get it right."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from segablate.models.gpu import at_work, numerics


def now() -> tuple[str, bool, bool]:
    cudnn = torch.backends.cudnn
    return torch.get_float32_matmul_precision(), cudnn.allow_tf32, cudnn.benchmark


def test_number_formats_are_set_for_a_while_and_put_back() -> None:
    before = now()
    with numerics(tf32=True, autotune=True) as told:
        assert now() == ("high", True, True)
        assert told == {"tf32": True, "cudnn_autotuning": True}
        with numerics(tf32=False, autotune=False) as told:
            assert now() == ("highest", False, False)
            assert told == {"tf32": False, "cudnn_autotuning": False}
        assert now() == ("high", True, True)
    assert now() == before


def test_they_are_put_back_after_an_error_too() -> None:
    before = now()
    with pytest.raises(ZeroDivisionError), numerics(tf32=True, autotune=True):
        raise ZeroDivisionError
    assert now() == before


def event(kind: str, start: float, end: float, name: str = "gemm", spans: bool = False) -> SimpleNamespace:
    """As the profiler tells it, in microseconds."""
    return SimpleNamespace(
        name=name,
        device_type=SimpleNamespace(name=kind),
        time_range=SimpleNamespace(start=start, end=end),
        is_user_annotation=spans,
    )


def test_kernels_and_copies_are_work_and_what_spans_them_is_not() -> None:
    seen = [
        event("CPU", 0, 500, "aten::conv2d"),
        event("CUDA", 10, 40),
        event("CUDA", 50, 62, "Memcpy HtoD (Pinned -> Device)"),
        event("CUDA", 5, 65, "Optimizer.step#SGD.step", spans=True),
    ]
    assert at_work(seen) == pytest.approx(42e-6)
    assert at_work([]) == 0


def test_work_at_the_same_time_counts_once() -> None:
    seen = [event("CUDA", 30, 60), event("CUDA", 0, 40), event("CUDA", 10, 20), event("CUDA", 70, 80)]
    covered = {tick for one in seen for tick in range(one.time_range.start, one.time_range.end)}
    assert at_work(seen) == pytest.approx(len(covered) * 1e-6)


@pytest.mark.parametrize("name", ["Context Sync", "Stream Sync", "Event Sync", "Stream Wait Event"])
def test_waiting_for_a_device_is_not_its_work(name: str) -> None:
    assert at_work([event("CUDA", 0, 100, name), event("CUDA", 20, 30)]) == pytest.approx(10e-6)

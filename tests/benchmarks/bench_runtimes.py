"""What runs a network fastest on this CPU: torch as it is, compiled, ONNX Runtime, OpenVINO.

    python tests/benchmarks/bench_runtimes.py [--network pp-liteseg-t] [--size 512x1024] [--threads 2]

From an image to labels, batch 1, batch norms folded. All take turns in one process. The floor is what the
network's multiply-adds would take at the speed of one large matrix product of that type.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from collections.abc import Iterator
from functools import partial

import torch
from results import Row, publish
from rounds import compared, ratio, seconds, spread

from segablate.errors import SegablateError
from segablate.measures.counting.count import cost
from segablate.measures.timing.numerics import check_precision
from segablate.measures.timing.runtimes.base import runtimes
from segablate.models.assemble import assemble
from segablate.models.deploy import FORMATS, MemoryFormat, Precision, deploy, input_type
from segablate.models.scopes import scoped

CLASSES, SIDE = 19, 2048
GOALS: dict[Precision, float] = {"fp32": 0.95, "bf16": 1.1}
OURS: dict[str, tuple[str, MemoryFormat]] = {
    "eager": ("eager", "channels-first"),
    "eager, channels-last": ("eager", "channels-last"),
    "compile": ("compile", "channels-first"),
    "compile, channels-last": ("compile", "channels-last"),
}
THEIRS: dict[str, tuple[str, MemoryFormat]] = {
    "onnxruntime": ("onnxruntime", "channels-first"),
    "openvino": ("openvino", "channels-first"),
}


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--network", default="pp-liteseg-t")
    parser.add_argument("--size", default="512x1024")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    publish("Runtimes on a CPU", parser, measured)


def measured(asked: argparse.Namespace) -> Iterator[Row | str]:
    """The rows."""
    torch.set_num_threads(asked.threads)
    height, width = (int(word) for word in asked.size.split("x"))
    macs = cost({"use": asked.network}, CLASSES, (height, width), quick=True).modules[""].macs
    for precision, goal in GOALS.items():
        try:
            check_precision(precision, "cpu")
        except SegablateError as error:
            yield f"Not measured in {precision}: {error}."
            continue
        ways = dict(OURS) | {n: way for n, way in THEIRS.items() if precision == "fp32" or n == "openvino"}
        image = torch.randn(1, 3, height, width).to(input_type(precision))
        works = {name: prepared(asked.network, precision, *way, image) for name, way in ways.items()}
        works["matrix"] = product(image.dtype)
        with torch.inference_mode():
            compared(works, 3)  # warm
            taken = compared(works, asked.rounds)
        least = statistics.median(one["matrix"] for one in taken) * macs / SIDE**3
        about = f"{asked.network}, {asked.size}, {precision}, {asked.threads} threads"
        for name in ways:
            yield Row(f"{about}: {name}", *spread([1e3 * one[name] for one in taken]), unit="ms")
        best = min(OURS, key=lambda name: statistics.median(one[name] for one in taken))
        floor = least / statistics.median(one["openvino"] for one in taken)
        reason = f"torch's own kernels are most of `{best}`; the floor is all multiply-adds at full speed"
        yield Row(
            f"{about}: {best}, the best of ours ÷ openvino", *ratio(taken, best, "openvino"), goal,
            floor=floor, reason=reason,
        )  # fmt: skip


def prepared(
    network: str, precision: Precision, runtime: str, layout: MemoryFormat, image: torch.Tensor
) -> partial[object]:
    """One way to run it, ready."""
    torch.manual_seed(0)
    module = scoped(deploy(assemble({"use": network}, CLASSES), layout, precision), "labels").eval()
    given = image.contiguous(memory_format=FORMATS[layout])
    return partial(runtimes.part(runtime).build({"module": module, "example": given}, {}), given)


def product(dtype: torch.dtype) -> partial[object]:
    """A large matrix product."""
    a, b = (torch.randn(SIDE, SIDE).to(dtype) for _ in range(2))
    seconds(lambda: a @ b)
    return partial(torch.matmul, a, b)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what exporters say of themselves
        main()

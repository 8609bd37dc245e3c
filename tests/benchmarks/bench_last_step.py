"""How much faster labels come when the last step is fused: fused and plain side by side, interleaved.

    python tests/benchmarks/bench_last_step.py [--device cuda] [--networks] [--only TEXT] [--seconds 1.5]

`--networks` compares every network at 256×512 in its place: a minute and a half.

Rows are plain ÷ fused, so that above 1 is faster. In every round all that is compared runs once, in an order
that changes. Scores are of three kinds: `regions` as a trained network gives
them (one class leads in each region and others blur in at its edge), `network` what pp-liteseg-t with random
weights gives of smooth noise, and `noise`. Plain is the arg max of `interpolate` in the code's own memory
format; on a CPU, scores whose classes lie together make torch's arg max several times faster, and so
channels-last has rows of its own.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from results import Row, publish
from rounds import seconds, spread
from torch import Tensor
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.measures.timing.runtimes.base import runtimes
from segablate.models.assemble import assemble, needed_fit
from segablate.models.deploy import MemoryFormat, Precision, deploy
from segablate.models.labelling.plain import best
from segablate.models.networks.base import networks
from segablate.models.scopes import scoped
from segablate.models.segmenter import Segmenter
from segablate.models.upsamplers.base import Subspace, Upsampler, upsamplers

CLASSES, STRIDE = 19, 8
SIZES = ((512, 1024), (1024, 2048))
SMALL = (256, 512)  # the slowest networks take a second there on one core
LEAST, WARM_UP = 7, 0.5  # rounds, and seconds for each of two
FORMATS: dict[str, torch.memory_format] = {
    "channels-first": torch.contiguous_format,
    "channels-last": torch.channels_last,
}
GOALS = {"last": {"cpu": 2.5}, "whole": {"cpu": 1.1, "cuda": 1.3}, "graph": {"cuda": 3.0}}
WHOLE = "the network before it takes most of the time"

Work = Callable[[], object]


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--networks", action="store_true", help="every network, nothing else")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows with this in their name")
    parser.add_argument("--seconds", type=float, default=1.5, help="for each row")
    parser.add_argument("--threads", type=int, default=1)
    publish("Labels without the scores of all pixels", parser, measured)


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows."""
    torch.set_num_threads(asked.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    device = torch.device(asked.device)
    with torch.inference_mode():
        if asked.networks:
            for network in networks.names():
                if asked.only in network:
                    yield row(network, whole_network(network, device), device, asked.seconds, 1.0)
            return
        for size in SIZES:
            for what, pair in (*last_steps(size, device), *whole(size, device)):
                what = f"{what}, {size[0]}×{size[1]}"
                goal = GOALS["whole" if what.startswith("pp-") else "last"].get(device.type)
                if asked.only in what:
                    yield row(what, pair, device, asked.seconds, goal)
        if device.type == "cuda" and not asked.only:
            yield from graphs(device, asked.seconds)


def row(what: str, pair: Mapping[str, Work], device: torch.device, budget: float, goal: float | None) -> Row:
    """Measure plain against fused."""
    taken = interleaved(pair, device, budget)
    ratios = [slow / fast for slow, fast in zip(taken["plain"], taken["fused"], strict=True)]
    return Row(f"{what}: plain ÷ fused", *spread(ratios), goal, least=True, floor=1.0, reason=WHOLE)


def interleaved(works: Mapping[str, Work], device: torch.device, budget: float) -> dict[str, list[float]]:
    """Seconds of each piece of work in rounds, until the time is up."""
    for work in works.values():
        end = time.perf_counter() + WARM_UP
        while timed(work, device) and time.perf_counter() < end:
            pass
    taken: dict[str, list[float]] = {name: [] for name in works}
    orders = itertools.cycle((list(works), list(works)[::-1]))
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(next(iter(taken.values()))) < LEAST:
        for name in next(orders):
            taken[name].append(timed(works[name], device))
    return taken


def timed(work: Work, device: torch.device) -> float:
    """Seconds from an idle device to an idle device."""
    if device.type == "cpu":
        return seconds(work)

    def waited_for() -> None:
        work()
        torch.cuda.synchronize()

    torch.cuda.synchronize()
    return seconds(waited_for)


def last_steps(size: tuple[int, int], device: torch.device) -> Iterator[tuple[str, Mapping[str, Work]]]:
    """The last step alone."""
    for (kind, code), layout in itertools.product(codes(size, device), FORMATS):
        module: Upsampler = upsamplers.part("bilinear").build({"classes": CLASSES, "stride": STRIDE}, {})
        given = code.contiguous(memory_format=FORMATS[layout])
        yield f"bilinear, {kind}, {layout}", compared(module, given, size)
    wide = torch.randn(1, 64, size[0] // STRIDE, size[1] // STRIDE, device=device)
    ingredients = {"classes": CLASSES, "stride": STRIDE, "subspace": None}
    matrix = upsamplers.part("dupsampling").build(ingredients, {"weights": "random"}).eval().to(device)
    yield "dupsampling of 64 channels", compared(matrix, wide, size)


def compared(module: Upsampler, code: Tensor, size: tuple[int, int]) -> Mapping[str, Work]:
    """An upsampler's labels both ways."""
    return {"plain": lambda: best(module(code, size)), "fused": partial(module.labels, code, size)}


def codes(size: tuple[int, int], device: torch.device) -> Sequence[tuple[str, Tensor]]:
    """Class scores at 1/8 of a size, by kind."""
    height, width = size[0] // STRIDE, size[1] // STRIDE
    coarse = F.interpolate(
        torch.randn(1, CLASSES, height // 12, width // 12), (height, width), mode="bicubic"
    )
    sharp = F.one_hot(coarse.argmax(1), CLASSES).permute(0, 3, 1, 2).float()
    rough = torch.randn(1, CLASSES, height, width)
    blurred = 6 * F.avg_pool2d(sharp, 3, 1, 1) + rough / 2
    network = made("pp-liteseg-t", torch.device("cpu"))
    kinds = (("regions", blurred), ("network", network.code(picture(size))), ("noise", rough))
    return [(kind, code.to(device)) for kind, code in kinds]


def picture(size: tuple[int, int]) -> Tensor:
    """Smooth noise: neighbours are alike, as in photographs."""
    coarse = torch.randn(1, 3, size[0] // 32, size[1] // 32)
    return F.interpolate(coarse, size, mode="bicubic") + torch.randn(1, 3, *size) / 10


def whole(size: tuple[int, int], device: torch.device) -> Iterator[tuple[str, Mapping[str, Work]]]:
    """pp-liteseg-t from image to labels, in both memory formats."""
    layouts: tuple[MemoryFormat, ...] = ("channels-first", "channels-last")
    for layout in layouts:
        network = deploy(made("pp-liteseg-t", device), layout)
        yield f"pp-liteseg-t, {layout}", both(network, picture(size).to(device), layout)


def both(network: Any, image: Tensor, layout: MemoryFormat) -> Mapping[str, Work]:
    """Scope `labels` plain and fused."""
    given = image.contiguous(memory_format=FORMATS[layout])
    plain, fused = (scoped(network, "labels", fused=fused) for fused in (False, True))
    return {"plain": partial(plain, given), "fused": partial(fused, given)}


def whole_network(name: str, device: torch.device) -> Mapping[str, Work]:
    """Any network, as it comes."""
    return both(made(name, device), picture(SMALL).to(device), "channels-first")


def made(name: str, device: torch.device) -> Segmenter:
    """A network with random weights, and a random subspace where it wants one."""
    fit = needed_fit({"use": name}, CLASSES)
    subspace = None
    if fit is not None:
        basis = np.random.default_rng(0).normal(size=(fit.stride**2 * CLASSES, fit.channels))
        subspace = Subspace((basis / np.linalg.norm(basis, axis=0)).astype(np.float32))
    network = assemble({"use": name}, CLASSES, subspace=subspace)
    assert isinstance(network, Segmenter)
    return network.eval().requires_grad_(False).to(device)


def graphs(device: torch.device, budget: float) -> Iterator[Row]:
    """`cuda-graph` with the fused step against eager without: fp32, and what it is in fp16."""
    precisions: tuple[Precision, ...] = ("fp32", "fp16")
    for size, precision in itertools.product(SIZES, precisions):
        network = made("pp-liteseg-t", device)
        image = picture(size).to(device)
        ready = deploy(network, "channels-last", precision)
        given = image.contiguous(memory_format=torch.channels_last).to(next(ready.parameters()).dtype)
        recorded = runtimes.part("cuda-graph").build(
            {"module": scoped(ready, "labels"), "example": given}, {}
        )
        plain = scoped(network, "labels", fused=False)
        pair = {"plain": partial(plain, image), "fused": partial(recorded, given)}
        what = f"eager fp32 ÷ cuda-graph, folded, channels-last, {precision}, {size[0]}×{size[1]}"
        goal = GOALS["graph"]["cuda"] if precision == "fp32" else None
        yield row(what, pair, device, budget, goal)


if __name__ == "__main__":
    try:
        main()
    except SegablateError as error:
        raise SystemExit(error.render()) from None

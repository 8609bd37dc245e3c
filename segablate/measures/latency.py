"""How long a network takes, with everything that a quoted time needs: scope, precision, protocol, spread.

        variants of a study ── a fresh process a repeat ──► a session, all in turn ──► samples, flags

Each repeat (seed) is one process, so the spread between repeats is the spread between processes. The device
and the number of threads are part of what is measured: the same network on two devices is two cells.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from segablate.errors import SegablateError, context
from segablate.measures import inputs
from segablate.measures.base import DEVICE, Config, MeasureContext, Needs, Result, allows_external, measures
from segablate.measures.timing.flags import flags
from segablate.measures.timing.fresh import TimingJob, TimingRun, run_job
from segablate.measures.timing.numerics import check_precision
from segablate.measures.timing.protocols import NOT_REPRODUCED, Name, Rules, described, rules
from segablate.measures.timing.runtimes.base import runtimes
from segablate.measures.timing.session import Timed
from segablate.models.assemble import shaped
from segablate.models.complete import EXTERNAL, complete, read
from segablate.models.deploy import MemoryFormat, Precision
from segablate.models.scopes import Scope, scoped
from segablate.models.upsamplers.base import upsampler_class
from segablate.records import Measurement, Reads

# of the words under `model`: heads that only training has, and numbers, which take as long as any others
NOT_TIMED = ("auxiliary", "weights")
DIGITS = 6  # of milliseconds: nanoseconds
FEW = 100  # passes below which the 99th percentile lies between the two slowest


@measures.register("latency", paper="arXiv:2204.02681, Sec. 4, whose protocol it does not follow")
class Latency:
    """Time of one inference, interleaved with that of the study's other variants, in fresh processes.

    Args:
        scope: where timing ends: `forward` at the low-resolution code, `logits` at full-size scores, `labels`
            at the label map on the device; `end-to-end` is from bytes on the host to the label map there.
        precision: of weights and activations; `tf32` is float32 with matrix products in tf32.
        memory_format: of weights and activations.
        runtime: what runs the network.
        fused: end in a label map without forming the scores of all pixels, where the upsampler can.
        protocol: this project's, or what is known of the published one of PP-LiteSeg.
        l2: before each pass `flush` the cache, or take the next of a `ring` of inputs larger than it.
        warm_up: seconds of warm-up at least, all networks together.
        bound: stop when half the interval of every median is at most this share of it.
        cap: seconds of timing at most, times the number of networks.
    """

    seeded: ClassVar[bool] = True
    portable: ClassVar[bool] = False
    metrics: ClassVar[tuple[str, ...]] = (
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "iqr_ms",
        "fps",
        "peak_device_bytes",
    )
    needs: ClassVar[Needs] = Needs(cores="threads", gpu="optional", alone=True)
    thread_sensitive: ClassVar[bool] = False

    def __init__(
        self,
        *,
        scope: Scope = "labels",
        precision: Precision = "fp32",
        memory_format: MemoryFormat = "channels-first",
        runtime: str = "eager",
        fused: bool = True,
        protocol: Name = "segablate",
        l2: Literal["flush", "ring"] = "flush",
        warm_up: float = 2.0,
        bound: float = 0.005,
        cap: float = 10.0,
    ) -> None:
        for name, value, least in (("warm_up", warm_up, 0.0), ("bound", bound, 0.0), ("cap", cap, 0.001)):
            if not least <= value < math.inf:
                raise SegablateError(f"`{name}` is {value:g}, but must be at least {least:g}", field=name)
        with context(field="runtime"):
            runtimes.part(runtime)
        self.protocol = protocol
        self.rules: Rules = rules(protocol, l2, warm_up, bound, cap)
        self.scope: Scope = scope
        self.precision: Precision = precision
        self.settings = {
            "scope": scope,
            "precision": precision,
            "memory_format": memory_format,
            "runtime": runtime,
            "fused": fused and scope in ("labels", "end-to-end"),
        }

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        model = inputs.without_weights(config, "latency")
        image = inputs.read(config, "latency")
        with context(field="model"):
            shape_of = shaped(model, image.classes, allow_external=allows_external(config))
            done = structure(model)
        with context(field="input.size"):
            shape_of.check_size(*image.size)
        scoped(shape_of, self.scope)
        device = str(config.get(DEVICE, "cpu"))
        check_precision(self.precision, device)
        return {
            "model": done,
            "classes": image.classes,
            "size": list(image.size),
            "batch": image.batch,
            **self.settings,
            "protocol": self.protocol,
            "l2": self.rules.l2,
            "warm_up": self.rules.warm_up,
            "bound": self.rules.bound,
            "cap": self.rules.cap,
            "device": device,
            "device_name": device_name(device),
            "threads": torch.get_num_threads(),
        }

    def together(self, reads: Reads) -> Hashable:
        """Everything on one device: the networks take turns."""
        return (str(reads["device"]), str(reads["device_name"]))

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        with ctx.progress("seconds of timing", self._seconds(len(cells))) as advance:
            job = TimingJob(tuple(cells), self.rules, seed, ctx.allow_external)
            for reads, result in zip(cells, self.results(run_job(job, _whole(advance))), strict=True):
                if isinstance(result, SegablateError):
                    yield result
                else:
                    yield inputs.with_unconfirmed(result, reads["model"])

    def results(self, timing_run: TimingRun) -> Iterator[Result | SegablateError]:
        """What one process found, network by network, as measures tell it."""
        for at, result in enumerate(timing_run.results):
            if isinstance(result, SegablateError):
                yield result
            else:
                turn = {"session": timing_run.name, "turn": at + 1, "networks": timing_run.size}
                yield Result(tuple(self._measurements(result)), {**self._facts(result), **turn})

    def _seconds(self, networks: int) -> int:
        return max(1, math.ceil(self.rules.cap * networks))

    def _measurements(self, timed: Timed) -> Iterator[Measurement]:
        setup = f"scope {self.settings['scope']}; {described(self.protocol, self.rules)}"
        spots = NOT_REPRODUCED if self.protocol == "paddleseg-trt" else ()
        samples = tuple(round(value, DIGITS) for value in timed.samples)
        p95, p99, low, high = (float(value) for value in np.percentile(samples, (95, 99, 25, 75)))
        last = (f"of fewer than {FEW} passes the 99th percentile lies between the two slowest",)
        yield Measurement("p50_ms", samples, f"median of all passes; {setup}", spots)
        yield Measurement("p95_ms", (p95,), "interpolated linearly between passes")
        yield Measurement(
            "p99_ms", (p99,), "interpolated linearly between passes", last if len(samples) < FEW else ()
        )
        yield Measurement("iqr_ms", (high - low,), "75th less 25th percentile of the passes")
        yield Measurement(
            "fps", timed.fps, "images a second of many passes, waited for once; not 1 / latency"
        )
        if timed.peak is not None:
            yield Measurement(
                "peak_device_bytes",
                (float(timed.peak),),
                "most that torch's allocator held during a pass, more than before it",
                ("weights, and what a runtime reserved beforehand",),
            )

    def _facts(self, timed: Timed) -> dict[str, Any]:
        inner, outer = (float(np.median(values)) for values in (timed.samples, timed.outer))
        return {
            "n": len(timed.samples),
            "stopped": timed.stopped,
            "half_width": round(timed.half_width, 6) if math.isfinite(timed.half_width) else None,
            "busy": None if timed.busy is None else round(timed.busy, 3),
            "wall_over_device": round(outer / inner, 4),
            "flags": [
                {"name": flag.name, "found": flag.detail, "remedy": flag.remedy}
                for flag in flags(timed, self.rules)
            ],
        }


def structure(model: Mapping[str, Any]) -> dict[str, Any]:
    """What of a network its time depends on: parts and settings, not what the weights' values are."""
    done = {name: value for name, value in complete(model).items() if name not in NOT_TIMED}
    if model.get("use") == EXTERNAL:
        return done
    part, settings = read("upsampler", done["upsampler"])
    made = upsampler_class(part.name)
    timed = {n: value for n, value in made.unfitted(settings).items() if n not in made.only_training}
    return {**done, "upsampler": part.to_wire(timed)}


def device_name(kind: str) -> str:
    """What its maker calls the device.

    Raises:
        SegablateError: there is none.
    """
    if kind == "cpu":
        from segablate.measures.timing.cpu import cpu_name

        return cpu_name()
    if not torch.cuda.is_available():
        raise SegablateError("there is no CUDA device here", hint="use `--device cpu`")
    return str(torch.cuda.get_device_name())


def _whole(advance: Any) -> Any:
    """A bar moves by whole seconds."""
    shown = 0

    def lasted(seconds: float) -> None:
        nonlocal shown
        if int(seconds) > shown:
            advance(int(seconds) - shown)
            shown = int(seconds)

    return lasted

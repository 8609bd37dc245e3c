"""What a network costs: parameters, operations, memory, each with its convention.

    model ──assemble──► network ──our formulas──► operations by module and operator
                          └──torch's own formulas, bytes alive, bytes moved

No GPU, no weights and no data are needed: the number of classes is `input.classes`, or else the data set's.
So DUpsampling's `weights: pca` without a data set is no error here, as it is where weights are read: what it
costs depends on the shape of W, not on what it was fitted to, and the same study may be counted anywhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar

from segablate.errors import SegablateError, context
from segablate.measures import inputs
from segablate.measures.base import Config, MeasureContext, Needs, Result, allows_external, measures
from segablate.measures.counting import conventions
from segablate.measures.counting.conventions import CONVENTIONS, Published
from segablate.measures.counting.cost import SCOPES, Cost, Module, Scope
from segablate.measures.counting.count import cost
from segablate.models.assemble import shaped
from segablate.models.complete import bare, complete
from segablate.models.segmenter import Segmenter
from segablate.records import Measurement, Reads

# how deep the modules are that the record keeps
DEPTH = 2
OF_A_PART = ("params", "macs", "flops", "elementwise", "operations")
OF_THE_WHOLE = ("trainable_params", "training_only_params", "peak_bytes", "weight_bytes", "intensity")


@measures.register("complexity", paper="github.com/facebookresearch/fvcore, docs/flop_count.md")
class Complexity:
    """Parameters, operations and memory of one inference, counted and not timed.

    Args:
        scope: what of the network is counted; `decoder` is the decoder and the upsampler, as papers on
            decoders count. Memory is told of the whole network only.
        published: also the number that a paper's own way of counting gives; `decoders-matter` is
            arXiv:1903.02120, Tables 2 and 3.
    """

    seeded: ClassVar[bool] = False
    portable: ClassVar[bool] = True
    needs: ClassVar[Needs] = Needs(divisible=True)
    thread_sensitive: ClassVar[bool] = False

    def __init__(self, *, scope: Scope = "network", published: Published | None = None) -> None:
        self.scope = scope
        self.published = published

    @property
    def metrics(self) -> tuple[str, ...]:
        """See `Measure`."""
        whole = OF_THE_WHOLE if self.scope == "network" else ()
        return (*OF_A_PART, *whole, *([CONVENTIONS[self.published].metric] if self.published else []))

    def reads(self, config: Config) -> dict[str, Any]:
        """See `Measure`."""
        model = inputs.without_weights(config, "complexity")
        image = inputs.read(config, "complexity")
        classes, size = image.classes, image.size
        with context(field="model"):
            done = complete(model)
            shape_of = shaped(model, classes, allow_external=allows_external(config))
        if not isinstance(shape_of, Segmenter):
            self._whole_only()
        with context(field="input.size"):
            shape_of.check_size(*size)
        return {
            "model": done,
            "classes": classes,
            "size": list(size),
            "batch": image.batch,
            "scope": self.scope,
            "published": self.published,
        }

    def together(self, reads: Reads) -> Hashable:
        """All of them, one after the other."""
        return None

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """See `Measure`."""
        with ctx.progress("networks counted", len(cells)) as advance:
            for reads in cells:
                height, width = reads["size"]
                counted = cost(
                    bare(reads["model"]),
                    reads["classes"],
                    (height, width),
                    batch=int(reads["batch"]),
                    allow_external=ctx.allow_external,
                )
                advance(1)
                result = Result(self._measurements(counted), facts(counted))
                yield inputs.with_unconfirmed(result, reads["model"])

    def _whole_only(self) -> None:
        if self.scope != "network" or self.published:
            raise SegablateError(
                "a model from outside is counted as a whole: which of it is the decoder is not known",
                hint="leave out `scope` and `published`, or measure it by a `complexity` without them",
                field="published" if self.published else "scope",
            )

    def _measurements(self, counted: Cost) -> tuple[Measurement, ...]:
        part = counted.within(self.scope)
        where = "" if self.scope == "network" else f"; {' and '.join(SCOPES[self.scope])} only"
        missing = tuple(f"{number} calls of {name}" for name, number in counted.uncounted.items())
        taken = [
            _measurement("params", part.params, conventions.PARAMS + where),
            _measurement("macs", part.macs, conventions.MACS + where),
            _measurement("flops", part.flops, conventions.FLOPS + where),
            _measurement("elementwise", part.others, conventions.ELEMENTWISE + where, missing),
            _measurement("operations", part.operations, conventions.OPERATIONS + where),
        ]
        if self.scope == "network":
            taken += _of_the_whole(counted)
        if self.published:
            convention = CONVENTIONS[self.published]
            taken.append(_measurement(convention.metric, convention.count(counted), convention.text))
        return tuple(taken)


def facts(counted: Cost) -> dict[str, Any]:
    """What is told beside the metrics: where it all sits, and what a second counter says."""
    return {
        "groups": {module.name or "network": _facts_of(module) for module in counted.groups},
        "modules": [
            {"name": module.name, **_facts_of(module)}
            for module in counted.modules.values()
            if module.name.count(".") < DEPTH and module.name
        ],
        "code_stride": counted.stride,
        "operators": dict(counted.modules[""].elementwise),
        "uncounted": dict(counted.uncounted),
        "trainable_params": counted.parameters.trainable,
        "training_only_params": counted.parameters.training_only,
        "check": {"torch_flops": counted.check.torch_flops, "ratio": counted.check.ratio},
        "disagreements": {name: list(pair) for name, pair in counted.check.differences.items()},
    }


def _of_the_whole(counted: Cost) -> list[Measurement]:
    parameters, whole = counted.parameters, counted.modules[""]
    return [
        _measurement(
            "trainable_params",
            parameters.trainable,
            "parameters that are not fixed by the network itself, of training's own heads too; "
            "a recipe may train fewer, which `accuracy` tells",
        ),
        _measurement(
            "training_only_params", parameters.training_only, "parameters of heads dropped after training"
        ),
        _measurement("peak_bytes", counted.peak, conventions.PEAK),
        _measurement(
            "weight_bytes", parameters.bytes, "float32 parameters and running statistics of an inference"
        ),
        _measurement("intensity", whole.intensity, conventions.INTENSITY),
    ]


def _measurement(
    metric: str, value: float, convention: str, blind_spots: tuple[str, ...] = ()
) -> Measurement:
    return Measurement(metric, (float(value),), convention, blind_spots)


def _facts_of(module: Module) -> dict[str, Any]:
    return {
        "params": module.params,
        "macs": module.macs,
        "elementwise": module.others,
        "intensity": round(module.intensity, 3),
    }

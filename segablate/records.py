"""Finished things: frozen, plain, and the same after a trip through JSON."""

from __future__ import annotations

import functools
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from segablate.errors import SegablateError

SCHEMA = "segablate/1"
Status = Literal["done", "failed", "skipped"]
Reads = Mapping[str, Any]


@dataclass(frozen=True)
class Measurement:
    """One metric of one cell, with every sample that was taken.

    Attributes:
        metric: name of the quantity, see `segablate.quantity`.
        samples: all samples, in the stored unit, in the order they were taken.
        convention: how the number is defined, in a few words.
        blind_spots: what the number does not see.
    """

    metric: str
    samples: tuple[float, ...]
    convention: str
    blind_spots: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The median sample: the sample itself where there is one."""
        if len(self.samples) == 1:
            return self.samples[0]
        return statistics.median(self.samples) if self.samples else float("nan")


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        key: the cell's key.
        status: done, failed or skipped.
        reads: all that the cell depends on, as it went into the key: by its names on the wire.
        measurements: one per metric; empty unless done.
        facts: further JSON values of the measure (per-class scores, counts, phases' seconds).
        artefacts: names of the files kept beside the outcome.
        reason: why it failed or was skipped; "" when done.
        seconds: wall time the cell took.
        machine: where it ran, as `run.machine.describe` tells it.
        use: registered name of the measure that made it; "" where nobody wrote it down.
        seeded: whether the numbers depend on the seed; None where nobody wrote it down.
        version: of the package that made it; "" where nobody wrote it down.
        commit: of the package's checkout; None where it ran from none.
        dirty: whether the package differed from that commit; None where there is no commit.
        date: when it was made, ISO 8601 in UTC; "" where nobody wrote it down.
        exclusive: whether nothing else of ours ran on the machine meanwhile; None where nobody wrote it down.
        thread_sensitive: whether the last digits depend on `machine["threads"]`; None where nobody wrote it
            down.
    """

    # a file may hold anything: what it says is of these types and no others, or it is no outcome
    __pydantic_config__: ClassVar[dict[str, Any]] = {"strict": True, "extra": "forbid"}

    key: str
    status: Status
    reads: Reads
    measurements: tuple[Measurement, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    artefacts: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    machine: Mapping[str, Any] = field(default_factory=dict)
    use: str = ""
    seeded: bool | None = None
    version: str = ""
    commit: str | None = None
    dirty: bool | None = None
    date: str = ""
    exclusive: bool | None = None
    thread_sensitive: bool | None = None

    def value(self, metric: str) -> float:
        """The value of a metric; NaN where it was not measured."""
        for taken in self.measurements:
            if taken.metric == metric:
                return taken.value
        return float("nan")

    def to_json(self) -> str:
        """One line of JSON, keys sorted, so that equal outcomes are equal bytes."""
        return json.dumps(self.raw(), sort_keys=True, ensure_ascii=False)

    def raw(self) -> dict[str, Any]:
        """What `to_json` writes, as values."""
        return {"schema": SCHEMA, **vars(self), "measurements": [vars(m) for m in self.measurements]}

    @classmethod
    def from_json(cls, text: str, *, where: str | None = None) -> Outcome:
        """Read what `to_json` wrote.

        Raises:
            SegablateError: if the text is not a whole outcome of this schema.
        """
        try:
            written: Written = _reader().validate_json(text)
            return written.outcome()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SegablateError(f"this is not an outcome of schema `{SCHEMA}`", where=where) from error


@dataclass(frozen=True)
class Written(Outcome):
    """An outcome as it is written, of which only the types are known."""

    schema: str = ""

    def outcome(self) -> Outcome:
        """The outcome, if it is one.

        Raises:
            ValueError: it is of another schema, or its facts are not of the types that reports rely on.
        """
        if self.schema != SCHEMA:
            raise ValueError("schema")
        _facts().model_validate(self.facts)
        return Outcome(**{name: value for name, value in vars(self).items() if name != "schema"})


@functools.cache
def _reader() -> Any:
    from pydantic import TypeAdapter  # which takes a tenth of a second, and `--help` needs none

    return TypeAdapter(Written)


@functools.cache
def _facts() -> Any:
    """The facts that reports rely on, by their types; a measure may tell others, of any type."""
    from pydantic import ConfigDict, Field, create_model

    scores = dict[str, float]
    types: dict[str, Any] = {
        **{"images": int, "pixels": int, "code_stride": int | None, "session": str, "class_names": list[str]},
        **{
            "per_class_iou": dict[Annotated[str, Field(pattern=r"^\d{1,9}$")], float],
            "palette": list[list[int]],
        },
        **{"by_size": scores, "trimap": scores, "uncounted": dict[str, int], "disagreements": dict[str, Any]},
        **{"flags": list[dict[str, str]], "groups": dict[str, dict[str, Any]]},
    }
    fields: dict[str, Any] = {name: (kind, None) for name, kind in types.items()}
    return create_model("Facts", __config__=ConfigDict(strict=True, extra="allow"), **fields)

"""What a measure is: it says what it reads, and it measures cells that may go together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import numpy as np

from segablate.errors import SegablateError
from segablate.records import Measurement, Reads
from segablate.registry import Registry

measures = Registry("measure", "segablate.measures")

# the one entry of what a measure reads that is neither hashed nor recorded: paths on this machine
PLACES = "places"
# a word beside the study's own in what `reads` is given: whether the command line allows code from outside
ALLOW_EXTERNAL = "allow_external"
# likewise: where networks will compute, `cpu` or `cuda`
DEVICE = "device"

Config: TypeAlias = Mapping[str, Any]
Arrays: TypeAlias = Mapping[str, np.ndarray]
# opens a bar for so many items of what is named; what it gives is called with the number of further ones done
Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class Result:
    """What a measure found for one cell.

    Attributes:
        measurements: one per metric.
        facts: further JSON values.
        artefacts: files to keep beside the outcome: name ending in `.npz` → arrays, any other → bytes.
    """

    measurements: tuple[Measurement, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    artefacts: Mapping[str, Arrays | bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Needs:
    """What a group of cells takes of a machine.

    Attributes:
        cores: how many it computes with; or the name of the input that says so.
        gpu: whether it computes on a GPU: never, where there is one, or nowhere else.
        memory: GiB of main memory at most.
        alone: whether nothing else of ours may run on the machine meanwhile.
        divisible: whether cells of one group may go to several workers.
    """

    cores: int | str = 1
    gpu: Literal["never", "optional", "required"] = "never"
    memory: float = 2.0
    alone: bool = False
    divisible: bool = False


class MeasureContext(Protocol):
    """What a measure may use while it works, given by the runner.

    Attributes:
        device: where networks compute.
        allow_external: whether code from outside may be run.
        anew: token of the run: work that other runs have kept is not gone on with; "": it is.
    """

    device: str
    allow_external: bool
    anew: str

    def cached(self, name: str, reads: Reads, build: Callable[[], Arrays]) -> Arrays:
        """Arrays that depend on `reads` only: taken from the store, or built once and kept there."""

    def workspace(self, name: str, reads: Reads) -> Path:
        """A folder for unfinished work that depends on `reads` only: it is there again when asked for again.

        Several processes may be given it at once.
        """

    def tell(self, message: str) -> None:
        """Let a person know of what is no error, such as a damaged file that was made again."""

    def progress(self, what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A bar for long work; what it gives is called with the number of further items done."""


def allows_external(config: Config) -> bool:
    """Whether the command line allows code from outside; a study cannot say so by itself."""
    return config.get(ALLOW_EXTERNAL) is True


class Measure(Protocol):
    """A way to put numbers on a variant. Registered classes take their settings as keywords.

    Attributes:
        seeded: whether the numbers depend on the seed; if not, one cell serves all repeats.
        portable: whether a number from another machine may stand for one of this. A measure that does not say
            so is measured on each.
        thread_sensitive: whether the last digits depend on the number of threads. Without it: they do not.
    """

    seeded: ClassVar[bool]
    portable: ClassVar[bool]
    thread_sensitive: ClassVar[bool]

    @property
    def needs(self) -> Needs:
        """What it takes of a machine; without it, what `Needs` says. `alone` is asked of the class."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric it may give with its settings: what claims may be about. An attribute will do."""

    def reads(self, config: Config) -> dict[str, Any]:
        """All that the numbers of this variant depend on, validated, as JSON values.

        `config` is what the study says of the variant, and the runner's own words `device` and
        `allow_external`.

        That includes the measure's own settings where they matter, the versions of the parts used
        and a fingerprint of the data, and excludes everything else. Paths of this machine go under
        `PLACES`: they reach `measure`, but not the key and not the record.

        Raises:
            SegablateError: the variant cannot be measured; `field` names the value at fault.
        """

    def together(self, reads: Reads) -> Hashable:
        """Cells of one study for which this is equal are handed to `measure` in one call."""

    def measure(
        self, cells: Sequence[Reads], seed: int, ctx: MeasureContext
    ) -> Iterator[Result | SegablateError]:
        """Measure the cells and yield what was found, in their order, each as soon as it is known."""

"""The oracle's outcomes, seen as what they are: the ceiling of an upsampler at an output stride."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segablate.report.data import GIVEN, Record
from segablate.report.words import flat, plain

STRIDE = "output_stride"
NAMES = {"dupsampling": "DUpsampling"}
# settings that say how long a code is: a name has them at its end
LENGTHS = ("channels", "bits")


@dataclass(frozen=True)
class Ceiling:
    """One measured ceiling.

    Attributes:
        record: where it comes from.
        stride: the output stride.
        family: the upsampler and what sets it apart, without its channels.
        channels: channels of the low-resolution code, C̃; None where the upsampler has no such setting.
        miou: mIoU*, a fraction.
        images: how many label maps were scored.
        bits: length of a cell's code in bits; NaN where it is not limited.
    """

    record: Record
    stride: int
    family: str
    channels: int | None
    miou: float
    images: int
    bits: float

    @property
    def measure(self) -> str:
        """Label of the measure."""
        return self.record.measure

    @property
    def given(self) -> tuple[tuple[str, str], ...]:
        """The data and the input it was measured on, where the study varies them."""
        return self.record.given

    @property
    def name(self) -> str:
        """The upsampler in words: `DUpsampling (C̃ = 64)`."""
        if self.channels is not None:
            return f"{self.family} (C̃ = {self.channels})"
        own = _spec(self.record).get("bits")
        return self.family if own is None else f"{self.family} ({own} bits)"


def ceilings(records: Iterable[Record]) -> tuple[Ceiling, ...]:
    """All measured ceilings, one a variant and measure, in the order of the records."""
    oracle = [record for record in records if record.done and record.use == "oracle"]
    varied = _varied_settings(oracle)
    found: dict[tuple[str, str], Ceiling] = {}
    for record in oracle:
        ceiling = _ceiling(record, varied)
        if not math.isnan(ceiling.miou):
            found.setdefault((record.measure, record.variant), ceiling)
    return tuple(found.values())


def measures(found: Iterable[Ceiling]) -> list[str]:
    """Labels of the measures, in order of appearance."""
    return list(dict.fromkeys(ceiling.measure for ceiling in found))


def strides(found: Iterable[Ceiling]) -> list[int]:
    """Output strides, ascending."""
    return sorted({ceiling.stride for ceiling in found})


def at(found: Iterable[Ceiling], measure: str, stride: int) -> list[list[Ceiling]]:
    """The ceilings of one measure at one output stride, apart for each data set and input."""
    groups: dict[Any, list[Ceiling]] = {}
    for ceiling in found:
        if ceiling.measure == measure and ceiling.stride == stride:
            groups.setdefault(ceiling.given, []).append(ceiling)
    return list(groups.values())


def baseline_of(group: Sequence[Ceiling], baseline: Mapping[str, str]) -> Ceiling:
    """The ceiling of the baseline's model; the first one if there is none."""
    wanted = _of_model(baseline)
    return next((one for one in group if _of_model(one.record.choices) == wanted), group[0])


def best_of(group: Sequence[Ceiling]) -> Ceiling:
    """The highest ceiling; the first of equals."""
    return max(group, key=lambda ceiling: ceiling.miou)


def baseline_choices(records: Iterable[Record]) -> Mapping[str, str]:
    """The choices of the baseline; none where there is no baseline."""
    return next((record.choices for record in records if record.baseline), {})


def widest(found: Sequence[Ceiling]) -> str:
    """The measure that scored most images; the first of equals."""
    return max(measures(found), key=lambda label: max(one.images for one in found if one.measure == label))


def _ceiling(record: Record, varied: Mapping[str, set[str]]) -> Ceiling:
    assert record.outcome is not None
    spec = _spec(record)
    use, channels = str(spec.get("use", "?")), spec.get("channels")
    traits = [_trait(name, spec[name]) for name in sorted(varied[use]) if name in spec]
    others = [label for field, label in record.choices.items() if not _is_own(field)]
    family = ", ".join([NAMES.get(use, use), *filter(None, traits), *others])
    images = int(record.facts.get("images", 0))
    stride = int(record.reads[STRIDE])
    return Ceiling(
        record,
        stride,
        family,
        None if channels is None else int(channels),
        record.outcome.value("miou"),
        images,
        record.outcome.value("code_bits"),
    )


def _spec(record: Record) -> dict[str, Any]:
    spec = record.reads.get("upsampler", {})
    return {"use": spec} if isinstance(spec, str) else flat(spec)


def _varied_settings(records: Iterable[Record]) -> dict[str, set[str]]:
    seen: dict[str, dict[str, set[str]]] = {}
    for record in records:
        spec = _spec(record)
        settings = seen.setdefault(str(spec.get("use", "?")), {})
        for name, value in spec.items():
            settings.setdefault(name, set()).add(plain(value))
    return {
        use: {name for name, values in settings.items() if len(values) > 1 and name not in LENGTHS}
        for use, settings in seen.items()
    }


def _trait(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return name if value else ""
    return f"{name} {plain(value)}"


def _is_own(field: str) -> bool:
    return field.endswith(STRIDE) or field.startswith("model.upsampler")


def _of_model(choices: Mapping[str, str]) -> dict[str, str]:
    """Without the output stride, and without what the model was given."""
    return {
        field: label
        for field, label in choices.items()
        if not field.endswith(STRIDE) and field.split(".")[0] not in GIVEN
    }

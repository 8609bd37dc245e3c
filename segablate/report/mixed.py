"""What was not the same for all numbers of a measure, though they are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from segablate.report.data import Record

# what of a machine is code, and not the machine
CODE = ("numpy", "python", "scipy", "torch", "segablate", "cuda", "cudnn", "driver", "onnxruntime")
THREADS = "threads"


def mixed_code(records: Sequence[Record]) -> dict[str, dict[str, list[str]]]:
    """Measure → package → its versions, of those that had several."""
    found: dict[str, dict[str, list[str]]] = {}
    for measure, machines in _machines(records).items():
        several = {name: values for name in CODE if len(values := _values(machines, name)) > 1}
        if several:
            found[measure] = several
    return found


def mixed_threads(records: Sequence[Record]) -> dict[str, list[str]]:
    """Measure → numbers of threads, of those whose last digits depend on it and that had several."""
    sensitive = [one for one in records if one.outcome and one.outcome.thread_sensitive]
    counts = {name: _values(machines, THREADS) for name, machines in _machines(sensitive).items()}
    return {measure: values for measure, values in counts.items() if len(values) > 1}


def hardware(machine: Mapping[str, Any]) -> dict[str, Any]:
    """What of a machine is neither code nor a choice."""
    return {name: value for name, value in machine.items() if name not in (*CODE, THREADS)}


def _machines(records: Sequence[Record]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in records:
        if one.outcome and one.done:
            found.setdefault(one.measure, []).append(one.outcome.machine)
    return found


def _values(machines: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    return sorted({str(machine[name]) for machine in machines if name in machine})

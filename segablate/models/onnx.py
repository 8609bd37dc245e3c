"""A network as an ONNX program, for runtimes that do without torch."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from segablate.disk import staged, told
from segablate.errors import SegablateError

NEEDED = ("onnx", "onnxscript", "onnxruntime")
# share of labels or scores: rounding decides ties, and where a maximum lies that a value is put back to
LEAST_AGREEMENT = 0.999
# of a score, relative to the largest
MOST_DIFFERENCE = 1e-3


def check_packages(who: str, field: str | None = None) -> None:
    """Refuse to begin without the packages that are needed.

    Args:
        who: what needs them, as a message begins.
        field: the setting at fault.

    Raises:
        SegablateError: one is missing.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SegablateError(
            f"{who} needs {' and '.join(f'`{name}`' for name in missing)}",
            hint="pip install -e '.[onnx]'",
            field=field,
        )


def program(module: nn.Module, example: Tensor) -> bytes:
    """The module for inputs of the example's size, as the bytes of an ONNX file.

    Args:
        module: anything that takes one tensor and gives one.
        example: an input.
    """
    with _silence():
        made = torch.onnx.export(module.eval(), (example.contiguous(),), dynamo=True, verbose=False)
        assert made is not None  # it is None only for the exporter that dynamo replaces
    found: bytes = made.model_proto.SerializeToString()
    return found


def export(module: nn.Module, images: Sequence[Tensor], path: Path) -> None:
    """Write an ONNX file that ONNX Runtime answers as the module does.

    Args:
        module: from an image to scores (batch, classes, h, w) or labels (batch, h, w).
        images: what it is tried on, all of one size, which is the program's.
        path: the file.

    Raises:
        SegablateError: a package is missing, or ONNX Runtime answers otherwise; then there is no file.
    """
    check_packages("an export to ONNX")
    import onnxruntime

    made = program(module, images[0])
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    for image in images:
        with torch.no_grad():
            expected = module(image).numpy()
        (answer,) = session.run(None, {source.name: image.numpy()})
        if not _agree(expected, answer):
            raise SegablateError(
                "ONNX Runtime does not answer as torch does, and nothing was written",
                hint="another version of `onnxruntime` or `torch` may",
            )
    with told(path, "PATH"), staged(path) as file:
        file.write(made)


def _agree(expected: np.ndarray, answer: np.ndarray) -> bool:
    if expected.shape != answer.shape:
        return False
    same = expected == answer
    if np.issubdtype(expected.dtype, np.floating):
        same = np.abs(expected - answer) <= MOST_DIFFERENCE * np.abs(expected).max()
    return float(same.mean()) >= LEAST_AGREEMENT


@contextmanager
def _silence() -> Iterator[None]:
    # the exporter warns and logs of its own inner workings
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)

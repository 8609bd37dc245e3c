"""A network as an ONNX program, for runtimes that do without torch."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from segablate.disk import staged, write_errors
from segablate.errors import SegablateError

NEEDED = ("onnx", "onnxscript", "onnxruntime")
# share of labels or scores: rounding decides ties, and where a maximum lies that a value is put back to
LEAST_AGREEMENT = 0.999
# of a score, relative to the largest
MOST_DIFFERENCE = 1e-3
# of what ONNX Runtime logs: what it cannot do is an exception too
FATAL = 4

Size: TypeAlias = tuple[int, int]


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


def program(module: nn.Module, example: Tensor, *, any_size: bool = False) -> bytes:
    """The module for inputs of the example's size, as the bytes of an ONNX file.

    Args:
        module: anything that takes one tensor and gives one.
        example: an input.
        any_size: for any height and width, where the module bears it; where it does not, some operators
            keep the example's, which only another size shows.
    """
    free = ({2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO},) if any_size else None
    with _silence():
        made = torch.onnx.export(
            module.eval(), (example.contiguous(),), dynamo=True, verbose=False, dynamic_shapes=free
        )
        assert made is not None  # it is None only for the exporter that dynamo replaces
    content: bytes = made.model_proto.SerializeToString()
    return content


def export(module: nn.Module, images: Sequence[Tensor], path: Path) -> dict[Path, list[Size]]:
    """Write an ONNX file that ONNX Runtime answers as the module does, at each size that it is tried on.

    Where the images have several sizes and one program does not bear them all, there is a file for each size,
    `net-512x1024.onnx`.

    Args:
        module: from an image to scores (batch, classes, h, w) or labels (batch, h, w).
        images: what it is tried on.
        path: the file.

    Returns:
        Files and the sizes that each was tried on.

    Raises:
        SegablateError: a package is missing, or ONNX Runtime answers otherwise; then there is no file.
    """
    check_packages("an export to ONNX")
    sizes: dict[Size, list[Tensor]] = {}
    for image in images:
        sizes.setdefault((image.shape[-2], image.shape[-1]), []).append(image)
    made = _of_any_size(module, images) if len(sizes) > 1 else None
    if made is not None:
        programs, tried = {path: made}, {path: list(sizes)}
    else:
        names = dict.fromkeys(sizes, path)
        if len(sizes) > 1:
            names = {size: path.with_stem(f"{path.stem}-{size[0]}x{size[1]}") for size in sizes}
        programs = {names[size]: program(module, own[0]) for size, own in sizes.items()}
        tried = {names[size]: [size] for size in sizes}
        for size, own in sizes.items():
            if not _answers(programs[names[size]], module, own):
                raise SegablateError(
                    f"ONNX Runtime does not answer as torch does at {size[0]}×{size[1]}; nothing was written",
                    hint="another version of `onnxruntime` or `torch` may",
                )
    for place, written in programs.items():
        with write_errors(place, "PATH"), staged(place) as file:
            file.write(written)
    return tried


def _of_any_size(module: nn.Module, images: Sequence[Tensor]) -> bytes | None:
    """One program that answers all images as the module does; None where there is none."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    try:
        made = program(module, images[0], any_size=True)
        return made if _answers(made, module, images) else None
    # what the tracer cannot do, and what the runtime cannot with sides that the tracer took for constants
    except (torch.onnx.OnnxExporterError, runtime.InvalidArgument, runtime.Fail, runtime.RuntimeException):
        return None


def _answers(made: bytes, module: nn.Module, images: Sequence[Tensor]) -> bool:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL
    session = onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    for image in images:
        with torch.no_grad():
            expected = module(image).numpy()
        (answer,) = session.run(None, {source.name: image.numpy()})
        if not _agree(expected, answer):
            return False
    return True


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

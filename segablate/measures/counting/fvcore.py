"""fvcore's count of the same network: a pass on real numbers, recorded with TorchScript."""

from __future__ import annotations

import warnings

import torch

from segablate.measures.counting.count import enough_memory, without_heads
from segablate.measures.counting.formulas import MULTIPLY_ADDS
from segablate.models.assemble import assemble, needed_fit
from segablate.models.complete import Config
from segablate.models.upsamplers.base import Subspace


def multiply_adds(
    model: Config, classes: int, size: tuple[int, int], *, batch: int = 1, allow_external: bool = False
) -> dict[str, int]:
    """Multiply-adds of convolutions and matrix products as fvcore counts them.

    Args:
        model: what a study says under `model`; weights make no difference and are not read.
        classes: number of classes.
        size: height and width of the image.
        batch: number of images.
        allow_external: whether code from outside may be run.

    Returns:
        A number for each module by its path; "" is the network.

    Raises:
        SegablateError: see `assemble`; or there is not enough memory, for it is computed.
    """
    bare = {name: value for name, value in model.items() if name != "weights"}
    fit = needed_fit(bare, classes)
    subspace = Subspace.placeholder(classes, fit.stride, fit.channels) if fit else None
    with torch.random.fork_rng(devices=[]):
        network = assemble(bare, classes, subspace=subspace, allow_external=allow_external)
    with torch.no_grad(), warnings.catch_warnings():
        # TorchScript is on its way out, and says so
        warnings.simplefilter("ignore")
        from fvcore.nn import FlopCountAnalysis  # it takes half a second to import

        with enough_memory((batch, 3, *size), classes):
            analysis = FlopCountAnalysis(without_heads(network).eval(), torch.zeros(batch, 3, *size))
            analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
            counts = analysis.by_module_and_operator()
    return {name: sum(int(count[operator]) for operator in MULTIPLY_ADDS) for name, count in counts.items()}

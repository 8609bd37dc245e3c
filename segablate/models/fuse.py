"""The deployment form of a network: the same answers from fewer layers.

        conv ── batch norm            ──►  conv
        1×1 conv ── W ── ÷ T          ──►  1×1 conv, straight to the restored patch

A batch norm at rest is a scale and a shift per channel, and so is part of the convolution before it.
DUpsampling is a 1×1 convolution and a temperature, and nothing stands between it and the decoder's last 1×1
convolution. That second step saves a layer but not operations: with 256 channels before a code of 64 the
product has about four times as many multiply-adds as its two factors, so it may be left out.
"""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from segablate.models.segmenter import Segmenter
from segablate.models.upsamplers.dupsampling import DUpsampling


def fuse(network: Segmenter, *, upsampler: bool = True) -> Segmenter:
    """A copy for inference: batch norms folded away, auxiliary heads dropped.

    Args:
        network: any network of ours; it is left as it is.
        upsampler: fold DUpsampling's W into the decoder's last convolution too.

    Returns:
        A network that gives the same scores up to rounding, and is not fit for training.
    """
    fused = copy.deepcopy(network).eval().requires_grad_(False).without_auxiliary()
    for module in list(fused.modules()):
        _fold_norms(module)
    last = fused.decoder.last_convolution
    if upsampler and last is not None and isinstance(fused.upsampler, DUpsampling):
        _fold_upsampler(fused, last, fused.upsampler)
    return fused


def _fold_norms(module: nn.Module) -> None:
    # every module of ours registers a batch norm right after the convolution whose output it takes
    children = list(module.named_children())
    for (before, conv), (name, norm) in pairwise(children):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(module, before, fuse_conv_bn_eval(conv, norm))
            setattr(module, name, nn.Identity())


@torch.no_grad()
def _fold_upsampler(network: Segmenter, inner: nn.Conv2d, upsampler: DUpsampling) -> None:
    outer = upsampler.project
    temperature = 1.0 if upsampler.temperature is None else upsampler.temperature
    weight = outer.weight.flatten(1) @ inner.weight.flatten(1) / temperature
    shift = torch.zeros_like(outer.weight[:, 0, 0, 0])
    if inner.bias is not None:
        shift = shift + outer.weight.flatten(1) @ inner.bias
    if outer.bias is not None:
        shift = shift + outer.bias
    network.decoder.classify = _point(weight, shift / temperature)
    # a cast, because an identity takes the convolution's place and is called like it
    upsampler.project = cast(nn.Conv2d, nn.Identity())
    upsampler.temperature = None


def _point(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    outputs, inputs = weight.shape
    conv = nn.Conv2d(inputs, outputs, 1).to(weight.device, weight.dtype)
    conv.weight.copy_(weight[:, :, None, None])
    conv.bias = nn.Parameter(bias)
    return conv.requires_grad_(False).eval()

"""Every network learns: on two images its loss falls within a few steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from segablate.models.assemble import assemble, needed_fit
from segablate.models.networks.base import networks
from segablate.models.upsamplers.base import Subspace

CLASSES = 3
STEPS = 6
RATE = 1e-3

# one of each family of networks; the others take the same parts
OFTEN = frozenset(
    {
        *("attanet-light", "bisenetv2", "enet", "espnetv2", "fasterseg", "icnet", "pp-liteseg-t"),
    }
)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.exhaustive) for name in networks.names()],
)
def test_the_loss_falls_on_two_images(name: str) -> None:
    torch.manual_seed(0)
    fit, subspace = needed_fit({"use": name}, CLASSES), None
    if fit is not None:
        basis = np.linalg.qr(np.random.default_rng(0).normal(size=(fit.stride**2 * CLASSES, fit.channels)))[0]
        subspace = Subspace(basis.astype(np.float32))
    network = assemble({"use": name}, CLASSES, subspace=subspace).train()
    side = 2 * network.encoder.smallest
    # half of each image is of one class, and brighter for it
    labels = torch.zeros(2, side, side, dtype=torch.long)
    labels[0, :, side // 2 :], labels[1, side // 2 :] = 1, 2
    images = torch.randn(2, 3, side, side) + labels[:, None]
    optimiser = torch.optim.Adam((p for p in network.parameters() if p.requires_grad), lr=RATE)
    losses = []
    for _ in range(STEPS):
        scores, heads = network.with_auxiliary(images)
        loss = F.cross_entropy(scores, labels)
        losses.append(float(loss.detach()))
        wide = [head for head in heads.values() if head.shape[1] == CLASSES]
        total = loss + sum(F.cross_entropy(head, labels) for head in wide)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]

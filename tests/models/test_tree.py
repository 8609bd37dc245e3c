"""A network drawn as a tree of parts."""

from __future__ import annotations

import pytest

from segablate.models.assemble import planned
from segablate.models.networks.base import networks
from segablate.models.tree import draw, tree


def test_the_parts_are_there_with_what_they_give() -> None:
    root = tree(planned({"use": "pp-liteseg-t"}, 19), (512, 1024), name="pp-liteseg-t")
    parts = {part.name: part for part in root.children}
    assert list(parts) == ["encoder", "context", "decoder", "upsampler", "auxiliary"]
    assert parts["encoder"].gives == {"x8": (256, 64, 128), "x16": (512, 32, 64), "x32": (1024, 16, 32)}
    assert parts["context"].gives == {"": (128, 16, 32)}
    assert parts["upsampler"].gives == {"": (19, 512, 1024)}
    assert root.parameters == 8_141_600


@pytest.mark.shapes
@pytest.mark.parametrize("name", networks.names())
def test_every_network_can_be_drawn(name: str) -> None:
    lines = draw(tree(planned({"use": name}, 19), (65, 97), name=name, depth=1))
    assert lines[0].startswith(name)
    assert lines[0].endswith("19×65×97")
    assert [line.split()[1] for line in lines[1:5]] == ["encoder", "context", "decoder", "upsampler"]

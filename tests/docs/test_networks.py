"""docs/networks.md says what there is, and how large it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from segablate.models.assemble import planned
from segablate.models.encoders.base import encoders
from segablate.models.networks.base import networks

PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
ROWS = {
    row.split("`")[1]: [cell.strip() for cell in row.split("|")[2:-1]]
    for row in PAGE.split("\n")
    if row.startswith("| `")
}


def test_every_network_has_its_row_and_no_other() -> None:
    assert sorted(ROWS) == networks.names()


@pytest.mark.shapes
@pytest.mark.parametrize("name", networks.names())
def test_a_row_tells_the_paper_and_the_parameters(name: str) -> None:
    paper, millions, _ = ROWS[name]
    assert paper == networks.part(name).paper
    network = planned({"use": name}, 19).without_auxiliary()
    assert millions == f"{sum(value.numel() for value in network.parameters()) / 1e6:.3f}"


def test_what_is_written_for_a_study_is_understood() -> None:
    decoder, encoder = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    model = {"use": "pp-liteseg-t", "decoder": decoder["model.decoder"]}
    assert planned(model, 5).decoder.reads == ("context", "x32", "x16", "x8")
    part, settings = encoders.resolve(encoder["model.encoder"])
    assert (part.name, settings["name"]) == ("timm", "convnext_atto")

"""Networks from outside: refused unless allowed, and told what is off."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.errors import SegablateError
from segablate.models.assemble import assemble, shaped
from segablate.models.complete import bare, complete
from segablate.models.identity import identity


class Toy(nn.Module):
    def __init__(self, classes: int = 4, wrap: Callable[[Tensor], Any] = lambda scores: scores) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, classes, 3, 2, 1)
        self.wrap = wrap

    def forward(self, image: Tensor) -> Any:
        return self.wrap(F.interpolate(self.conv(image), image.shape[2:]))


def toy(classes: int = 4, wrap: str = "plain") -> nn.Module:
    wraps: dict[str, Callable[[Tensor], Any]] = {
        "plain": lambda scores: scores,
        "mapping": lambda scores: {"aux": 0, "out": scores},
        "sequence": lambda scores: [scores, scores],
        "object": lambda scores: SimpleNamespace(logits=scores),
        "nothing": lambda scores: {"else": scores},
        "small": lambda scores: scores[..., ::2, ::2],
        "flat": lambda scores: scores.mean((2, 3)),
        "nan": lambda scores: scores / 0 * 0,
        "fails": lambda scores: scores + torch.zeros(7, 7),
    }
    return Toy(classes, wraps[wrap])


def not_a_module() -> int:
    return 3


@pytest.fixture(autouse=True)
def importable() -> Iterator[None]:
    sys.modules["toy_factories"] = sys.modules[__name__]
    yield
    del sys.modules["toy_factories"]


def model(function: str = "toy", **settings: Any) -> dict[str, Any]:
    return {"use": "external", "factory": f"toy_factories:{function}", "settings": settings}


def refused(given: dict[str, Any]) -> SegablateError:
    with pytest.raises(SegablateError) as caught:
        assemble(given, 4, allow_external=True)
    return caught.value


@pytest.mark.parametrize("wrap", ["plain", "mapping", "sequence", "object"])
def test_scores_are_found_however_they_are_wrapped(wrap: str) -> None:
    network = assemble(model(wrap=wrap), 4, allow_external=True)
    assert network(torch.randn(1, 3, 32, 40)).shape == (1, 4, 32, 40)


def test_code_from_outside_is_not_even_imported_unless_allowed(tmp_path: Path) -> None:
    with pytest.raises(SegablateError, match="not run unless you allow it"):
        assemble({"use": "external", "factory": "there_is_no_such_package:make"}, 4)


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"use": "external"}, "`factory` is `None`", "package.module:function"),
        ({"use": "external", "factory": "a:b", "sttings": {}}, "has no `sttings`", "`settings`"),
        ({"use": "external", "factory": "no_such_package:f"}, "cannot be imported", None),
        (model("tyo"), "has no function `tyo`", "`toy`"),
        (model(clases=3), "cannot be called so", None),
        (model("not_a_module"), "returns a `int`", None),
        (model(wrap="nothing"), "no scores are found", "`out`"),
        (model(wrap="small"), "gives 2×4×32×48 scores, but 2×4×64×96 are needed", "enlarge"),
        (model(classes=5), "gives 2×5×64×96 scores", "make it with 4 classes"),
        (model(wrap="flat"), "gives 2×4 scores", "every image, class and pixel"),
        (model(wrap="nan"), "not finite", None),
        (model(wrap="fails"), "fails on a random 2×3×64×96 batch", None),
    ],
)
def test_what_is_off_is_told(given: dict[str, Any], message: str, hint: str | None) -> None:
    error = refused(given)
    assert message in str(error)
    assert hint is None or hint in str(error.hint)


def test_a_completed_external_model_is_what_was_written_and_what_its_code_is() -> None:
    written = model(classes=4, version=2)
    done = complete(written)
    mine = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    assert done == {**written, "version": {"sha256": mine, "package": None}}
    assert bare(done) == written


def test_a_file_is_known_by_its_content_and_is_not_run_to_find_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "outside_package").mkdir()
    (tmp_path / "outside_package/__init__.py").write_text("raise RuntimeError('I was run')")
    (tmp_path / "outside_package/nets.py").write_text("raise RuntimeError('I was run')")
    first = identity("outside_package.nets:make")
    (tmp_path / "outside_package/nets.py").write_text("another")
    assert first["sha256"] != identity("outside_package.nets:make")["sha256"]
    assert first["package"] is None
    assert "outside_package" not in sys.modules


def test_what_pip_installed_is_known_by_its_version_too() -> None:
    found = identity("torch.nn.modules.conv:Conv2d")
    assert found["package"] == f"torch {metadata.version('torch')}"
    assert found["sha256"]


@pytest.mark.parametrize("factory", ["no_such_package:f", "json.decoder.deeper:f", "itertools:count"])
def test_what_has_no_file_has_no_sum(factory: str) -> None:
    assert identity(factory) == {"sha256": None, "package": None}


def test_a_shape_is_had_of_a_model_from_outside_and_the_random_numbers_stay() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    assert {one.device.type for one in shaped(model(), 4, allow_external=True).parameters()} == {"meta"}
    assert torch.rand(1) == expected
    with pytest.raises(SegablateError, match="not run unless"):
        shaped(model(), 4)

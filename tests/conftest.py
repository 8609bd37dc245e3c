"""One thread for every test, and a reason for each test that this machine cannot run."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

# before numpy or torch is imported: two threads beside another busy process are slower than one
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["MPLBACKEND"] = "Agg"

import pytest  # noqa: E402  # not before the lines above
from hypothesis import settings  # noqa: E402  # likewise
from PIL import Image  # noqa: E402  # likewise

# what tests of several folders share
sys.path.insert(0, str(Path(__file__).parent / "helpers"))

# how long an example takes says how busy the machine is
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

# a shell that starts the tests in the background has them ignore Ctrl-C, and what they start inherits that
signal.signal(signal.SIGINT, signal.default_int_handler)


def _missing(marker: str) -> str:
    """Why tests with this marker cannot run here; "" if they can."""
    if marker == "data":
        return "" if os.environ.get("SEGABLATE_DATA") else "$SEGABLATE_DATA is not set"
    if marker == "paddle":
        # an interpreter of its own, because PaddleSeg wants another numpy than we do
        here = importlib.util.find_spec("paddle") is not None or os.environ.get("SEGABLATE_PADDLE")
        return "" if here else "$SEGABLATE_PADDLE names no Python that has PaddleSeg"
    if marker == "timm":
        return "" if importlib.util.find_spec("timm") else "timm is not installed"
    import torch

    return "" if torch.cuda.is_available() else "there is no GPU"


# networks and encoders of 38 to 134 million parameters, of whose parts each is tested by itself
HEAVY = frozenset(
    {
        *(f"{name}-resnet101" for name in ("alignseg", "dfn", "jpu", "pspnet", "refinenet")),
        *(
            f"{name}-resnet50"
            for name in ("alignseg", "deeplabv3", "encnet", "fastfcn", "pspnet", "refinenet")
        ),
        "fcn-8s",
    }
)

# a smaller one of the same family is checked in their place where every part of a kind is
LARGER = frozenset(
    {
        *("attanet-resnet18", "bisenetv1-resnet18", "deeplabv3plus-xception65", "dfanet-a"),
        *("dupsampling-xception65", "fanet-34", "fanet-resnet34", "pp-liteseg-b", "resnet101"),
        *("sfnet-resnet50", "stdc2", "stdc2-seg", "xception65"),
    }
)
EVERY_PART = frozenset({"contracts", "test_counting.py", "test_fuse.py"})


@pytest.hookimpl(tryfirst=True)  # before those are left out that are marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons: dict[str, str] = {}
    for item in items:
        given = getattr(item, "callspec", None)
        known = HEAVY if EVERY_PART.isdisjoint(item.path.parts) else HEAVY | LARGER
        heavy = given is not None and not known.isdisjoint(map(str, given.params.values()))
        if heavy and item.get_closest_marker("shapes") is None:
            item.add_marker(pytest.mark.exhaustive)
        for marker in ("data", "cuda", "paddle", "timm"):
            if item.get_closest_marker(marker) is None:
                continue
            reason = reasons.setdefault(marker, _missing(marker))
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def locks_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests wait for no study in the background nor for those of another core, and none waits for them."""
    os.environ["SEGABLATE_LOCKS"] = str(tmp_path_factory.mktemp("locks"))


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with a file of `tests/golden`; with $UPDATE_GOLDEN set, write the file instead."""

    def same(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return same


@pytest.fixture(scope="session")
def up_to_ties() -> Callable[[Any, Any], None]:
    """Check labels (batch, height, width) against scores: no class may be better by more than rounding."""

    def check(label: Any, scores: Any) -> None:
        assert label.shape == (len(scores), *scores.shape[2:])
        scores = scores.detach()
        top = scores.amax(1)
        lost = top - scores.gather(1, label.long()[:, None])[:, 0]
        assert float((lost / scores.abs().amax(1).clamp(min=1e-30)).max()) <= 1e-5

    return check


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder of label maps."""

    def make(maps: Sequence[Any] | Mapping[str, Any], name: str = "labels") -> Path:
        root = tmp_path / name
        root.mkdir(parents=True)
        named = maps if isinstance(maps, Mapping) else {f"{n:03}": m for n, m in enumerate(maps)}
        for stem, label in named.items():
            Image.fromarray(label).save(root / f"{stem}.png")
        return root

    return make

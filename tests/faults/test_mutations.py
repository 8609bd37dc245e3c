"""Every reader of files, given damaged ones: it reads what is there, or says what is wrong; it never breaks.

Each file is damaged in 200 ways (studies in fewer) that are the same every time: bytes flipped, overwritten,
cut off, doubled, taken out; where it is text of values, also values put in for others of another type.
`make test-all` tries others, and more of them.
"""

from __future__ import annotations

import copy
import functools
import io
import json
import pickle
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from segablate.app.result_sets import result_set
from segablate.datasets.files import read_image, read_labels, size_of
from segablate.datasets.listing import chosen
from segablate.datasets.pack import opened, write_pack
from segablate.disk.archives import pack, unpack
from segablate.disk.lease import Leases
from segablate.errors import SegablateError
from segablate.models.assemble import planned
from segablate.models.weights.load import load_weights
from segablate.models.weights.load import read as read_weights
from segablate.records import SCHEMA, Measurement, Outcome
from segablate.report import matrices
from segablate.report.claims import read_kept
from segablate.report.csv import COLUMNS
from segablate.report.data import read as read_report
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load
from segablate.training import files as checkpoints

MORE = 20  # times as many
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2.5, 10**30, float("nan"), "", "x", "0.5", "\ud800", "a\0b", [], {}, [[]], [1, "x"]),
    *({"use": 3}, {"": None}, {"x": {"x": {}}}, "9" * 5000, "../x", -(10**400)),
)


def bent(content: bytes, chance: random.Random) -> bytes:
    """With bytes flipped, overwritten, cut off, doubled or taken out."""
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 3, 30))):
        at = chance.randrange(len(damaged) + 1)
        end = min(len(damaged), at + chance.choice((1, 4, 100, len(content))))
        match chance.randrange(6):
            case 0:
                damaged[at:end] = bytes(byte ^ 1 << chance.randrange(8) for byte in damaged[at : at + 1])
            case 1:
                damaged[at:end] = chance.randbytes(end - at)
            case 2:
                del damaged[at:]
            case 3:
                damaged[at:at] = damaged[at:end]
            case 4:
                damaged[at:end] = bytes(end - at)
            case 5:
                del damaged[at:end]
    return bytes(damaged)


def swapped(tree: Any, chance: random.Random) -> Any:
    """With one value replaced by one of another type, left out, or under another name."""
    tree = copy.deepcopy(tree)
    holder, name = chance.choice(list(_places(tree)))
    what = chance.randrange(4)
    if what == 0 and isinstance(holder, dict):
        del holder[name]
    elif what == 1 and isinstance(holder, dict):
        holder[chance.choice([n for n in _names(tree) if n not in holder] or ["x"])] = holder.pop(name)
    else:
        holder[name] = copy.deepcopy(chance.choice(VALUES))
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in list(steps):
        yield tree, name
        yield from _places(value)


def _names(tree: Any) -> list[str]:
    return [str(name) for holder, name in _places(tree) if isinstance(holder, dict)]


def of_bytes(content: bytes, chance: random.Random) -> bytes:
    """How a file is damaged that is no text."""
    return bent(content, chance)


def of_values(content: bytes, chance: random.Random) -> bytes:
    """How JSON is damaged, a study in it among them; of JSON lines one of the lines."""
    if chance.random() < 0.3:
        return bent(content, chance)
    lines = content.decode().splitlines()
    at = chance.randrange(len(lines))
    lines[at] = json.dumps(swapped(json.loads(lines[at]), chance))
    return "\n".join(lines).encode()


def of_arrays(content: bytes, chance: random.Random) -> bytes:
    """How an archive is damaged: as bytes, or with another array in the place of one."""
    if chance.random() < 0.5:
        return bent(content, chance)
    with np.load(io.BytesIO(content)) as archive:
        arrays = dict(archive)
    name = chance.choice(sorted(arrays))
    others = (
        np.zeros(()),
        np.zeros((0, 3, 3)),
        np.array(["x"]),
        np.atleast_1d(arrays[name])[:1],
        arrays[name].T,
        -np.ones(3),
    )
    arrays[name] = chance.choice((*others, arrays[name].astype(str), np.full(arrays[name].shape, np.nan)))
    if chance.random() < 0.1:
        del arrays[name]
    return pack(arrays)


@dataclass(frozen=True)
class Case:
    """A kind of file, made once, what reads it, and how often that is tried."""

    name: str
    make: Callable[[Path], None]
    read: Callable[[Path], object]
    damage: Callable[[bytes, random.Random], bytes] = of_bytes
    times: int = 200


OUTCOME = Outcome(
    key="k" * 20,
    status="done",
    reads={"model": {"use": "x", "list": [1, 2]}, "size": [3, 4]},
    measurements=(Measurement("miou", (0.5, 0.25), "c", ("b",)),),
    facts={"per_class_iou": {"0": 0.5, "1": 0.25}, "class_names": ["a", "b"], "images": 2},
    artefacts=("worst.npz",),
    machine={"cpu": "c", "versions": {"numpy": "2"}, "threads": 1},
    use="oracle",
    seeded=False,
)
ROW = {
    "variant": "v",
    "choices": {"model.upsampler": "a"},
    "baseline": True,
    "measure": "oracle",
    "seed": 0,
    "skipped": "",
    "conditions": ["input"],
    "use": "oracle",
}
CLAIM = {
    "text": "a beats b",
    "claimed": {"x": 1},
    "source": "",
    "first_run": "",
    "added_after_results": False,
}
ARRAYS = {
    "confusions": np.arange(18).reshape(2, 3, 3),
    "names": np.array(["a", "b"]),
    "curve": np.linspace(0, 1, 50),
}
STUDY: dict[str, Any] = {
    "name": "study",
    "question": "Is it read?",
    "claims": [{"claim": "DUp beats bilinear", "metric": "miou", "measure": "oracle", "source": "here"}],
    "fixed": {
        "data": {"use": "shapes", "images": 2, "size": [64, 96]},
        "model.encoder": "stdc1",
        "model.output_stride": 32,
        "model.decoder": {
            "use": "fld",
            "channels": [8, 8, 8],
            "fusion": {"use": "uafm", "attention": "spatial"},
        },
        "model.auxiliary": {"x": {"on": "x16", "channels": 8}},
        "recipe": {"use": "probe", "crop": [32, 64], "iterations": 2, "warmup": 1, "batch": 2},
        "input": {"size": [64, 96], "batch": 1},
    },
    "vary": {"model.upsampler": {"bilinear": "bilinear", "DUp": {"use": "dupsampling", "channels": 8}}},
    "design": {"use": "chosen", "sets": [[], ["DUp"]]},
    "skip": [{"when": {"model.upsampler": "DUp", "measure": "latency"}, "because": "it may"}],
    "measure": ["oracle", "complexity", {"use": "latency", "cap": 1}],
    "repeat": 2,
    "margin": {"miou": 0.5},
}


def _outcome(path: Path) -> None:
    path.write_text(OUTCOME.to_json())


def _stored(path: Path) -> None:
    """As the store reads it, and `diff`; what the store sets aside would fill the folder."""
    diffed, store = path.read_bytes(), Store(path.parents[2], tell=lambda message: None)
    list(store.outcomes("oracle"))
    _forget_aside(path)
    path.write_bytes(diffed)
    result_set(str(path.parents[2]))


def _forget_aside(path: Path) -> None:
    for aside in path.parent.glob("*.broken-*"):
        aside.unlink()


def _lease(path: Path) -> None:
    """As a process leaves it that is killed."""
    with Leases().take(path):
        content = path.read_bytes()
    path.write_bytes(content)


def _leased(path: Path) -> None:
    if busy := Leases().holder(path):
        assert busy.who
        assert busy.until


def _rows(path: Path) -> None:
    told = [{**ROW, "variant": name, "outcome": json.loads(OUTCOME.to_json())} for name in ("v", "w")]
    path.write_text("\n".join(json.dumps(row) for row in told))


def _report(path: Path) -> None:
    records = read_report(path.parent)
    assert all(record.state and str(record).encode() for record in records)
    assert len({tuple(sorted(record.choices)) for record in records}) == 1
    result_set(str(path))


def _claims(path: Path) -> None:
    path.write_text(json.dumps({"schema": SCHEMA, "claims": [CLAIM]}))


def _results(path: Path) -> None:
    rows = [f'"v, {n}",yes,oracle,0,done,miou,,0,0.{n},1,2,k,' for n in range(5)]
    path.write_text("\n".join([",".join(COLUMNS), *rows]))


def _study(path: Path) -> None:
    more = [{"use": "accuracy", "minutes": 0}] if path.stem == "training" else []
    path.write_text(json.dumps({**STUDY, "name": path.stem, "measure": [*STUDY["measure"], *more]}))


def _arrays(path: Path) -> None:
    path.write_bytes(pack(ARRAYS))


def _pack(path: Path) -> None:
    write_pack(path, ["a", "b"], [np.arange(12, dtype=np.uint8).reshape(3, 4), np.zeros((5, 6), np.uint8)])


def _pack_read(path: Path) -> None:
    if found := opened(path, None):
        try:
            for number in range(len(found)):
                found[number].sum()
        finally:
            _forget_aside(path)


def _checkpoint(path: Path) -> None:
    net = torch.nn.Linear(2, 2)
    steps = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9).state_dict()
    checkpoints.save(path, {"network": net.state_dict(), "optimiser": steps, "progress": {"iteration": 3}})


def _checkpoint_read(path: Path) -> None:
    try:
        checkpoints.load(path)
    finally:
        _forget_aside(path)


def _weights(path: Path) -> None:
    tensors = {"features.0.conv.weight": torch.zeros(2, 3), "features.2.conv_list.0.x": torch.ones(4)}
    # `.pth` as torch wrote it before it took zip archives
    torch.save(tensors, path, _use_new_zipfile_serialization=path.suffix == ".pt")


def _paddle(path: Path) -> None:
    arrays = {f"features.{n}.bn._mean": np.arange(4, dtype=np.float32) for n in range(3)}
    path.write_bytes(pickle.dumps(arrays, protocol=2))


@functools.cache
def _network() -> torch.nn.Module:
    return planned({"encoder": "stdc1"}, 2)


def _weights_read(path: Path) -> None:
    read_weights(path)
    with suppress(SegablateError):  # for whole files are too small to fit
        load_weights(_network(), path)


def _picture(path: Path) -> None:
    """Of every kind that is read: palette, grey of 1, 8 and 16 bits."""
    values = (np.arange(600).reshape(20, 30) % 5).astype(np.uint8)
    picture = Image.fromarray(values)
    if path.stem == "palette":
        picture.putpalette([7 * n % 256 for n in range(768)])
    elif path.stem == "wide":
        picture = Image.fromarray(values.astype(np.uint16))
    elif path.stem == "bits":
        picture = Image.fromarray(values > 2)
    elif path.stem == "colour":
        picture = picture.convert("RGB")
    options: dict[str, Any] = {".webp": {"lossless": True}, ".tif": {"compression": "tiff_lzw"}}
    picture.save(path, **options.get(path.suffix, {}))


def _picture_read(path: Path) -> None:
    size_of(path)
    with suppress(SegablateError):  # what holds no labels may be an image
        read_labels(path, 5, 255)
    read_image(path)


def _list(path: Path) -> None:
    path.write_text("\n".join(f"picture-{n}" for n in range(5)))


PICTURES = ("palette.png", "grey.png", "wide.png", "bits.png", "grey.tif", "wide.tif", "grey.bmp")
CASES = (
    Case("runs/oracle/k/outcome.json", _outcome, _stored, of_values),
    Case("runs/oracle/k/lease", _lease, _leased, of_values),
    Case("report/outcomes.jsonl", _rows, _report, of_values),
    Case("report/claims.json", _claims, lambda path: read_kept(path.parent), of_values),
    Case("report/results.csv", _results, lambda path: result_set(str(path))),
    # a plan takes longer than a file is read
    Case("study.yaml", _study, lambda path: plan(load(path)), of_values, times=50),
    # whose plan lets a network run, on no numbers
    Case("training.yaml", _study, lambda path: plan(load(path)), of_values, times=5),
    Case("confusion.npz", _arrays, unpack),
    Case("images.npz", _arrays, matrices.of_file, of_arrays),
    Case("images.pack", _pack, _pack_read),
    Case("checkpoint.pt", _checkpoint, _checkpoint_read),
    Case("weights.pt", _weights, _weights_read),
    Case("weights.pth", _weights, _weights_read),
    Case("weights.pdparams", _paddle, _weights_read),
    *(Case(name, _picture, _picture_read) for name in (*PICTURES, "colour.webp", "colour.jpg")),
    Case("list.txt", _list, lambda path: chosen(path, {f"picture-{n}": "x" for n in range(5)})),
)


def _try(case: Case, folder: Path, seeds: range) -> None:
    """Read the file, damaged in each of these ways.

    Raises:
        AssertionError: one breaks its reader.
    """
    path = folder / case.name
    path.parent.mkdir(parents=True, exist_ok=True)
    case.make(path)
    whole = path.read_bytes()
    case.read(path)
    for seed in seeds:
        path.unlink(missing_ok=True)
        path.write_bytes(case.damage(whole, random.Random(seed)))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a library may find a file odd, and read it
                case.read(path)
        except SegablateError:
            pass
        except Exception as error:
            raise AssertionError(f"mutation {seed} of `{case.name}` breaks its reader") from error


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_damaged_file_is_read_or_refused(case: Case, tmp_path: Path) -> None:
    _try(case, tmp_path, range(case.times))


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_so_is_one_that_is_damaged_in_more_ways(case: Case, tmp_path: Path) -> None:
    _try(case, tmp_path, range(case.times, case.times * MORE))

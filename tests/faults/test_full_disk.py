"""A disk that is full is an error with a reason, and leaves nothing behind that keeps it full."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from segablate.datasets.pack import Pack, write_pack
from segablate.disk import sweep
from segablate.errors import SegablateError
from segablate.models.assemble import assemble
from segablate.models.segmenter import Segmenter
from segablate.training import files
from segablate.training.features import Features

ROOM = 1 << 20
SIZES = [(256, 256)] * 4


@contextmanager
def _limited() -> Iterator[None]:
    """No file of this process may grow beyond `ROOM`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of `ROOM` bytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _features(folder: Path) -> Features:
    torch.manual_seed(0)
    made = assemble({"encoder": "efficientnet-lite0", "output_stride": 16}, 3)
    assert isinstance(made, Segmenter)

    @contextmanager
    def silent(what: str, total: int) -> Iterator[Callable[[int], None]]:
        yield lambda done: None

    def picture(number: int) -> Tensor:
        return torch.zeros(3, *SIZES[number])

    return Features(folder, made.encoder, ["x2"], SIZES, picture, "cpu", silent)


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_features_that_find_no_room_are_an_error_and_leave_nothing(small: Path) -> None:
    with pytest.raises(SegablateError, match="cannot be written: no space left on device") as caught:
        _features(small)
    assert caught.value.hint == "make room and run it again: what was finished is kept"
    assert _left(small) == []


def test_a_checkpoint_that_finds_no_room_is_an_error_and_leaves_the_one_before(small: Path) -> None:
    path = small / "checkpoint.pt"
    files.save(path, {"step": 1})
    with pytest.raises(SegablateError, match="cannot be written: no space left on device") as caught:
        files.save(path, {"weights": torch.zeros(ROOM)})
    assert caught.value.where == str(path)
    assert _left(small) == ["checkpoint.pt"]
    assert files.load(path) == {"step": 1}


@pytest.mark.parametrize("kind", ["features", "checkpoint", "pack"])
def test_a_file_that_may_not_grow_is_an_error_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    write: dict[str, Callable[[], object]] = {
        "features": lambda: _features(tmp_path),
        "checkpoint": lambda: files.save(tmp_path / "x.pt", {"weights": torch.zeros(ROOM)}),
        "pack": lambda: write_pack(tmp_path / "x.pack", ["a"], [np.zeros((2, ROOM), np.uint8)]),
    }
    with _limited(), pytest.raises((SegablateError, OSError), match=r"(?i)file too large"):
        write[kind]()
    assert _left(tmp_path) == []


def test_a_pack_holds_its_room_before_it_is_mapped(tmp_path: Path) -> None:
    write_pack(tmp_path / "x.pack", ["a"], [np.zeros((2, ROOM), np.uint8)])
    status = (tmp_path / "x.pack").stat()
    assert status.st_blocks * 512 >= status.st_size  # no holes that could want room when they are written
    assert Pack(tmp_path / "x.pack")[0].shape == (2, ROOM)


SAVE = """
import sys
import time
from pathlib import Path

import torch

from segablate.training import files

path = Path(sys.argv[1])
plain = torch.save
def slowly(content, file):
    plain(content, file)
    file.flush()
    print("here", flush=True)
    time.sleep(100)
torch.save = slowly
files.save(path, {"weights": torch.zeros(1000)})
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_a_killed_process_left_is_swept_by_who_holds_the_folder_next(
    tmp_path: Path, number: signal.Signals
) -> None:
    script = [sys.executable, "-c", SAVE, str(tmp_path / "checkpoint.pt")]
    process = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.send_signal(number)
    process.communicate(timeout=60)
    assert len(_left(tmp_path)) == (0 if number == signal.SIGINT else 1)
    sweep(tmp_path)
    assert _left(tmp_path) == []

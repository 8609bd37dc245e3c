"""The machine: described without its name, and looked at before measuring."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from segablate.errors import SegablateError
from segablate.run import machine


def test_the_description_is_json_and_does_not_name_the_host() -> None:
    told = json.dumps(machine.describe())
    assert {"cpu", "cores", "memory_gb", "os", "python", "numpy"} <= set(machine.describe())
    assert socket.gethostname() not in told


def test_describing_and_picking_a_device_does_not_import_torch() -> None:
    code = (
        "import sys; from pathlib import Path; from segablate.run import machine, execute;"
        "machine.describe(); machine.checks(Path('.')); machine.pick_device('cpu');"
        "print('torch' in sys.modules, 'pandas' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False False"


def test_the_checks_look_at_a_store_that_is_not_there_yet(tmp_path: Path) -> None:
    found = {check.name: check for check in machine.checks(tmp_path / "a" / "b")}
    assert {"cores", "load", "memory", "disk"} <= set(found)
    assert not (tmp_path / "a").exists()


def test_more_threads_than_cores_are_doubted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4096")
    found = {check.name: check for check in machine.checks(tmp_path)}
    assert found["OMP_NUM_THREADS"].fitness == "doubt"
    assert str(machine.cores()) in found["OMP_NUM_THREADS"].hint


def test_a_busy_machine_is_doubted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (100.0, 1.0, 1.0))
    found = {check.name: check for check in machine.checks(tmp_path)}
    assert (found["load"].fitness, found["load"].value) == ("doubt", "100.00 over the last minute")


def test_torch_is_looked_at_when_asked_for(tmp_path: Path) -> None:
    names = [check.name for check in machine.checks(tmp_path, ask_torch=True)]
    assert {"torch", "gpu"} <= set(names)


def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.exists", lambda path: False)
    assert machine.pick_device("auto") == "cpu"
    with pytest.raises(SegablateError, match="there is no CUDA device here"):
        machine.pick_device("cuda")

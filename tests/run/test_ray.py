"""Ray on a cluster of nodes that are processes of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from segablate.errors import SegablateError
from segablate.measures.base import Needs
from segablate.run.execute import execute
from segablate.run.executors import ray as ours
from segablate.run.executors import remote
from segablate.run.plan import Plan
from segablate.run.provenance import Provenance
from segablate.run.store import Store
from segablate.run.work import Job

Planned = Callable[..., Plan]
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
# its raylets need a quiet machine to start within the seconds that Ray gives them
on_a_cluster = pytest.mark.exhaustive
# nothing is sent, nothing listens to other machines, and what starts slowly on a busy machine is waited for
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_raylet_start_wait_time_s": "60",
    "RAY_agent_register_timeout_ms": "200000",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
DRIVER = """
import sys
from pathlib import Path
import fake_measures
from segablate.run.execute import execute
from segablate.run.executors import remote
from segablate.run.plan import plan
from segablate.run.store import Store
from segablate.study.load import load

remote.CARRIED = ("SEGABLATE_", "FAKE_")
path = Path(sys.argv[1])
execute(plan(load(path)), Store(path.parent / "runs"), executor="ray")
"""


def _node() -> dict[str, Any]:
    """Settings of a node: a raylet that has its ports waits for no file in which they are written."""
    found = {}
    for name in PORTS:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found[name] = probe.getsockname()[1]
    return {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 80 << 20, **found}


def _started(cluster: Any) -> Any:
    try:
        made = cluster(initialize_head=True, head_node_args={**_node(), "include_dashboard": False})
        made.add_node(**_node())
    except Exception as error:  # Ray gives its agents 15 seconds, which nothing changes
        pytest.skip(f"this machine is too busy for Ray to start: {error}")
    return made


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one core each, to which the tests are connected."""
    with pytest.MonkeyPatch.context() as patched, TemporaryDirectory(prefix="ry") as folder:
        for name, value in {**ENVIRONMENT, "RAY_TMPDIR": folder}.items():
            patched.setenv(name, value)
        (Path(folder) / "ray").mkdir()
        import ray
        from ray.cluster_utils import Cluster

        # read from the environment when ray was imported, which may have been before
        patched.setattr("ray._private.ray_constants.ENABLE_RAY_CLUSTER", False)
        made = _started(Cluster)
        ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
        yield made
        ray.shutdown()
        made.shutdown()


@pytest.fixture(autouse=True)
def carried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CARRIED", ("SEGABLATE_", "FAKE_"))


def _when(true: Callable[[], object], then: Callable[[], object]) -> None:
    """Do something as soon as something is true, while the test goes on."""

    def wait() -> None:
        while not true():
            time.sleep(0.02)
        then()

    threading.Thread(target=wait, daemon=True).start()


@on_a_cluster
def test_every_cell_is_done_once_one_whose_task_is_killed_fails_and_the_rest_go_on(
    cluster: Any, planned: Planned, store: Store, fakes: ModuleType, told: list[str]
) -> None:
    made = planned("a", "kill", "b", "c", more="use: fake-seeded, alone: true")
    summary = execute(made, store, executor="ray")
    assert (summary.done, summary.failed) == (6, 2)
    assert sorted(fakes.logged()) == ["a", "a", "b", "b", "c", "c", "kill", "kill"]
    reason = "the task was ended from outside before the cell was measured"
    assert {reason for _, reason in summary.failures} == {reason}
    assert told == []
    assert not list(store.root.rglob("lease"))


@on_a_cluster
def test_the_cells_of_a_node_that_dies_begin_again_elsewhere(
    cluster: Any, planned: Planned, store: Store, fakes: ModuleType, told: list[str], tmp_path: Path
) -> None:
    made = planned("wait-1", "wait-2", settings="alone: true")
    node = next(iter(cluster.worker_nodes))

    def die() -> None:
        cluster.remove_node(node, allow_graceful=False)
        (tmp_path / "log.go").touch()

    _when(lambda: len(fakes.logged()) == 2, die)
    summary = execute(made, store, executor="ray")
    # what the task on the dead node still put is found there
    assert summary.done + summary.reused == 2
    assert sorted(set(fakes.logged())) == ["wait-1", "wait-2"]
    assert len(fakes.logged()) == 3
    assert told == ["a node has died: 1 of its cells begin again elsewhere"]
    cluster.add_node(**_node())


@on_a_cluster
def test_a_run_whose_driver_was_killed_goes_on(
    cluster: Any, planned: Planned, store: Store, fakes: ModuleType, tmp_path: Path
) -> None:
    made = planned("a", "wait", settings="alone: true")
    (tmp_path / "driver.py").write_text(DRIVER)
    roots = [str(Path(fakes.__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    driver = subprocess.Popen(
        [sys.executable, str(tmp_path / "driver.py"), str(tmp_path / "s.yaml")],
        env={**os.environ, "RAY_ADDRESS": cluster.address, "PYTHONPATH": os.pathsep.join(roots)},
    )
    while not (store.outcome(made.cells[0]) and "wait" in fakes.logged()):
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    (tmp_path / "log.go").touch()
    summary = execute(made, store, executor="ray")
    assert summary.done + summary.reused == 2
    assert fakes.logged().count("a") == 1


@on_a_cluster
def test_a_node_that_has_not_the_store_is_named_before_anything_runs(
    cluster: Any, planned: Planned, store: Store, fakes: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned("a")
    with monkeypatch.context() as patched:
        patched.setattr(ours, "identity", lambda root: "another")
        with pytest.raises(
            SegablateError, match=r"node `.* \(127.0.0.1\)` does not have this store"
        ) as caught:
            execute(made, store, executor="ray")
    assert caught.value.where == str(store.root)
    monkeypatch.setattr(ours, "provenance", lambda: Provenance("9", None, None))
    with pytest.raises(SegablateError, match=r"has segablate 0\..*, and this is 9"):
        execute(made, store, executor="ray")
    assert fakes.logged() == []


class _Absent:
    """A Ray that reaches no cluster."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def is_initialized(self) -> bool:
        return False

    def init(self, **_: object) -> None:
        raise self.error

    def shutdown(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ConnectionError("no"), "no cluster of Ray answers at `1.2.3.4:6379`"),
        (
            RuntimeError("Version mismatch: Ray: 2.9"),
            "the cluster at `1.2.3.4:6379` has other versions: Version mismatch: Ray: 2.9",
        ),
    ],
)
def test_a_cluster_that_does_not_answer_or_is_of_another_version_is_told(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "1.2.3.4:6379")
    monkeypatch.setattr(ours, "_library", lambda: _Absent(error))
    with pytest.raises(SegablateError) as caught:
        execute(planned("a"), store, executor="ray")
    assert caught.value.message == message


def test_without_the_extra_its_name_is_told(
    planned: Planned, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SegablateError) as caught:
        execute(planned("a"), store, executor="ray")
    assert caught.value.hint == "pip install 'segablate[ray]'"


@pytest.mark.parametrize(
    ("jobs", "per_gpu", "device", "cores", "gpus"),
    [(0, 1, "cpu", 2, 0), (0, 1, "cuda", 2, 1), (2, 4, "cuda", 8, 0.25), (1, 1, "cpu", 16, 0)],
)
def test_a_task_asks_for_what_its_measure_needs_and_a_node_has_no_more_than_its_jobs(
    planned: Planned,
    fakes: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    jobs: int,
    per_gpu: int,
    device: str,
    cores: int,
    gpus: float,
) -> None:
    monkeypatch.setattr(fakes.Fake, "needs", Needs(cores=2, gpu="optional"), raising=False)
    asked: dict[str, Any] = {}
    library = SimpleNamespace(remote=lambda **options: asked.update(options) or (lambda work: work))
    (group,) = planned("a").groups()
    ours.Ray(jobs=jobs, per_gpu=per_gpu)._remote(library, group, Job(Path("runs"), device, {}), 16)
    assert asked == {"num_cpus": cores, "num_gpus": gpus, "max_calls": 1, "max_retries": 0}

"""A cluster of Ray whose nodes are processes of this machine, with one core each.

As a program it is for who cannot have Ray in his own process: it prints the address, loses a node for every
line that it reads, prints that another one has come in its place, and ends with its input.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

# nothing is sent, nothing listens to other machines, and what starts slowly on a busy machine is waited for
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_raylet_start_wait_time_s": "60",
    "RAY_agent_register_timeout_ms": "200000",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def node() -> dict[str, Any]:
    """Settings of a node: a raylet that has its ports waits for no file in which they are written."""
    found = {}
    for name in PORTS:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found[name] = probe.getsockname()[1]
    return {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 80 << 20, **found}


@contextmanager
def cluster() -> Iterator[Any]:
    """A cluster of two nodes; its files are gone with it."""
    with TemporaryDirectory(prefix="ry", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "ray").mkdir()
        with patch.dict(os.environ, {**ENVIRONMENT, "RAY_TMPDIR": folder}):
            from ray.cluster_utils import Cluster

            # read from the environment when ray was imported, which may have been before
            with patch("ray._private.ray_constants.ENABLE_RAY_CLUSTER", False):
                made = Cluster(initialize_head=True, head_node_args={**node(), "include_dashboard": False})
                try:
                    made.add_node(**node())
                    yield made
                finally:
                    made.shutdown()


def kill_node(made: Any) -> None:
    """A node dies, and all that runs on it, as if its plug was pulled."""
    lost = next(iter(made.worker_nodes))
    raylet = lost.all_processes["raylet"][0].process.pid
    workers = [
        pid for path in Path(f"/proc/{raylet}/task").glob("*/children") for pid in path.read_text().split()
    ]
    # they stand still first: a worker outlives its raylet for a moment, in which it may store something
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(int(pid), number)
        if number is signal.SIGSTOP:
            made.remove_node(lost, allow_graceful=False)


if __name__ == "__main__":
    with cluster() as running:
        print(running.address, flush=True)
        for _ in sys.stdin:
            kill_node(running)
            for left in (2, 1, 0):
                try:
                    running.add_node(**node())
                    break
                except Exception:  # Ray gives a node half a minute, which a busy machine may not have
                    if not left:
                        raise
            print("lost", flush=True)

"""The fault campaign: runs are killed, stopped and hindered at random moments, and nothing may go wrong.

    python tests/faults/campaign.py --kills 1000

A round is one store, one study of sleeping cells and one, two or four runs at once. They are struck again
and again at random moments, and begun again when they have ended, until all cells are done. Then it is
counted, over the whole round:

    lost       a finished outcome that is gone, or is other bytes
    doubled    a cell of which two outcomes were put, or that was begun though it was finished, and whose
               outcome was not cut in between
    orphans    a process of a run, or a lease of one, that outlives it
    bitwise    whether every number and array is that of an undisturbed run, bit for bit

The counts go into a JSON file after each round and add up by commit, so that the campaign can be stopped at
any time and goes on. `ray` runs on a cluster of two nodes on this machine, which the campaign starts.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "run" / "fakes"))

import campaign_measure
import fake_cluster

from segablate.disk import locked, staged
from segablate.errors import SegablateError
from segablate.run.execute import Stopped, execute
from segablate.run.executors import remote
from segablate.run.plan import Plan, plan
from segablate.run.store import OUTCOME, Store
from segablate.study.load import load

STUDY = """\
name: s
question: Is anything lost?
fixed: {{model.output_stride: 16}}
vary: {{model.encoder: [{words}]}}
measure: [campaign]
repeat: 2
"""
WORDS = 12  # cells are twice as many
LONGEST = 600.0  # seconds of a round: one that lasts longer on a machine that is busy hangs
GRACE = 120.0  # seconds that what a run has started may outlive it; tasks of SLURM go on by themselves
SETTINGS: dict[str, dict[str, Any]] = {
    "inline": {},
    "processes": {"jobs": 2},
    "slurm": {"settings": {"cluster": "local"}},
    "ray": {},
}
# mean seconds between two strikes: some hit a run that starts, most one whose workers have begun
PAUSES = {"inline": 0.15, "processes": 2.0, "slurm": 3.0, "ray": 4.0}
STOPPED = (0.02, 0.3)  # seconds that a process stands still
# flags of mount(2) and unshare(2)
READ_ONLY, REMOUNT, BIND, PRIVATE, NEW_MOUNTS = 1, 32, 4096, 0x44000, 0x20000
DEADLY = ("SIGKILL", "SIGTERM", "SIGINT", "SIGINT twice", "SIGKILL of a worker", "SIGTERM of a worker")
NODE = "SIGKILL of a node"  # of Ray
CUT = "file cut"
STRIKES = (*DEADLY, "SIGSTOP and SIGCONT", CUT)
HINDRANCES = ("none", "none", "clock", "full disk", "read-only store")
COUNTS = ("rounds", "kills", "lost", "doubled", "orphans", "different")


@dataclass
class Round:
    """What one round came to."""

    executor: str
    runs: int
    strikes: Counter[str] = field(default_factory=Counter)
    hindrances: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    orphans: int = 0
    different: int = 0

    @property
    def kills(self) -> int:
        return sum(number for name, number in self.strikes.items() if name in (*DEADLY, NODE))


@dataclass
class _Run:
    pid: int
    hindrance: str


class Nodes:
    """The nodes of Ray, in a process of their own: who has Ray in his own cannot be forked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._answer()

    def lose(self) -> None:
        """One dies, and another one comes in its place."""
        assert self._process.stdin
        print(file=self._process.stdin, flush=True)
        self._answer()

    def tasks(self) -> list[int]:
        """Processes that work: children of a node, which is one of the process that holds the cluster."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                pid = int(path.parent.name)
                if (
                    path.read_bytes().startswith(b"ray::perform")
                    and _parent(_parent(pid)) == self._process.pid
                ):
                    found.append(pid)
        return found

    def _answer(self) -> str:
        assert self._process.stdout
        if not (answer := self._process.stdout.readline().strip()):
            raise RuntimeError("the cluster of Ray has ended")
        return answer


@contextmanager
def nodes_of_ray() -> Iterator[Nodes]:
    """A cluster for all rounds."""
    command = [sys.executable, fake_cluster.__file__]
    os.environ.update(
        fake_cluster.ENVIRONMENT
    )  # runs that connect must know that it is of this machine alone
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        nodes = Nodes(process)
        os.environ["RAY_ADDRESS"] = nodes.address
        yield nodes


def play(
    folder: Path, executor: str, runs: int, strikes: int, rng: random.Random, nodes: Nodes | None = None
) -> Round:
    """One round.

    Args:
        folder: empty; study, store and log go there.
        executor: of the runs.
        runs: how many at once.
        strikes: how many, before the runs are let alone.
        rng: chooses moments and means.
        nodes: of the cluster, for `ray`.
    """
    os.environ[campaign_measure.LOG] = str(folder / "log")
    made, store = _planned(folder), Store(folder / "runs", lambda message: None)
    told = Round(executor, runs)
    finished: dict[str, bytes] = {}
    begun: list[_Run] = []
    sessions: list[int] = []
    until = time.monotonic() + LONGEST
    try:
        while not _all_done(made, store):
            if time.monotonic() > until:
                raise RuntimeError(f"a round with {executor} hangs:\n{_where(begun, folder)}")
            begun = [run for run in begun if not _ended(run.pid)]
            while len(begun) < runs:
                hindrance = rng.choice(_hindrances()) if strikes > 0 else "none"
                told.hindrances[hindrance] += 1
                begun.append(_begin(made, store.root, executor, hindrance, rng))
                sessions.append(begun[-1].pid)
            time.sleep(rng.expovariate(1 / PAUSES[executor]))
            _watch(made, store, finished, told)
            if strikes > 0:
                name = rng.choice((*STRIKES, NODE) if executor == "ray" else STRIKES)
                if name == CUT:
                    hit = _cut(made, store, finished, rng)
                elif name == NODE:
                    assert nodes
                    nodes.lose()
                    hit = True
                else:
                    hit = _strike(name, rng.choice(begun).pid, rng, nodes)
                if hit:
                    told.strikes[name] += 1
                    strikes -= 1
        for run in begun:
            _wait(run.pid, told)
        told.orphans += _orphans(sessions, nodes) + sum(store.holder(cell) is not None for cell in made.cells)
    finally:
        for session in sessions:
            _end_all(session)
    _watch(made, store, finished, told)
    _count(made, store, told)
    return told


def _planned(folder: Path) -> Plan:
    path = folder / "s.yaml"
    path.write_text(STUDY.format(words=", ".join(f"w{number}" for number in range(WORDS))))
    return plan(load(path))


def _begin(made: Plan, root: Path, executor: str, hindrance: str, rng: random.Random) -> _Run:
    """A run in a process and session of its own: a fork, for it has imported everything already."""
    ahead = rng.uniform(-540, 540)
    pid = os.fork()
    if pid:
        return _Run(pid, hindrance)
    code = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        log = os.open(root.parent / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(log, 1)
        os.dup2(log, 2)
        faulthandler.register(signal.SIGUSR1)
        _hinder(hindrance, root, ahead)
        execute(made, Store(root), executor=executor, **SETTINGS[executor])
        code = 0
    except Stopped:
        code = 130
    except SegablateError as error:
        print(error.render(), flush=True)
        code = 2
    except KeyboardInterrupt:  # a second one, while the first is heeded
        code = 130
    finally:
        os._exit(code)


def _hinder(hindrance: str, root: Path, ahead: float) -> None:
    if hindrance == "clock":
        real = time.time
        time.time = lambda: real() + ahead  # type: ignore[assignment]
    elif hindrance == "full disk":
        # whatever is longer than this finds no room
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
    elif hindrance == "read-only store":
        root.mkdir(exist_ok=True)
        _read_only(root)


def _read_only(folder: Path) -> None:
    """This process and those that it starts cannot write below a folder; others can."""
    system, where = ctypes.CDLL(None), os.fsencode(folder)
    failed = (
        system.unshare(NEW_MOUNTS)
        or system.mount(None, b"/", None, PRIVATE, None)
        or system.mount(where, where, None, BIND, None)
        or system.mount(None, where, None, BIND | REMOUNT | READ_ONLY, None)
    )
    assert not failed, f"{folder} cannot be made read-only"


@cache
def _hindrances() -> tuple[str, ...]:
    """A read-only store takes the rights of root."""
    if pid := os.fork():
        may_mount = os.waitpid(pid, 0)[1] == 0
        return HINDRANCES if may_mount else tuple(name for name in HINDRANCES if name != "read-only store")
    os._exit(ctypes.CDLL(None).unshare(NEW_MOUNTS) != 0)


def _strike(name: str, pid: int, rng: random.Random, nodes: Nodes | None) -> bool:
    """Strike a run, or one of its workers; False if there was nobody to strike."""
    with suppress(ProcessLookupError):
        if name.endswith("of a worker"):
            workers = [one for one in (*_session(pid), *_tasks(nodes)) if one != pid]
            if workers:
                os.kill(rng.choice(workers), getattr(signal, name.split()[0]))
            return bool(workers)
        if name == "SIGSTOP and SIGCONT":
            os.kill(pid, signal.SIGSTOP)
            time.sleep(rng.uniform(*STOPPED))
            os.kill(pid, signal.SIGCONT)
        elif name == "SIGINT twice":
            os.killpg(pid, signal.SIGINT)
            time.sleep(rng.uniform(0, 0.2))
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGINT)
        elif name == "SIGINT":
            os.killpg(pid, signal.SIGINT)
        else:
            os.kill(pid, getattr(signal, name))
        return True
    return False


def _cut(made: Plan, store: Store, finished: dict[str, bytes], rng: random.Random) -> bool:
    """Cut a finished outcome, or else an array that several cells use; False if there is none."""
    cells = [cell for cell in made.cells if cell.key in finished]
    if cells and rng.random() < 0.5:
        cell = rng.choice(cells)
        path = store.folder(cell) / OUTCOME
        # said before: nobody puts what is finished
        campaign_measure.note(f"cut {cell.reads['word']} {cell.seed}")
        del finished[cell.key]
    elif not (path := next((store.root / "cache").glob("*/*.npz"), Path())).is_file():
        return False
    with suppress(FileNotFoundError):
        os.truncate(path, rng.randrange(path.stat().st_size))
    return True


def _where(begun: list[_Run], folder: Path) -> str:
    """Where each run is, as it says itself when it is asked."""
    for run in begun:
        os.kill(run.pid, signal.SIGUSR1)
    time.sleep(1)
    return (folder / "said").read_text()[-5000:]


def _all_done(made: Plan, store: Store) -> bool:
    return all((outcome := store.outcome(cell)) and outcome.status == "done" for cell in made.cells)


def _watch(made: Plan, store: Store, finished: dict[str, bytes], told: Round) -> None:
    """Look whether what was finished is still there, byte for byte, and what is finished by now."""
    for cell in made.cells:
        path = store.folder(cell) / OUTCOME
        content = b""
        with suppress(FileNotFoundError):
            content = path.read_bytes()
        before = finished.get(cell.key)
        if before is not None and content != before:
            told.lost += 1
            del finished[cell.key]
        elif before is None and b'"status": "done"' in content and content.endswith(b"}\n"):  # it is whole
            finished[cell.key] = content
            campaign_measure.note(f"seen {cell.reads['word']} {cell.seed}")


def _count(made: Plan, store: Store, told: Round) -> None:
    lines = campaign_measure.noted()
    puts: Counter[tuple[str, ...]] = Counter()
    seen: set[tuple[str, ...]] = set()
    again: set[tuple[str, ...]] = set()
    for kind, *words in lines:
        cell = tuple(words)
        puts[cell] += kind == "put"
        if kind == "seen":
            seen.add(cell)
        elif kind == "cut":
            seen.discard(cell)
            puts[cell] = 0
        elif puts[cell] > 1 or (kind == "begin" and cell in seen):
            again.add(cell)
    told.doubled += len(again)
    told.different += sum(_content(store, cell) != _UNDISTURBED[cell.key] for cell in made.cells)


def _content(store: Store, cell: Any) -> tuple[object, ...]:
    """What is a cell's own: not the machine, the day and how long it took."""
    outcome = store.outcome(cell)
    assert outcome is not None
    arrays = (store.folder(cell) / "noise.npz").read_bytes()
    return outcome.status, outcome.reads, outcome.measurements, outcome.facts, arrays


_UNDISTURBED: dict[str, tuple[object, ...]] = {}


def undisturbed(folder: Path) -> None:
    """What the study gives if nobody disturbs it."""
    os.environ[campaign_measure.LOG] = str(folder / "log")
    made, store = _planned(folder), Store(folder / "runs")
    execute(made, store)
    _UNDISTURBED.update({cell.key: _content(store, cell) for cell in made.cells})


def _session(session: int) -> list[int]:
    """Processes of a session that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found.append(int(path.parent.name))
    return found


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def _wait(pid: int, told: Round) -> None:
    limit = time.monotonic() + LONGEST
    while not _ended(pid):
        if time.monotonic() > limit:
            told.orphans += 1
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return
        time.sleep(0.02)


def _tasks(nodes: Nodes | None) -> list[int]:
    return nodes.tasks() if nodes else []


def _orphans(sessions: list[int], nodes: Nodes | None) -> int:
    """Processes that outlive the run that has started them."""
    limit = time.monotonic() + GRACE
    while left := len(_tasks(nodes)) + sum(len(_session(session)) for session in sessions):
        if time.monotonic() > limit:
            break
        time.sleep(0.05)
    return left


def _end_all(session: int) -> None:
    for pid in _session(session):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def add(path: Path, told: Round, commit: str) -> None:
    """Add a round to the counts that are kept."""
    kept = json.loads(path.read_text()) if path.exists() else {"by_commit": {}}
    own = kept["by_commit"].setdefault(commit, {}).setdefault(told.executor, {})
    counts = {"rounds": 1, **{name: getattr(told, name) for name in COUNTS[1:]}}
    for name, number in counts.items():
        own[name] = own.get(name, 0) + number
    for name, counter in (("strikes", told.strikes), ("hindrances", told.hindrances)):
        own[name] = dict(sorted((Counter(own.get(name, {})) + counter).items()))
    runs = Counter(own.get("runs_at_once", {})) + Counter({str(told.runs): 1})
    own["runs_at_once"] = dict(sorted(runs.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    with staged(path) as file:
        file.write((json.dumps(_summed(kept["by_commit"]), indent=1) + "\n").encode())


def _summed(by_commit: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The counts over all commits, whole and by executor, before what they are the sums of."""
    by_executor: dict[str, dict[str, Any]] = {}
    for executors in by_commit.values():
        for name, own in executors.items():
            into = by_executor.setdefault(name, {})
            for what, value in own.items():
                if isinstance(value, dict):
                    into[what] = dict(sorted((Counter(into.get(what, {})) + Counter(value)).items()))
                else:
                    into[what] = into.get(what, 0) + value
    for own in by_executor.values():
        own["bitwise"] = own["different"] == 0
    whole = {name: sum(own[name] for own in by_executor.values()) for name in COUNTS}
    bitwise = all(own["bitwise"] for own in by_executor.values())
    return {**whole, "bitwise": bitwise, "by_executor": by_executor, "by_commit": by_commit}


def page(kept: Mapping[str, Any]) -> str:
    """The counts as a page."""
    head = ("executor", *COUNTS)
    rows = [(name, *(f"{own[what]:,}" for what in COUNTS)) for name, own in kept["by_executor"].items()]
    rows.append(("**all**", *(f"**{kept[name]:,}**" for name in COUNTS)))
    strikes: Counter[str] = Counter()
    hindrances: Counter[str] = Counter()
    at_once: Counter[str] = Counter()
    for own in kept["by_executor"].values():
        strikes.update(own["strikes"])
        hindrances.update(own["hindrances"])
        at_once.update(own["runs_at_once"])
    commits = [
        (f"`{commit}`", *(f"{sum(own[what] for own in executors.values()):,}" for what in COUNTS))
        for commit, executors in kept["by_commit"].items()
    ]
    words = {"none": "not hindered", "clock": "with a clock that is up to 9 minutes off"}
    words |= {"full disk": "on a disk that is full", "read-only store": "on a store that it may not write to"}
    return "\n".join(
        [
            "# The fault campaign",
            "",
            "Runs are struck at random moments and begun again until all cells are done; then it is counted.",
            "What is counted is said in `tests/faults/campaign.py`, which made this page:",
            "",
            "```bash",
            "python tests/faults/campaign.py --kills 1000",
            "```",
            "",
            *_table(head, rows),
            "",
            "`different` are cells whose numbers or arrays are not bit for bit those of an undisturbed run.",
            "",
            *_table(("strike", "times"), [(name, f"{number:,}") for name, number in sorted(strikes.items())]),
            "",
            *_table(
                ("runs that were begun", "times"),
                [(words.get(name, name), f"{number:,}") for name, number in sorted(hindrances.items())],
            ),
            "",
            *_table(
                ("runs at once", "rounds"),
                [(name, f"{number:,}") for name, number in sorted(at_once.items())],
            ),
            "",
            *_table(("commit", *COUNTS), commits),
            "",
        ]
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Play rounds until there were as many kills, or for as long, as is asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--kills", type=int, default=1000, help="that are counted in the file in the end")
    options.add_argument("--minutes", type=float, default=1e9, help="after which it stops")
    options.add_argument("--executors", default=",".join(SETTINGS))
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--out", type=Path, default=Path("reports/faults/campaign.json"))
    given = options.parse_args()
    rng = random.Random(given.seed)
    commit = _commit()
    until = time.monotonic() + 60 * given.minutes
    executors = given.executors.split(",")
    remote.CARRIED = (*remote.CARRIED, campaign_measure.LOG)
    with tempfile.TemporaryDirectory(prefix="campaign-") as temporary, ExitStack() as held:
        os.environ["SEGABLATE_LOCKS"] = f"{temporary}/locks"
        (Path(temporary) / "undisturbed").mkdir()
        undisturbed(Path(temporary) / "undisturbed")
        nodes = held.enter_context(nodes_of_ray()) if "ray" in executors else None
        while time.monotonic() < until:
            kept = json.loads(given.out.read_text()) if given.out.exists() else {"by_executor": {}}
            kills = {name: kept["by_executor"].get(name, {}).get("kills", 0) for name in executors}
            if sum(own.get("kills", 0) for own in kept["by_executor"].values()) >= given.kills:
                break
            executor = min(executors, key=lambda name: kills[name])
            with tempfile.TemporaryDirectory(prefix="round-", dir=temporary) as folder:
                told = play(Path(folder), executor, rng.choice((1, 1, 2, 4)), rng.randint(4, 12), rng, nodes)
            with locked(Path(__file__)):  # several campaigns may count into one file
                add(given.out, told, commit)
                given.out.with_name("README.md").write_text(page(json.loads(given.out.read_text())))
            print(
                executor,
                told.runs,
                told.kills,
                told.lost,
                told.doubled,
                told.orphans,
                told.different,
                flush=True,
            )


if __name__ == "__main__":
    main()

"""What `latency` prints, for people and for programs; what a time is is tested with the measure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from segablate.cli.commands import ORDER

PAGE = Path(__file__).parents[2] / "docs/timing.md"
TINY = ("--input", "1x3x64x64", "--cap", "0.01", "--device", "cpu")
SMALL = ("pp-liteseg-t", *TINY)
OUTSIDE = """\
from torch import nn

def one(channels=4):
    return nn.Sequential(nn.Conv2d(3, channels, 1), nn.ReLU(), nn.Conv2d(channels, 19, 1))

def other():
    return one(8)
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Words of a command that times networks so small that it is over as soon as it has begun."""
    (tmp_path / "timed_outside.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return ("latency", "timed_outside:one", "timed_outside:other", *TINY, "--allow-external")


def test_a_program_reads_the_names_of_the_contract(segablate: Callable, outside: tuple[str, ...]) -> None:
    said = segablate(*outside, "--repeat", 2, "--json")
    assert said.code == 0, said.err
    told = said.document
    assert {"schema", "protocol", "machine", "rows"} <= set(told)
    assert [row["model"] for row in told["rows"]] == ["timed_outside:one", "timed_outside:other"]
    for row in told["rows"]:
        assert {"p50_ms", "p95_ms", "p99_ms", "fps", "samples", "flags"} <= set(row)
        assert len(row["samples"]) == sum(row["samples_per_process"])
        assert len(row["samples_per_process"]) == 2
        assert row["interval_ms"][0] < row["interval_ms"][1]
    first, second = told["rows"]
    assert first["against_first"] is None
    assert second["against_first"]["low"] <= second["against_first"]["ratio"]
    assert told["protocol"]["scope"] == "labels"
    assert told["machine"]["device"] == "cpu"


def test_a_person_sees_a_table_and_what_one_process_cannot_tell(
    segablate: Callable, outside: tuple[str, ...]
) -> None:
    said = segablate(*outside, "--repeat", 1)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert re.match(r"timed_outside:one takes [\d.e+]+ ms for an image of 64×64, [\d.]+ a second; ", lines[0])
    assert "timed_outside:other takes" in said.out.partition("\n\n")[0]
    table = lines[lines.index("") + 1 :]
    assert table[0].startswith("CPU: ")
    assert " ".join(said.out.split()).count("1×3×64×64, 19 classes; labels, fp32, eager") == 1
    assert [line.split()[0] for line in table if line.startswith("timed")] == [
        "timed_outside:one", "timed_outside:other",
    ]  # fmt: skip
    assert "one process: how far another would be from it is not known" in said.out


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--precision", "tf32"], "--precision: this CPU does not compute in `tf32`", "use `fp32`"),
        (["--input", "0x3x64x64"], "`--input` is `0x3x64x64`", "write batch"),
        (["--input", "1x3x16x64"], "16×64 is too small for encoder `stdc1`", ""),
        (["--runtime", "tensorrt"], "--runtime: there is no runtime `tensorrt`", ""),
        (["--cap", "0"], "--cap: `cap` is 0", ""),
        (["--set", "decoder.fusion=ad"], "--set decoder.fusion: there is no fusion `ad`", "`add`"),
        (["nowhere:one"], "`nowhere:one` is code from outside", "--allow-external"),
        (["pp-litseg-t"], "there is no network `pp-litseg-t`", "did you mean `pp-liteseg-t`?"),
    ],
)
def test_what_cannot_be_timed_is_one_error(
    arguments: list[str], message: str, hint: str, segablate: Callable
) -> None:
    said = segablate("latency", *SMALL, *arguments)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert hint in said.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
@pytest.mark.parametrize("command", [["latency", "pp-liteseg-t"], ["run", "toy.yaml"], ["doctor"]])
def test_cuda_where_there_is_none_is_one_error(
    command: list[str], segablate: Callable, toy_study: Callable
) -> None:
    toy_study("one")
    said = segablate(*command, "--device", "cuda")
    assert said.code == 2
    assert "there is no CUDA device here" in said.err
    assert "`--device cpu`" in said.err


def test_the_page_on_timing_names_commands_and_options_that_there_are(segablate: Callable) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = [shlex.split(line) for block in blocks for line in block.splitlines()]
    assert {line[1] for line in lines} == {"latency", "run", "doctor"}
    for program, command, *words in lines:
        assert program == "segablate"
        assert command in ORDER
        help_of = segablate(command, "--help").out
        assert all(word in help_of for word in words if word.startswith("--"))
        for word in words:
            assert not word.startswith("studies/") or (PAGE.parents[1] / word).is_file()


def test_the_page_on_timing_has_every_flag_with_its_row() -> None:
    import segablate.measures.timing.flags as there

    source = Path(there.__file__).read_text()
    names = set(re.findall(r'Flag\(\s*"([a-z-]+)"', source))
    assert len(names) == len(there.RULES)
    text = PAGE.read_text()
    assert all(f"| `{name}` |" in text for name in names)

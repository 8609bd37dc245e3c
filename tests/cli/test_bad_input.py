"""Everyday input that cannot be used is told in one message: exit code 2, no traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

STUDY = """\
name: small
question: Is it told?
fixed: {{data: {data}, model.output_stride: 8}}
vary: {{model.upsampler: [bilinear, nearest]}}
measure: [{{use: oracle, encode: project}}]
"""
SHAPES = "{use: shapes, images: 2, size: [32, 32]}"
DIGITS, NAME = "9" * 5000, "x" * 300
ORACLE = "oracle labels --classes 3 --stride 8 --upsampler bilinear"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a study, label maps, and things that cannot be read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEGABLATE_DATA", raising=False)
    Path("small.yaml").write_text(STUDY.format(data=SHAPES))
    Path("loop").symlink_to("loop")
    for name in ("labels", "looped"):
        Path(name).mkdir()
        Image.fromarray(np.zeros((16, 16), np.uint8)).save(f"{name}/a.png")
    Path("looped/b.png").symlink_to("b.png")
    for file in ("store/oracle/abc/outcome.json", "report/data/outcomes.jsonl"):
        Path(file).parent.mkdir(parents=True)
        Path(file).write_bytes(b"\xff\xfe\x00")
    return tmp_path


@pytest.mark.parametrize("data", ["null", "3", "[1]", "true", "{images: 2}", "{use: shapes, 3: 4}"])
def test_data_that_names_no_data_set_is_an_error_with_its_line(
    data: str, folder: Path, segablate: Callable
) -> None:
    Path("small.yaml").write_text(STUDY.format(data=data))
    said = segablate("plan", "small.yaml")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: small.yaml:3: ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("plan small.yaml --set data=", "this data set has no `use`"),
        ("plan small.yaml --set model.upsampler=3", "error: "),
        (f"plan small.yaml --set repeat={DIGITS}", "error: "),
        (f"plan small.yaml --set data.images={DIGITS}", "error: "),
        ("flops pp-liteseg-t --quick --set decoder=", "error: --set decoder: this decoder has no `use`"),
        ("flops pp-liteseg-t --quick --set encoder=[1]", "error: --set encoder: this encoder has no `use`"),
        ("flops pp-liteseg-t --quick --set decoder.fusion=", "error: --set decoder.fusion: "),
        ("flops pp-liteseg-t --quick --set auxiliary.x=3", "error: "),
        ("flops pp-liteseg-t --input 9999999x3x512x512 --check", "not enough memory for 9999999×3×512×512"),
        ("flops pp-liteseg-t --quick --classes 9999999999999", "not enough memory for 1×3×512×1024"),
        (f"flops pp-liteseg-t --quick --input 1x3x{DIGITS}x512", "of at most 9 digits each"),
        (f"latency pp-liteseg-t --input {DIGITS}x3x512x512", "of at most 9 digits each"),
        (
            f"oracle labels --classes 3 --stride {DIGITS} --upsampler bilinear",
            "`--stride` takes whole",
        ),
        (f"{ORACLE} --channels {DIGITS}", "`--channels` takes whole numbers"),
        ("flops : --allow-external", "write `package.module:function`"),
        ("flops :make --allow-external", "write `package.module:function`"),
        ("flops ..evil:make --allow-external", "write `package.module:function`"),
        (ORACLE.replace("labels", "looped"), "error: looped/b.png: too many levels of symbolic links"),
        (ORACLE.replace("labels", NAME), "error: " + NAME + ": file name too long"),
        (ORACLE.replace("labels", "~nobodyhere/x"), "error: ~nobodyhere/x: there is no such folder"),
        (f"{ORACLE} --fit ~nobodyhere/x", "there is no such list file"),
        (f"{ORACLE} --score {NAME}", "file name too long"),
        *((f"{command} small.yaml --store loop", "symbolic links") for command in ("plan", "run", "report")),
        *((f"{command} small.yaml --store {NAME}", "too long") for command in ("plan", "run", "report")),
        (f"report small.yaml --reports {NAME}", "file name too long"),
        ("recommend small.yaml --store loop", "symbolic links"),
        (f"doctor --store {NAME}", "file name too long"),
        *((f"{command} loop", "symbolic links") for command in ("plan", "run", "report", "recommend")),
        ("diff loop loop", "error: loop: "),
        (f"diff {NAME} {NAME}", "file name too long"),
        ("diff store store", "error: store/oracle/abc/outcome.json: this is not text"),
        ("diff report report", "error: report/data/outcomes.jsonl: this is not text"),
        (f"show folder --picture {NAME}/x.png --set root=. --set labels=labels --set classes=3", "error: "),
    ],
)
def test_what_cannot_be_used_is_a_message(line: str, message: str, folder: Path, segablate: Callable) -> None:
    said = segablate(*(word or '""' for word in line.split(" ")))
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_an_outcome_that_is_no_text_is_set_aside(folder: Path, segablate: Callable) -> None:
    assert segablate("run", "small.yaml").code == 0
    (outcome, *_) = Path("runs/oracle").glob("*/outcome.json")
    outcome.write_bytes(b"\xff\xfe\x00")
    said = segablate("run", "small.yaml")
    assert said.code == 0
    assert "this is not text; it is kept as `outcome.json.broken-1`" in said.err

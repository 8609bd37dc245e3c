"""What `flops` prints, for people and for programs; what is counted is tested with the counters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SMALL = ("flops", "pp-liteseg-t", "--input", "1x3x64x96")
OUTSIDE = """\
from torch import nn

def one(channels=4):
    return nn.Sequential(nn.Conv2d(3, channels, 1), nn.ReLU(), nn.Conv2d(channels, 19, 1))
"""


def test_a_program_reads_the_names_of_the_contract(segablate: Callable) -> None:
    said = segablate(*SMALL, "--json")
    told = said.document
    assert (said.code, said.err) == (0, "")
    assert (told["schema"], told["model"], told["input"]) == ("segablate/1", "pp-liteseg-t", [1, 3, 64, 96])
    assert (told["params"], told["trainable_params"]) == (8_028_320, 8_141_600)
    assert told["flops"] == 2 * told["macs"] == told["check"]["torch_flops"]
    assert "GFLOP = 2 × GMAC" in told["convention"]
    assert told["uncounted"] == {}
    assert {"name", "params", "macs"} <= told["modules"][0].keys()
    assert [group["name"] for group in told["groups"]] == ["encoder", "context", "decoder", "upsampler"]


def test_a_person_sees_a_tree_with_both_conventions(segablate: Callable) -> None:
    said = segablate(*SMALL, "--depth", 1)
    answer, *tree = said.out.split("\n\n")
    told = " ".join(answer.split())
    assert told.startswith(
        "pp-liteseg-t needs 0.14 GMAC (0.27 GFLOP) at 1×3×64×96 with 19 classes, and has 8.028"
    )
    assert "its encoder has 67 % of the multiply-adds" in told
    lines = tree[0].splitlines()
    assert lines[0].split()[:3] == ["parameters", "GMAC", "GFLOP"]
    assert [line.split()[1] for line in lines[2:6]] == ["encoder", "context", "decoder", "upsampler"]
    assert "not counted: nothing" in said.out
    assert "2.00 times the multiply-adds: they agree in every module" in said.out


def test_fvcore_is_asked_too_if_it_is_to_be(segablate: Callable) -> None:
    assert "third opinion" not in segablate(*SMALL).out
    said = " ".join(segablate(*SMALL, "--check").out.split())
    assert "third opinion: fvcore counts 0.14 GMAC: they agree in every module" in said
    assert segablate(*SMALL, "--check", "--json").document["check"]["fvcore"]["differences"] == {}


def test_the_quick_count_says_what_it_leaves_out(segablate: Callable) -> None:
    quick, slow = (segablate(*SMALL, "--json", *more).document for more in (["--quick"], []))
    assert (quick["macs"], quick["params"]) == (slow["macs"], slow["params"])
    assert quick["elementwise"] is None
    assert quick["uncounted"]["aten::sigmoid"] == 3
    assert "aten::convolution" not in quick["uncounted"]


def test_a_setting_changes_the_network_or_one_of_its_parts(segablate: Callable) -> None:
    def params(*more: str) -> int:
        return int(segablate(*SMALL, "--quick", "--json", *more).document["params"])

    assert params("--set", "variant=paper") == 6_700_608
    assert params("--set", "decoder.fusion=add") == params("--set", "model.decoder.fusion={use: add}")
    assert params("--set", "decoder.fusion=add") < params()


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["pp-liteseg-x"], "there is no network `pp-liteseg-x`", "did you mean `pp-liteseg"),
        (["pp-liteseg-t", "--input", "512x1024"], "`--input` is `512x1024`", "write batch, channels"),
        (["pp-liteseg-t", "--input", "1x1x64x64"], "`--input` has 1 channels", ""),
        (["pp-liteseg-t", "--input", "1x3x16x64"], "16×64 is too small for encoder `stdc1`", ""),
        (["pp-liteseg-t", "--set", "variant"], "--set variant: this has no `=`", "write `--set key=value`"),
        (
            ["pp-liteseg-t", "--set", "decoder.fusion=ad"],
            "--set decoder.fusion: there is no fusion `ad`",
            "`add`",
        ),
        (["nowhere:one"], "`nowhere:one` is code from outside", "pass `--allow-external`"),
    ],
)
def test_what_cannot_be_counted_is_one_error(
    arguments: list[str], message: str, hint: str, segablate: Callable
) -> None:
    said = segablate("flops", *arguments)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert hint in said.err


def test_a_function_of_one_s_own_is_counted_if_that_is_allowed(
    segablate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counted_outside.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(str(tmp_path))
    line = ("flops", "counted_outside:one", "--allow-external", "--input", "1x3x8x8")
    told = segablate(*line, "--set", "settings.channels=2", "--json").document
    assert told["macs"] == (3 * 2 + 2 * 19) * 64
    assert [group["name"] for group in told["groups"]] == [""]


def test_show_draws_a_network_as_a_tree_with_shapes(segablate: Callable) -> None:
    said = segablate("show", "pp-liteseg-t")
    assert said.code == 0
    assert "x8 256×64×128, x16 512×32×64, x32 1024×16×32" in said.out
    assert "└── auxiliary" in said.out

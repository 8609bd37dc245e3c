"""`report --all`: the claims of all committed reports on one page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path("reports/README.md")
CLAIMS = """\
claims:
  - {claim: three beats one, metric: miou, source: "Table 1: <b>|"}
  - {claim: one beats three, metric: miou, source: Table 2}
  - {claim: one reaches 30.00, metric: miou, source: Table 3}
  - {claim: three reaches 60.00, metric: miou, source: Table 3}
  - {claim: one is no worse than three, metric: miou, source: ours}
cite: arXiv:2204.02681, Table 3
"""


@pytest.fixture
def study(toy_study: Callable[..., Path]) -> Callable[..., Path]:
    def write(name: str, claims: str) -> Path:
        text = toy_study("one", "three").read_text() + claims
        path = Path(f"{name}.yaml")
        path.write_text(text.replace("name: toy", f"name: {name}"))
        return path

    return write


def test_every_claim_stands_under_its_paper_with_its_verdict_and_a_link(
    segablate: Callable, study: Callable
) -> None:
    assert segablate("run", study("a", CLAIMS), "--reports", "reports").code == 0
    said = segablate("report", "--all")
    assert (said.code, said.out) == (0, f"{PAGE}\nreports/index.html\n"), said.err
    text = PAGE.read_text()
    assert text.startswith("# What a paper said, and what holds here\n\n**Of 5 claims, ")
    section = text[text.index("**Peng et al.: PP-LiteSeg") : text.index("**Claims of this project**")]
    rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
    assert "| three beats one in mIoU | Table 1: &lt;b&gt;\\| |" in rows[0]
    assert "**confirmed; exact, these label maps**" in rows[0]
    assert "[a](a/report.md)" in rows[0]
    assert "**refuted; exact, these label maps**" in rows[1]
    # printed values of one table are one line
    assert "one 30.00, three 60.00" in rows[2]
    assert "1 of 2 reproduced and 1 of 2 not reproduced" in rows[2]
    assert len(rows) == 3
    assert "| one is no worse than three in mIoU | ours |" in text[text.index("**Claims of this project**") :]
    html = Path("reports/index.html").read_text()
    assert '<a href="a/report.md">a</a>' in html
    assert "<b>|" not in html


def test_a_claim_on_the_same_cells_counts_once_and_a_study_without_claims_is_exploratory(
    segablate: Callable, study: Callable
) -> None:
    one = "claims: [{claim: three beats one, metric: miou, source: Table 1}]\ncite: arXiv:2204.02681\n"
    for name, claims in (("a", one), ("b", one), ("c", "")):
        segablate("run", study(name, claims), "--reports", "reports")
    assert segablate("report", "--all").code == 0
    text = PAGE.read_text()
    assert "**Of 1 claim, 1 confirmed.**" in text
    assert "<sup>1</sup> also in b" in text
    assert "| [c](c/report.md) | Which word is longest? | exploratory |" in text


def test_a_scoreboard_that_the_reports_do_not_say_is_stale(segablate: Callable, study: Callable) -> None:
    segablate("run", study("a", CLAIMS), "--reports", "reports")
    said = segablate("report", "--all", "--check")
    assert (said.code, said.out) == (4, f"{PAGE}\nreports/index.html\n")
    segablate("report", "--all")
    assert segablate("report", "--all", "--check").code == 0
    PAGE.write_text(PAGE.read_text().replace("confirmed", "refuted"))
    told = segablate("report", "--all", "--check", "--json").document
    assert told["stale"] == ["README.md"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--all"], "reports: there are no reports here"),
        (["--all", "toy.yaml"], "`--all` is of all reports, and `toy.yaml` is one study"),
        ([], "`STUDY` is missing"),
    ],
)
def test_what_cannot_be_told_is_one_error(
    arguments: list[str], message: str, segablate: Callable, toy_study: Callable
) -> None:
    toy_study("one")
    said = segablate("report", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {message}\n\nhint: ")

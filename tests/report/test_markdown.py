import pytest
from markdown_it import MarkdownIt

from segablate.report.blocks import Caveat, Cell, Numbers, Page, Section, Table, Text
from segablate.report.data import read
from segablate.report.formats.md import _caveats, _prose, _table, escape, markdown
from segablate.report.page import page
from segablate.report.words import stem

NASTY = "a|b & <c>\n`d` *e* _f_ [g](h) ~i~ $j$ \\ 幅 ñ 🦊"


def columns(line):
    """How many cells GitHub sees in a line of a table."""
    return line.replace("\\\\", "").replace("\\|", "").count("|") - 1


def test_markup_in_a_name_is_shown_as_it_is():
    assert escape(NASTY) == (
        "a\\|b &amp; &lt;c&gt; \\`d\\` \\*e* \\_f\\_ \\[g\\](h) \\~i\\~ \\$j\\$ \\\\ 幅 ñ 🦊"
    )


def test_what_needs_no_escape_gets_none():
    assert (
        escape("output_stride=16: mIoU* (%), C̃ = 64, DUp-64") == "output_stride=16: mIoU* (%), C̃ = 64, DUp-64"
    )


def test_an_asterisk_does_not_end_what_is_bold():
    answer = "From 1/16 bilinear gives back 97.08 % mIoU* and DUpsampling 99.96 %."
    section = Section("mIoU* of all", (Text(answer, bold=True), Text("mIoU*", lead="mIoU* by class:")))
    html = MarkdownIt().render(markdown(Page("a", "A", (), (section,), None, None, (), Numbers((), ()))))
    assert html == (
        "<h1>A</h1>\n<p><strong>mIoU* of all</strong></p>\n"
        f"<p><strong>{answer}</strong></p>\n<p><strong>mIoU* by class:</strong> mIoU*</p>\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# no heading", "\\# no heading"),
        ("- no list", "\\- no list"),
        ("1. no list", "1\\. no list"),
        ("98.40 % of all", "98.40 % of all"),
        ("a - b", "a - b"),
    ],
)
def test_the_start_of_a_line_is_no_block(text, written):
    assert _prose(text) == written


def test_no_name_breaks_the_table():
    table = Table(
        ("name", NASTY),
        ((Cell(NASTY), Cell("1", note=1)), (Cell(NASTY, code=True), Cell("2", bold=True))),
        notes=(NASTY,),
    )
    lines = _table(table)[0].split("\n")
    assert [columns(line) for line in lines] == [2, 2, 2, 2]


def test_a_whole_page_of_nasty_names_keeps_its_tables(fake, tmp_path):
    lines = [
        fake.Line(f"{NASTY} {i}", {NASTY: str(i)}, i == 0, NASTY, fake.oracle("bilinear", None, 2**i))
        for i in range(3)
    ]
    lines.append(fake.Line("lost", {NASTY: "3"}, False, NASTY, fake.failed(NASTY)))
    written = markdown(page(fake.FACTS, read(fake.save(tmp_path, lines) / "data")))
    tables = [block.split("\n") for block in written.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 5
    assert all(len({columns(line) for line in table}) == 1 for table in tables)


def test_the_sections_come_in_their_order(fake, report):
    written = markdown(page(fake.FACTS, read(report / "data")))
    shown, *folded = written.split("<details>\n<summary>")
    assert "**Before you quote this**" in shown
    assert [one.partition("</summary>")[0] for one in folded] == [
        "Ceilings by class",
        "All numbers",
        "More figures",
        "Published beside measured",
        "All caveats, and what would remove each",
        "How it was measured",
        "Run it again",
    ]
    assert written.count("<details>") == written.count("</details>")
    assert written.endswith("```sh\nsegablate run studies/made-up.yaml\n```\n\n</details>\n")
    assert "\n\n\n" not in written


def test_a_bare_study_has_no_empty_sections(fake, tmp_path):
    from dataclasses import replace

    facts = replace(fake.FACTS, question="", expect="", cite="", published="")
    line = fake.Line("a", {}, True, "project", fake.failed("no"))
    written = markdown(page(facts, read(fake.save(tmp_path, [line]) / "data")))
    assert "Published" not in written
    assert "Expected" not in written
    assert "| a | project | failed | no |" in written


def test_a_measure_that_begins_like_a_heading_is_none_in_a_caveat():
    told = _caveats([Caveat("# accuracy has fewer than 8 seeds.", "1. Take more.")])
    assert told == "- \\# accuracy has fewer than 8 seeds.\n  1\\. Take more."


def test_underscores_that_touch_another_are_escaped():
    assert escape("__init__ of a_b") == r"\_\_init\_\_ of a_b"


def test_a_long_label_is_a_file_that_can_be_written(tmp_path):
    long = stem("effects-" + "x" * 400, [])
    (tmp_path / f"{long}.svg").write_text("")
    assert stem("effects-" + "x" * 401, [long]) == f"{long}-2"

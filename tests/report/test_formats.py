"""All formats say the same, whatever the names are, and the same bytes each time."""

from __future__ import annotations

import csv
import html.parser
import io
import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segablate.errors import SegablateError
from segablate.report import drawing
from segablate.report.blocks import Cell, Numbers, Page, Table
from segablate.report.csv import quoted, unquoted, written
from segablate.report.data import read
from segablate.report.figures import Bar, Bars, Sheet
from segablate.report.formats.base import formats, made
from segablate.report.formats.html import _table as html_table
from segablate.report.formats.html import inlined
from segablate.report.formats.latex import HEAD, booktabs
from segablate.report.formats.latex import escape as latex_escape
from segablate.report.formats.md import escape as markdown_escape
from segablate.report.page import page
from segablate.report.write import check, drawings, render, write

ODD = "|&_\n<>\"'`*{}\\$#%^~[]-,.;: éñ幅🦊C̃×−–≥…αabc019"
COMMITTED = sorted(
    path.parent.parent for path in (Path(__file__).parents[2] / "reports").rglob("outcomes.jsonl")
)
names = st.text(alphabet=ODD, min_size=1, max_size=12) | st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")), min_size=1, max_size=8
)


class Cells(html.parser.HTMLParser):
    """The texts of a table's cells, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1] and data != "\n":
            self.rows[-1][-1] += data


def unescaped_latex(text):
    """What TeX shows of our own escapes, read back by another path than the one that wrote them."""
    marks = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306"}
    marks |= {".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327"}
    text = re.sub(
        r'\\segablatechar\{\\char"([0-9A-F]+)\\relax\}\{[0-9A-F]+\}', lambda f: chr(int(f[1], 16)), text
    )
    text = re.sub(r"\{\\char(\d+)\}", lambda f: chr(int(f[1])), text)
    while found := re.search(r"\\([`'^~=u.\"rHvc])\{(\\?[^{}\\]\u0300?[\u0300-\u036f]*)\}", text):
        letter = {r"\i": "i", r"\j": "j"}.get(found[2], found[2])
        text = text[: found.start()] + letter + marks[found[1]] + text[found.end() :]
    maths = {
        r"\times": "×", "-": "−", r"\pm": "±", r"\div": "÷", r"\geq": "≥", r"\leq": "≤", r"\approx": "≈",
        r"\rightarrow": "→", r"\cdot": "·", r"\alpha": "α", r"\Delta": "Δ", r"\beta": "β", r"\mu": "μ",
        "^2": "²", "^3": "³", r"^\circ": "°",
    }  # fmt: skip
    text = re.sub(r"(?<!\\)\$(.+?)(?<!\\)\$", lambda f: maths[f[1]], text)
    words = {
        "textbackslash": "\0", "textasciicircum": "^", "textasciitilde": "~", "textless": "<",
        "textgreater": ">", "textbar": "|", "textasciigrave": "`", "ldots": "…", "dag": "†", "ddag": "‡",
        "ss": "ß", "o": "ø", "O": "Ø", "ae": "æ", "AE": "Æ", "l": "ł",
    }  # fmt: skip
    text = re.sub(r"\\(\w+)\{\}", lambda f: words[f[1]], text)
    text = re.sub(r"(?<![-{])---(?!-)", "—", text)
    text = re.sub(r"(?<![-{])--(?!-)", "–", text)
    return re.sub(r"\\([&%$#_{}])", r"\1", text.replace("{}", "")).replace("\0", "\\")


def shown(name):
    return " ".join(name.split())


@given(names)
def test_no_name_breaks_a_table_in_html_and_all_of_it_is_shown(name):
    table = Table((name, "n"), ((Cell(name), Cell("1.0", bold=True)), (Cell(name, code=True), Cell("2"))))
    found = Cells()
    found.feed(html_table(table))
    assert [row[0].strip() for row in found.rows] == [shown(name)] * 3
    assert all(len(row) == 2 for row in found.rows)


@given(names)
def test_no_name_breaks_a_table_in_latex_and_all_of_it_is_shown(name):
    table = Table((name, "n"), ((Cell(name), Cell("1")),))
    text = booktabs(table, "results", Page("x", "why", (), (), None, table, (), Numbers((), ())))
    assert text.isascii()
    body = text.partition("\\toprule\n")[2].partition("\n\\bottomrule")[0].split("\n")
    rows = [line for line in body if line != "\\midrule"]
    assert len(rows) == 2
    for row in rows:
        assert row.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", row)) == 1
    assert balanced(text)


def balanced(text):
    """Whether every brace that TeX sees has its partner."""
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", re.sub(r"\\[{}]", "", text)):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


@given(st.text(alphabet="|&_<>\"'`*{}\\$#%^~[],.;: éñ幅🦊C̃×−≥…αΔabc019", max_size=14))
def test_latex_can_be_read_back(name):
    expected = unicodedata.normalize("NFD", shown(name))
    assert unicodedata.normalize("NFD", unescaped_latex(latex_escape(name))) == expected


@given(names)
def test_no_name_adds_a_line_or_a_cell_in_markdown(name):
    written_ = markdown_escape(name)
    assert "\n" not in written_
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", written_)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(names, min_size=2, max_size=3, unique=True))
def test_csv_gives_back_the_names_as_they_were(fake, tmp_path, labels):
    lines = [
        fake.Line(name, {"axis": name}, at == 0, "project", fake.oracle("bilinear", None, 2**at))
        for at, name in enumerate(labels)
    ]
    records = read(fake.save(tmp_path, lines, pictures=False) / "data")
    rows = list(csv.DictReader(io.StringIO(written(page(fake.FACTS, records).numbers), newline="")))
    assert {unquoted(row["variant"]) for row in rows} == set(labels)
    assert {unquoted(row["axis"]) for row in rows} == set(labels)
    assert {row["unit"] for row in rows} == {"fraction"}


@given(st.text(alphabet="'=+-@\t\r01.e aé", max_size=6))
@settings(deadline=None)
def test_no_cell_is_a_formula_and_every_cell_comes_back(cell):
    assert unquoted(quoted(cell)) == cell
    if quoted(cell)[:1] in tuple("=+-@\t\r"):
        assert float(cell) is not None  # only numbers begin so


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1", "'=1"])
def test_what_a_spreadsheet_would_run_is_quoted(cell):
    assert quoted(cell) == f"'{cell}"
    assert all(quoted(number) == number for number in ("-1", "+0.5", "-1.5e-07", "-inf", "0"))


UNSEEN = "\x1b[31mred\x07\x9b\u202eevil\ud800"


@pytest.mark.parametrize("name", [name for name in formats.names() if name != "csv"])
def test_control_characters_in_names_are_shown_and_not_obeyed(name, fake, tmp_path):
    lines = [
        fake.Line(f"{at} {UNSEEN}", {UNSEEN: f"{at}"}, at == 0, UNSEEN, fake.oracle("bilinear", None, 2**at))
        for at in range(2)
    ]
    folder = tmp_path / "x"
    (folder / "data").mkdir(parents=True)
    text = "".join(f"{line.json()}\n" for line in lines)
    (folder / "data" / "outcomes.jsonl").write_bytes(text.replace("\ud800", "?").encode())
    made_page = page(replace(fake.FACTS, question=UNSEEN), read(folder / "data"))
    shown = made([name])[name].write(made_page, drawings(made_page))
    assert not [one for one in shown if one not in "\n\t" and unicodedata.category(one) in ("Cc", "Cs")]
    assert "\u202e" not in shown
    assert "x1b" in shown


@pytest.fixture
def told(fake, report):
    return page(fake.FACTS, read(report / "data"))


def test_every_format_writes_the_same_page_twice_alike(told):
    drawn, again = drawings(told), drawings(told)
    for form in made(formats.names()).values():
        first = form.write(told, drawn)
        assert first == form.write(told, again)
        assert form.file.count(".") == 1
        assert "DUp-64" in first or "DUpsampling" in first


def test_html_holds_all_it_needs_and_asks_nobody_for_more(told):
    text = made(["html"])["html"].write(told, drawings(told))
    assert "default-src 'none'" in text
    fetched = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')>\s]+)", text)
    assert all(one.startswith(("data:", "#")) for one in fetched)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) > 50
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) <= set(ids)
    sheets = [one for one in told.pictures if isinstance(one, Sheet)]
    assert text.count("<img") == len(sheets) > 0
    assert text.count("<svg") == len(told.pictures) - len(sheets) > 0


def test_html_tells_interval_and_n_where_a_number_is_pointed_at(fake, tmp_path):
    line = fake.Line
    outcomes = [fake.oracle("bilinear", None, 16, key=f"k{seed}") for seed in range(3)]
    moved = [
        replace(one, measurements=(replace(one.measurements[0], samples=(0.5 + seed / 100,)),))
        for seed, one in enumerate(outcomes)
    ]
    lines = [line("a", {}, True, "project", one, seed) for seed, one in enumerate(moved)]
    told = page(fake.FACTS, read(fake.save(tmp_path, lines) / "data"))
    # by hand: mean 51, standard deviation 1, t(0.975, 2) = 4.3027, 4.3027 / √3 = 2.484
    hover = "mIoU 51.00 %, 95% interval [48.52, 53.48], n = 3 seeds, 1,449 images"
    assert told.main.rows[0][1].hover == hover
    assert f'title="{hover}"' in made(["html"])["html"].write(told, drawings(told))


def test_html_says_beside_each_sentence_of_a_table_what_it_is_for_a_phone_shows_no_headings():
    table = Table(("claim", "verdict"), ((Cell("A beats B"), Cell("confirmed", bold=True)),), words=2)
    assert '<table class="prose">' in html_table(table)
    assert '<td data-head="verdict"><b>confirmed</b></td>' in html_table(table)
    assert "data-head" not in html_table(replace(table, words=1))


def test_html_shows_footnotes_and_nothing_of_how_they_were_joined():
    table = Table(("a", "n"), ((Cell("x"), Cell("failed", note=2)),), notes=("one", "two"))
    ending = html_table(table).partition("</table></div>\n")[2]
    assert ending == '<p class="note"><sup>1</sup> one</p>\n<p class="note"><sup>2</sup> two</p>\n'
    assert "[]" not in html_table(replace(table, notes=()))


def test_a_figure_in_html_has_ids_of_its_own_and_keeps_its_colours():
    bars = Bars("x", "x", "macs", ("context", "decoder"), (Bar("a", (1e9, 2e9)),))
    shown = inlined(drawing.svg(bars).decode(), "mine", "caption")
    assert set(re.findall(r'fill="(#[^"]+)"', shown)) == {"#e69f00", "#56b4e9"}
    assert all(
        one.startswith("mine-") for one in re.findall(r'\bid="([^"]+)"|href="#([^"]+)"', shown)[0] if one
    )


def test_latex_has_the_main_table_under_the_question(told):
    text = made(["latex"])["latex"].write(told, {})
    caption = text.partition("\\caption")[2].partition("\n")[0]
    assert "How much of the labels can each upsampler give back?" in caption
    assert text.count("\\toprule") == text.count("\\bottomrule") == 1


COMPILERS = [name for name in ("pdflatex", "tectonic", "xelatex") if shutil.which(name)]
NASTY = "a|b & <c>_d\n`e` \\f {g} $h$ #i %j ^k ~l 幅 ñ C̃ × − … ÷ 🦊 -- '' \"m\""


def compiled(folder):
    """What TeX complains about: all that does not fit, and all that is not there."""
    begin = "\\documentclass{article}\\usepackage{array,booktabs}\\begin{document}"
    body = begin + "\\input{report.tex}\\end{document}"
    (folder / "whole.tex").write_text(body)
    mode = [] if COMPILERS[0] == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
    for _ in "ab":
        ran = subprocess.run([COMPILERS[0], *mode, "whole.tex"], cwd=folder, capture_output=True, check=False)
        told = ran.stdout.decode("utf-8", "replace")
        assert ran.returncode == 0, told[-2000:]
    return re.findall(r"(?m)^(?:Overfull \\\\hbox.*|LaTeX Warning.*|Missing.*)", told)


@pytest.mark.slow
@pytest.mark.skipif(not COMPILERS, reason="there is no pdflatex, tectonic or xelatex")
def test_latex_compiles_whatever_the_names_are(fake, tmp_path):
    lines = [fake.Line(NASTY, {"x": NASTY}, True, NASTY, fake.oracle("bilinear", None, 16))]
    folder = fake.save(tmp_path / "x", lines)
    write(fake.FACTS, folder, ["latex"])
    compiled(folder)


@pytest.mark.slow
@pytest.mark.skipif(not COMPILERS, reason="there is no pdflatex, tectonic or xelatex")
@pytest.mark.parametrize("report", COMMITTED, ids=lambda report: report.name)
def test_the_tables_of_every_committed_report_compile_and_fit_on_a_page(fake, report, tmp_path):
    told = page(fake.FACTS, read(report / "data"))
    (tmp_path / "report.tex").write_text(made(["latex"])["latex"].write(told, {}))
    assert compiled(tmp_path) == []


def test_latex_defines_all_that_it_uses_beyond_booktabs():
    known = {"providecommand", "segablatechar", "ifdefined", "Umathcode", "else", "texttt", "fi"}
    assert set(re.findall(r"\\([A-Za-z]+)", re.sub("(?m)^%.*$", "", HEAD))) == known


def test_formats_that_are_there_stay_up_to_date_and_are_checked(fake, report):
    write(fake.FACTS, report, ["html", "latex"])
    assert set(render(fake.FACTS, report)) >= {"report.md", "results.csv", "report.html", "report.tex"}
    assert check(fake.FACTS, report) == []
    page_ = report / "report.html"
    page_.write_text(page_.read_text().replace("98.14", "99.14", 1))
    (report / "report.tex").write_text("typed by hand")
    assert check(fake.FACTS, report) == ["report.html", "report.tex"]
    write(fake.FACTS, report)
    assert check(fake.FACTS, report) == []


def test_html_with_figures_of_another_library_version_is_not_stale(fake, report):
    write(fake.FACTS, report, ["html"])
    page_ = report / "report.html"
    page_.write_text(page_.read_text().replace("stroke-width: 0.4", "stroke-width: 0.5"))
    assert check(fake.FACTS, report) == []


def test_a_format_that_does_not_exist_is_an_error_with_its_nearest_name(fake, report):
    with pytest.raises(SegablateError, match="there is no format `htm`") as caught:
        write(fake.FACTS, report, ["htm"])
    assert caught.value.hint == "did you mean `html`?"


def test_with_details_every_format_says_the_same_and_folds_nothing(fake, report):
    folded, whole = (render(fake.FACTS, report, ["html"], details=details) for details in (False, True))
    for name in ("report.md", "report.html"):
        text, unfolded = folded[name].decode(), whole[name].decode()
        titles = re.findall("<summary>(.*)</summary>", text)
        assert len(titles) > 3
        assert "<details" not in unfolded
        assert all(title in unfolded for title in titles)


def test_what_running_it_again_needs_and_took_is_said(fake, tmp_path):
    lines = fake.study(strides=[16], channels=[16], measures=["project"])
    data = fake.save(
        tmp_path / "r", [replace(one, outcome=replace(one.outcome, seconds=1800.0)) for one in lines]
    )
    text = render(fake.FACTS, data)["report.md"].decode()
    again = text[text.index("<summary>Run it again</summary>") :].replace("\\", "")
    assert "It needs voc below $SEGABLATE_DATA." in again
    assert f"It took {len(lines) / 2:.1f} hours of computing, one cell after the other." in again

r"""LaTeX: the tables of a page as booktabs, to be taken into a paper with `\input`.

Only ASCII is written, so that the file compiles with pdfTeX as well as with XeTeX and LuaTeX.
What TeX's own fonts lack is shown where the engine reads Unicode, and by its number where it does not.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import ClassVar

from segablate.report.blocks import Cell, Page, Table
from segablate.report.formats.base import Pictures, formats
from segablate.report.words import visible

HEAD = r"""% Made by segablate from the data beside it.
% Needs \usepackage{array,booktabs}; take it in with \input{report.tex}.
\providecommand{\segablatechar}[2]{\ifdefined\Umathcode #1\else\texttt{U+#2}\fi}
"""
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "`": r"\textasciigrave{}",
}
# two of one kind would run together into a dash or a quotation mark
LIGATURES = ("-", "'", ",")
SIGNS = {
    "×": r"$\times$",
    "−": "$-$",
    "±": r"$\pm$",
    "÷": r"$\div$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "≈": r"$\approx$",
    "→": r"$\rightarrow$",
    "·": r"$\cdot$",
    "Δ": r"$\Delta$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "µ": r"$\mu$",
    "μ": r"$\mu$",
    "²": r"$^2$",
    "³": r"$^3$",
    "°": r"$^\circ$",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "ł": r"\l{}",
    "\u00a0": "~",
    "“": "{``}",
    "”": "{''}",
    "‘": "{`}",
    "’": "{'}",
}
ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}
# TeX takes an accent over a letter, and these over what has lost its dot
DOTLESS = {"i": r"\i", "j": r"\j"}
# share of the line for each column of claims: claim, source, measured, verdict
SHARES = (0.34, 0.16, 0.2, 0.22)
NARROW = 12  # characters of a heading above numbers
WIDE = 4  # columns beyond which a table takes both columns of a paper


@formats.register("latex")
class Latex:
    """The tables of a page as booktabs: the claims, the main one, and those that are unfolded."""

    file: ClassVar[str] = "report.tex"

    def write(self, page: Page, pictures: Pictures) -> str:
        """See `Format`."""
        tables = [(page.claims, "claims"), (page.main, "results")]
        open_ = [section for section in page.sections if section.title and not section.folded]
        more = [block for section in open_ for block in section.blocks if isinstance(block, Table)]
        tables += [(table, f"detail-{number}") for number, table in enumerate(more, 1)]
        made = [booktabs(table, kind, page) for table, kind in tables if table and table.rows]
        return "\n".join([HEAD, *made])


def escape(text: str) -> str:
    """Plain text, so that TeX sets it as it is, on one line, in ASCII."""
    line = unicodedata.normalize("NFD", " ".join(visible(text).split()))
    escaped: list[str] = []
    for cluster in re.finditer(r".[\u0300-\u036f]*", line, re.DOTALL):
        character = _cluster(cluster[0])
        if character in LIGATURES and escaped[-1:] == [character]:
            escaped.append("{}")
        escaped.append(character)
    return "".join(escaped)


def _cluster(characters: str) -> str:
    """One character with the marks above and below it."""
    letter, marks = characters[0], characters[1:]
    whole = unicodedata.normalize("NFC", characters)
    if whole in SIGNS:
        return SIGNS[whole]
    if marks and not (letter.isascii() and letter.isalpha() and all(mark in ACCENTS for mark in marks)):
        return "".join(_character(part) for part in whole)
    escaped = DOTLESS.get(letter, letter) if marks and letter in DOTLESS else _character(letter)
    for mark in marks:
        escaped = f"\\{ACCENTS[mark]}{{{escaped}}}"
    return escaped


def _character(character: str) -> str:
    if character in SIGNS:
        return SIGNS[character]
    if character.isascii():
        return SPECIAL.get(character, character)
    return _unknown(character)


def _unknown(character: str) -> str:
    """By its code where it cannot be set: `\\char` in engines that read Unicode."""
    code = f"{ord(character):04X}"
    return f'\\segablatechar{{\\char"{code}\\relax}}{{{code}}}'


def booktabs(table: Table, kind: str, page: Page) -> str:
    """One table with the page's question and what is said below it as its caption."""
    label = f"tab:{re.sub('[^a-z0-9]+', '-', page.name.lower())}-{kind}"
    columns = (
        "".join(
            rf">{{\raggedright\arraybackslash}}p{{{share}\linewidth}}" for share in SHARES[: len(table.head)]
        )
        if table.prose
        else "l" * table.words + "r" * (len(table.head) - table.words)
    )
    heads = [escape(head) if at < table.words else _stacked(head) for at, head in enumerate(table.head)]
    notes = [rf"\item[{number}] {escape(note)}" for number, note in enumerate(table.notes, 1)]
    star = "*" if table.prose or len(table.head) > WIDE else ""
    caption = " ".join(
        escape(_ended(sentence)) for sentence in (page.title, *table.below) if sentence.strip()
    )
    lines = [
        rf"\begin{{table{star}}}[tbp]",
        r"\centering",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        r"\setlength{\belowcaptionskip}{4pt}",
        *([r"\renewcommand{\arraystretch}{1.25}"] if table.prose else []),
        rf"\caption[{escape(page.name)}]{{{caption}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        _row(heads),
        r"\midrule",
        *(_row([_cell(cell) for cell in row]) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(["\\begin{list}{}{\\setlength{\\itemsep}{0pt}}", *notes, r"\end{list}"] if notes else []),
        rf"\end{{table{star}}}",
    ]
    return "\n".join(lines) + "\n"


def _ended(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence[-1] in ".?!" else f"{sentence}."


def _stacked(head: str) -> str:
    """A heading above numbers, in lines that are about as narrow as they."""
    lines = [escape(line) for line in textwrap.wrap(head, NARROW, break_long_words=False)] or [""]
    # a line that begins with `[` or `*` would be read as an argument of the line before
    stacked = r"\\ ".join(f"{{}}{line}" if line[:1] in ("[", "*") else line for line in lines)
    return lines[0] if len(lines) == 1 else rf"\begin{{tabular}}[b]{{@{{}}r@{{}}}}{stacked}\end{{tabular}}"


def _row(cells: Sequence[str]) -> str:
    # the same trap as in `_stacked`
    return " & ".join(f"{{}}{cell}" if cell[:1] in ("[", "*") else cell for cell in cells) + r" \\"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    text = rf"\texttt{{{text}}}" if cell.code and text else text
    text = rf"\textbf{{{text}}}" if cell.bold else text
    return rf"{text}\textsuperscript{{{cell.note}}}" if cell.note else text

r"""LaTeX: the tables of a page as booktabs, to be taken into a paper with `\input`.

Only ASCII is written, so that the file compiles with pdfTeX as well as with XeTeX and LuaTeX.
What TeX's own fonts lack is shown where the engine reads Unicode, and by its number where it does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import ClassVar

from segablate.report.blocks import Cell, Page, Table
from segablate.report.formats.base import Pictures, formats

HEAD = r"""% Made by segablate from the data beside it.
% Needs \usepackage{booktabs}; take it in with \input{report.tex}.
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
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "≈": r"$\approx$",
    "→": r"$\rightarrow$",
    "·": r"$\cdot$",
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
WIDE = 6


@formats.register("latex")
class Latex:
    """The tables of a page as booktabs; captions tell the protocol and n."""

    file: ClassVar[str] = "report.tex"

    def write(self, page: Page, pictures: Pictures) -> str:
        """See `Format`."""
        tables = [(page.results, "results", _caption(page))]
        if page.published:
            tables.append((page.published.table, "published", _told(page.published.source)))
        if page.per_class:
            tables.append((page.per_class, "classes", _told(page.per_class.below)))
        return "\n".join([HEAD, *(_table(*one, name=page.name) for one in tables if one[0].rows)])


def escape(text: str) -> str:
    """Plain text, so that TeX sets it as it is, on one line, in ASCII."""
    line = unicodedata.normalize("NFD", " ".join(text.split()))
    told: list[str] = []
    for found in re.finditer(r".[\u0300-\u036f]*", line, re.DOTALL):
        character = _cluster(found[0])
        if character in LIGATURES and told[-1:] == [character]:
            told.append("{}")
        told.append(character)
    return "".join(told)


def _cluster(characters: str) -> str:
    """One character with the marks above and below it."""
    letter, marks = characters[0], characters[1:]
    whole = unicodedata.normalize("NFC", characters)
    if whole in SIGNS:
        return SIGNS[whole]
    if marks and not (letter.isascii() and letter.isalpha() and all(mark in ACCENTS for mark in marks)):
        return "".join(_character(one) for one in whole)
    told = DOTLESS.get(letter, letter) if marks and letter in DOTLESS else _character(letter)
    for mark in marks:
        told = f"\\{ACCENTS[mark]}{{{told}}}"
    return told


def _character(character: str) -> str:
    if character in SIGNS:
        return SIGNS[character]
    if character.isascii():
        return SPECIAL.get(character, character if character.isprintable() else "")
    return _unknown(character)


def _unknown(character: str) -> str:
    """By its code where it cannot be set: `\\char` in engines that read Unicode."""
    code = f"{ord(character):04X}"
    return f'\\segablatechar{{\\char"{code}\\relax}}{{{code}}}'


def _caption(page: Page) -> str:
    """The question, how the numbers are defined, and over how many."""
    return _told([page.question, *page.protocol, *page.results.below])


def _told(sentences: Sequence[str]) -> str:
    return " ".join(escape(_ended(sentence)) for sentence in sentences if sentence.strip())


def _ended(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence[-1] in ".?!" else f"{sentence}."


def _table(table: Table, kind: str, caption: str, *, name: str) -> str:
    columns = "l" * min(table.words, len(table.head)) + "r" * (len(table.head) - table.words)
    wide = len(table.head) > WIDE
    notes = [rf"\item[{number}] {escape(note)}" for number, note in enumerate(table.notes, 1)]
    lines = [
        r"\begin{table*}[tbp]" if wide else r"\begin{table}[tbp]",
        r"\centering",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        rf"\caption[{escape(name)}]{{{caption}}}",
        rf"\label{{tab:{re.sub('[^a-z0-9]+', '-', name.lower())}-{kind}}}",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        _row([escape(text) for text in table.head]),
        r"\midrule",
        *(_row([_cell(cell) for cell in row]) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(["\\begin{list}{}{\\setlength{\\itemsep}{0pt}}", *notes, r"\end{list}"] if notes else []),
        r"\end{table*}" if wide else r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    # a row that begins with `[` or `*` would be read as an argument of the row before
    return " & ".join(f"{{}}{cell}" if cell[:1] in ("[", "*") else cell for cell in cells) + r" \\"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    text = rf"\texttt{{{text}}}" if cell.code and text else text
    text = rf"\textbf{{{text}}}" if cell.bold else text
    return rf"{text}\textsuperscript{{{cell.note}}}" if cell.note else text

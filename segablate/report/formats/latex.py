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
from segablate.report.panels import Panel, panels
from segablate.report.words import visible

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
    "÷": r"$\div$",
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
# characters of a footnote's size that fit between the margins of an article, and in a column of two
PAGE, COLUMN = 85, 59
LINES = 36


@formats.register("latex")
class Latex:
    """The tables of a page as booktabs; the claims and the main one."""

    file: ClassVar[str] = "report.tex"

    def write(self, page: Page, pictures: Pictures) -> str:
        """See `Format`."""
        tables: list[tuple[Table | None, str, Sequence[str]]] = [
            (page.claims, "claims", [page.title]),
            (page.main, "results", [page.title]),
        ]
        cut = [
            part
            for table, kind, caption in tables
            if table and table.rows
            for part in _tables(table, kind, caption, name=page.name)
        ]
        return "\n".join([HEAD, *cut])


def escape(text: str) -> str:
    """Plain text, so that TeX sets it as it is, on one line, in ASCII."""
    line = unicodedata.normalize("NFD", " ".join(visible(text).split()))
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
        return SPECIAL.get(character, character)
    return _unknown(character)


def _unknown(character: str) -> str:
    """By its code where it cannot be set: `\\char` in engines that read Unicode."""
    code = f"{ord(character):04X}"
    return f'\\segablatechar{{\\char"{code}\\relax}}{{{code}}}'


def _told(sentences: Sequence[str]) -> str:
    return " ".join(escape(_ended(sentence)) for sentence in sentences if sentence.strip())


def _ended(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence[-1] in ".?!" else f"{sentence}."


def _tables(table: Table, kind: str, caption: Sequence[str], *, name: str) -> list[str]:
    """The table in as many parts as it needs to fit; all but the first say which one they go on from."""
    label = f"tab:{re.sub('[^a-z0-9]+', '-', name.lower())}-{kind}"
    parts, told = panels(table, PAGE, LINES), list[str]()
    made = []
    for number, part in enumerate(parts, 1):
        own = [
            one for one in (*caption, *part.table.below) if one not in told and _concerns(one, part, table)
        ]
        told += own
        text = _told(own) if number == 1 else rf"Table~\ref{{{label}}}, continued. {_told(own)}".strip()
        made.append(_table(part, text, label if number == 1 else f"{label}-{number}", name=name))
    return made


def _concerns(sentence: str, part: Panel, whole: Table) -> bool:
    """Whether a sentence belongs to a part; one that begins with a heading's title is about its column."""
    title = sentence.partition(":")[0]
    heads = [" ".join(head.split()) for head in part.table.head]
    elsewhere = any(_titled(head, title) for head in whole.head)
    return not elsewhere or any(_titled(head, title) for head in heads)


def _titled(head: str, title: str) -> bool:
    return head.rpartition(": ")[2].partition(" (")[0] == title


def _table(part: Panel, caption: str, label: str, *, name: str) -> str:
    table = part.table
    numbers = len(table.head) - table.words
    notes = [rf"\item[{number}] {escape(note)}" for number, note in enumerate(table.notes, 1)]
    star = "*" if part.width > COLUMN else ""
    lines = [
        rf"\begin{{table{star}}}[tbp]",
        r"\centering",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        r"\setlength{\belowcaptionskip}{4pt}",
        rf"\caption[{escape(name)}]{{{caption}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{@{{}}{'l' * table.words}{'r' * numbers}@{{}}}}",
        r"\toprule",
        *_spans(part),
        _row([_stack(text, at < table.words, "b") for at, text in enumerate(table.head)]),
        r"\midrule",
        *(_row([_cell(cell, at < table.words) for at, cell in enumerate(row)]) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(["\\begin{list}{}{\\setlength{\\itemsep}{0pt}}", *notes, r"\end{list}"] if notes else []),
        rf"\end{{table{star}}}",
    ]
    return "\n".join(lines) + "\n"


def _spans(part: Panel) -> list[str]:
    """What several columns have in common, with a rule below it."""
    if not any(name for name, _ in part.spans):
        return []
    heads, rules, at = ["{}"] * part.table.words, [], part.table.words + 1
    for name, count in part.spans:
        heads.append(rf"\multicolumn{{{count}}}{{c}}{{{escape(name)}}}")
        rules.append(rf"\cmidrule(lr){{{at}-{at + count - 1}}}" if name else "")
        at += count
    return [_row(heads), "".join(rules)]


def _stack(text: str, word: bool, place: str) -> str:
    """A text of one line, or of several, one above the other."""
    lines = [escape(line) for line in text.split("\n")]
    if len(lines) == 1:
        return lines[0]
    # the same argument trap as in `_row`
    joined = r"\\ ".join(f"{{}}{line}" if line[:1] in ("[", "*") else line for line in lines)
    return rf"\begin{{tabular}}[{place}]{{@{{}}{'l' if word else 'r'}@{{}}}}{joined}\end{{tabular}}"


def _row(cells: Sequence[str]) -> str:
    # a row that begins with `[` or `*` would be read as an argument of the row before
    return " & ".join(f"{{}}{cell}" if cell[:1] in ("[", "*") else cell for cell in cells) + r" \\"


def _cell(cell: Cell, word: bool) -> str:
    text = _stack(cell.text, word, "t")
    text = rf"\texttt{{{text}}}" if cell.code and text else text
    text = rf"\textbf{{{text}}}" if cell.bold else text
    return rf"{text}\textsuperscript{{{cell.note}}}" if cell.note else text

"""The page as Markdown, as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from segablate.report.blocks import Caveat, Cell, Page, Published, Table

FIGURES = "figures"
# what starts a list, a heading or a quotation at the beginning of a line
STARTS_A_BLOCK = re.compile(r"^(?=[#>+=-])|^(\d+)(?=[.)](\s|$))")


def markdown(page: Page) -> str:
    """The whole report; figures are named by their files in `figures/`."""
    sections = [
        [f"# {escape(page.name)}"],
        _opening(page),
        ["## Answer", _list(page.answer)],
        ["## Results", *_table(page.results)],
        *([f"## {escape(one.title)}", *_table(one.table)] for one in page.more),
        *([_picture(figure.caption, f"{figure.name}.svg")] for figure in page.figures),
        ["## Before you quote this", _caveats(page.caveats)],
        ["## How it was measured", _list(page.protocol), *_table(page.settings)],
        _published(page.published),
        ["## By class", *_table(page.per_class)] if page.per_class else [],
        ["## What comes back worst", *(_picture(one.caption, f"{one.name}.png") for one in page.sheets)]
        if page.sheets
        else [],
        [
            "## Without numbers",
            *(_table(page.unmeasured) if page.unmeasured else ["Every cell has its numbers."]),
        ],
        ["## Environment", *_table(page.environment)] if page.environment.rows else [],
        [
            "## Again",
            f"This page was generated from `data/` and {_code(page.study_file)}.",
            _fence(page.command),
        ],
    ]
    return "\n\n".join(block for section in sections for block in section if block) + "\n"


def escape(text: str) -> str:
    """Plain text, so that Markdown shows it as it is, on one line."""
    line = " ".join(text.split())
    line = re.sub(r"([\\`\[\]~$|])", r"\\\1", line)
    # an asterisk at the end of a word (mIoU*) cannot open emphasis
    line = re.sub(r"(?<!\w)\*|\*(?![\s,.;:)]|$)", r"\\*", line)
    # an underscore inside a word is none of Markdown's business
    line = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", line)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _prose(text: str) -> str:
    line = escape(text)
    return STARTS_A_BLOCK.sub(lambda found: f"{found[1]}\\" if found[1] else "\\", line)


def _opening(page: Page) -> list[str]:
    lines = [_prose(page.question)]
    if page.expect:
        lines.append(f"**Expected before looking:** {escape(page.expect)}")
    if page.cite:
        lines.append(f"**About:** {escape(page.cite)}")
    return [line for line in lines if line]


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_prose(sentence)}" for sentence in sentences)


def _table(table: Table) -> list[str]:
    """The table, its footnotes and what is said below, as blocks."""
    if not table.rows:
        return [_list(table.below)]
    rule = [":--" if at < table.words else "--:" for at in range(len(table.head))]
    lines = [_line([escape(text) for text in table.head]), _line(rule)]
    lines += [_line([_cell(cell) for cell in row]) for row in table.rows]
    notes = [f"<sup>{number}</sup> {escape(note)}" for number, note in enumerate(table.notes, 1)]
    return ["\n".join(lines), "  \n".join(notes), _list(table.below)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = _code(cell.text).replace("|", "\\|") if cell.code and cell.text else escape(cell.text)
    text = f"**{text}**" if cell.bold else text
    return f"{text} <sup>{cell.note}</sup>" if cell.note else text


def _code(text: str) -> str:
    """A code span; its ticks are longer than any inside."""
    line = " ".join(text.split())
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _fence(command: str) -> str:
    return f"```sh\n{command}\n```"


def _picture(caption: str, file: str) -> str:
    return f"![{escape(caption)}]({FIGURES}/{file})\n\n{_prose(caption)}"


def _caveats(caveats: Sequence[Caveat]) -> str:
    if not caveats:
        return "Nothing speaks against it that this program knows of."
    return "\n".join(f"- {escape(one.doubt)}\n  {escape(one.remedy)}" for one in caveats)


def _published(published: Published | None) -> list[str]:
    if published is None:
        return []
    return ["## Published beside measured", _list(published.source), *_table(published.table)]

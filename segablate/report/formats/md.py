"""Markdown: the page that hosting sites show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from segablate.report.blocks import Block, Bullets, Caveat, Caveats, Cell, Command, Image, Page, Table
from segablate.report.formats.base import Pictures, formats
from segablate.report.words import visible

# what may mean something anywhere in a line
SPECIAL = re.compile(r"[\\`\[\]~$|*_&<>]")
BARE_ASTERISK = re.compile(r"(?<!\\)\*")
# what starts a list, a heading or a quotation at the beginning of a line
STARTS_A_BLOCK = re.compile(r"^(?=[#>+=-])|^(\d+)(?=[.)](\s|$))")


@formats.register("md")
class Markdown:
    """A page as GitHub shows it; pictures are files beside it."""

    file: ClassVar[str] = "report.md"

    def write(self, page: Page, pictures: Pictures) -> str:
        """See `Format`."""
        return markdown(page)


def markdown(page: Page) -> str:
    """The whole report; figures are named by their files in `figures/`."""
    blocks = [f"# {escape(page.title)}"]
    for section in page.sections:
        inner = [text for block in section.blocks for text in _block(block)]
        blocks += _folded(section.title, inner) if section.folded else [*_heading(section.title), *inner]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _heading(title: str) -> list[str]:
    return [_bold(escape(title))] if title else []


def _folded(title: str, inner: Sequence[str]) -> list[str]:
    # a blank line, and what follows is Markdown again
    return [f"<details>\n<summary>{escape(title)}</summary>", *inner, "</details>"]


def _block(block: Block) -> list[str]:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Bullets):
        return [_list(block.items)]
    if isinstance(block, Image):
        return [f"![{escape(block.caption)}]({block.file})", _prose(block.caption) if block.captioned else ""]
    if isinstance(block, Caveats):
        return [_caveats(block.items)]
    if isinstance(block, Command):
        return [f"```sh\n{visible(block.line)}\n```"]
    if block.bold:
        return [_bold(escape(block.text))]
    return [f"{_bold(escape(block.lead))} {escape(block.text)}".strip() if block.lead else _prose(block.text)]


def escape(text: str) -> str:
    """Plain text, so that Markdown shows it as it is, on one line."""
    line = " ".join(visible(text).split())
    if not SPECIAL.search(line):  # as in most cells
        return line
    line = re.sub(r"([\\`\[\]~$|])", r"\\\1", line)
    # an asterisk at the end of a word (mIoU*) cannot open emphasis
    line = re.sub(r"(?<!\w)\*|\*(?![\s,.;:)]|$)", r"\\*", line)
    # an underscore inside a word is none of Markdown's business
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bold(text: str) -> str:
    """Escaped text in bold, which an asterisk at the end of a word (mIoU*) would end."""
    bare = BARE_ASTERISK.sub(r"\\*", text)
    return f"**{bare}**"


def _prose(text: str) -> str:
    line = escape(text)
    return STARTS_A_BLOCK.sub(lambda match: f"{match[1]}\\" if match[1] else "\\", line)


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
    text = f"[{text}]({cell.link})" if cell.link else text
    text = _bold(text) if cell.bold else text
    return f"{text} <sup>{cell.note}</sup>" if cell.note else text


def _code(text: str) -> str:
    """A code span; its ticks are longer than any inside."""
    line = " ".join(visible(text).split())
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _caveats(caveats: Sequence[Caveat]) -> str:
    return "\n".join(
        f"- {_prose(caveat.doubt)}" + (f"\n  {_prose(caveat.remedy)}" if caveat.remedy else "")
        for caveat in caveats
    )

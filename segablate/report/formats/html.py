"""HTML: one file that holds all it needs, and asks no network for anything.

    page ── sections ──► HTML, escaped ──┐
    SVG, PNG ── inlined, coloured by CSS ┴──► report.html

Tables sort by a click on a heading; a number tells its interval and n when pointed at or tapped.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import ClassVar

from segablate.report.blocks import Block, Bullets, Caveats, Cell, Command, Image, Page, Section, Table
from segablate.report.formats.base import Pictures, formats
from segablate.report.words import visible

# nothing may be fetched but what lies beside the page
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: 'self'"
NUMBER = re.compile(r"^[−+±-]?[\d,]+(\.\d+)?")
# colours of a drawing that turn with the page's: ink, paper, the lines of a grid, a blue that is too dark
TURNED = {
    "#000000": "currentColor",
    "#ffffff": "var(--paper)",
    "#cccccc": "var(--grid)",
    "#0072b2": "var(--blue)",
}


@formats.register("html")
class Html:
    """One self-contained page with sortable tables, for a browser, wide or narrow, light or dark."""

    file: ClassVar[str] = "report.html"

    def write(self, page: Page, pictures: Pictures) -> str:
        """See `Format`."""
        title = f"<h1>{escape(page.title)}</h1>"
        body = "\n".join([title, *(_section(section, pictures) for section in page.sections)])
        return (
            "<!doctype html>\n"
            '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{escape(page.title)}</title>\n<style>\n{_packaged('page.css')}</style>\n</head>\n"
            f'<body>\n<main>\n{body}\n</main>\n<p id="told" role="status" hidden></p>\n'
            f"<script>\n{_packaged('page.js')}</script>\n</body>\n</html>\n"
        )


def escape(text: str) -> str:
    """Plain text, so that a browser shows it as it is, on one line."""
    return html.escape(" ".join(visible(text).split()))


def _section(section: Section, pictures: Pictures) -> str:
    blocks = "\n".join(filter(None, (_block(block, pictures) for block in section.blocks)))
    title = escape(section.title)
    if section.folded:
        return f"<details>\n<summary>{title}</summary>\n{blocks}\n</details>"
    return f"<section>\n{f'<h2>{title}</h2>' if title else ''}\n{blocks}\n</section>"


def _block(block: Block, pictures: Pictures) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Bullets):
        return _list([escape(item) for item in block.items])
    if isinstance(block, Image):
        return _figure(block, pictures)
    if isinstance(block, Caveats):
        return _list(
            ["<br>".join(map(escape, filter(None, (caveat.doubt, caveat.remedy)))) for caveat in block.items]
        )
    if isinstance(block, Command):
        return f"<pre><code>{html.escape(visible(block.line))}</code></pre>"
    if block.bold:
        return f'<p class="answer">{escape(block.text)}</p>'
    return f"<p>{f'<b>{escape(block.lead)}</b> ' if block.lead else ''}{escape(block.text)}</p>"


def _list(items: Sequence[str]) -> str:
    return "\n".join(["<ul>", *(f"<li>{item}</li>" for item in items), "</ul>"]) if items else ""


def _table(table: Table) -> str:
    if not table.rows:
        return _list([escape(line) for line in table.below])
    head = "".join(
        f'<th scope="col"{_flush(table, at)}><button type="button">{escape(text)}</button></th>'
        for at, text in enumerate(table.head)
    )
    rows = ["".join(_cell(table, at, cell) for at, cell in enumerate(row)) for row in table.rows]
    prose = ' class="prose"' if table.prose else ""
    notes = "".join(
        f'<p class="note"><sup>{at}</sup> {escape(note)}</p>\n' for at, note in enumerate(table.notes, 1)
    )
    return (
        f'<div class="wide" tabindex="0"><table{prose}>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(f"<tr>{row}</tr>" for row in rows)
        + f"\n</tbody>\n</table></div>\n{notes}{_list([escape(line) for line in table.below])}"
    )


def _cell(table: Table, at: int, cell: Cell) -> str:
    text = f"<code>{escape(cell.text)}</code>" if cell.code and cell.text else escape(cell.text)
    text = f'<a href="{escape(cell.link)}">{text}</a>' if cell.link else text
    text = f"<b>{text}</b>" if cell.bold else text
    text += f" <sup>{cell.note}</sup>" if cell.note else ""
    hover = f' title="{escape(cell.hover)}"' if cell.hover else ""
    if at == 0:
        return f'<th scope="row"{hover}>{text}</th>'
    number = NUMBER.match(cell.text) if at >= table.words else None
    by = number[0].replace(",", "").replace("−", "-").lstrip("±+") if number else ""
    order = f' data-by="{by}"' if by else ""
    head = f' data-head="{escape(table.head[at])}"' if table.prose else ""
    return f"<td{_flush(table, at)}{order}{head}{hover}>{text}</td>"


def _flush(table: Table, at: int) -> str:
    return ' class="n"' if at >= table.words else ""


def _figure(image: Image, pictures: Pictures) -> str:
    content = pictures.get(image.file)
    caption = escape(image.caption)
    if content is None:  # it lies beside the page
        shown = f'<img alt="{caption}" loading="lazy" src="{escape(image.file)}">'
    elif image.file.endswith(".svg"):
        shown = inlined(content.decode(), image.file.rpartition("/")[2].removesuffix(".svg"), caption)
    else:
        data = base64.b64encode(content).decode()
        shown = f'<img alt="{caption}" src="data:image/png;base64,{data}">'
    return (
        f'<figure><div class="wide" tabindex="0">{shown}</div>\n<figcaption>{caption}</figcaption></figure>'
    )


def inlined(svg: str, called: str, caption: str) -> str:
    """An SVG of ours as part of a page: ids of its own, no metadata, and colours that turn with the page's.

    Args:
        svg: the file's text.
        called: put before every id.
        caption: what it shows, escaped.
    """
    drawn = svg[svg.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, count=1, flags=re.DOTALL)
    drawn = re.sub(r'(\bid="|href="#|url\(#)', lambda match: f"{match[1]}{called}-", drawn)
    drawn = re.sub("|".join(TURNED), lambda match: TURNED[match[0]], drawn)
    drawn = re.sub(r' xmlns:\w+="[^"]*"| xmlns="[^"]*"', "", drawn).replace("xlink:href", "href")
    drawn = re.sub(r"\s*\n\s*", "\n", drawn)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{caption}"', 1).strip()


def _packaged(name: str) -> str:
    return (files("segablate.report.formats") / name).read_text(encoding="utf-8")

"""The page in its order: sections of a few kinds of block, which every format knows how to write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from segablate.report.blocks import Caveat, Page, Table
from segablate.report.figures import Dots

FIGURES = "figures"


@dataclass(frozen=True)
class Text:
    """A paragraph; `lead` is set in bold before it."""

    text: str
    lead: str = ""


@dataclass(frozen=True)
class Made:
    """What the page is made of: the sentence that names the study file."""

    study_file: str


@dataclass(frozen=True)
class Bullets:
    """Sentences, one an item."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Image:
    """A picture by the name of its file below the report, with its caption."""

    file: str
    caption: str


@dataclass(frozen=True)
class Doubts:
    """Caveats, each with its remedy."""

    items: tuple[Caveat, ...]


@dataclass(frozen=True)
class Command:
    """A line for a shell."""

    line: str


Block: TypeAlias = Text | Made | Bullets | Table | Image | Doubts | Command


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; the first section's heading is the page's."""

    title: str
    blocks: tuple[Block, ...]


def sections(page: Page) -> list[Section]:
    """Every section that has something to say."""
    return [
        Section(page.name, tuple(_opening(page))),
        Section("Answer", (page.claims or Bullets(page.answer),)),
        Section("Results", (page.results, *_figures(page))),
        *(Section(one.title, (one.table,)) for one in page.more),
        Section("Before you quote this", (_doubts(page),)),
        Section("How it was measured", (Bullets(page.protocol), page.settings)),
        *_published(page),
        *_classes(page),
        *_pictures(page),
        Section(
            "Without numbers", (page.unmeasured if page.unmeasured else Text("Every cell has its numbers."),)
        ),
        *([Section("Environment", (page.environment,))] if page.environment.rows else []),
        Section("Again", (Made(page.study_file), Command(page.command))),
    ]


def _opening(page: Page) -> Iterator[Block]:
    if page.question:
        yield Text(page.question)
    if page.expect:
        yield Text(page.expect, lead="Expected before looking:")
    if page.cite:
        yield Text(page.cite, lead="About:")


def _figures(page: Page) -> Iterator[Block]:
    for figure in page.figures:
        if not isinstance(figure, Dots):
            yield Image(f"{FIGURES}/{figure.name}.svg", figure.caption)


def _doubts(page: Page) -> Block:
    if page.caveats:
        return Doubts(page.caveats)
    return Text("Nothing speaks against it that this program knows of.")


def _published(page: Page) -> Iterator[Section]:
    if page.published:
        blocks = (Bullets(page.published.source), page.published.table)
        yield Section("Published beside measured", blocks)


def _classes(page: Page) -> Iterator[Section]:
    dots = tuple(
        Image(f"{FIGURES}/{one.name}.svg", one.caption) for one in page.figures if isinstance(one, Dots)
    )
    if page.per_class or dots:
        yield Section("By class", (*dots, *([page.per_class] if page.per_class else [])))


def _pictures(page: Page) -> Iterator[Section]:
    for title, drawn in (
        ("Where variants differ", page.contrasts),
        ("What comes back worst", page.sheets),
    ):
        if drawn:
            images = tuple(Image(f"{FIGURES}/{one.name}.png", one.caption) for one in drawn)
            yield Section(title, images)

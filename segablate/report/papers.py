"""The papers whose values are kept: what each is called, and what it measured on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

ARXIV = re.compile(r"arXiv:\d{4}\.\d{4,5}")


@dataclass(frozen=True)
class Paper:
    """One paper.

    Attributes:
        identity: `arXiv:1903.02120`.
        source: authors, title, place and year; the identity where nothing else is kept.
        setting: `data` and `encoder` → registered name of a part → what the paper calls it.
    """

    identity: str
    source: str
    setting: Mapping[str, Mapping[str, str]]


def paper(cite: str) -> Paper | None:
    """The paper that a study is about: the first that is cited; None where none is."""
    found = ARXIV.search(cite)
    return _kept().get(found[0], Paper(found[0], found[0], {})) if found else None


@cache
def _kept() -> Mapping[str, Paper]:
    found = {}
    for entry in (files("segablate") / "references").iterdir():
        if entry.name.endswith(".yaml"):
            raw = yaml.safe_load(entry.read_text(encoding="utf-8"))
            if identity := ARXIV.search(raw["source"]):
                found[identity[0]] = Paper(identity[0], raw["source"], raw.get("setting", {}))
    return found

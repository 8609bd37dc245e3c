"""What the page must know of a study beyond what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segablate.evidence.claim import Claim
from segablate.quantity import Margin


@dataclass(frozen=True)
class StudyFacts:
    """A study as its report sees it.

    Attributes:
        name: the study's name.
        question: what it asks.
        expect: what its author expected before looking; "" where nothing was written.
        cite: the paper and table it is about; "" where there is none.
        published: reference to compare with, `file.table` of `segablate/references`; "" for none.
        command: the one line that measures and writes everything again.
        study_file: the study file as the command names it.
        margin: metric → largest difference that does not matter, where the study says so.
        claims: what it claims.
        design: how its variants were made.
    """

    name: str
    question: str
    expect: str
    cite: str
    published: str
    command: str
    study_file: str
    margin: Mapping[str, Margin] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    design: str = "grid"

"""Many claims together: those of one form as one line, each counted once, and how many verdicts may be false.

claims of one form   the same word, metric and measure, about the same difference or the same printed table
the same claim       the same word and metric on the same cells, whichever study makes it
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from segablate.evidence.claims import ClaimVerdict, Kind, counts_of
from segablate.evidence.decide import LEVEL


@dataclass(frozen=True)
class Form:
    """Claims of one form.

    Attributes:
        verdicts: what became of each; at least one.
    """

    verdicts: tuple[ClaimVerdict, ...]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How often each verdict came out."""
        return counts_of(self.verdicts)

    @property
    def kind(self) -> Kind | None:
        """The verdict that all have; None where they differ."""
        kinds = list(self.counts)
        return kinds[0] if len(kinds) == 1 else None


@dataclass(frozen=True)
class Made:
    """A claim that a study makes, with what it was judged on.

    Attributes:
        study: where it is made; a report with a label is one of its own.
        verdict: what became of it.
        first: keys of the outcomes of the variant it is about.
        second: keys of those it is compared with; none for a printed value.
    """

    study: str
    verdict: ClaimVerdict
    first: frozenset[str]
    second: frozenset[str]

    @property
    def same(self) -> Hashable:
        """Equal for claims that say the same of the same cells; the margin is part of what is said."""
        claim = self.verdict.claim
        pair: Hashable = (self.first, self.second)
        if claim.word == "matches" and claim.by is None:
            pair = frozenset({self.first, self.second})
        return claim.word, claim.metric, claim.value, claim.by, claim.margin, claim.printed, pair


def forms(verdicts: Iterable[ClaimVerdict]) -> list[Form]:
    """The claims of each form together, in the order in which forms appear."""
    groups: dict[Hashable, list[ClaimVerdict]] = {}
    for verdict in verdicts:
        groups.setdefault(_form(verdict), []).append(verdict)
    return [Form(tuple(own)) for own in groups.values()]


def _form(verdict: ClaimVerdict) -> Hashable:
    claim = verdict.claim
    about: Hashable = claim.apart or (claim.first, claim.second)
    if claim.word == "reaches":
        about = claim.source
    return claim.word, claim.metric, claim.measure, claim.by, about


def once(made: Iterable[Made]) -> list[tuple[Made, tuple[str, ...]]]:
    """Each claim once, with the other studies that make it too.

    A claim without numbers is on no cells, and counts for each study that makes it.
    """
    first: dict[Hashable, Made] = {}
    others: dict[Hashable, list[str]] = {}
    for made_claim in made:
        same = (
            made_claim.same
            if made_claim.first
            else (made_claim.study, made_claim.same, made_claim.verdict.claim.text)
        )
        if same in first:
            others[same].append(made_claim.study)
        else:
            first[same], others[same] = made_claim, []
    return [(made_claim, tuple(others[same])) for same, made_claim in first.items()]


def tested(verdict: ClaimVerdict) -> bool:
    """Whether a verdict is of a test, so that chance may have made it false."""
    return not verdict.exact and verdict.kind in ("confirmed", "refuted", "cannot tell")


def false_expected(studies: Iterable[Sequence[ClaimVerdict]]) -> float:
    """How many of these studies are to be expected, at most, to hold a verdict that chance made false.

    Confirmations and refutations of a study are each corrected (Holm) to 2.5 %, so that at most 5 % of
    studies hold one. It is about training or timing again; other images, data and networks are not in it.
    """
    return (1 - LEVEL) * sum(any(tested(verdict) for verdict in verdicts) for verdicts in studies)

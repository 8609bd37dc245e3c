"""What a page calls things: what the study's `names` say, else what a reader knows them by.

    model.upsampler ─► upsampler      output_stride=16 ─► 1/16      baseline ─► what the baseline is

Everything on a page is made from records that are named already; verdicts are judged on those that are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from segablate.evidence.claims import ClaimVerdict
from segablate.report.data import Record
from segablate.report.facts import StudyFacts

STRIDE = "output_stride"
BASELINE = "baseline"
AND = " + "
# last words of a field that say too little alone
VAGUE = ("channels", "size", "rate", "weights")


@dataclass(frozen=True)
class Names:
    """The names of one study.

    Attributes:
        variants: label of each variant → what it is called.
        choices: label of each variant → axis → label of the choice and what it is called.
        own: variants that the study itself names.
    """

    variants: Mapping[str, str]
    choices: Mapping[str, Mapping[str, tuple[str, str]]] = field(repr=False)
    own: Mapping[str, str]

    @classmethod
    def of(cls, study: StudyFacts, records: Sequence[Record]) -> Names:
        """The names of all variants; one that would be called as another keeps its label."""
        labels = {record.variant: record.choices for record in records}
        # what is a variant and a choice is the variant: `axis=choice` names the choice
        printed = {name: text for name, text in study.names.items() if name not in labels}
        axes = dict.fromkeys([*study.axes, *(name for own in labels.values() for name in own)])
        choices = {
            variant: {name: (own[name], choice(name, own[name], printed)) for name in axes if name in own}
            for variant, own in labels.items()
        }
        base = next((choices[record.variant] for record in records if record.baseline), {})
        varied, every = varying(choices), BASELINE not in labels
        called = {}
        for variant, own in choices.items():
            whole = every or variant == BASELINE
            words = [
                own[name][1] for name in varied if name in own and (whole or own[name] != base.get(name))
            ]
            called[variant] = study.names.get(variant) or (", " if whole else AND).join(words) or variant
        counts = Counter(called.values())
        own_names = {variant: name if counts[name] == 1 else variant for variant, name in called.items()}
        return cls(own_names, choices, {name: study.names[name] for name in study.names if name in labels})

    def records(self, records: Sequence[Record]) -> list[Record]:
        """The records with the names of their variants and choices."""
        choices = {
            variant: {name: called for name, (_, called) in own.items()}
            for variant, own in self.choices.items()
        }
        return [
            replace(record, variant=self.variants[record.variant], choices=choices[record.variant])
            for record in records
        ]

    def verdicts(self, verdicts: Sequence[ClaimVerdict]) -> list[ClaimVerdict]:
        """The verdicts with claims whose sides have names; what identifies a claim is left as it is."""
        return [
            replace(verdict, claim=replace(verdict.claim, text=self._text(verdict))) for verdict in verdicts
        ]

    def _text(self, verdict: ClaimVerdict) -> str:
        claim = verdict.claim
        first, word, second = claim.text.partition(f" {claim.word} ")
        sides = [self._side(first, claim.first), self._side(second, claim.second) if claim.second else second]
        return word.join(sides)

    def _side(self, text: str, variant: str) -> str:
        """A side as its author wrote it, but for what has a name: `DUpsampling-64 at 1/16`."""
        if text == variant and variant in self.own:
            return self.own[variant]
        own = self.choices.get(variant, {})
        for name, (label, called) in sorted(own.items(), key=lambda item: -len(item[1][0])):
            stride = name.endswith(STRIDE)
            # a number alone says of what only in the names of variants
            if stride or not label.replace(".", "").isdigit():
                pattern = re.compile(rf"(^|{re.escape(AND)}){re.escape(label)}(?={re.escape(AND)}|$)")
                text = pattern.sub(lambda at, new=called, on=stride: _appended(at[1], new, on), text)  # type: ignore[misc]
        return text


def _appended(before: str, called: str, stride: bool) -> str:
    return f" at {called}" if before and stride else before + called


def axis(name: str, printed: Mapping[str, str] | None = None) -> str:
    """A field of a study in words: `model.decoder.fusion` is the fusion, `input.size` the input size."""
    if printed and name in printed:
        return printed[name]
    words = name.removesuffix(".use").split(".")
    telling = words[-2:] if words[-1] in VAGUE and len(words) > 1 else words[-1:]
    return " ".join(telling).replace("_", " ")


def choice(name: str, label: str, printed: Mapping[str, str]) -> str:
    """A value in words: an output stride of 16 is 1/16, a number says of what."""
    if called := printed.get(f"{name}={label}", printed.get(label)):
        return called
    if name.endswith(STRIDE) and label.isdigit():
        return f"1/{label}"
    return f"{axis(name, printed)} {label}" if label.replace(".", "").isdigit() else label


def varying(choices: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Axes of which the variants have several values."""
    fields = dict.fromkeys(name for own in choices.values() for name in own)
    return [name for name in fields if len({own.get(name) for own in choices.values()}) > 1]

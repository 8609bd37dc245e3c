"""Claims in words: what was claimed, by whom, what was measured, and the verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from segablate.evidence.claim import written
from segablate.evidence.claims import ClaimVerdict
from segablate.evidence.images import METRICS
from segablate.evidence.power import MOST
from segablate.evidence.tally import Form, forms
from segablate.quantity import Quantity, quantity
from segablate.report.blocks import Cell, Table
from segablate.report.claims import Kept
from segablate.report.words import counted, listed

MOST_ROWS = 8
HEAD = ("claim", "source", "measured", "verdict")
QUALIFIED = {"these": " on these images", "unknown": " (scenes unknown)"}
DECIDED = ("confirmed", "refuted", "reproduced", "not reproduced")
FAMILY = (
    "The claims that chance has a part in are one family: each one-sided test is at 2.5 %, corrected among "
    "confirmations and among refutations (Holm), so that at most 5 % of studies hold a false verdict. "
    "The intervals are 95 % each."
)


def claims_table(verdicts: Sequence[ClaimVerdict], kept: Sequence[Kept] = ()) -> Table | None:
    """A row a claim; None where a study claims nothing.

    Args:
        verdicts: of all claims.
        kept: what was claimed when, as the report's data have it.
    """
    if not verdicts:
        return None
    several = _ambiguous(verdicts)
    rows = tuple(row(Form((one,)), kept, several=several) for one in verdicts)
    return Table(HEAD, rows, words=4, below=tuple(_below(verdicts, kept)))


def brief(table: Table, verdicts: Sequence[ClaimVerdict], kept: Sequence[Kept] = ()) -> Table:
    """The table with at most `MOST_ROWS` rows: claims of one form are one row where there are more."""
    if len(table.rows) <= MOST_ROWS:
        return replace(table, below=())
    several = _ambiguous(verdicts)
    found = forms(verdicts)
    shown = found if len(found) <= MOST_ROWS else found[: MOST_ROWS - 1]
    rows = [row(form, kept, several=several, short=True) for form in shown]
    rest = Form(tuple(one for form in found[len(shown) :] for one in form.verdicts))
    if rest.verdicts:
        rows.append(
            (Cell(f"{counted(len(rest.verdicts), 'more claim')}, folded below"), *[Cell("")] * 2, _told(rest))
        )
    return replace(table, rows=tuple(rows), below=())


def _ambiguous(verdicts: Sequence[ClaimVerdict]) -> bool:
    """Whether a metric alone does not say whose it is."""
    about = {(one.claim.metric, one.claim.measure) for one in verdicts}
    return len(about) > len({metric for metric, _ in about})


def row(
    form: Form, kept: Sequence[Kept] = (), *, several: bool = False, short: bool = False
) -> tuple[Cell, ...]:
    """Claims of one form: what is claimed, by whom, what was measured, and the verdicts.

    Args:
        form: one claim, or several.
        kept: what was claimed when.
        several: whether the measure has to be named.
        short: whether claims and numbers are counted instead of named.
    """
    own, first = form.verdicts, form.verdicts[0]
    late = {one.claimed: one.added_after_results for one in kept}
    after = any(late.get(one.claim.identity, True) and one.n + one.exact for one in own)
    told = _told(form)
    text = said(first, several) if len(own) == 1 else _shortly(form) if short else _named(form)
    numbers = [measured(one) for one in own]
    if short and len(own) > 1:
        ordered = sorted(own, key=lambda one: one.difference)
        numbers = [f"{measured(ordered[0])} to {measured(ordered[-1])}"]
    sources = listed(list(dict.fromkeys(one.claim.source or "–" for one in own)))
    verdicts = replace(told, text=told.text + ("; added after results" if after else ""))
    return Cell(text), Cell(sources), Cell(", ".join(numbers)), verdicts


def _told(form: Form) -> Cell:
    """The verdict that all have, or how many have which, with what qualifies them."""
    counts = Counter(verdict(one) for one in form.verdicts)
    decided = all(kind in DECIDED for kind in form.counts)
    if len(counts) == 1:
        return Cell(next(iter(counts)), bold=decided)
    kinds = Counter(one.kind + QUALIFIED.get(one.scenes, "") for one in form.verdicts)
    return Cell(listed([f"{n} of {len(form.verdicts)} {kind}" for kind, n in kinds.items()]), bold=decided)


def _named(form: Form) -> str:
    first = form.verdicts[0]
    if first.claim.word == "reaches":
        texts = [one.claim.text.replace(" reaches ", " ") for one in form.verdicts]
        return f"{title(first)} reaches what is printed: {', '.join(texts)}"
    return f"{'; '.join(one.claim.text for one in form.verdicts)} in {title(first)}"


def _shortly(form: Form) -> str:
    """`8 printed values of mIoU are reached`, `5 pairs: the first beats the second in mIoU`."""
    first, count = form.verdicts[0], len(form.verdicts)
    if first.claim.word == "reaches":
        return f"{count} printed values of {title(first)} are reached"
    return f"{count} pairs: the first {first.claim.word} the second in {title(first)}"


def said(one: ClaimVerdict, several: bool = False) -> str:
    """The claim with what it is about: `FLD beats sum in mIoU by 0.2 points`; `several` names the measure."""
    claim, what = one.claim, quantity(one.claim.metric)
    by = f" by {written(claim.metric, claim.by)}" if claim.by else ""
    unit = f" {what.shown_unit}" if claim.word == "reaches" and what.shown_unit else ""
    under = f" under {claim.measure}" if several else ""
    return f"{claim.text}{unit} in {what.title}{under}{by}"


def title(one: ClaimVerdict) -> str:
    """What a claim is about, in words."""
    return quantity(one.claim.metric).title


def measured(one: ClaimVerdict) -> str:
    """`+0.40 points [+0.12, +0.68]`, `×0.90 [0.88, 0.92]`; of `reaches` the value."""
    what = quantity(one.claim.metric)
    if math.isnan(one.difference):
        return "–"
    if one.claim.word == "reaches":
        digits = len(one.claim.value.partition(".")[2])
        return f"{one.difference * what.scale:,.{digits}f} {what.shown_unit}".strip()
    known = not math.isnan(one.low)
    if one.ratio:
        return f"×{one.difference:.3f}" + (f" [{one.low:.3f}, {one.high:.3f}]" if known else "")
    unit = "points" if what.shown_unit == "%" else what.shown_unit
    middle, *ends = (_signed(value, what) for value in (one.difference, one.low, one.high))
    return f"{middle} {unit}".strip() + (f" [{', '.join(ends)}]" if known else "")


def verdict(one: ClaimVerdict) -> str:
    """The verdict with what qualifies it, and what would decide it."""
    if one.kind == "no verdict":
        return f"no verdict: {one.because}"
    if one.kind == "cannot tell":
        among = f" {one.because}" if one.because else ""
        return f"cannot tell{among}; {_more(one)}"
    told: list[str] = [one.kind]
    if one.kind == "confirmed" and one.claim.word != "beats" and one.claim.word != "reaches":
        allowed = written(one.claim.metric, one.claim.printed if _printed_is_less(one) else one.claim.margin)
        told.append(
            f"within {allowed}".replace(" 1 points", " 1 point") if one.claim.margin.value else "as equal"
        )
    told += [one.because] if one.because else []
    if one.scenes == "these":
        told.append("on these images")
    qualified = [" ".join(told)]
    if one.exact:
        qualified.append("exact, these label maps" if one.claim.metric in METRICS else "exact")
    if one.scenes == "unknown":
        qualified.append("scenes unknown")
    if one.scenes == "these" and not one.more_seeds_help:
        qualified.append("more seeds will not help")
    return "; ".join(qualified)


def _printed_is_less(one: ClaimVerdict) -> bool:
    margin, printed = one.claim.margin, one.claim.printed
    return printed is not None and printed.relative == margin.relative and printed.value < margin.value


def _more(one: ClaimVerdict) -> str:
    """What would decide a claim that is open."""
    if one.scenes in ("same", "these") and not one.more_seeds_help:
        return "more seeds will not help: other scenes may say otherwise"
    things = "processes" if one.ratio else "seeds"
    low, high = one.needed or (None, None)
    if low is None:
        return f"{MOST:,} {things} would not decide"
    if low == high:
        return f"about {low:,} {things} would"
    return f"about {low:,} to {high:,} {things} would" if high else f"{low:,} {things} or more would"


def _below(verdicts: Sequence[ClaimVerdict], kept: Sequence[Kept]) -> Iterator[str]:
    for one in verdicts:
        if len(one.claim.apart) > 1:
            axes = listed([f"{axis} ({first}, {second})" for axis, first, second in one.claim.apart])
            yield f"“{one.claim.text}”: the two differ in {axes}."
        if not math.isnan(one.low_on_scenes):
            yield _on_scenes(one, quantity(one.claim.metric))
    claimed = {one.claim.identity for one in verdicts}
    gone = [f"“{one.text}”" for one in kept if one.claimed not in claimed]
    if gone:
        yield f"Claimed before and no longer: {listed(gone)}."
    if any(one.n > 1 for one in verdicts):
        yield FAMILY


def _on_scenes(one: ClaimVerdict, what: Quantity) -> str:
    ends = ", ".join(_signed(end, what) for end in (one.low_on_scenes, one.high_on_scenes))
    again = f"; {counted(one.redrawn, 'resample')} lacked a class and were drawn again" if one.redrawn else ""
    return f"“{one.claim.text}” over seeds and {one.blocks} scenes: [{ends}]{again}."


def _signed(value: float, what: Quantity) -> str:
    """A difference with its sign; a small count has not nothing to say."""
    size = what.shown(abs(value))
    if math.isnan(value) or not float(size.replace(",", "")):
        return f"±{size}"
    return f"{'+' if value > 0 else '−'}{size}"

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


def claims_table(verdicts: Sequence[ClaimVerdict], dated: Sequence[Kept] = ()) -> Table | None:
    """A row a claim; None where a study claims nothing.

    Args:
        verdicts: of all claims.
        dated: what was claimed when, as the report's data have it.
    """
    if not verdicts:
        return None
    several = _ambiguous(verdicts)
    rows = tuple(row(Form((verdict,)), dated, several=several) for verdict in verdicts)
    return Table(HEAD, rows, words=4, below=tuple(_below(verdicts, dated)))


def brief(table: Table, verdicts: Sequence[ClaimVerdict], dated: Sequence[Kept] = ()) -> Table:
    """The table with at most `MOST_ROWS` rows: claims of one form are one row where there are more."""
    if len(table.rows) <= MOST_ROWS:
        return replace(table, below=())
    several = _ambiguous(verdicts)
    all_forms = forms(verdicts)
    shown = all_forms if len(all_forms) <= MOST_ROWS else all_forms[: MOST_ROWS - 1]
    rows = [row(form, dated, several=several, short=True) for form in shown]
    rest = Form(tuple(verdict for form in all_forms[len(shown) :] for verdict in form.verdicts))
    if rest.verdicts:
        rows.append(
            (
                Cell(f"{counted(len(rest.verdicts), 'more claim')}, folded below"),
                *[Cell("")] * 2,
                _summary(rest),
            )
        )
    return replace(table, rows=tuple(rows), below=())


def _ambiguous(verdicts: Sequence[ClaimVerdict]) -> bool:
    """Whether a metric alone does not say whose it is."""
    about = {(verdict.claim.metric, verdict.claim.measure) for verdict in verdicts}
    return len(about) > len({metric for metric, _ in about})


def row(
    form: Form, dated: Sequence[Kept] = (), *, several: bool = False, short: bool = False
) -> tuple[Cell, ...]:
    """Claims of one form: what is claimed, by whom, what was measured, and the verdicts.

    Args:
        form: one claim, or several.
        dated: what was claimed when.
        several: whether the measure has to be named.
        short: whether claims and numbers are counted instead of named.
    """
    own, first = form.verdicts, form.verdicts[0]
    late = {claim.claimed: claim.added_after_results for claim in dated}
    after = any(late.get(verdict.claim.identity, True) and verdict.n + verdict.exact for verdict in own)
    summary = _summary(form)
    text = sentence(first, several) if len(own) == 1 else _shortly(form) if short else _named(form)
    numbers = [measured(claim_verdict) for claim_verdict in own]
    if short and len(own) > 1:
        ordered = sorted(own, key=lambda claim_verdict: claim_verdict.difference)
        numbers = [f"{measured(ordered[0])} to {measured(ordered[-1])}"]
    sources = listed(list(dict.fromkeys(verdict.claim.source or "–" for verdict in own)))
    verdicts = replace(summary, text=summary.text + ("; added after results" if after else ""))
    return Cell(text), Cell(sources), Cell(", ".join(numbers)), verdicts


def _summary(form: Form) -> Cell:
    """The verdict that all have, or how many have which, with what qualifies them."""
    counts = Counter(verdict(claim_verdict) for claim_verdict in form.verdicts)
    decided = all(kind in DECIDED for kind in form.counts)
    if len(counts) == 1:
        return Cell(next(iter(counts)), bold=decided)
    kinds = Counter(verdict.kind + QUALIFIED.get(verdict.scenes, "") for verdict in form.verdicts)
    return Cell(listed([f"{n} of {len(form.verdicts)} {kind}" for kind, n in kinds.items()]), bold=decided)


def _named(form: Form) -> str:
    first = form.verdicts[0]
    if first.claim.word == "reaches":
        texts = [verdict.claim.text.replace(" reaches ", " ") for verdict in form.verdicts]
        return f"{title(first)} reaches what is printed: {', '.join(texts)}"
    return f"{'; '.join(verdict.claim.text for verdict in form.verdicts)} in {title(first)}"


def _shortly(form: Form) -> str:
    """`8 printed values of mIoU are reached`, `5 pairs: the first beats the second in mIoU`."""
    first, count = form.verdicts[0], len(form.verdicts)
    if first.claim.word == "reaches":
        return f"{count} printed values of {title(first)} are reached"
    return f"{count} pairs: the first {first.claim.word} the second in {title(first)}"


def sentence(verdict: ClaimVerdict, several: bool = False) -> str:
    """The claim with what it is about: `FLD beats sum in mIoU by 0.2 points`; `several` names the measure."""
    claim, what = verdict.claim, quantity(verdict.claim.metric)
    by = f" by {written(claim.metric, claim.by)}" if claim.by else ""
    unit = f" {what.shown_unit}" if claim.word == "reaches" and what.shown_unit else ""
    under = f" under {claim.measure}" if several else ""
    return f"{claim.text}{unit} in {what.title}{under}{by}"


def title(verdict: ClaimVerdict) -> str:
    """What a claim is about, in words."""
    return quantity(verdict.claim.metric).title


def measured(verdict: ClaimVerdict) -> str:
    """`+0.40 points [+0.12, +0.68]`, `×0.90 [0.88, 0.92]`; of `reaches` the value."""
    what = quantity(verdict.claim.metric)
    if math.isnan(verdict.difference):
        return "–"
    if verdict.claim.word == "reaches":
        digits = len(verdict.claim.value.partition(".")[2])
        return f"{verdict.difference * what.scale:,.{digits}f} {what.shown_unit}".strip()
    known = not math.isnan(verdict.low)
    if verdict.ratio:
        return f"×{verdict.difference:.3f}" + (f" [{verdict.low:.3f}, {verdict.high:.3f}]" if known else "")
    unit = "points" if what.shown_unit == "%" else what.shown_unit
    middle, *ends = (_signed(value, what) for value in (verdict.difference, verdict.low, verdict.high))
    return f"{middle} {unit}".strip() + (f" [{', '.join(ends)}]" if known else "")


def verdict(verdict: ClaimVerdict) -> str:
    """The verdict with what qualifies it, and what would decide it."""
    if verdict.kind == "no verdict":
        return f"no verdict: {verdict.because}"
    if verdict.kind == "cannot tell":
        among = f" {verdict.because}" if verdict.because else ""
        return f"cannot tell{among}; {_more(verdict)}"
    words: list[str] = [verdict.kind]
    if verdict.kind == "confirmed" and verdict.claim.word != "beats" and verdict.claim.word != "reaches":
        allowed = written(
            verdict.claim.metric, verdict.claim.printed if _printed_is_less(verdict) else verdict.claim.margin
        )
        words.append(
            f"within {allowed}".replace(" 1 points", " 1 point") if verdict.claim.margin.value else "as equal"
        )
    words += [verdict.because] if verdict.because else []
    if verdict.scenes == "these":
        words.append("on these images")
    qualified = [" ".join(words)]
    if verdict.exact:
        qualified.append("exact, these label maps" if verdict.claim.metric in METRICS else "exact")
    if verdict.scenes == "unknown":
        qualified.append("scenes unknown")
    if verdict.scenes == "these" and not verdict.more_seeds_help:
        qualified.append("more seeds will not help")
    return "; ".join(qualified)


def _printed_is_less(verdict: ClaimVerdict) -> bool:
    margin, printed = verdict.claim.margin, verdict.claim.printed
    return printed is not None and printed.relative == margin.relative and printed.value < margin.value


def _more(verdict: ClaimVerdict) -> str:
    """What would decide a claim that is open."""
    if verdict.scenes in ("same", "these") and not verdict.more_seeds_help:
        return "more seeds will not help: other scenes may say otherwise"
    repeats = "processes" if verdict.ratio else "seeds"
    low, high = verdict.needed or (None, None)
    if low is None:
        return f"{MOST:,} {repeats} would not decide"
    if low == high:
        return f"about {low:,} {repeats} would"
    return f"about {low:,} to {high:,} {repeats} would" if high else f"{low:,} {repeats} or more would"


def _below(verdicts: Sequence[ClaimVerdict], dated: Sequence[Kept]) -> Iterator[str]:
    for verdict in verdicts:
        if len(verdict.claim.apart) > 1:
            axes = listed([f"{axis} ({first}, {second})" for axis, first, second in verdict.claim.apart])
            yield f"“{verdict.claim.text}”: the two differ in {axes}."
        if not math.isnan(verdict.low_on_scenes):
            yield _on_scenes(verdict, quantity(verdict.claim.metric))
    claimed = {verdict.claim.identity for verdict in verdicts}
    gone = [f"“{claim.text}”" for claim in dated if claim.claimed not in claimed]
    if gone:
        yield f"Claimed before and no longer: {listed(gone)}."
    if any(verdict.n > 1 for verdict in verdicts):
        yield FAMILY


def _on_scenes(verdict: ClaimVerdict, what: Quantity) -> str:
    ends = ", ".join(_signed(end, what) for end in (verdict.low_on_scenes, verdict.high_on_scenes))
    again = (
        f"; {counted(verdict.redrawn, 'resample')} lacked a class and were drawn again"
        if verdict.redrawn
        else ""
    )
    return f"“{verdict.claim.text}” over seeds and {verdict.blocks} scenes: [{ends}]{again}."


def _signed(value: float, what: Quantity) -> str:
    """A difference with its sign; a small count has not nothing to say."""
    size = what.shown(abs(value))
    if math.isnan(value) or not float(size.replace(",", "")):
        return f"±{size}"
    return f"{'+' if value > 0 else '−'}{size}"

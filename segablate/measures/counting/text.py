"""A cost as a person reads it: a tree of modules, what else is to be known, and the conventions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segablate.measures.counting import conventions
from segablate.measures.counting.cost import Cost, Module
from segablate.quantity import quantity

HEAD = ("", "parameters", "GMAC", "GFLOP", "other G", "FLOP/B")
# a quick count knows nothing of the rest
QUICK_COLUMNS = 4


def tree(cost: Cost, name: str, depth: int) -> list[str]:
    """The modules with their numbers.

    Args:
        cost: what was counted.
        name: what the network is called.
        depth: how many levels below the network are shown.
    """
    rows = [HEAD, *_rows(cost, cost.modules[""], name, "", "", depth)]
    if cost.quick:
        rows = [row[:QUICK_COLUMNS] for row in rows]
    wide = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            text.rjust(width) if at else text.ljust(width)
            for at, (text, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in rows
    ]


def _rows(
    cost: Cost, module: Module, called: str, lead: str, below: str, depth: int
) -> Iterator[tuple[str, ...]]:
    yield (f"{lead}{called} {module.kind}", *_numbers(module))
    inner = _children(cost, module) if depth else []
    for number, child in enumerate(inner, start=1):
        last = number == len(inner)
        short = child.name.removeprefix(f"{module.name}.") if module.name else child.name
        turn, on = ("└── ", "    ") if last else ("├── ", "│   ")
        yield from _rows(cost, child, short, below + turn, below + on, depth - 1)


def _children(cost: Cost, module: Module) -> list[Module]:
    """The next modules that are called; lists of modules between are passed through by the name."""
    start = f"{module.name}." if module.name else ""
    inside = [inner for inner in cost.modules.values() if inner.name and inner.name.startswith(start)]
    inside = [inner for inner in inside if inner.name != module.name]
    names = {inner.name for inner in inside}
    return [inner for inner in inside if not any(_above(inner.name, start, names))]


def _above(name: str, start: str, names: set[str]) -> Iterator[bool]:
    while len(name) > len(start) and "." in name[len(start) :]:
        name = name.rpartition(".")[0]
        yield name in names


def _numbers(module: Module) -> tuple[str, ...]:
    return (
        f"{module.params:,}",
        quantity("macs").shown(module.macs),
        quantity("flops").shown(module.flops),
        quantity("elementwise").shown(module.others),
        f"{module.intensity:.1f}",
    )


def notes(cost: Cost, theirs: Mapping[str, int] | None = None) -> list[str]:
    """What else is to be known, and the conventions; a sentence each, and "" between the two.

    Args:
        cost: what was counted.
        theirs: fvcore's multiply-adds by module, where it was asked.
    """
    parameters = cost.parameters
    sentences = [
        f"parameters: {parameters.total:,} in an inference, {parameters.training_only:,} more in training; "
        f"{parameters.trainable:,} can be trained",
        f"memory: {_shown('peak_bytes', cost.peak)} of activations at most, "
        f"{_shown('weight_bytes', parameters.bytes)} of weights",
        f"not counted: {uncounted(cost)}",
        f"second opinion: {second_opinion(cost)}",
        *([] if theirs is None else [f"third opinion: {third_opinion(cost, theirs)}"]),
        "",
        f"{conventions.FLOPS}.",
    ]
    if not cost.quick:
        sentences += [
            f"other G: {conventions.ELEMENTWISE}.",
            f"FLOP/B: {conventions.INTENSITY}.",
        ]
    return [*sentences, f"memory: {conventions.PEAK}."]


def uncounted(cost: Cost) -> str:
    """What nobody counted, with its number of calls."""
    if not cost.uncounted:
        return "nothing"
    return ", ".join(
        f"{name} ({number} call{'' if number == 1 else 's'})" for name, number in cost.uncounted.items()
    )


def second_opinion(cost: Cost) -> str:
    """How torch's counter and ours agree."""
    check = cost.check
    theirs = f"torch.utils.flop_counter gives {_shown('flops', check.torch_flops)}"
    if check.traced is None:
        return "none; these are the numbers of torch.utils.flop_counter's formulas"
    if check.ratio is None:
        return f"{theirs}, and there are no multiply-adds"
    agreed = f"{theirs}, {check.ratio:.2f} times the multiply-adds"
    if not check.differences:
        return f"{agreed}: they agree in every module"
    apart = "; ".join(
        f"`{name or 'the network'}` has {mine:,} multiply-adds and {other:,} operations"
        for name, (mine, other) in check.differences.items()
    )
    return f"{agreed}; twice the multiply-adds is not the other in {apart}"


def third_opinion(cost: Cost, theirs: Mapping[str, int]) -> str:
    """How fvcore and ours agree."""
    counted = f"fvcore counts {_shown('macs', theirs[''])}"
    apart = "; ".join(
        f"`{name or 'the network'}` has {mine:,} multiply-adds by our count and {other:,} by fvcore's"
        for name, (mine, other) in cost.apart(theirs).items()
    )
    return f"{counted}; {apart}" if apart else f"{counted}: they agree in every module"


def _shown(metric: str, value: float) -> str:
    return quantity(metric).shown(value, unit=True)

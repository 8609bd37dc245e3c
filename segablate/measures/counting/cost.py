"""What a network costs, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

GROUPS = ("encoder", "context", "decoder", "upsampler")

Scope: TypeAlias = Literal["network", "decoder", "upsampler"]
# papers that compare decoders count from where the encoder and its context end
SCOPES: Mapping[Scope, tuple[str, ...]] = {
    "network": GROUPS,
    "decoder": ("decoder", "upsampler"),
    "upsampler": ("upsampler",),
}


@dataclass(frozen=True)
class Module:
    """A module of the network that its inference runs through, inner modules included.

    Attributes:
        name: its path; "" is the network.
        kind: its class.
        params: its parameters.
        macs: multiply-adds of convolutions and matrix products.
        elementwise: all other operations, by operator.
        moved: bytes that its operators read and write, weights included.
    """

    name: str
    kind: str
    params: int
    macs: int
    elementwise: Mapping[str, int]
    moved: int

    @property
    def flops(self) -> int:
        """Two for each multiply-add."""
        return 2 * self.macs

    @property
    def others(self) -> int:
        """All operations that are not multiply-adds."""
        return sum(self.elementwise.values())

    @property
    def operations(self) -> int:
        """All operations: two for each multiply-add, and the others."""
        return self.flops + self.others

    @property
    def intensity(self) -> float:
        """Operations of all kinds for each byte moved."""
        return self.operations / self.moved if self.moved else 0.0


@dataclass(frozen=True)
class Parameters:
    """How many numbers a network has learned.

    Attributes:
        total: those that an inference needs.
        trainable: those that training may change, of the inference's and of training's own.
        training_only: those of heads that are dropped after training.
        bytes: what the inference's parameters and running statistics take.
    """

    total: int
    trainable: int
    training_only: int
    bytes: int


@dataclass(frozen=True)
class Check:
    """Two counters beside each other.

    Attributes:
        traced: multiply-adds by our formulas; None where only the other one counted.
        torch_flops: torch's count, two a multiply-add.
        differences: module → (our multiply-adds, torch's count), where twice the one is not the other.
    """

    traced: int | None
    torch_flops: int
    differences: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Torch's count over our multiply-adds: 2 where they agree."""
        return self.torch_flops / self.traced if self.traced else None


@dataclass(frozen=True)
class Cost:
    """What one inference costs.

    Attributes:
        shape: (batch, 3, height, width) of the image.
        classes: number of classes.
        stride: pixels a cell of the code is high and wide, where there is an upsampler.
        modules: by path, in the order in which the network names them; "" is the network.
        parameters: how many there are.
        peak: most bytes of activations alive at the same time.
        check: what a second counter says.
        uncounted: operator → number of calls nobody counted.
        quick: whether multiply-adds alone were counted, by torch.
    """

    shape: tuple[int, int, int, int]
    classes: int
    stride: int | None
    modules: Mapping[str, Module]
    parameters: Parameters
    peak: int
    check: Check
    uncounted: Mapping[str, int]
    quick: bool

    @property
    def groups(self) -> tuple[Module, ...]:
        """Encoder, context, decoder and upsampler; the network as a whole where it has no such parts."""
        parts = [self.modules[name] for name in GROUPS if name in self.modules]
        return tuple(parts) if len(parts) == len(GROUPS) else (self.modules[""],)

    def apart(self, theirs: Mapping[str, int]) -> dict[str, tuple[int, int]]:
        """Module → (our multiply-adds, another counter's), where they are not the same."""
        return {
            name: (module.macs, theirs.get(name, 0))
            for name, module in self.modules.items()
            if module.macs != theirs.get(name, 0)
        }

    def within(self, scope: Scope) -> Module:
        """The parts of a scope as one; of a network without parts it is always the whole."""
        wanted = SCOPES[scope]
        chosen = [module for module in self.groups if module.name in wanted]
        if scope == "network" or not chosen:
            return self.modules[""]
        return Module(
            name=scope,
            kind="",
            params=sum(module.params for module in chosen),
            macs=sum(module.macs for module in chosen),
            elementwise=total(module.elementwise for module in chosen),
            moved=sum(module.moved for module in chosen),
        )


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums of several counts, by operator."""
    sums: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            sums[name] = sums.get(name, 0) + number
    return dict(sorted(sums.items()))

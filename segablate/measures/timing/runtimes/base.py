"""What a runtime is: a function from a module and an example input to something that runs it.

        module, example ── prepare (compile, record, export) ──► run: input → output

Preparing may take seconds and is never timed. What comes back takes inputs of the example's shape, type,
memory format and device, and may hand out the same output tensor every time: whoever wants to keep a result
copies it. How many threads it uses is what torch is set to when it is prepared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from segablate.registry import Registry

runtimes = Registry("runtime", "segablate.measures.timing.runtimes")

Run: TypeAlias = Callable[[Tensor], Tensor]

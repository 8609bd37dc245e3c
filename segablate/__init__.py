"""segablate: which segmentation decoder, and how do you know?

The commands are functions too: `segablate.run("study.yaml")` returns what `segablate run study.yaml` prints.
"""

from __future__ import annotations

import importlib
import sys
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect import Signature

    from segablate.app.notebook import flops, latency, oracle, plan, report, results, run

__version__ = "0.1.0"
__all__ = ["flops", "latency", "oracle", "plan", "report", "results", "run"]


def _function(name: str) -> FunctionType:
    """A command as a function; it is imported when it is first asked for."""
    function: FunctionType = getattr(importlib.import_module("segablate.app.notebook"), name)
    return function


class _Callable(ModuleType):
    """A package that has the name of a command: it is called as one."""

    @property
    def __signature__(self) -> Signature:
        import inspect

        return inspect.signature(self._command())

    def _command(self) -> FunctionType:
        return _function(self.__name__.rpartition(".")[2])

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._command()(*arguments, **named)


class _Package(ModuleType):
    """This package: the packages `run` and `report` in it are functions as well."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in __all__ and isinstance(value, ModuleType):
            value.__class__ = _Callable
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in ("run", "report"):
        return importlib.import_module(f"segablate.{name}")
    if name in __all__:
        return _function(name)
    raise AttributeError(f"module `segablate` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

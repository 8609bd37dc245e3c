"""Registries: a part is added by one decorator in one file, and found by its name.

The signature of a part is its schema: positional-only parameters are ingredients that the program
hands over, keyword-only parameters are settings that a study may write. Their annotations validate
what is written, and the docstring explains it.
"""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind

from segablate import wire
from segablate.errors import SegablateError, near_miss
from segablate.wire import Neutral

# beside a part's settings in keys and records: what no setting may be called
RESERVED = ("use", "version")

Made = TypeVar("Made", bound=Callable[..., Any])


@dataclass(frozen=True)
class Part:
    """A registered class or function.

    Attributes:
        kind: what the registry holds, in the singular ("upsampler").
        name: how a study names it.
        make: the class or function itself.
        version: raised when the part's numbers change; goes into the keys of cells.
        paper: where the idea comes from.
    """

    kind: str
    name: str
    make: Callable[..., Any]
    version: int
    paper: str

    @property
    def annotations(self) -> dict[str, Any]:
        """The types of ingredients and settings."""
        made = inspect.unwrap(self.make.__init__ if inspect.isclass(self.make) else self.make)
        return get_type_hints(made, include_extras=True)

    @property
    def explained(self) -> str:
        """Its docstring, whose section `Args` says what each setting does."""
        return inspect.getdoc(self.make) or ""

    @property
    def ingredients(self) -> tuple[str, ...]:
        """Names of what the program hands over."""
        return tuple(p.name for p in self._parameters() if p.kind is p.POSITIONAL_ONLY)

    @property
    def defaults(self) -> dict[str, Any]:
        """Settings and their defaults; `inspect.Parameter.empty` where one must be given."""
        return {p.name: p.default for p in self._parameters() if p.kind is p.KEYWORD_ONLY}

    @property
    def first_name(self) -> str:
        """Its name in keys and records."""
        return wire.first_name(self.kind, self.name)

    @property
    def neutral(self) -> Mapping[str, Any]:
        """Settings added later, and the value of each at which the numbers are what they were without it."""
        return _neutral(self.make)

    @property
    def file(self) -> str:
        """The source file that registers it."""
        return inspect.getsourcefile(self.make) or ""

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return self.explained.split("\n", 1)[0]

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its settings, as pydantic has it."""
        return copy.deepcopy(_json_schema(self.make))

    def settings(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """What a study wrote, validated, with the defaults filled in, as plain JSON values.

        Raises:
            SegablateError: an unknown setting, a missing one or one of the wrong type.
        """
        if not isinstance(written, Mapping):
            raise SegablateError(f"the settings of {self.kind} `{self.name}` are no mapping")
        written = wire.renamed(self.kind, self.name, written)
        defaults = self.defaults
        for name in written:
            if name not in defaults:
                raise SegablateError(
                    f"{self.kind} `{self.name}` has no setting `{name}`",
                    hint=near_miss(name, defaults),
                    field=name,
                )
        try:
            # JSON mode: strict about types, yet a list may stand for a tuple
            model = self._schema().model_validate_json(json.dumps(dict(written)), strict=True)
        except ValidationError as error:
            raise self._explain(error) from None
        return model.model_dump(mode="json")

    def to_wire(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The part with all its settings, as keys and records have it; `Registry.read` is the way back."""
        return {"use": self.first_name, "version": self.version, **self.without_neutral(settings)}

    def without_neutral(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings by their names on the wire, those left out that are at their neutral value."""
        neutral = self.neutral
        counting = {n: value for n, value in settings.items() if n not in neutral or value != neutral[n]}
        return wire.to_wire(self.kind, self.name, counting)

    def with_neutral(self, recorded: Mapping[str, Any]) -> dict[str, Any]:
        """The way back from `without_neutral`."""
        return {**self.neutral, **wire.from_wire(self.kind, self.name, recorded)}

    def build(self, ingredients: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
        """Make the part: ingredients by name, settings validated."""
        valid = self._schema().model_validate_json(json.dumps(self.settings(settings)), strict=True)
        keywords = {name: getattr(valid, name) for name in type(valid).model_fields}
        return self.make(*(ingredients[name] for name in self.ingredients), **keywords)

    def _parameters(self) -> list[inspect.Parameter]:
        return list(inspect.signature(self.make).parameters.values())

    def _schema(self) -> type[BaseModel]:
        return _schema(self.make)

    def _explain(self, error: ValidationError) -> SegablateError:
        first = error.errors()[0]
        path = ".".join(str(step) for step in first["loc"])
        what = first["msg"][:1].lower() + first["msg"][1:]
        if first["type"] == "missing":
            return SegablateError(f"{self.kind} `{self.name}` needs the setting `{path}`")
        return SegablateError(
            f"{self.kind} `{self.name}` takes another `{path}` than `{first['input']}`: {what}",
            field=str(first["loc"][0]) if first["loc"] else None,
        )


@functools.cache  # a model takes a millisecond to make, and a large study asks thousands of times
def _schema(make: Callable[..., Any]) -> type[BaseModel]:
    made = make.__init__ if inspect.isclass(make) else make
    hints = get_type_hints(made, include_extras=True)
    fields: dict[str, Any] = {
        p.name: (hints[p.name], ... if p.default is p.empty else p.default)
        for p in inspect.signature(make).parameters.values()
        if p.kind is p.KEYWORD_ONLY
    }
    return create_model(make.__name__, __config__=ConfigDict(extra="forbid"), **fields)


@functools.cache  # likewise: a study's schema has each part wherever it may stand
def _json_schema(make: Callable[..., Any]) -> dict[str, Any]:
    return _schema(make).model_json_schema(schema_generator=_Defaults)


@functools.cache
def _neutral(make: Callable[..., Any]) -> Mapping[str, Any]:
    # a class whose base declares a setting may give it another default, and need not declare it again
    bases = list(reversed(make.__mro__)) if inspect.isclass(make) else []
    makers = [vars(base)["__init__"] for base in bases if "__init__" in vars(base)] or [make]
    marked = {
        name: mark.value
        for maker in makers
        for name, hint in get_type_hints(maker, include_extras=True).items()
        for mark in getattr(hint, "__metadata__", ())
        if isinstance(mark, Neutral)
    }
    plain: dict[str, Any] = json.loads(json.dumps(marked))  # as settings are, which it is compared with
    return plain


class _Defaults(GenerateJsonSchema):
    """Leaves out a default that JSON cannot write without a warning: a schema is good without it."""

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """Warn of anything but that."""
        if kind != "non-serializable-default":
            super().emit_warning(kind, detail)


class Registry:
    """Parts of one kind, found in the modules of one package when first asked for.

    Args:
        kind: what it holds, in the singular.
        package: the package whose modules register parts here.
        part: what a part becomes; another class than `Part` where all of a kind share a setting.
    """

    def __init__(self, kind: str, package: str, part: type[Part] = Part) -> None:
        self.kind = kind
        self.package = package
        self._part = part
        self._parts: dict[str, Part] = {}
        self._searched = False

    def register(
        self, name: str | None = None, *, paper: str = "", version: int = 1
    ) -> Callable[[Made], Made]:
        """Decorator: add a class or function under `name`, or under its own name in lower case."""

        def add(make: Made) -> Made:
            called = name or make.__name__.lower().replace("_", "-")
            if called in self._parts and self._parts[called].file != inspect.getsourcefile(make):
                raise ValueError(f"two {self.kind}s are called {called}")
            if taken := set(RESERVED).intersection(inspect.signature(make).parameters):
                raise ValueError(f"{called} has a setting {taken.pop()}, which keys have for themselves")
            self._parts[called] = self._part(self.kind, called, make, version, paper)
            return make

        return add

    def names(self) -> list[str]:
        """All names, sorted."""
        self._search()
        return sorted(self._parts)

    def part(self, name: str) -> Part:
        """The part of that name.

        Raises:
            SegablateError: there is none; the hint has the nearest name.
        """
        name = wire.name_today(self.kind, name)
        if name not in self._parts:  # one that is known already spares importing all the others
            self._search()
        if name not in self._parts:
            raise SegablateError(f"there is no {self.kind} `{name}`", hint=near_miss(name, self._parts))
        return self._parts[name]

    def resolve(self, spec: str | Mapping[str, Any]) -> tuple[Part, dict[str, Any]]:
        """A part and its full settings from `name` or `{use: name, setting: value, …}`."""
        settings = {"use": spec} if isinstance(spec, str) else dict(spec) if isinstance(spec, Mapping) else {}
        name = settings.pop("use", None)
        if not isinstance(name, str):
            raise SegablateError(
                f"this {self.kind} has no `use`", hint=f"write `use:` and the {self.kind}'s name"
            )
        part = self.part(name)
        if name != part.name:
            wire.note(f"{self.kind} `{name}` is called `{part.name}` now")
        return part, part.settings(settings)

    def to_wire(self, spec: str | Mapping[str, Any]) -> dict[str, Any]:
        """What a study says of a part, as keys and records have it."""
        part, settings = self.resolve(spec)
        return part.to_wire(settings)

    def read(self, recorded: Mapping[str, Any]) -> tuple[Part, dict[str, Any]]:
        """The part and its settings as a key or a record has them."""
        part = self.part(recorded["use"])
        return part, part.with_neutral({n: value for n, value in recorded.items() if n not in RESERVED})

    def written(self, recorded: Mapping[str, Any]) -> dict[str, Any]:
        """What a study would write for what a key or a record has."""
        part, settings = self.read(recorded)
        return {"use": part.name, **settings}

    def _search(self) -> None:
        if self._searched:
            return
        self._searched = True
        package = importlib.import_module(self.package)
        for module in pkgutil.walk_packages(package.__path__, f"{self.package}."):
            importlib.import_module(module.name)

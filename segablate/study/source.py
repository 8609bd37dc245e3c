"""YAML read so that every value keeps its line, and nothing is read as what it does not look like.

Values follow YAML 1.2: `true` and `false` are the only truth values, `1e-3` is a number. What
YAML 1.1 reads differently (`no`, `off`, …) is refused, because programs would disagree on the study.
Refused as well: keys written twice, anchors, tags, more than one document, numbers JSON does not have.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from segablate.errors import SegablateError, near_miss
from segablate.study.fields import nearest

PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # ten times faster, where libyaml is at hand
DEEPEST = 50

_INT = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_TRUTH_IN_1_1 = {
    shape(word): truth
    for truth, words in {"true": ("y", "yes", "on"), "false": ("n", "no", "off")}.items()
    for word in words
    for shape in (str.lower, str.upper, str.capitalize)
}


@dataclass
class Source:
    """What a YAML text says, and where.

    Attributes:
        name: the file, as it was named, or the command-line option the text came with.
        data: mappings (keys are the text as written), lists, text, numbers, truth values and None.
        places: dotted path → where it was written. A key with dots in it is its own path.
    """

    name: str
    data: Any
    places: dict[str, str] = field(default_factory=dict)

    def where(self, path: str) -> str:
        """The place of a dotted path, or of the nearest thing around it whose place is known."""
        return nearest(self.places, path) or self.name

    def error(self, message: str, path: str, hint: str | None = None) -> SegablateError:
        """An error about the value at `path`."""
        return SegablateError(message, where=self.where(path), hint=hint)


def read(path: Path) -> Source:
    """Read a file.

    Raises:
        SegablateError: it cannot be read, is not UTF-8, is not YAML, or holds what is refused.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        beside = [other.name for other in path.parent.glob("*.y*ml")]
        hint = near_miss(path.name, beside) if beside else None
        raise SegablateError("there is no such file", where=str(path), hint=hint) from None
    except IsADirectoryError:
        raise SegablateError("this is a folder, not a study", where=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise SegablateError(f"cannot be read: {reason.lower()}", where=str(path)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise SegablateError(message, where=f"{path}:{line}", hint="save the file as UTF-8") from None
    return parse(text, str(path))


def parse(text: str, name: str, *, lines: bool = True) -> Source:
    """Read a text; with `lines`, places are `name:line`, without, they are `name`."""
    reader = _Reader(text, name, lines)
    return Source(name, reader.document(), reader.places)


class _Reader:
    """Builds values from parser events; the parser itself never recurses, so depth is ours to bound."""

    def __init__(self, text: str, name: str, lines: bool) -> None:
        self.name = name
        self.lines = lines
        self.places: dict[str, str] = {}
        self.events = self._parse(text)

    def document(self) -> Any:
        """The one document's value; None where there is none."""
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self.events), "", 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._error("a second document begins here", after, "a file holds one study")
        return value

    def _parse(self, text: str) -> Iterator[Any]:
        try:
            yield from yaml.parse(text, PARSER)
        except yaml.YAMLError as error:
            raise self._broken(text, _in_plain_words(text) or error) from None

    def _broken(self, text: str, error: yaml.YAMLError) -> SegablateError:
        if isinstance(error, yaml.reader.ReaderError):
            line = text.count("\n", 0, error.position)
            return SegablateError(f"character 0x{error.character:02x} is not text", where=self._at(line))
        problem, mark = getattr(error, "problem", ""), getattr(error, "problem_mark", None)
        line = mark.line if mark else 0
        if "\\t" in problem:
            message = "a tab where YAML wants spaces"
            return SegablateError(message, where=self._at(line), hint="indent with spaces")
        started, begin = getattr(error, "context", None), getattr(error, "context_mark", None)
        if started and begin and begin.line != line:
            problem += f" {started} that begins on line {begin.line + 1}"
        return SegablateError(f"this is not YAML: {problem}", where=self._at(line))

    def _value(self, event: Any, path: str, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            raise self._error(f"anchors such as `*{event.anchor}` are not read", event, "write the value out")
        if event.tag:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._error(f"tags such as `{tag}` are not read", event, "put text in quotes")
        if depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} values inside each other", event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return list(self._items(path, depth))
        return self._mapping(path, depth)

    def _items(self, path: str, depth: int) -> Iterator[Any]:
        for index, event in enumerate(iter(self.events.__next__, None)):
            if isinstance(event, yaml.SequenceEndEvent):
                return
            inner = f"{path}.{index}" if path else str(index)
            self.places[inner] = self._at(event.start_mark.line)
            yield self._value(event, inner, depth + 1)

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in first:
                again = f"the key `{key}` is written twice, first on line {first[key]}"
                raise self._error(again, event, "remove one, or give it another name")
            first[key] = event.start_mark.line + 1
            inner = f"{path}.{key}" if path else key
            self.places[inner] = self._at(event.start_mark.line)
            mapping[key] = self._value(next(self.events), inner, depth + 1)
        return mapping

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error("a key must be text, not a list or a mapping", event, "write `key: value`")
        if event.value == "<<" and event.implicit[0]:
            raise self._error("merge keys (`<<`) are not read", event, "write the values out")
        self._value(event, "", 0)  # for what it refuses
        return str(event.value)

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text in _TRUTH_IN_1_1:
            hint = f'write `"{text}"` for the text, or `{_TRUTH_IN_1_1[text]}`'
            raise self._error(f"some programs read `{text}` as text and some as a truth value", event, hint)
        if _INT.fullmatch(text):
            return int(text, 0 if text[:2] in ("0o", "0x") else 10)
        if _FLOAT.fullmatch(text):
            if math.isfinite(number := float(text)):
                return number
            raise self._error(f"`{text}` is too large a number", event)
        if _NOT_FINITE.fullmatch(text):
            raise self._error(f"`{text}` is not a number a study can hold", event, "put text in quotes")
        return text

    def _error(self, message: str, event: Any, hint: str | None = None) -> SegablateError:
        return SegablateError(message, where=self._at(event.start_mark.line), hint=hint)

    def _at(self, line: int) -> str:
        return f"{self.name}:{line + 1}" if self.lines else self.name


def _in_plain_words(text: str) -> yaml.YAMLError | None:
    """The error as PyYAML's own parser tells it, so that messages do not depend on libyaml."""
    try:
        for _ in yaml.parse(text, yaml.BaseLoader):
            pass
    except yaml.YAMLError as error:
        return error
    return None

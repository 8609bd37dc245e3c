"""What may change in Python without changing a key: names, and settings that are added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import pytest

from segablate import wire
from segablate.errors import SegablateError
from segablate.registry import Registry
from segablate.wire import Neutral


@dataclass(frozen=True, kw_only=True)
class Before:
    """A part as it was."""

    rate: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Base:
    """The same, with a setting more and another called otherwise."""

    learning_rate: float = 0.1
    frozen: Annotated[str | None, Neutral(None)] = None
    steps: Annotated[tuple[int, ...], Neutral((1, 2))] = (1, 2)


@dataclass(frozen=True, kw_only=True)
class After(Base):
    """One that gives an added setting another default than the neutral one."""

    steps: tuple[int, ...] = (3,)


def registry(**parts: type) -> Registry:
    made = Registry("gadget", "segablate.training.recipes")
    for name, part in parts.items():
        made.register(name)(part)
    return made


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(wire.PARTS, "gadget", {"today": "before"})
    monkeypatch.setitem(wire.SETTINGS, "gadget before", {"learning_rate": "rate"})
    wire.note.cache_clear()
    yield
    wire.note.cache_clear()


def test_neither_a_new_name_nor_a_setting_at_its_neutral_value_changes_what_a_key_is_made_of(
    request: pytest.FixtureRequest,
) -> None:
    then = registry(before=Before).to_wire({"use": "before", "rate": 0.5})
    request.getfixturevalue("renamed")
    now = registry(today=Base).to_wire({"use": "today", "learning_rate": 0.5})
    assert now == then == {"use": "before", "version": 1, "rate": 0.5}


@pytest.mark.usefixtures("renamed")
def test_what_a_key_tells_is_read_back_by_today_s_names_with_the_neutral_values() -> None:
    part, settings = registry(today=After).read({"use": "before", "version": 1, "rate": 0.5})
    assert part.name == "today"
    # the neutral value of `steps`, not the default of this part
    assert settings == {"learning_rate": 0.5, "frozen": None, "steps": [1, 2]}


def test_a_setting_that_is_not_neutral_is_told() -> None:
    gadgets = registry(today=After)
    told = gadgets.to_wire({"use": "today", "frozen": "x8"})
    assert told == {"use": "today", "version": 1, "learning_rate": 0.1, "frozen": "x8", "steps": [3]}
    assert gadgets.written(told) == {"use": "today", "learning_rate": 0.1, "frozen": "x8", "steps": [3]}


@pytest.mark.usefixtures("renamed")
def test_a_study_with_former_names_loads_and_a_note_says_what_they_are_now(
    capsys: pytest.CaptureFixture[str],
) -> None:
    part, settings = registry(today=Base).resolve({"use": "before", "rate": 0.5})
    assert (part.name, settings["learning_rate"]) == ("today", 0.5)
    said = capsys.readouterr().err
    assert "gadget `before` is called `today` now" in said
    assert "`rate` of gadget `today` is called `learning_rate` now" in said


@pytest.mark.usefixtures("renamed")
def test_both_names_of_one_setting_are_refused() -> None:
    with pytest.raises(SegablateError, match="`rate` is the former name of `learning_rate`"):
        registry(today=Base).resolve({"use": "today", "rate": 0.5, "learning_rate": 0.5})


def test_a_setting_cannot_be_called_as_keys_call_a_part() -> None:
    def gadget(*, version: int = 1) -> None:
        """A part with a setting that keys have for themselves."""

    with pytest.raises(ValueError, match="which keys have for themselves"):
        registry(gadget=gadget)  # type: ignore[arg-type]

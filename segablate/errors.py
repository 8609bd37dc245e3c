"""The one kind of error a person can put right.

Everything else that goes wrong is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MOST_NAMES_IN_A_HINT = 20


class SegablateError(Exception):
    """Something in a study, in the data or on the command line that its author can change.

    Args:
        message: what is wrong, in lower case, without a full stop, literals in back-ticks.
        where: file, `file:line` or part of a study the message is about.
        hint: what to try, if there is something that would help.
        field: dotted path of the study's value that is at fault, so that whoever holds
            the study file can turn it into `where`.
    """

    def __init__(
        self, message: str, *, where: str | None = None, hint: str | None = None, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.field = field

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # keyword-only arguments would be lost on the way back from a worker process
        return _rebuild, (self.message, self.where, self.hint, self.field)

    def render(self) -> str:
        """The error as it is shown: `error: where: message`, an empty line, `hint: …`."""
        shown = f"error: {self}"
        return f"{shown}\n\nhint: {self.hint}" if self.hint else shown


def _rebuild(message: str, where: str | None, hint: str | None, field: str | None) -> SegablateError:
    return SegablateError(message, where=where, hint=hint, field=field)


@contextmanager
def context(*, where: str | None = None, field: str | None = None) -> Iterator[None]:
    """Add the place to an error that does not have one yet; a `field` is put before what is there."""
    try:
        yield
    except SegablateError as error:
        error.where = error.where or where
        if field:
            error.field = f"{field}.{error.field}" if error.field else field
        raise


def near_miss(word: str, names: Iterable[str]) -> str:
    """A hint for a name that does not exist: the nearest name, or all names, never both."""
    known = sorted(names)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if not known:
        return "there are none"
    shown = ", ".join(f"`{name}`" for name in known[:MOST_NAMES_IN_A_HINT])
    more = len(known) - MOST_NAMES_IN_A_HINT
    return f"there are {shown}" + (f" and {more} more" if more > 0 else "")

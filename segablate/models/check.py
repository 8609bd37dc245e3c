"""What parts of a network refuse, said in one way."""

from __future__ import annotations

from segablate.errors import SegablateError


def positive(**values: int) -> None:
    """Refuse a number of something that is not at least one.

    Raises:
        SegablateError: `field` is the name of the first value below one.
    """
    for name, value in values.items():
        if value < 1:
            raise SegablateError(f"`{name}` is {value}, but must be at least 1", field=name)

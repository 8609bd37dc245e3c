"""`segablate show DATA --picture FILE`: one decoded example of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segablate.errors import SegablateError, context
from segablate.registry import Part

FORMATS = (".png", ".jpg", ".jpeg", ".webp")


def draw(part: Part, path: Path, split: str, index: int, settings: Sequence[str]) -> dict[str, Any]:
    """Draw an example into a file, and tell what is on it.

    Args:
        part: the data set.
        path: the file, which is written over.
        split: a split's name or a list file; "" takes the one that is fitted on.
        index: the example's number within the split, from 0.
        settings: of the data set, each as `key=value`.

    Raises:
        SegablateError: the data set is not there or wrong, there is no such split or example, or the
            file cannot be written.
    """
    from segablate.cli.options import changed
    from segablate.datasets.picture import example, shares

    if path.suffix.lower() not in FORMATS:
        known = ", ".join(f"`{ending}`" for ending in FORMATS)
        raise SegablateError("this is no name of a picture", where=str(path), hint=f"it ends in {known}")
    spec = changed({"use": part.name}, settings, "data.")
    with context(where=f"data set `{part.name}`"):
        data = part.build({}, {name: value for name, value in spec.items() if name != "use"})
        split = split or data.default_fit
        items = data.items(split)
        if not 0 <= index < len(items):
            count = f"`{split}` has {len(items):,} examples"
            raise SegablateError(f"there is no example {index}: {count}, the first is 0", where="--index")
        alone = items[index].label is not None and items[index].image is None  # of label maps only
        label = data.label(items[index])
        drawn = example(None if alone else data.image(items[index]), label, data)
    try:
        drawn.save(path)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SegablateError(f"cannot be written: {why}", where=str(path)) from None
    return {
        "file": str(path),
        "split": split,
        "index": index,
        "examples": len(items),
        "name": items[index].name,
        "size": list(label.shape),
        "image": not alone,
        "shares": shares(label, data),
    }


def summary(drawn: dict[str, Any]) -> str:
    """What was drawn, in one line."""
    height, width = drawn["size"]
    return (
        f"{drawn['file']}: `{drawn['name']}`, example {drawn['index']} of {drawn['examples']:,} "
        f"in `{drawn['split']}`, {height}×{width}{'' if drawn['image'] else ', which has no image'}"
    )

"""What a reader calls an axis and a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segablate.report.data import Record

STRIDE = "output_stride"
# last words of a field that say too little alone
VAGUE = ("channels", "size", "rate", "weights")


def axis(field: str) -> str:
    """A field of a study in words: `model.decoder.fusion` is the fusion, `input.size` the input size."""
    words = field.removesuffix(".use").split(".")
    told = words[-2:] if words[-1] in VAGUE and len(words) > 1 else words[-1:]
    return " ".join(told).replace("_", " ")


def choice(field: str, label: str) -> str:
    """A value in words: an output stride of 16 is 1/16."""
    return f"1/{label}" if field.endswith(STRIDE) and label.isdigit() else label


def value(field: str, label: str) -> str:
    """A choice that stands alone in a heading: a bare number says of what."""
    told = choice(field, label)
    return f"{axis(field)} {told}" if told.replace(".", "").isdigit() else told


def variants(records: Sequence[Record]) -> dict[str, str]:
    """Label of each variant → what a reader calls it: a baseline by what it is.

    Only axes that vary are named, and none twice.
    """
    choices = {record.variant: record.choices for record in records}
    varied = varying(choices)
    return {variant: called(variant, own, varied) for variant, own in choices.items()}


def called(variant: str, own: Mapping[str, str], varied: Sequence[str]) -> str:
    """One variant's name."""
    if variant != "baseline" and not any(field.endswith(STRIDE) for field in varied):
        return variant
    words = [choice(field, own[field]) for field in varied if field in own]
    return ", ".join(words) if words and variant == "baseline" else _with_strides(variant, own, varied)


def varying(choices: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Axes of which the variants have several values."""
    fields = dict.fromkeys(field for own in choices.values() for field in own)
    return [field for field in fields if len({own.get(field) for own in choices.values()}) > 1]


def _with_strides(variant: str, own: Mapping[str, str], varied: Sequence[str]) -> str:
    """Labels say `output_stride=16`."""
    for field in varied:
        if field.endswith(STRIDE) and field in own:
            variant = variant.replace(f"{field.rpartition('.')[2]}={own[field]}", choice(field, own[field]))
    return variant

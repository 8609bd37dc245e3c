"""`names` and `table`: what may be named, how a table may look, and what is refused where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segablate.errors import SegablateError
from segablate.study.printed import check
from segablate.study.study import Study, TableSpec
from segablate.study.variants import variants

Write = Callable[..., Study]
METRICS = {"accuracy": ("miou",), "searched": ("miou",), "latency": ("p50_ms",)}
STUDY = """\
vary:
  model.upsampler: {bilinear: a, DUp: b}
  model.stride: [16, 32]
measure: [accuracy, {use: accuracy, as: searched}, latency]
"""


def checked(study: Write, text: str) -> Study:
    made = study(STUDY + text)
    check(made, variants(made), METRICS)
    return made


def test_axes_choices_and_variants_have_names_and_the_table_a_form(study: Write) -> None:
    made = checked(
        study,
        'names: {model.upsampler: last step, "16": 1/16, "DUp, stride=32": ours}\n'
        "table: {rows: model.stride, columns: [model.upsampler],"
        " show: [p50_ms, {metric: miou, measure: searched}]}\n",
    )
    assert made.names == {"model.upsampler": "last step", "16": "1/16", "DUp, stride=32": "ours"}
    assert made.table == TableSpec(
        "matrix", "model.stride", ("model.upsampler",), (("p50_ms", ""), ("miou", "searched"))
    )
    assert study(STUDY).table == TableSpec()


@pytest.mark.parametrize(("text", "line", "said"), [
    ("names: {bilinaer: x}", 5, "the study has no variant, axis or choice `bilinaer`"),
    ("names:\n  DUp: bilinear", 6, "`bilinear` and `DUp` would both be called `bilinear`"),
    ("names:\n  '16': x\n  '32': x", 7, "`16` and `32` would both be called `x`"),
    ("names:\n  model.stride=16: x\n  '32': x", 7, "`16` and `32` would both be called `x`"),
    ("names: {DUp: ''}", 5, "must be text"),
    ("names: []", 5, "`names` must be a mapping"),
    ("table: {as: matrx}", 5, "there is no table `matrx`"),
    ("table: {sow: [miou]}", 5, "`table` has no `sow`"),
    ("table:\n  rows: model.strde", 6, "the study varies no `model.strde`"),
    ("table: {as: ticks, rows: model.stride}", 5, "only a matrix has `rows`"),
    ("table: {rows: model.stride, columns: [model.stride]}", 5, "`model.stride` has two places"),
    ("table: {columns: model.stride}", 5, "`table.columns` must be a list"),
    ("table:\n  show:\n    - p50_ms\n    - mIoU", 8, "there is no metric `mIoU`"),
    ("table:\n  show:\n    - macs", 7, "nothing that the study measures gives `macs`"),
    ("table: {show: [miou]}", 5, "`miou` is given by `accuracy`, `searched`"),
    ("table: {show: [{metric: miou, measure: serched}]}", 5, "the study measures no `serched`"),
    ("table: {show: [{metric: p50_ms, measure: searched}]}", 5, "`searched` gives no `p50_ms`"),
    ("table: {show: [{measure: searched}]}", 5, "this entry of `show` has no `metric`"),
])  # fmt: skip
def test_what_cannot_be_printed_is_told_with_its_line(study: Write, text: str, line: int, said: str) -> None:
    with pytest.raises(SegablateError) as caught:
        checked(study, text)
    message = caught.value.render()
    assert said in message
    assert message.startswith(f"error: x.yaml:{line}: ")

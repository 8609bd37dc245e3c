"""Whatever a study file says, it is a study or an error that its author can put right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segablate.errors import SegablateError
from segablate.study.load import load
from segablate.study.variants import Variant, field_in_study, skip_reason, variants

SCALARS = st.sampled_from(["a", "model.a", "b.use", "data", "oracle", "", "2", 0, 1, 2.5, True, None])
KEYS = st.sampled_from(
    [
        "a",
        "model",
        "model.a",
        "model.a.b",
        "data",
        "data.use",
        "use",
        "as",
        "when",
        "because",
        "measure",
        "sets",
        ".",
        "",
    ]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
CONFIG = st.dictionaries(
    st.sampled_from(["model", "model.a", "model.a.b", "data", "data.use"]), ANYTHING, max_size=3
)
OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "fixed": CONFIG | ANYTHING,
        "vary": CONFIG | ANYTHING,
        "design": st.sampled_from(["zip", "cumulative", "one-at-a-time", "leave-one-out"]) | ANYTHING,
        "skip": st.lists(st.fixed_dictionaries({"when": CONFIG, "because": SCALARS}), max_size=2) | ANYTHING,
        "measure": ANYTHING,
        "repeat": ANYTHING,
        "question": ANYTHING,
    },
)
SETS = st.lists(
    st.tuples(
        st.sampled_from(["model.a.b", "data", "vary.model.a", "measure.0.x", "design.sets", "repeat"]),
        ANYTHING,
    ),
    max_size=2,
)


def check(study: Any, made: tuple[Variant, ...]) -> None:
    assert sum(variant.baseline for variant in made) == 1
    assert len({variant.label for variant in made}) == len(made)
    for variant in made:
        json.dumps(variant.config)
        for field in ("model.a", "model.a.b", "data", "recipe"):
            assert study.where(field_in_study(study, variant, field))
        for spec in study.measures:
            skip_reason(study, variant, spec.label)


@given(OTHERS, SETS)
def test_it_is_read_or_refused_and_never_breaks(others: dict[str, Any], sets: list[tuple[str, Any]]) -> None:
    Path("x.yaml").write_text(json.dumps({"name": "x", "measure": ["oracle"], **others}))
    try:
        study = load(Path("x.yaml"), [f"{key}={json.dumps(value)}" for key, value in sets])
        made = variants(study)
    except SegablateError as error:
        assert (error.where or "").startswith(("x.yaml", "--set"))  # noqa: PT017
    else:
        check(study, made)

"""Configurations as sets of leaves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segablate.errors import SegablateError
from segablate.study.fields import clash, gather, label_of, lookup, nest, replace, split, walk

WORDS = st.sampled_from(["a", "b", "use"])
FIELDS = st.lists(WORDS, min_size=1, max_size=3).map(tuple)
VALUES: st.SearchStrategy[Any] = (
    st.sampled_from(["text", 1, None, True]) | st.builds(dict) | st.builds(lambda: [1])
)
PAIRS = st.lists(st.tuples(FIELDS, VALUES), max_size=6)


def nested(*pairs: tuple[str, Any]) -> dict[str, Any]:
    return nest(gather((split(field), value) for field, value in pairs))


def test_text_with_settings_beneath_it_becomes_their_use() -> None:
    expected = {"model": {"upsampler": {"use": "dupsampling", "channels": 64}}}
    written = [("model.upsampler", "dupsampling"), ("model.upsampler.channels", 64)]
    assert nested(*written) == nested(*reversed(written)) == expected


def test_dotted_keys_within_mappings_are_expanded() -> None:
    assert nest(gather(walk({"model": {"decoder.fusion": {"use": "x"}}}))) == {
        "model": {"decoder": {"fusion": {"use": "x"}}}
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", 1), ("a", 2)),
        (("a", "text"), ("a.use", "other")),
        (("a", 1), ("a.b", 2)),
        (("a", None), ("a.b", 2)),
        (("a", [1]), ("a.0", 2)),
    ],
)
def test_two_values_for_one_field_clash(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    for written in ([one, other], [other, one]):
        with pytest.raises(SegablateError):
            nested(*written)
    assert clash({split(one[0]): one[1]}, {split(other[0]): other[1]})


def test_an_empty_mapping_may_be_filled_and_is_not_shared() -> None:
    leaves = gather([(("a",), {}), (("a", "b"), 1)])
    assert nest(leaves) == {"a": {"b": 1}}
    assert leaves[("a",)] == {}


@given(PAIRS)
def test_the_order_in_which_leaves_are_written_does_not_matter(
    pairs: list[tuple[tuple[str, ...], Any]],
) -> None:
    def made(pairs: list[tuple[tuple[str, ...], Any]]) -> Any:
        try:
            return nest(gather(pairs))
        except SegablateError:
            return "clash"

    assert made(pairs) == made(pairs[::-1])


@given(PAIRS)
def test_a_nested_configuration_has_the_leaves_it_was_made_of(
    pairs: list[tuple[tuple[str, ...], Any]],
) -> None:
    try:
        tree = nest(gather(pairs))
    except SegablateError:
        return
    for field, value in pairs:
        found = lookup(tree, field)
        # an empty mapping may have been filled, and text may have become a `use`
        assert found == value or value == {} or found["use"] == value


@given(PAIRS, FIELDS, VALUES)
def test_what_was_replaced_is_there_and_clashes_with_nothing(
    pairs: list[tuple[tuple[str, ...], Any]], field: tuple[str, ...], value: Any
) -> None:
    try:
        before = gather(pairs)
    except SegablateError:
        return
    after = replace(before, field, value)
    gather(after.items())
    assert lookup(nest(after), field) == value


def test_text_above_what_is_replaced_stays_as_its_use() -> None:
    before: dict[tuple[str, ...], Any] = {("a",): "dupsampling", ("c",): 1}
    assert nest(replace(before, ("a", "b"), 2)) == {"a": {"use": "dupsampling", "b": 2}, "c": 1}
    assert nest(replace(before, ("a", "use"), "other")) == {"a": {"use": "other"}, "c": 1}


def test_lookup_takes_text_for_its_own_use() -> None:
    assert lookup({"data": "voc"}, ("data", "use")) == "voc"
    with pytest.raises(KeyError):
        lookup({"data": "voc"}, ("data", "root"))


@pytest.mark.parametrize(
    ("value", "label"), [(True, "true"), (False, "false"), (None, "null"), (1, "1"), (0, "0"), (0.5, "0.5")]
)
def test_a_scalar_is_its_own_label(value: Any, label: str) -> None:
    assert label_of(value) == label

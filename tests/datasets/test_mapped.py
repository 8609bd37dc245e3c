"""`map` merges, renames and leaves out classes of any data set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from segablate.datasets.base import datasets
from segablate.datasets.mapped import Mapped, checked
from segablate.datasets.protocol import Item

CLASSES = ("sky", "building", "car", "bus", "fence", "tree")


class Numbers:
    """A data set of one label map that holds every value once."""

    splits = ("all",)
    default_fit = "all"
    default_score = "all"

    def __init__(self, classes: tuple[str, ...] = CLASSES, ignore: int | None = 255) -> None:
        self.classes = classes
        self.ignore = ignore
        self.palette = np.arange(3 * len(classes), dtype=np.uint8).reshape(-1, 3)

    def items(self, split):
        return [Item("a", None, None)]

    def label(self, item):
        values = [*range(len(self.classes)), *([] if self.ignore is None else [self.ignore])]
        return np.array([values], np.uint16 if max(values) > 255 else np.uint8)

    def image(self, item):
        return np.zeros((1, 7, 3), np.uint8)

    def fingerprint(self, split):
        return "labels"

    def image_fingerprint(self, split):
        return "images"


def mapped(given, **about) -> Mapped:
    return Mapped(Numbers(**about), checked(given))


def values(data: Mapped) -> list[int]:
    return data.label(data.items("all")[0])[0].tolist()


def test_classes_of_one_name_become_one_where_the_first_of_them_stood():
    data = mapped({"car": "vehicle", "bus": "vehicle"})
    assert data.classes == ("sky", "building", "vehicle", "fence", "tree")
    assert data.palette.tolist() == Numbers().palette[[0, 1, 2, 4, 5]].tolist()
    assert values(data) == [0, 1, 2, 2, 3, 4, 255]


def test_null_leaves_a_class_out():
    data = mapped({"sky": None, "fence": None})
    assert data.classes == ("building", "car", "bus", "tree")
    assert values(data) == [255, 0, 1, 2, 255, 3, 255]


def test_a_class_merged_into_another_takes_its_place_and_colour():
    data = mapped({"sky": "bus"})
    assert data.classes == ("building", "car", "bus", "fence", "tree")
    assert data.palette[2].tolist() == Numbers().palette[3].tolist()
    assert values(data) == [2, 0, 1, 2, 3, 4, 255]


def test_a_class_may_be_named_by_its_index_on_either_side():
    assert values(mapped({2: 3})) == values(mapped({"2": 3})) == values(mapped({"car": "bus"}))


def test_a_class_called_by_a_number_is_meant_by_that_number():
    data = mapped({2: 0}, classes=("2", "1", "0"))
    assert data.classes == ("2", "1", "0")  # class `2` is the first, and index 0 is itself
    assert values(data) == [0, 1, 2, 255]


def test_the_star_is_every_class_that_is_not_named():
    data = mapped({"car": "car", "*": "rest"})
    assert data.classes == ("rest", "car")
    assert values(data) == [0, 0, 1, 0, 0, 0, 255]
    assert values(mapped({"tree": "plant", "*": None})) == [255, 255, 255, 255, 255, 0, 255]


def test_two_classes_may_swap_names():
    data = mapped({"car": "bus", "bus": "car"})
    assert data.classes[2:4] == ("bus", "car")
    assert values(data) == [0, 1, 2, 3, 4, 5, 255]


def test_what_was_ignored_stays_ignored_whatever_its_value():
    assert values(mapped({"car": None}, ignore=6)) == [0, 1, 255, 2, 3, 4, 255]
    assert values(mapped({"car": "bus"}, ignore=0)) == [255, 1, 2, 2, 3, 4, 255]


def test_where_nothing_is_ignored_nothing_becomes_so():
    assert mapped({"car": "bus"}, ignore=None).ignore is None
    assert mapped({"car": None}, ignore=None).ignore == 255


def test_more_than_255_classes_keep_sixteen_bits():
    names = tuple(f"c{index}" for index in range(300))
    data = mapped({"c0": None}, classes=names, ignore=65535)
    assert (data.ignore, len(data.classes)) == (65535, 299)
    assert values(data) == [65535, *range(299), 65535]
    assert mapped({f"c{index}": "few" for index in range(100)}, classes=names, ignore=65535).ignore == 255


def test_fingerprints_tell_maps_apart_and_images_do_not_change():
    marks = {mapped(given).fingerprint("all") for given in ({"car": "bus"}, {"car": None}, {"sky": None})}
    assert len(marks) == 3
    assert mapped({"car": None}).image_fingerprint("all") == "images"


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*CLASSES, "*"]), st.sampled_from([None, 0, 3, "new", "car"])))
def test_every_pixel_is_what_its_class_became(given):
    targets = [given.get(name, given.get("*", name)) for name in CLASSES]
    becomes = [CLASSES[target] if isinstance(target, int) else target for target in targets]
    assume(any(becomes))
    data = mapped(given)
    assert [data.classes[value] if value != 255 else None for value in values(data)] == [*becomes, None]
    assert sorted(data.classes) == sorted({name for name in becomes if name})


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"carr": None}, "there is no class `carr`", "did you mean `car`?"),
        ({6: None}, "there is no class 6: they are 0 to 5", None),
        ({"car": -1}, "there is no class -1: they are 0 to 5", None),
        ({"car": None, 2: "bus"}, "class `car` is mapped twice, as `2` and as `car`", None),
        ({"*": None}, "`map` leaves no class", None),
        ({"car": ["bus"]}, "class `car` is mapped to `['bus']`", "a class becomes a name"),
        ({"car": True}, "class `car` is mapped to `True`", "a class becomes a name"),
        ({"car": " "}, "class `car` is mapped to ` `", "a class becomes a name"),
        (["car"], "`map` is `['car']`, but must say what classes become", "write `map: {class: another"),
    ],
)
def test_what_is_wrong_is_told(refused, given, message, hint):
    error = refused(lambda: mapped(given))
    assert (error.message, error.field) == (message, "map")
    assert (error.hint or "").startswith(hint or "")
    assert bool(error.hint) == bool(hint)


def test_without_a_map_settings_are_what_they_were():
    part, full = datasets.resolve("shapes")
    assert "map" not in full
    assert datasets.resolve({"use": "shapes", "map": {}})[1] == full
    assert part.build({}, full).classes == part.make().classes


def test_it_is_a_setting_like_any_other(refused):
    part, full = datasets.resolve({"use": "shapes", "map": {"car": "vehicle", 5: None}})
    assert full["map"] == {"5": None, "car": "vehicle"}
    assert "vehicle" in part.build({}, full).classes
    assert refused(lambda: part.settings({"mapp": {}})).hint == "did you mean `map`?"


def test_the_order_in_which_a_map_is_written_does_not_matter():
    one, other = (
        {"map": dict(pairs)} for pairs in ([("sky", None), ("car", 1)], [("car", 1), ("sky", None)])
    )
    part = datasets.part("shapes")
    assert list(part.settings(one)["map"].items()) == list(part.settings(other)["map"].items())

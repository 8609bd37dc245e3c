from dataclasses import replace
from importlib.resources import files

import pytest
import yaml

from segablate.app.catalogue import registry
from segablate.errors import SegablateError
from segablate.records import Measurement
from segablate.report.data import read
from segablate.report.published import agreement, check, compare, load, matches, nearest, published


@pytest.fixture
def told(fake, tmp_path):
    """Comparisons of a study, and what they agree about."""

    def tell(lines):
        records = read(fake.save(tmp_path, lines, pictures=False) / "data")
        compared = compare(load("dupsampling.table1"), records)
        return compared, tuple(agreement(compared))

    return tell


def line(fake, use, channels, stride, value, **facts):
    made = fake.oracle(use, channels, stride)
    made = replace(made, measurements=(Measurement("miou", (value,), "c"),), facts={**made.facts, **facts})
    return fake.Line(f"{use} {stride}", {}, use == "bilinear", "project", made)


def test_the_reference_holds_the_printed_bounds():
    bounds = {row["name"]: row["values"][0] for row in load("dupsampling.table1").rows}
    assert bounds == {
        "bilinear at output stride 32": 94.80,
        "DUpsampling at output stride 32": 99.90,
        "bilinear at output stride 16": 98.40,
        "DUpsampling at output stride 16": 99.95,
    }


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("dupsamplng.table1", "did you mean `dupsampling`?"),
        ("dupsampling.tabel1", "did you mean `table1`?"),
        ("dupsampling", "there are `fig5`, `table1`, `table2`, `table3`, `table4`, `table5`"),
    ],
)
def test_a_reference_that_does_not_exist_is_an_error_with_the_nearest_name(name, hint):
    with pytest.raises(SegablateError) as caught:
        load(name)
    assert (caught.value.hint, caught.value.field) == (hint, "published")


def test_a_field_matches_by_value_and_a_missing_one_counts_as_false():
    reads = {"upsampler": {"use": "bilinear"}, "output_stride": 16}
    assert matches({"upsampler.use": "bilinear", "upsampler.bias": False}, reads)
    assert not matches({"upsampler.channels": 64}, reads)
    assert not matches({"output_stride": 32}, reads)


@pytest.mark.parametrize(
    "path", sorted((files("segablate") / "references").iterdir()), ids=lambda path: path.name
)
def test_every_reference_says_what_its_values_are_and_of_which_parts(path):
    for table in yaml.safe_load(path.read_text(encoding="utf-8"))["tables"]:
        reference = load(f"{path.name.removesuffix('.yaml')}.{table}")
        columns = {column["name"] for column in reference.columns}
        assert len({row["name"] for row in reference.rows}) == len(reference.rows)
        for row in reference.rows:
            assert len(row["values"]) == len(columns)
            assert columns.issuperset(row.get("marks", {}))
            assert set(row.get("marks", {}).values()) <= set(reference.marks)
            named = {field: name for field, name in row.get("match", {}).items() if field.endswith(".use")}
            for field, name in named.items():
                assert registry(field.split(".")[-2]).part(name).name == name


def test_of_several_variants_that_a_printed_value_could_be_of_none_stands_beside_it(fake, told):
    one = line(fake, "dupsampling", 64, 32, 0.999)
    same, other = replace(one, variant="same"), replace(one, variant="other")
    assert len(told([one, same])[0]) == 1  # a measure that cannot tell them apart has one number
    reads = {**one.outcome.reads, "limit": 3}
    assert told([one, replace(other, outcome=replace(one.outcome, reads=reads))])[0] == ()


def cell(variant, use="dupsampling", **changed):
    """What planning knows of a trained network at stride 32."""
    fitted = {"weights": "pca", "train": "frozen", "temperature": True}
    part = {"use": use, "channels": 64, "bias": False, **fitted, **changed}
    reads = {"upsampler": part, "model": {"upsampler": part}, "output_stride": 32}
    return ("accuracy", "accuracy", variant, {**reads, "limit": variant})


def test_a_trained_dupsampling_is_the_one_of_the_paper_only_as_the_paper_has_it():
    others = [cell("random", weights="random"), cell("tuned", train="tuned"), cell("no T", temperature=False)]
    check(load("dupsampling.table1"), [cell("ours"), *others, cell("bilinear", use="bilinear")])


def test_a_printed_value_that_two_variants_could_be_is_an_error_that_names_them():
    with pytest.raises(SegablateError) as caught:
        check(load("dupsampling.table1"), [cell("one"), cell("two"), cell("two"), cell("three")])
    message = "`DUpsampling at output stride 32` of Table 1 is one variant, and `accuracy` has "
    assert caught.value.message == f"{message}`one` and `two` and 1 more"
    assert caught.value.field == "published"


def test_a_mark_stands_beside_the_value_and_is_explained(fake, tmp_path):
    made = fake.oracle("bilinear", None, 16)
    model = {"decoder": {"use": "fld", "channels": [64, 96, 128], "fusion": {"use": "add"}, "stages": 3}}
    reads = {"data": {"use": "cityscapes"}, "model": {**model, "context": {"use": "sppm"}}}
    made = replace(made, use="accuracy", reads={**reads, "recipe": {"use": "pp-liteseg-cityscapes"}})
    records = read(
        fake.save(tmp_path, [fake.Line("FLD + SPPM", {}, True, "accuracy", made)], pictures=False) / "data"
    )
    reference = load("pp-liteseg.table3")
    (one,) = compare(reference, records)
    assert (one.mark, one.verdict) == ("[1]", "not comparable")  # for the encoder was not trained
    table = published(reference, [one]).blocks[-1]
    assert "77.76 [1]" in [shown.text for shown in table.rows[0]]
    assert table.below == ("[1]: the printed value is known from one secondary source only.",)


def test_only_64_channels_stand_beside_the_papers_dupsampling(fake, told):
    compared, _ = told(fake.study(measures=["project"]))
    assert [one.variant for one in compared] == [
        "output_stride=32, bilinear",
        "output_stride=32, DUp-64",
        "output_stride=16, bilinear",
        "output_stride=16, DUp-64",
    ]


@pytest.mark.parametrize(
    ("value", "agrees"),
    [(0.9840, True), (0.9850, True), (0.98504, True), (0.9851, False), (0.9830, True), (0.9829, False)],
)
def test_values_agree_up_to_the_tolerance(fake, told, value, agrees):
    (one,), said = told([line(fake, "bilinear", None, 16, value)])
    assert one.agrees is agrees
    assert ("1 of 1 published value agrees within 0.1 points" in said[-1]) is agrees


def test_the_page_says_what_agrees_and_what_does_not(fake, told):
    _, said = told([line(fake, "bilinear", None, 16, 0.9842), line(fake, "dupsampling", 64, 16, 0.9968)])
    assert said == (
        "Under project, 1 of 2 published values agrees within 0.1 points: "
        "bilinear at output stride 16 (98.42 % measured, 98.40 % published, +0.02).",
        "1 does not: DUpsampling at output stride 16 (99.68 % measured, 99.95 % published, −0.27).",
    )


def test_another_data_set_is_not_compared(fake, told):
    other = line(fake, "bilinear", None, 16, 0.984)
    reads = {**other.outcome.reads, "data": {"use": "shapes"}}
    (one,), said = told([replace(other, outcome=replace(other.outcome, reads=reads))])
    assert (one.verdict, one.because) == (
        "not comparable",
        "the paper measured on PASCAL VOC 2012 and this is another data set",
    )
    assert said[-1] == f"No published value is comparable with project, because {one.because}."


def test_a_sample_is_comparable_in_part_and_says_its_n(fake, told):
    (one,), _ = told([line(fake, "bilinear", None, 16, 0.984, images=120)])
    assert one.verdict == "in part"
    assert "here n is 120;" in one.because


def test_what_the_study_does_not_measure_is_said(fake, told):
    compared, _ = told([line(fake, "bilinear", None, 16, 0.984)])
    section = published(load("dupsampling.table1"), compared)
    assert section.blocks[-2].items[-1] == "It also prints mIoU, which this study does not measure."
    assert published(load("dupsampling.table1"), ()).blocks[-1].below == (
        "Nothing that Table 1 prints was measured.",
    )


def readings(fake, folder, values):
    """Sentences on a printed bound of bilinear that several measures gave values of."""
    lines = [
        replace(line(fake, "bilinear", None, stride, value), measure=measure)
        for measure, values_ in values.items()
        for stride, value in values_.items()
    ]
    records = read(fake.save(folder, lines, pictures=False) / "data")
    return nearest(compare(load("dupsampling.table1"), records))


def test_the_reading_of_a_bound_that_comes_nearest_is_named(fake, tmp_path):
    said = readings(fake, tmp_path, {"projected": {16: 0.970, 32: 0.91}, "trained": {16: 0.9837, 32: 0.9485}})
    assert said == [
        "Of 2 ways of computing the bound trained comes nearest: over 2 printed bounds the mean distance is "
        "trained 0.04 points and projected 2.60 points.",
        "trained matches all of them within 0.1 points.",
    ]


def test_readings_are_compared_over_the_bounds_that_all_of_them_have(fake, tmp_path):
    said = readings(fake, tmp_path, {"projected": {16: 0.970, 32: 0.91}, "trained": {16: 0.98}})
    assert said[0].startswith("Of 2 ways of computing the bound trained comes nearest: over 1 printed bound ")
    assert said[1] == "None of them matches all printed values within 0.1 points."


def test_one_reading_is_no_contest(fake, tmp_path):
    assert readings(fake, tmp_path, {"projected": {16: 0.970}}) == []

"""What a page calls things: by the study's names, by what the baseline is, and each by one name."""

from __future__ import annotations

from dataclasses import replace

from segablate.evidence.claim import Claim
from segablate.evidence.claims import ClaimVerdict
from segablate.quantity import Margin
from segablate.report.data import read
from segablate.report.facts import TableLayout
from segablate.report.main_table import main_table, numbers_of
from segablate.report.names import Names


def records_of(fake, tmp_path, lines):
    return read(fake.save(tmp_path, lines, pictures=False) / "data")


def chosen(fake):
    made = [("baseline", "flat", "add"), ("FLD", "FLD", "add"), ("FLD + UAFM", "FLD", "UAFM")]
    return [
        line
        for label, decoder, fusion in made
        for line in fake.trained(
            label,
            [0.5, 0.6],
            choices={"model.decoder.channels": decoder, "model.fusion": fusion},
            baseline=label == "baseline",
        )
    ]


def test_the_baseline_is_called_by_its_choices_in_the_studys_order(fake, tmp_path):
    facts = replace(fake.FACTS, axes=("model.fusion", "model.decoder.channels"))
    called = Names.of(facts, records_of(fake, tmp_path, chosen(fake)))
    assert called.variants == {"baseline": "add, flat", "FLD": "FLD", "FLD + UAFM": "UAFM + FLD"}


def test_a_study_names_axes_choices_and_variants(fake, tmp_path):
    names = {"baseline": "plain", "UAFM": "attention", "model.fusion": "how they meet"}
    facts = replace(fake.FACTS, names=names, table=TableLayout("matrix", rows="model.fusion"))
    records = records_of(fake, tmp_path, chosen(fake))
    called = Names.of(facts, records)
    assert list(called.variants.values()) == ["plain", "FLD", "FLD + attention"]
    named = called.records(records)
    table = main_table(facts, numbers_of(facts, named))
    assert table.head == ("mIoU (%) by how they meet", "flat", "FLD")
    assert [row[0].text for row in table.rows] == ["add", "attention"]


def test_a_label_of_a_variant_and_a_choice_names_the_variant_and_with_its_axis_the_choice(fake, tmp_path):
    records = records_of(fake, tmp_path, chosen(fake))
    whole = Names.of(replace(fake.FACTS, names={"FLD": "light"}), records)
    assert whole.variants == {"baseline": "flat, add", "FLD": "light", "FLD + UAFM": "FLD + UAFM"}
    part = Names.of(replace(fake.FACTS, names={"model.decoder.channels=FLD": "light"}), records)
    assert list(part.variants.values()) == ["flat, add", "light", "light + UAFM"]


def test_no_two_variants_are_called_alike(fake, tmp_path):
    lines = [
        *fake.trained("a", [0.5], choices={"model.a": "1", "model.b": "x"}),
        *fake.trained("b", [0.5], choices={"model.a": "1", "model.b": "y"}),
    ]
    called = Names.of(replace(fake.FACTS, names={"x": "one", "y": "one"}), records_of(fake, tmp_path, lines))
    assert called.variants == {"a": "a", "b": "b"}


def test_claims_call_their_sides_by_name_and_stay_what_they_are(fake, tmp_path):
    records = records_of(fake, tmp_path, fake.study(measures=["project"]))
    facts = replace(fake.FACTS, names={"DUp-64": "DUpsampling"})
    first, second = "output_stride=32, DUp-64", "output_stride=16, bilinear"
    claim = Claim(
        "DUp-64 + 32 beats bilinear + 16", first, "beats", second, "", "miou", "project", Margin(0.0)
    )
    before = ClaimVerdict(claim, "confirmed", difference=0.1)
    (after,) = Names.of(facts, records).verdicts([before])
    assert after.claim.text == "DUpsampling at 1/32 beats bilinear at 1/16"
    assert after.claim.identity == claim.identity
    reached = replace(claim, text="DUp-64 + 32 reaches 99.90", word="reaches", second="", value="99.90")
    (after,) = Names.of(facts, records).verdicts([replace(before, claim=reached)])
    assert after.claim.text == "DUpsampling at 1/32 reaches 99.90"


def test_a_table_shows_what_the_study_asks_for(fake, tmp_path):
    table = TableLayout(show=(("miou", "optimise"), ("pixel_accuracy", "project")))
    facts = replace(fake.FACTS, published="", table=table)
    records = records_of(fake, tmp_path, fake.study(strides=[16, 32]))
    found = main_table(facts, numbers_of(facts, Names.of(facts, records).records(records)))
    assert found.head == (
        "upsampler",
        *("mIoU* (%), 1/16", "mIoU* (%), 1/32"),
        *("pixel accuracy (%), 1/16", "pixel accuracy (%), 1/32"),
    )


def test_a_third_axis_stays_at_its_first_choice_where_columns_would_be_too_many(fake, tmp_path):
    lines = []
    for spread in ("normal", "skewed", "heavy"):
        for word in ("beats", "matches"):
            for seeds in ("3", "5", "8", "12", "20"):
                choices = {"data": spread, "data.word": word, "data.seeds": seeds}
                first = (spread, word, seeds) == ("normal", "beats", "3")
                lines += fake.trained(
                    f"{spread}, {word}, seeds={seeds}", [0.5], choices=choices, baseline=first
                )
    facts = replace(fake.FACTS, table=TableLayout("matrix", rows="data"))
    table = main_table(
        facts, numbers_of(facts, Names.of(facts, r := records_of(fake, tmp_path, lines)).records(r))
    )
    assert table.head == ("mIoU (%) by data", *(f"seeds {n}" for n in (3, 5, 8, 12, 20)))
    assert len(table.rows) == 3
    assert table.below[-1] == "At beats; the others are below."

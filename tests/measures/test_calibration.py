import pytest

from segablate.errors import SegablateError
from segablate.measures.calibration import Calibration
from segablate.measures.claim_calibration import ClaimCalibration

BAD = {
    "no data": ({}, "data"),
    "both": ({"spread": "normal", "seeds": 3, "images": 4}, "data"),
    "an unknown word": ({"spread": "normal", "seeds": 3, "scenes": "alike"}, "data.scenes"),
    "an unknown spread": ({"spread": "nromal", "seeds": 3}, "data.spread"),
    "one seed": ({"spread": "normal", "seeds": 1}, "data.seeds"),
    "seeds that are true": ({"spread": "normal", "seeds": True}, "data.seeds"),
    "a correlation of one": ({"spread": "normal", "seeds": 3, "correlation": 1}, "data.correlation"),
    "an unknown scene": ({"scenes": "alikes", "images": 30}, "data.scenes"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_simulated_is_told_with_its_field(name):
    data, field = BAD[name]
    with pytest.raises(SegablateError) as caught:
        Calibration().reads({"data": data})
    assert caught.value.field == field


BAD_CLAIMS = {
    "no word": ({"spread": "normal", "seeds": 3}, "data"),
    "another word": ({"word": "equals", "spread": "normal", "seeds": 3}, "data.word"),
    "an unknown spread": ({"word": "beats", "spread": "nromal", "seeds": 3}, "data.spread"),
    "an unknown entry": ({"word": "beats", "spread": "normal", "seeds": 3, "images": 4}, "data.images"),
    "no seeds": ({"word": "beats", "spread": "normal"}, "data.seeds"),
    "no claims": ({"word": "beats", "spread": "normal", "seeds": 3, "claims": 0}, "data.claims"),
}


@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_claims_that_cannot_be_simulated_are_told_with_their_field(name):
    data, field = BAD_CLAIMS[name]
    with pytest.raises(SegablateError) as caught:
        ClaimCalibration().reads({"data": data})
    assert caught.value.field == field


@pytest.mark.parametrize("settings", [{"simulations": 0}, {"resamples": 99}])
def test_too_little_of_it_is_refused(settings):
    with pytest.raises(SegablateError, match="at least"):
        Calibration(**settings)


def test_images_are_simulated_as_well():
    measure = Calibration(simulations=5, resamples=100)
    reads = measure.reads({"data": {"scenes": "rare-class", "images": 10}})
    assert "correlation" not in reads

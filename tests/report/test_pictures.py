import io

import numpy as np
import pytest
from PIL import Image

from segablate.report.data import read
from segablate.report.figures import Sheet, Strip
from segablate.report.readers.oracle import Oracle
from segablate.report.sheets import png as draw

PALETTE = ((0, 0, 0), (200, 0, 0), (0, 200, 0))


def sheet(truth, restored, classes=("a", "b", "c"), palette=PALETTE):
    strip = Strip("one", truth, (truth, restored, truth != restored))
    return Sheet("x", "caption", ("truth", "what came back", "black: differs"), classes, palette, (strip,))


def sheets(records):
    return [one for one in Oracle().figures(records) if isinstance(one, Sheet)]


def opened(content):
    return Image.open(io.BytesIO(content))


def test_the_baseline_and_the_best_at_the_largest_stride_are_shown(report):
    records = read(report / "data")
    chosen = sheets(records)
    assert [one.name for one in chosen] == [
        "worst-project-stride-32-bilinear",
        "worst-project-stride-32-dupsampling-256",
    ]
    assert [strip.title for strip in chosen[0].strips] == ["2007_000 (71.00 %)", "2007_001 (81.00 %)"]


def test_pictures_that_were_left_out_are_no_error(fake, tmp_path):
    records = read(fake.save(tmp_path, fake.study(), pictures=False) / "data")
    assert sheets(records) == []


def test_a_sheet_is_a_png_with_the_palettes_colours():
    truth = np.ones((250, 250), np.uint8)
    pixels = np.asarray(opened(draw(sheet(truth, np.full_like(truth, 2)))).convert("RGB"))
    assert tuple(pixels[150, 100]) == (200, 0, 0)
    assert tuple(pixels[150, 430]) == (0, 200, 0)
    assert tuple(pixels[150, 750]) == (0, 0, 0)


def test_what_is_right_is_white_and_what_is_not_scored_is_grey():
    truth = np.zeros((250, 250), np.uint8)
    truth[:100] = 255
    pixels = np.asarray(opened(draw(sheet(truth, np.zeros_like(truth)))).convert("RGB"))
    assert tuple(pixels[250, 750]) == (255, 255, 255)
    assert tuple(pixels[60, 750]) == (221, 221, 221)


def test_a_sheet_has_the_same_bytes_each_time():
    truth = np.arange(2500, dtype=np.uint8).reshape(50, 50) % 3
    assert draw(sheet(truth, truth)) == draw(sheet(truth, truth))


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (1024, 2048)])
def test_label_maps_of_any_size_give_a_sheet_of_a_size_to_look_at(shape):
    truth = np.zeros(shape, np.uint8)
    picture = opened(draw(sheet(truth, truth)))
    assert picture.width <= 3 * 330
    assert picture.height <= 420


def test_more_classes_than_a_palette_holds_can_be_drawn():
    classes = tuple(f"class {i}" for i in range(400))
    truth = np.arange(400, dtype=np.uint16).reshape(20, 20)
    draw(sheet(truth, truth, classes, tuple((i % 256, 0, 0) for i in range(400))))


def test_unnamed_classes_without_colours_can_be_drawn():
    truth = np.zeros((8, 8), np.uint8)
    draw(sheet(truth, truth, (), ()))

"""Label maps are read as indices, whatever they are stored as."""

from __future__ import annotations

import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from segablate.datasets.files import _in_range, _pillow_indices, read_image, read_labels, size_of
from segablate.datasets.png import read_indices

VALUES = np.array([[0, 1, 2, 3], [4, 5, 20, 255], [0, 0, 255, 7]], np.uint8)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "P"), ("a.png", "L"), ("a.tif", "L"), ("a.tif", "P"), ("a.bmp", "L"), ("a.bmp", "P")],
)
def test_eight_bit_maps_give_their_indices(save, name, mode):
    read = read_labels(save(name, VALUES, mode), 21, 255)
    assert read.dtype == np.uint8
    assert read.tolist() == VALUES.tolist()


def test_a_lossless_webp_which_knows_colours_only_gives_its_grey_values(save):
    assert read_labels(save("a.webp", VALUES, "L", lossless=True), 21, 255).tolist() == VALUES.tolist()


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bit_maps_keep_values_above_255(save, name):
    values = [[0, 299, 300], [65535, 256, 1]]
    read = read_labels(save(name, values, "I;16"), 301, 65535)
    assert read.dtype == np.uint16
    assert read.tolist() == values


def test_a_big_endian_sixteen_bit_tiff_comes_in_the_machines_byte_order(tmp_path):
    image = Image.frombytes("I;16B", (2, 1), bytes([1, 44, 0, 7]))
    image.save(tmp_path / "a.tif")
    read = read_labels(tmp_path / "a.tif", 301, None)
    assert read.dtype == np.uint16
    assert read.dtype.isnative
    assert read.tolist() == [[300, 7]]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_one_bit_maps_are_classes_0_and_1(save, name):
    read = read_labels(save(name, [[0, 1, 1], [1, 0, 0]], "1"), 2, None)
    assert read.dtype == np.uint8
    assert read.tolist() == [[0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", [0, 3])
def test_few_bits_are_not_stretched_to_255(tmp_path, png, bits, kind):
    values = np.arange(14).reshape(2, 7) % 2**bits
    (tmp_path / "a.png").write_bytes(png.write(values, bits=bits, kind=kind))
    assert read_labels(tmp_path / "a.png", 16, None).tolist() == values.tolist()


@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (3,), (4,), (0, 1, 2, 3, 4)])
def test_filtered_rows_are_read_like_plain_ones(tmp_path, png, filters):
    values = np.random.default_rng(3).integers(0, 21, (11, 9))
    (tmp_path / "a.png").write_bytes(png.write(values, filters=filters))
    assert read_labels(tmp_path / "a.png", 21, None).tolist() == values.tolist()


@pytest.mark.parametrize("mode", ["P", "L"])
def test_what_pillow_writes_is_read_like_a_decoder_by_the_book_reads_it(save, png, mode):
    values = np.random.default_rng(5).integers(0, 21, (33, 47)).repeat(3, axis=1)
    path = save("a.png", values, mode)
    expected = png.read(path.read_bytes())
    assert read_labels(path, 21, None).tolist() == expected.tolist()
    assert _pillow_indices(path, path.read_bytes()).tolist() == expected.tolist()


def test_transparency_in_a_palette_changes_no_index(save):
    path = save("a.png", VALUES, "P", transparency=0)
    assert read_labels(path, 21, 255).tolist() == VALUES.tolist()


def test_the_array_may_be_written_to_by_its_owner(save):
    for path in (save("a.png", VALUES), save("a.tif", VALUES)):
        read = read_labels(path, 21, 255)
        assert read.flags.writeable
        assert read.flags.c_contiguous


@pytest.mark.parametrize("values", [[[0]], [[255]], [[3, 3], [3, 3]], [[255, 255], [255, 255]]])
def test_one_pixel_one_class_and_all_ignored_are_read(save, values):
    assert read_labels(save("a.png", values), 4, 255).tolist() == values


@pytest.mark.parametrize("ignore", [0, 2, 11, 200, 255])
def test_any_value_may_be_the_ignored_one(save, ignore):
    values = [[0, 1], [10, ignore]]
    assert read_labels(save("a.png", values), 11, ignore).tolist() == values


@pytest.mark.parametrize("ignore", [300, 1000, 65535])
def test_the_ignored_value_may_need_sixteen_bits(save, ignore):
    values = [[0, 1], [299, ignore]]
    assert read_labels(save("a.png", values, "I;16"), 300, ignore).tolist() == values


def test_an_ignored_value_beyond_eight_bits_leaves_eight_bit_maps_alone(save):
    assert read_labels(save("a.png", [[0, 1]]), 2, 65535).tolist() == [[0, 1]]


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300), st.one_of(st.none(), st.integers(0, 300)), st.integers(0, 2**32 - 1))
def test_the_quick_range_check_agrees_with_the_plain_one(classes, ignore, seed):
    random = np.random.default_rng(seed)
    dtype = random.choice([np.uint8, np.uint16])
    labels = random.integers(0, min(classes, 256) + random.integers(0, 2), (5, 6)).astype(dtype)
    if ignore is not None and ignore <= np.iinfo(dtype).max:
        labels[random.random((5, 6)) < 0.2] = ignore
    plain = all(value < classes or value == ignore for value in labels.ravel().tolist())
    assert _in_range(labels, classes, ignore) == plain


def test_a_map_turns_values_into_classes_before_they_are_checked(save):
    remap = np.array([5, 0, 1, 255], np.uint16)
    assert read_labels(save("a.png", [[1, 2], [3, 2]]), 2, 255, remap=remap).tolist() == [[0, 1], [255, 1]]


@pytest.fixture(params=["kornia-rs", "without"])
def decoder(request, monkeypatch):
    """The quick way, with kornia-rs and as it is where that is missing."""
    if request.param == "without":
        monkeypatch.setattr("segablate.datasets.png._kornia", lambda: None)
    else:
        pytest.importorskip("kornia_rs")
    return request.param


@pytest.mark.parametrize("kind", [0, 3])
@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (3,), (4,), (0, 1, 2, 3, 4), (4, 0)])
def test_both_decoders_give_pillows_indices(save, tmp_path, png, decoder, kind, filters):
    values = np.random.default_rng(len(filters)).integers(0, 256, (13, 17)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(png.write(values, kind=kind, filters=filters))
    plain = save("b.png", values, "L" if kind == 0 else "P")
    clear = save("c.png", values, "L" if kind == 0 else "P", transparency=3)
    for path in (tmp_path / "a.png", plain, clear):
        reference = _pillow_indices(path, path.read_bytes())
        assert reference.tolist() == values.tolist()
        assert read_labels(path, 256, None).tolist() == reference.tolist()
        assert read_labels(path, 256, None).flags.writeable


@pytest.mark.usefixtures("decoder")
class TestQuickPng:
    """The way past Pillow: the same values, or none."""

    def test_it_is_taken_by_ordinary_label_maps(self, png):
        assert read_indices(png.write(VALUES), None).tolist() == VALUES.tolist()

    @pytest.mark.parametrize("bits", [1, 2, 4, 16])
    def test_other_depths_are_left_to_pillow(self, png, bits):
        assert read_indices(png.write(VALUES % 2, bits=bits, kind=0), None) is None

    def test_filtered_rows_are_left_to_pillow_where_kornia_is_missing(self, png, decoder):
        read = read_indices(png.write(VALUES, filters=(0, 2)), None)
        assert (read is None) == (decoder == "without")
        assert read is None or read.tolist() == VALUES.tolist()

    def test_too_many_pixels_are_left_to_pillow(self, png):
        assert read_indices(png.write(VALUES), 11) is None
        assert read_indices(png.write(VALUES), 12) is not None

    def test_colours_interlacing_and_animation_are_left_to_pillow(self, tmp_path):
        Image.new("RGB", (4, 4)).save(tmp_path / "rgb.png")
        frames = [Image.new("P", (4, 4), color) for color in (1, 2)]
        frames[0].save(tmp_path / "two.png", save_all=True, append_images=frames[1:])
        for name in ("rgb.png", "two.png"):
            assert read_indices((tmp_path / name).read_bytes(), None) is None

    def test_a_header_of_another_height_gives_the_rows_it_names_or_none(self, png):
        data = png.write(VALUES)
        for height in (2, 4):
            header = b"IHDR" + struct.pack(">IIBBBBB", 4, height, 8, 3, 0, 0, 0)
            wrong = data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
            read = read_indices(wrong, None)
            assert read is None or read.tolist() == VALUES[:height].tolist()

    @pytest.mark.parametrize("seed", range(3))
    def test_a_byte_changed_anywhere_gives_the_right_values_or_none(self, png, seed):
        random = np.random.default_rng(seed)
        values = random.integers(0, 9, (5, 7))
        data = png.write(values)
        for place in range(len(data)):
            damaged = bytearray(data)
            damaged[place] ^= int(random.integers(1, 256))
            read = read_indices(bytes(damaged), None)
            assert read is None or read.tolist() == values.tolist()

    def test_a_file_cut_anywhere_gives_none(self, png):
        data = png.write(VALUES)
        for end in range(len(data) - 4):  # the sum of the last chunk is not looked at
            assert read_indices(data[:end], None) is None


def test_an_image_is_three_channels_of_eight_bits(save, tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    assert read_image(save("a.png", colours, "RGB")).tolist() == colours.tolist()
    assert read_image(save("g.png", [[0, 200]], "L")).tolist() == [[[0] * 3, [200] * 3]]
    assert read_image(save("p.png", [[9]], "P")).tolist() == [[[9, 246, 7]]]
    assert read_image(save("i.png", [[256 * 77]], "I;16")).tolist() == [[[77] * 3]]


def test_the_size_is_read_from_the_header(save):
    assert size_of(save("a.png", VALUES)) == (3, 4)


def test_many_threads_read_the_same_as_one(save):
    random = np.random.default_rng(1)
    maps = [random.integers(0, 21, (40, 30)) for _ in range(24)]
    suffixes = ("png", "tif", "bmp")
    paths = [save(f"{index}.{suffixes[index % 3]}", values) for index, values in enumerate(maps)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            for values, read in zip(maps, pool.map(lambda p: read_labels(p, 21, 255), paths), strict=True):
                assert read.tolist() == values.tolist()


def test_reading_changes_no_warning_filter(save):
    path = save("a.tif", VALUES)
    before = list(warnings.filters)
    read_labels(path, 21, 255)
    assert warnings.filters == before

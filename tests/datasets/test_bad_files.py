"""Each way in which a file can be wrong has its own message, with the file and the place."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segablate.datasets.base import Item
from segablate.datasets.camvid import CamVid
from segablate.datasets.files import read_image, read_labels, size_of
from segablate.datasets.folder import Folder

READERS = [lambda path: read_labels(path, 21, 255), read_image]


def tiff(values, bits, photometric):
    """An uncompressed grey TIFF with one strip, written by hand."""
    rows = [np.packbits(np.unpackbits(row[:, None].astype(np.uint8), axis=1)[:, -bits:]) for row in values]
    pixels = np.concatenate(rows).tobytes()
    height, width = values.shape
    entries = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8 + 2 + 8 * 12 + 4}
    entries |= {277: 1, 279: len(pixels)}
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + b"\0" * 4 + pixels


class TestValues:
    def test_a_value_that_is_no_class_is_named_with_file_row_and_column(self, save, refused):
        values = np.zeros((20, 90))
        values[12, 80] = 34
        values[13, 2] = 30
        path = save("0007.png", values)
        assert refused(lambda: read_labels(path, 21, 255)).render() == (
            f"error: {path}: value 34 at row 12, column 80, but there are 21 classes and `ignore` is 255\n\n"
            "hint: say `classes: 35`, or what each value stands for with `data.values`"
        )

    @pytest.mark.parametrize("ignore", [255, 7, None])
    def test_it_is_the_first_such_value(self, save, refused, ignore):
        error = refused(lambda: read_labels(save("a.png", [[0, 1, 5], [9, 6, 0]]), 4, ignore))
        assert error.message.startswith("value 5 at row 0, column 2,")
        assert "classes: 10" in error.hint

    def test_ignored_pixels_before_it_are_passed_over(self, save, refused):
        error = refused(lambda: read_labels(save("a.png", [[255, 0], [255, 4]]), 4, 255))
        assert error.message.startswith("value 4 at row 1, column 1,")

    def test_255_without_ignore_suggests_to_ignore_it(self, save, refused):
        error = refused(lambda: read_labels(save("a.png", [[0, 255]]), 2, None))
        assert error.message == "value 255 at row 0, column 1, but there are 2 classes"
        assert error.hint == "if 255 marks pixels that count as nothing, say `ignore: 255`"

    def test_a_sixteen_bit_value_is_told_in_full(self, save, refused):
        error = refused(lambda: read_labels(save("a.png", [[0, 40000]], "I;16"), 300, 65535))
        assert (
            error.message == "value 40000 at row 0, column 1, but there are 300 classes and `ignore` is 65535"
        )

    def test_a_value_that_was_mapped_is_told_as_it_stands_in_the_file(self, save, refused):
        remap = np.array([0, 9], np.uint16)
        error = refused(lambda: read_labels(save("a.png", [[0, 1]]), 4, 255, remap=remap))
        assert error.message.startswith("value 1 at row 0, column 1 stands for 9, but there are 4 classes")

    def test_a_jpeg_of_labels_is_told_to_be_lossy(self, save, refused):
        # though each of its values is a class
        few = np.random.default_rng(0).integers(0, 3, (16, 16)) * 7
        error = refused(lambda: read_labels(save("a.jpg", few, "L", quality=95), 256, 255))
        assert error.message == "a JPEG does not keep label values"
        assert "lossless" in error.hint

    @pytest.mark.parametrize("settings", [{}, {"exif": b"Exif\0\0some"}], ids=["plain", "extended"])
    def test_a_lossy_webp_is_refused_and_a_lossless_one_is_read(self, tmp_path, refused, settings):
        few = np.random.default_rng(0).integers(0, 3, (15, 17)).astype(np.uint8) * 7
        for lossless in (True, False):
            Image.fromarray(few).save(tmp_path / f"{lossless}.webp", lossless=lossless, **settings)
        np.testing.assert_array_equal(read_labels(tmp_path / "True.webp", 256, 255), few)
        error = refused(lambda: read_labels(tmp_path / "False.webp", 256, 255))
        assert error.message == "a lossy WebP does not keep label values"
        assert "lossless" in error.hint

    def test_a_tiff_with_jpeg_inside_is_refused(self, tmp_path, refused):
        few = np.random.default_rng(0).integers(0, 3, (16, 16)).astype(np.uint8) * 7
        Image.fromarray(few).save(tmp_path / "a.tif", compression="jpeg")
        error = refused(lambda: read_labels(tmp_path / "a.tif", 256, 255))
        assert error.message == "a TIFF with JPEG inside does not keep label values"

    @pytest.mark.parametrize("bits", [1, 4, 8])
    def test_a_tiff_whose_zero_is_white_holds_what_was_stored(self, tmp_path, bits):
        stored = np.random.default_rng(0).integers(0, 2**bits, (3, 16))
        for photometric in (0, 1):
            path = tmp_path / f"{photometric}.tif"
            path.write_bytes(tiff(stored, bits, photometric))
            np.testing.assert_array_equal(read_labels(path, 256, None), stored)

    def test_thirty_two_bit_values_beyond_sixteen_are_no_labels(self, tmp_path, refused):
        Image.fromarray(np.array([[0, 70000]], np.int32)).save(tmp_path / "a.tif")
        error = refused(lambda: read_labels(tmp_path / "a.tif", 300, None))
        assert error.message == "value 70000 at row 0, column 1 is no label: they lie in 0…65535"


class TestColours:
    @pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("RGBA", 4), ("LA", 2)])
    def test_colours_are_no_label_map(self, save, refused, mode, channels):
        path = save("a.png", np.zeros((4, 4, channels)), mode)
        error = refused(lambda: read_labels(path, 21, 255))
        assert str(error) == f"{path}: this label map holds colours (mode `{mode}`)"
        assert "index maps are needed" in error.hint
        assert "a palette PNG that was saved as RGB is the usual cause" in error.hint

    def test_a_palette_png_saved_as_rgb_is_refused_even_where_it_looks_grey(self, save, tmp_path, refused):
        Image.open(save("a.png", [[0, 0]])).convert("RGB").convert("L").convert("RGB").save(
            tmp_path / "b.png"
        )
        assert "colours" in refused(lambda: read_labels(tmp_path / "b.png", 21, 255)).message

    def test_a_coloured_webp_is_refused(self, save, refused):
        path = save("a.webp", np.arange(48).reshape(4, 4, 3), "RGB", lossless=True)
        assert "colours" in refused(lambda: read_labels(path, 255, None)).message

    def test_fractions_are_neither_labels_nor_colours(self, save, refused):
        path = save("a.tif", [[0.5, 1.0]], "F")
        assert (
            refused(lambda: read_labels(path, 21, 255)).message == "this label map holds fractions (mode `F`)"
        )
        assert "not colours" in refused(lambda: read_image(path)).message


@pytest.mark.parametrize("read", READERS, ids=["labels", "image"])
class TestDamage:
    def test_no_file(self, tmp_path, refused, read):
        assert (
            str(refused(lambda: read(tmp_path / "no.png"))) == f"{tmp_path / 'no.png'}: there is no such file"
        )

    def test_a_folder(self, tmp_path, refused, read):
        (tmp_path / "a.png").mkdir()
        assert refused(lambda: read(tmp_path / "a.png")).message == "this is a folder, not a picture"

    def test_an_empty_file(self, tmp_path, refused, read):
        (tmp_path / "a.png").touch()
        assert refused(lambda: read(tmp_path / "a.png")).message == "this file is empty"

    @pytest.mark.parametrize(
        "content", [b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"\0" * 500]
    )
    def test_something_else_than_a_picture(self, tmp_path, refused, read, content):
        (tmp_path / "a.png").write_bytes(content)
        error = refused(lambda: read(tmp_path / "a.png"))
        assert error.where == str(tmp_path / "a.png")
        assert "not a picture" in error.message or "damaged" in error.message

    @pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.jpg", "a.webp"])
    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
    def test_a_file_cut_short(self, save, refused, read, name, share):
        path = save(name, np.random.default_rng(0).integers(0, 21, (60, 50)), "L")
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
        error = refused(lambda: read(path))
        assert error.where == str(path)
        assert "damaged" in error.message
        assert "\n" not in error.message

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read(self, save, refused, read):
        path = save("a.png", [[0]])
        path.chmod(0)
        assert refused(lambda: read(path)).message == "this file cannot be read: Permission denied"

    @pytest.mark.parametrize("name", ["a.tif", "a.png", "a.webp"])
    def test_several_pictures_in_one_file(self, tmp_path, refused, read, name):
        frames = [Image.new("L", (8, 8), shade) for shade in (0, 100, 200)]
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert refused(lambda: read(tmp_path / name)).message == "this file holds 3 pictures, not one"


def _bomb(height: int, width: int) -> bytes:
    """A small PNG whose header claims a huge picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class TestBombs:
    # Pillow warns above 89 million pixels and refuses twice as many
    @pytest.mark.parametrize("side", [10_000, 13_000, 20_000, 2**31 - 1])
    @pytest.mark.parametrize("read", [*READERS, size_of], ids=["labels", "image", "size"])
    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    def test_more_pixels_than_pillows_limit_are_refused(self, tmp_path, refused, read, side):
        (tmp_path / "a.png").write_bytes(_bomb(side, side))
        error = refused(lambda: read(tmp_path / "a.png"))
        assert error.where == str(tmp_path / "a.png")
        assert "more than Pillow's limit of 89,478,485 pixels" in error.message

    def test_pillows_warning_may_be_an_error(self, tmp_path, refused):
        (tmp_path / "a.png").write_bytes(_bomb(10_000, 10_000))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert "Pillow's limit" in refused(lambda: read_labels(tmp_path / "a.png", 21, 255)).message

    def test_a_small_header_with_a_huge_stream_is_not_unpacked(self, tmp_path, png):
        import tracemalloc

        data = png.write(np.zeros((4, 4), int))
        head, tail = data[: data.index(b"IDAT") - 4], data[data.index(b"IEND") - 4 :]
        body = b"IDAT" + zlib.compress(bytes(200_000_000))
        stream = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        (tmp_path / "a.png").write_bytes(head + stream + tail)
        tracemalloc.start()
        assert read_labels(tmp_path / "a.png", 1, None).shape == (4, 4)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 5_000_000


class TestSizes:
    def test_an_image_of_another_size_than_its_label_map_is_refused(self, save, tmp_path, refused):
        save("labels/a.png", np.zeros((4, 6)))
        image = save("images/a.png", np.zeros((6, 4, 3)), "RGB")
        data = Folder(classes=2, root=str(tmp_path), labels="labels", images="images")
        error = refused(lambda: data.image(data.items("all")[0]))
        assert str(error) == f"{image}: the image is 6×4, its label map `a.png` 4×6 (height × width)"

    def test_an_image_that_is_nowhere_is_told(self, save, tmp_path, refused):
        save("a.png", [[0]])
        data = Folder(classes=2, root=str(tmp_path))
        error = refused(lambda: data.image(data.items("all")[0]))
        assert error.message == "`a` has no image"
        assert error.hint == "say where they lie with `data.images`"

    def test_an_item_without_a_label_map_is_told(self, save, tmp_path, refused):
        save("trainannot/a.png", [[0]])
        data = CamVid(root=str(tmp_path))
        assert refused(lambda: data.label(Item("x", None, Path("x.png")))).message == "`x` has no label map"


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_regular_file_is_refused_and_not_waited_for(read, tmp_path, refused):
    pipe = tmp_path / "0001.png"
    os.mkfifo(pipe)
    assert "this is no regular file" in refused(lambda: read(pipe)).render()


@pytest.mark.parametrize("read", [*READERS, size_of])
def test_a_format_that_no_suffix_stands_for_is_no_picture(read, tmp_path, refused):
    # Pillow would hand this to Ghostscript, which runs programs
    path = tmp_path / "0001.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n")
    assert "this is not a picture" in refused(lambda: read(path)).render()

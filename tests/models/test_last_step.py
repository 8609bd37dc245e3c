"""Labels without the scores of every pixel: the same as the arg max of all scores, except at ties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segablate.models.labelling.axis import Axis, pieces
from segablate.models.labelling.plain import label_type
from segablate.models.labelling.tiles import best_class
from segablate.models.upsamplers.base import Upsampler, upsamplers

Check = Callable[[Tensor, Tensor], None]

SIZES = [(64, 96), (61, 83), (1, 9), (8, 8), (33, 130)]


def made(name: str, classes: int, stride: int = 8, **settings: Any) -> Upsampler:
    torch.manual_seed(0)
    ingredients = {"classes": classes, "stride": stride, "subspace": None}
    module: Upsampler = upsamplers.part(name).build(ingredients, settings)
    return module.eval().requires_grad_(False)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def regions(batch: int, classes: int, height: int, width: int) -> Tensor:
    """Scores as a trained network gives them: one class leads in each region, others blur in at its edge."""
    coarse = noise(batch, classes, -(-height // 5), -(-width // 5))
    leader = F.interpolate(coarse, (height, width), mode="bilinear").argmax(1)
    sharp = F.one_hot(leader, classes).permute(0, 3, 1, 2).float()
    return 6 * F.avg_pool2d(sharp, 3, 1, 1) + noise(batch, classes, height, width, seed=1) / 2


def cells(size: tuple[int, int], stride: int = 8) -> tuple[int, int]:
    return -(-size[0] // stride), -(-size[1] // stride)


@pytest.mark.parametrize("scores", [noise, regions])
@pytest.mark.parametrize("classes", [2, 3, 19, 150])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize("size", SIZES)
def test_bilinear_labels_are_the_arg_max_of_bilinear_scores(
    scores: Callable[..., Tensor], classes: int, align_corners: bool, fit: str, size: tuple[int, int],
    up_to_ties: Check,
) -> None:  # fmt: skip
    module = made("bilinear", classes, align_corners=align_corners, fit=fit)
    code = scores(2, classes, *cells(size))
    up_to_ties(module.labels(code, size), module(code, size))


@pytest.mark.parametrize("stride", [1, 2, 3, 16, 32])
@pytest.mark.parametrize("align_corners", [False, True])
def test_any_stride_gives_the_arg_max(stride: int, align_corners: bool, up_to_ties: Check) -> None:
    module, size = made("bilinear", 5, stride, align_corners=align_corners), (45, 70)
    code = regions(2, 5, *cells(size, stride))
    up_to_ties(module.labels(code, size), module(code, size))


def test_a_code_in_any_memory_format_gives_the_same_labels() -> None:
    module, code = made("bilinear", 7), regions(2, 7, 8, 12)
    last = code.contiguous(memory_format=torch.channels_last)
    assert torch.equal(module.labels(code, (64, 96)), module.labels(last, (64, 96)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_a_code_of_other_precision_is_interpolated_as_precisely(
    dtype: torch.dtype, up_to_ties: Check
) -> None:
    module, code = made("bilinear", 7), regions(1, 7, 8, 12).to(dtype)
    exact = code if dtype == torch.float64 else code.float()
    up_to_ties(module.labels(code, (64, 96)), module(exact, (64, 96)))


def test_shrinking_gives_the_arg_max_too(up_to_ties: Check) -> None:
    module, code = made("bilinear", 5, fit="stretch"), regions(2, 5, 24, 36)
    up_to_ties(module.labels(code, (10, 7)), module(code, (10, 7)))


def test_a_class_that_leads_in_no_cell_may_lead_between_two() -> None:
    code = torch.zeros(1, 3, 1, 2)
    code[0, :, 0, 0] = torch.tensor([10.0, 0.0, 8.0])
    code[0, :, 0, 1] = torch.tensor([0.0, 10.0, 8.0])
    label = made("bilinear", 3).labels(code, (8, 16))
    assert label[0, 0].unique_consecutive().tolist() == [0, 2, 1]


def test_equal_scores_everywhere_give_the_lowest_class() -> None:
    assert made("bilinear", 4).labels(torch.ones(1, 4, 3, 3), (24, 24)).unique().tolist() == [0]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("name", ["bilinear", "nearest", "transposed"])
def test_scores_that_are_not_finite_still_give_classes(name: str, bad: float) -> None:
    code = regions(1, 4, 6, 6)
    code[0, 1, 2, 3] = bad
    label = made(name, 4).labels(code, (48, 48))
    assert label.shape == (1, 48, 48)
    assert int(label.max()) < 4
    far = made(name, 4).labels(regions(1, 4, 6, 6), (48, 48))
    assert torch.equal(label[0, 36:], far[0, 36:])


def test_a_label_takes_one_byte_up_to_255_classes_and_two_above() -> None:
    assert (label_type(255), label_type(256)) == (torch.uint8, torch.int16)
    code = torch.zeros(1, 300, 2, 2)
    code[0, 299] = 1
    label = made("bilinear", 300).labels(code, (16, 16))
    assert label.dtype == torch.int16
    assert label.unique().tolist() == [299]


def test_labels_of_a_code_that_learns_need_no_gradient() -> None:
    for name in ("bilinear", "dupsampling", "subpixel"):
        settings = {} if name == "bilinear" else {"channels": 5}
        module = made(name, 5, **({"weights": "random", **settings} if name == "dupsampling" else settings))
        code = regions(1, 5, 4, 4).requires_grad_()
        assert not module.requires_grad_().labels(code, (32, 32)).requires_grad


@pytest.mark.parametrize("temperature", [0.7, -2.0, None])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_dupsampling_labels_are_the_arg_max_of_its_scores(
    temperature: float | None, bias: bool, size: tuple[int, int], up_to_ties: Check
) -> None:
    settings = {"weights": "random", "channels": 6, "bias": bias, "temperature": temperature is not None}
    module = made("dupsampling", 19, **settings)
    if temperature is not None:
        nn.init.constant_(module.temperature, temperature)  # type: ignore[arg-type]
    code = noise(2, 6, *cells(size))
    up_to_ties(module.labels(code, size), module(code, size))


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("name", ["subpixel", "autoencoder", "transposed", "nearest"])
def test_others_give_the_arg_max_in_any_memory_format(
    name: str, channels_last: bool, up_to_ties: Check
) -> None:
    settings = {} if name == "nearest" else {"channels": 6}
    module, size = made(name, 19, **settings), (61, 83)
    code = noise(2, 6 if settings else 19, *cells(size))
    wanted = torch.channels_last if channels_last else torch.contiguous_format
    module, code = module.to(memory_format=wanted), code.contiguous(memory_format=wanted)
    up_to_ties(module.labels(code, size), module(code, size))


@pytest.mark.parametrize("shape", [(2, 5, 7), (2, 3, 5, 40_000), (1, 2, 1)])
def test_the_arg_max_by_tiles_is_torch_s(shape: tuple[int, ...]) -> None:
    scores = noise(*shape).round(decimals=1)
    before = scores.clone()
    assert torch.equal(best_class(scores).long(), scores.argmax(-2))
    assert torch.equal(scores, before)


def test_the_arg_max_of_short_floats_tells_hundreds_of_classes_apart() -> None:
    scores = torch.zeros(300, 40).bfloat16()
    place = torch.arange(40) * 7 % 300
    scores[place, torch.arange(40)] = 1
    assert torch.equal(best_class(scores).long(), place)


AXES = [(24, 20, False), (23, 23, False), (24, 24, True), (1, 1, True), (2, 2, False)]


@pytest.mark.parametrize(("whole", "kept", "aligned"), AXES)
def test_weights_are_those_of_torch_s_interpolation(whole: int, kept: int, aligned: bool) -> None:
    weights = Axis(3, whole, kept, aligned, torch.float32).weights
    line = torch.eye(3)[None, :, None, :]
    expected = F.interpolate(line, (1, whole), mode="bilinear", align_corners=aligned)[0, :, 0, :kept]
    torch.testing.assert_close(weights.T, expected, atol=2e-7, rtol=0)


@pytest.mark.parametrize(("whole", "kept", "aligned"), AXES)
def test_pieces_put_together_are_all_weights(whole: int, kept: int, aligned: bool) -> None:
    axis = Axis(3, whole, kept, aligned, torch.float32)
    whole_again = torch.zeros(kept, 3)
    for piece in pieces(axis, 5):
        assert len(piece.weights) <= 5
        whole_again[piece.pixels, piece.cells] = piece.weights
    assert torch.equal(whole_again, axis.weights)


def test_a_piece_reaches_few_cells_however_long_the_axis_is() -> None:
    for piece in pieces(Axis(256, 2048, 2048, False, torch.float32), 8):
        assert piece.weights.shape[1] <= 3


def test_a_code_too_small_for_the_size_is_refused_as_by_the_scores() -> None:
    for name in ("bilinear", "nearest", "subpixel"):
        settings = {"channels": 4} if name == "subpixel" else {}
        with pytest.raises(ValueError, match="do not cover"):
            made(name, 4, **settings).labels(noise(1, 4, 2, 2), (40, 40))


class Last(nn.Module):
    """An upsampler's labels, as the end of a program."""

    def __init__(self, upsampler: Upsampler) -> None:
        super().__init__()
        self.upsampler = upsampler

    def forward(self, code: Tensor) -> Tensor:
        return self.upsampler.labels(code, (30, 45))


@pytest.mark.parametrize("name", upsamplers.names())
def test_a_program_that_is_exported_or_compiled_takes_the_plain_way(name: str) -> None:
    settings = {"channels": 4} if "channels" in upsamplers.part(name).defaults else {}
    more: dict[str, Any] = {"dupsampling": {"weights": "random"}, "codebook": {"bits": 2}}.get(name, {})
    module, code = Last(made(name, 4, **settings, **more)), noise(1, 4, 4, 6)
    program = torch.export.export(module, (code,))
    torch.compiler.reset()  # it compiles one function for a few modules and no more
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    expected = module.upsampler(code, (30, 45)).argmax(1).to(torch.uint8)
    assert torch.equal(program.module()(code), expected)
    assert torch.equal(compiled(code), expected)
    assert any("argmax" in str(node.target) for node in program.graph.nodes)

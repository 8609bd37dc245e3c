"""Weights: every format is recognised, every tensor accounted for, nothing is trusted."""

from __future__ import annotations

import os
import pickle
import re
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from classify import Classifier
from torch import Tensor, nn

from segablate.errors import SegablateError
from segablate.models.assemble import assemble, planned
from segablate.models.complete import bare as written
from segablate.models.complete import complete
from segablate.models.encoders.base import encoder_class, encoders
from segablate.models.weights.load import load_weights, read
from segablate.models.weights.pdparams import read_pdparams

State = dict[str, Tensor]


def classifier(name: str, seed: int = 0) -> Classifier:
    torch.manual_seed(seed)
    return Classifier(encoders.part(name).build({"output_stride": 32}, {}), classes=10)


def network(seed: int = 0, **model: Any) -> nn.Module:
    torch.manual_seed(seed)
    return assemble(model, 3)


def stride_of(encoder: str) -> int:
    """An output stride that the family can have."""
    for stride in (32, 64, 16, 8, 4, 1):
        with suppress(SegablateError), torch.device("meta"):
            return int(encoders.part(encoder).build({"output_stride": stride}, {}).output_stride)
    raise AssertionError(encoder)


def state(module: nn.Module) -> State:
    torch.manual_seed(9)
    return {k: torch.rand_like(v) if v.is_floating_point() else v for k, v in module.state_dict().items()}


def bare(values: State) -> State:
    return {name.split(".", 1)[1]: value for name, value in values.items()}


def saved(content: object, path: Path) -> Path:
    torch.save(content, path)
    return path


def same(module: nn.Module, values: State) -> bool:
    now = module.state_dict()
    return all(torch.equal(now[name], value) for name, value in values.items())


def test_torchvision_s_resnet_is_read_with_its_classifier(tmp_path: Path) -> None:
    values = state(classifier("resnet18"))
    other = classifier("resnet18", seed=1)
    loaded = load_weights(other, saved(bare(values), tmp_path / "r.pth"))
    assert loaded.format == "torchvision ResNet"
    assert (loaded.untouched, dict(loaded.unused)) == ((), {})
    assert same(other, values)


def test_an_encoder_s_weights_leave_the_rest_of_a_network_alone(tmp_path: Path) -> None:
    values = state(classifier("resnet18"))
    other = network(encoder="resnet18", output_stride=16)
    loaded = load_weights(other, saved({"state_dict": bare(values)}, tmp_path / "r.pth"))
    assert set(loaded.unused.values()) == {"the encoder's classifier"}
    assert {name.split(".")[0] for name in loaded.untouched} == {"decoder"}
    assert same(other, {name: value for name, value in values.items() if name.startswith("encoder.")})


def test_old_files_that_do_not_count_batches_are_read(tmp_path: Path) -> None:
    values = {k: v for k, v in bare(state(classifier("resnet18"))).items() if "num_batches" not in k}
    load_weights(classifier("resnet18"), saved(OrderedDict(values), tmp_path / "r.pth"))


def stdc_file(values: State) -> State:
    given = bare(values)
    stage = {0: "x2", 1: "x4", 2: "x8", 3: "x8", 4: "x16", 5: "x16", 6: "x32", 7: "x32"}
    for name, value in list(given.items()):
        if found := re.match(r"features\.(\d+)\.(.*)", name):
            given[f"{stage[int(found[1])]}.0.{found[1]}.{found[2]}"] = value
    return {**given, "bn.weight": torch.ones(1024), "bn.bias": torch.zeros(1024)}


def test_stdc_s_imagenet_file_has_everything_twice_and_a_batch_norm_for_nothing(tmp_path: Path) -> None:
    values = state(classifier("stdc1"))
    other = classifier("stdc1", seed=1)
    loaded = load_weights(other, saved({"state_dict": stdc_file(values)}, tmp_path / "s.pth"))
    assert set(loaded.unused) == {"bn.weight", "bn.bias"}
    assert sum(torch.zeros(1024).numel() for _ in loaded.unused) == 2048
    assert same(other, values)


def test_a_tensor_that_is_there_twice_must_be_the_same(tmp_path: Path) -> None:
    given = stdc_file(state(classifier("stdc1")))
    given["x2.0.0.conv.weight"] = given["x2.0.0.conv.weight"] + 1
    with pytest.raises(SegablateError, match="there twice, with different numbers"):
        load_weights(classifier("stdc1"), saved({"state_dict": given}, tmp_path / "s.pth"))


def paddle_stdc_file(values: State) -> State:
    """PaddleSeg's STDC: no classifier, no counted batches, its own names of the running statistics."""
    kept = {k: v for k, v in values.items() if k.startswith("encoder.") and "num_batches" not in k}
    return renamed(
        kept, ((r"^encoder\.", ""), (r"\.running_mean$", "._mean"), (r"\.running_var$", "._variance"))
    )


def test_paddleseg_s_stdc_loads_where_the_pools_look_at_the_image_alone(tmp_path: Path) -> None:
    values = state(network(encoder="stdc1"))
    path = saved(paddle_stdc_file(values), tmp_path / "s.pt")
    other = network(seed=1, encoder={"use": "stdc1", "border": "inside"})
    assert load_weights(other, path).format == "PaddleSeg STDC"
    assert same(other, {k: v for k, v in values.items() if k.startswith("encoder.")})


@pytest.mark.parametrize(
    ("file", "made", "right"),
    [("paddle", "zeros", "inside"), ("authors", "inside", "zeros")],
)
def test_stdc_weights_trained_with_another_border_are_refused(
    file: str, made: str, right: str, tmp_path: Path
) -> None:
    values = state(classifier("stdc1"))
    given = paddle_stdc_file(values) if file == "paddle" else stdc_file(values)
    path = saved(given, tmp_path / "s.pt")
    other = network(encoder={"use": "stdc1", "border": made})
    before = {name: value.clone() for name, value in other.state_dict().items()}
    with pytest.raises(SegablateError, match=f"trained with `border: {right}`") as caught:
        load_weights(other, path)
    assert caught.value.hint == f"write `model.encoder: {{use: stdc1, border: {right}}}`"
    assert caught.value.field == "weights"
    assert same(other, before)


STDC_SEG = (
    (r"^encoder\.", "cp.backbone."),
    (r"^decoder\.(arm|conv_)", r"cp.\1"),
    (r"^decoder\.ffm\.", "ffm."),
    (r"^decoder\.head\.", "conv_out.conv."),
    (r"^decoder\.classify\.", "conv_out.conv_out."),
    (r"^auxiliary\.head(\d+)\.middle\.", r"conv_out\1.conv."),
    (r"^auxiliary\.head(\d+)\.classify\.", r"conv_out\1.conv_out."),
    (r"^auxiliary\.detail\.middle\.", "conv_out_sp8.conv."),
    (r"^auxiliary\.detail\.classify\.", "conv_out_sp8.conv_out."),
)


def renamed(values: State, rules: tuple[tuple[str, str], ...]) -> State:
    given = {}
    for name, value in values.items():
        new = name
        for pattern, other in rules:
            new = re.sub(pattern, other, new)
        given[new] = value
    return given


def test_a_whole_stdc_seg_model_is_read(tmp_path: Path) -> None:
    values = state(network(use="stdc1-seg"))
    given = renamed(values, STDC_SEG)
    for name in (
        "cp.backbone.features.2.avd_layer.0.weight",
        "cp.arm16.conv.conv.weight",
        "cp.arm16.conv_atten.weight",
        "ffm.convblk.conv.weight",
        "conv_out.conv.conv.weight",
        "conv_out.conv_out.weight",
        "conv_out_sp8.conv_out.weight",
    ):
        assert name in given
    given["conv_out_sp2.conv_out.weight"] = torch.zeros(1)
    given["cp.backbone.linear.weight"] = torch.zeros(1)
    other = network(use="stdc1-seg", seed=1)
    loaded = load_weights(other, saved(given, tmp_path / "s.pth"))
    assert loaded.untouched == ()
    assert set(loaded.unused) == {"conv_out_sp2.conv_out.weight", "cp.backbone.linear.weight"}
    assert same(other, values)


PADDLE_STDC_SEG = (
    *((old, new) for old, new in STDC_SEG if "head" not in old or "decoder" in old),
    (r"^auxiliary\.head16\.middle\.", "conv_out8.conv."),
    (r"^auxiliary\.head16\.classify\.", "conv_out8.conv_out."),
    (r"^auxiliary\.head32\.middle\.", "conv_out16.conv."),
    (r"^auxiliary\.head32\.classify\.", "conv_out16.conv_out."),
    (r"^(?!cp\.backbone)(.*)\.conv\.(weight|bias)$", r"\1._conv.\2"),
    (r"^(?!cp\.backbone)(.*)\.bn\.", r"\1._batch_norm."),
    (r"\.running_mean$", "._mean"),
    (r"\.running_var$", "._variance"),
)


def test_paddleseg_s_whole_stdc_seg_is_read_by_its_own_variant_alone(tmp_path: Path) -> None:
    values = state(network(use="stdc1-seg", variant="paddleseg"))
    given = renamed({k: v for k, v in values.items() if "num_batches" not in k}, PADDLE_STDC_SEG)
    for name in (
        "cp.backbone.features.0.bn._mean",
        "cp.arm16.conv._conv.bias",
        "cp.arm16.conv_atten.bias",
        "ffm.convblk._batch_norm._variance",
        "ffm.conv1.bias",
        "conv_out8.conv._conv.weight",
        "conv_out16.conv_out.bias",
        "conv_out_sp8.conv_out.bias",
    ):
        assert name in given
    path = saved(given, tmp_path / "s.pt")
    other = network(use="stdc1-seg", variant="paddleseg", seed=1)
    loaded = load_weights(other, path)
    assert loaded.format == "PaddleSeg STDC-Seg"
    assert all(name.endswith("num_batches_tracked") for name in loaded.untouched)
    assert same(other, {k: v for k, v in values.items() if "num_batches" not in k})
    with pytest.raises(SegablateError) as caught:
        load_weights(network(use="stdc1-seg"), path)
    assert caught.value.hint == "write `model: {use: stdc1-seg, variant: paddleseg}`"


@pytest.mark.parametrize("name", [name for name in encoders.names() if not encoder_class(name).needs])
def test_a_checkpoint_of_our_own_loads_back(name: str, tmp_path: Path) -> None:
    model = {"encoder": name, "output_stride": stride_of(name)}
    one, two = (network(seed, **model) for seed in (0, 1))
    loaded = load_weights(two, saved({"model": one.state_dict(), "iteration": 7}, tmp_path / "own.pt"))
    assert loaded.untouched == ()
    assert same(two, dict(one.state_dict()))


def test_a_network_without_auxiliary_heads_takes_a_training_checkpoint(tmp_path: Path) -> None:
    path = saved(network(use="pp-liteseg-t").state_dict(), tmp_path / "own.pt")
    loaded = load_weights(network(use="pp-liteseg-t", auxiliary={}), path)
    assert set(loaded.unused.values()) == {"a head that only training uses"}


def test_a_training_network_takes_a_checkpoint_without_auxiliary_heads(tmp_path: Path) -> None:
    path = saved(network(use="pp-liteseg-t", auxiliary={}).state_dict(), tmp_path / "own.pt")
    loaded = load_weights(network(use="pp-liteseg-t"), path)
    assert {name.split(".")[0] for name in loaded.untouched} == {"auxiliary"}


def test_a_mismatch_lists_what_is_missing_unexpected_and_of_another_shape(tmp_path: Path) -> None:
    given = bare(state(classifier("resnet18")))
    given["layer9.weight"] = given.pop("layer1.0.conv1.weight")
    given["bn1.weight"] = torch.ones(3)
    other = classifier("resnet18")
    before = state(other)
    with pytest.raises(SegablateError) as caught:
        load_weights(other, saved(given, tmp_path / "r.pth"))
    assert "1 missing: encoder.layer1.0.conv1.weight" in str(caught.value)
    assert "1 unexpected: encoder.layer9.weight" in str(caught.value)
    assert "1 of another shape: encoder.bn1.weight (3 for 64)" in str(caught.value)
    assert state(other).keys() == before.keys()


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SegablateError, match=r"in no known format \(they begin with `a`, `b`\)"):
        load_weights(
            network(encoder="resnet18"), saved({"a": torch.ones(1), "b": torch.ones(1)}, tmp_path / "x.pt")
        )


@pytest.mark.parametrize("name", ["x.pt", "x.pdparams"])
@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x04\x95\x00"])
def test_a_broken_file_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SegablateError, match=re.escape(name)):
        read(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SegablateError, match="no such file"):
        read(tmp_path / "none.pt")


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["x.pt", "x.pdparams"])
def test_a_hostile_file_is_refused_by_name_and_does_nothing(name: str, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    if name.endswith("pt"):
        torch.save({"a": Hostile(trap)}, tmp_path / name)
    else:
        (tmp_path / name).write_bytes(pickle.dumps({"a": Hostile(trap)}))
    with pytest.raises(SegablateError, match="mkdir"):
        read(tmp_path / name)
    assert not trap.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL))
@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f2", "<i8", "|b1"])
def test_arrays_of_all_number_types_and_protocols_are_read(protocol: int, kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = {
        "c": rng.integers(0, 2, (2, 3, 4)).astype(kind),
        "f": np.asfortranarray(rng.integers(0, 2, (3, 4)).astype(kind)),
    }
    path = tmp_path / "x.pdparams"
    path.write_bytes(pickle.dumps({**values, "StructuredToParameterName@@": {"c": "c"}}, protocol=protocol))
    given = read_pdparams(path)
    assert set(given) == {"c", "f"}
    for name, value in values.items():
        np.testing.assert_array_equal(given[name], value)


@pytest.mark.parametrize("value", [np.array([object()]), np.array(["text"]), np.zeros(2, [("a", "f4")])])
def test_arrays_of_anything_but_numbers_are_refused(value: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "x.pdparams"
    path.write_bytes(pickle.dumps({"a": value}))
    with pytest.raises(SegablateError):
        read_pdparams(path)


# () doubled 64 times over: to hash it takes for ever
NESTED = b")" + b"2\x86" * 64


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02}" + NESTED + b"Ns.",
        b"\x80\x02}(" + NESTED + b"Nu.",
        b"\x80\x02(" + NESTED + b"Nd.",
        b"\x80\x04\x8f(" + NESTED + b"\x90.",
        b"\x80\x04(" + NESTED + b"\x91.",
        b"\x80\x02ccollections\nOrderedDict\n](" + NESTED + b"N\x86e\x85R.",
        b"\x80\x02cnumpy\ndtype\n" + NESTED + b"\x85R.",
    ],
    ids=["one", "several", "at once", "set", "frozen set", "ordered", "type"],
)
def test_names_that_are_no_text_are_refused_before_they_are_hashed(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pdparams").write_bytes(content)
    with pytest.raises(SegablateError, match=r"not a whole `\.pdparams` file"):
        read_pdparams(tmp_path / "x.pdparams")


def test_a_file_of_weights_that_unpacks_to_more_than_it_is_is_refused(tmp_path: Path) -> None:
    whole = saved(network(encoder="resnet18").state_dict(), tmp_path / "own.pt")
    read(whole)
    with zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/data/0", bytes(10_000_000))
    with pytest.raises(SegablateError, match="unpacks to 10,000,000, and torch packs none"):
        read(tmp_path / "packed.pt")


def test_a_study_s_weights_are_read_and_known_by_their_content(tmp_path: Path) -> None:
    path = saved(network(encoder="resnet18").state_dict(), tmp_path / "own.pt")
    model = {"encoder": "resnet18", "weights": str(path)}
    assert same(network(seed=1, **model), dict(network(encoder="resnet18").state_dict()))
    before = complete(model)["weights"]
    saved(network(seed=2, encoder="resnet18").state_dict(), path)
    assert complete(model)["weights"]["sha256"] != before["sha256"]
    assert written(complete(model))["weights"] == str(path)


def test_weights_are_compared_before_anything_runs(tmp_path: Path) -> None:
    path = saved(network(encoder="resnet18").state_dict(), tmp_path / "own.pt")
    with pytest.raises(SegablateError, match="do not fit") as caught:
        planned({"encoder": "resnet50", "weights": str(path)}, 3)
    assert caught.value.field == "weights"


def test_imagenet_is_a_word_for_one_encoder_only() -> None:
    with pytest.raises(SegablateError, match="no package with weights for encoder `resnet18`"):
        network(encoder="resnet18", weights="imagenet")

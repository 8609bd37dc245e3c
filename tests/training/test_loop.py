"""Training: the same seed the same weights, whatever stops it; and clear ends where it cannot go on."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_training
import torch
from torch import Tensor

from segablate.disk import DamagedError
from segablate.errors import SegablateError
from segablate.models.segmenter import Answer
from segablate.training import files
from segablate.training.losses.cross_entropy import CrossEntropy
from segablate.training.objective import Objective


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_one_seed_repeats_bit_for_bit_and_two_differ(tmp_path: Path) -> None:
    first, done = tiny_training.run(tmp_path / "a.pt")
    again, _ = tiny_training.run(tmp_path / "b.pt")
    other, _ = tiny_training.run(tmp_path / "c.pt", seed=1)
    assert same(first, again)
    assert not same(first, other)
    assert done.iteration == len(done.curve) == tiny_training.RECIPE["iterations"]


@pytest.mark.parametrize("settings", [{"pooled_norm": "renorm"}, {"frozen": "x8"}])
def test_what_is_stopped_goes_on_bit_for_bit_whatever_learns(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    settings = {"model": POOLED, **settings}
    whole, _ = tiny_training.run(tmp_path / "whole.pt", **settings)
    plain, _ = tiny_training.run(tmp_path / "plain.pt", model=POOLED)
    assert not same(whole, plain)
    made = tiny_training.training(tmp_path / "stopped.pt", **settings)
    good = made.objective

    def stop(*arguments: Any) -> Tensor:
        if made.progress.iteration == 3:
            raise KeyboardInterrupt
        return good(*arguments)

    made.objective = stop  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        made.run(lambda steps: None)
    resumed, done = tiny_training.run(tmp_path / "stopped.pt", **settings)
    assert done.resumed == 1
    assert same(whole, resumed)


def test_what_is_frozen_up_to_a_feature_keeps_weights_and_statistics(tmp_path: Path) -> None:
    made = tiny_training.training(tmp_path / "x.pt", model=POOLED, frozen="x8")
    before = {name: value.clone() for name, value in made.network.state_dict().items()}
    made.run(lambda steps: None)
    after = made.network.state_dict()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    first = ("encoder.stem.", *(f"encoder.blocks.{number}." for number in range(5)))
    assert not [name for name in changed if name.startswith(first)]
    assert [name for name in changed if name.startswith("encoder.blocks.")]


@pytest.mark.slow  # starts a process
def test_killed_anywhere_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole, _ = tiny_training.run(tmp_path / "whole.pt")
    path = tmp_path / "killed.pt"
    death = random.randrange(int(tiny_training.RECIPE["iterations"]))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, tiny_training.__file__, str(path), str(death)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.returncode == -9, ended.stderr
    kept = files.load(path)
    assert (0 if kept is None else kept["progress"]["iteration"]) == death
    resumed, done = tiny_training.run(path)
    assert same(whole, resumed)
    assert [row[0] for row in done.curve] == list(range(done.iteration))
    assert done.resumed == (death > 0)


def test_a_broken_checkpoint_is_set_aside_and_training_begins_anew(tmp_path: Path) -> None:
    whole, _ = tiny_training.run(tmp_path / "whole.pt")
    (tmp_path / "broken.pt").write_bytes(b"half a checkpo")
    with pytest.raises(DamagedError, match=r"not a whole checkpoint; it is kept as `broken\.pt\.broken-1`"):
        tiny_training.run(tmp_path / "broken.pt")
    again, done = tiny_training.run(tmp_path / "broken.pt")
    assert same(whole, again)
    assert done.resumed == 0
    assert (tmp_path / "broken.pt.broken-1").read_bytes() == b"half a checkpo"


def test_a_flipped_bit_in_a_checkpoint_is_found_though_torch_loads_it(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    files.save(path, {"weights": torch.arange(100_000.0)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    torch.load(path, weights_only=True)
    with pytest.raises(DamagedError):
        files.load(path)


@pytest.mark.parametrize("change", ["network", "progress", "curve", "optimiser", "generators"])
def test_a_checkpoint_that_is_whole_but_does_not_fit_is_set_aside(tmp_path: Path, change: str) -> None:
    path = tmp_path / "x.pt"
    made = tiny_training.training(path)
    made._save()
    kept = files.load(path) or {}
    other = {"network": {}, "progress": {"no": 1}, "curve": torch.zeros(3, 4), "optimiser": {"state": {}}}
    kept[change] = other.get(change, {"cpu": torch.zeros(3)})
    files.save(path, kept)
    with pytest.raises(DamagedError, match="not of this training"):
        tiny_training.run(path)
    assert not path.exists()


def test_what_was_trained_is_not_trained_again(tmp_path: Path) -> None:
    whole, _ = tiny_training.run(tmp_path / "whole.pt")
    before = (tmp_path / "whole.pt").read_bytes()
    made = tiny_training.training(tmp_path / "whole.pt", seed=5)
    steps: list[int] = []
    done = made.run(steps.append)
    assert same(whole, made.network.state_dict())
    assert steps == [done.iteration]
    assert "optimiser" not in (files.load(tmp_path / "whole.pt") or {})
    assert len(before) > 0


POOLED: dict[str, Any] = {
    "encoder": "efficientnet-lite0",
    "context": {"use": "sppm", "channels": 8, "bins": [1]},
    "upsampler": {"use": "subpixel", "channels": 4},
}
# no batch norm learns: the encoder is at rest, and what follows has none
PLAIN: dict[str, Any] = {
    "encoder": "efficientnet-lite0",
    "decoder": {"use": "aggregate", "low_level": []},
    "upsampler": {"use": "subpixel", "channels": 4},
}


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_accumulated_parts_make_the_step_of_the_whole_batch(tmp_path: Path, optimiser: str) -> None:
    settings: dict[str, Any] = {
        "model": PLAIN, "encoder": "frozen", "view": (64, 64), "batch": 4, "optimiser": optimiser,
        "iterations": 3, "warmup": 0,
    }  # fmt: skip
    one, done_one = tiny_training.run(tmp_path / "1.pt", **settings)
    four, done_four = tiny_training.run(tmp_path / "4.pt", accumulate=4, **settings)
    for name in one:
        torch.testing.assert_close(one[name], four[name], atol=1e-5, rtol=1e-4)
    losses = [[row[1] for row in done.curve] for done in (done_one, done_four)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_loss_that_is_not_finite_tells_where_and_what_was_last_good(tmp_path: Path) -> None:
    made = tiny_training.training(tmp_path / "x.pt")
    good = made.objective

    def bad(answer: Answer, labels: Tensor, whole: Tensor | None = None) -> Tensor:
        loss: Tensor = good(answer, labels, whole)
        return loss * math.nan if made.progress.iteration == 3 else loss

    made.objective = bad  # type: ignore[assignment]
    with pytest.raises(SegablateError) as caught:
        made.run(lambda steps: None)
    assert "not finite at iteration 3, learning rate 0.000" in caught.value.message
    assert f"last good checkpoint: at iteration 3 in `{tmp_path / 'x.pt'}`" in caught.value.message
    assert "recipe.rate" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "error",
    [RuntimeError("CUDA out of memory. Tried"), RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"), MemoryError()],
)
def test_memory_that_runs_out_is_said_with_what_would_help(tmp_path: Path, error: Exception) -> None:
    made = tiny_training.training(tmp_path / "x.pt")

    def full(*_: Any) -> Tensor:
        raise error

    made.objective = full  # type: ignore[assignment]
    with pytest.raises(SegablateError, match="not enough memory for 2 crops of 32×32") as caught:
        made.run(lambda steps: None)
    assert "recipe.accumulate" in (caught.value.hint or "")


def test_a_training_on_the_cpu_leaves_a_gpu_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Tensor:
        raise AssertionError("the generator of the GPU was touched")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state", never)
    made = tiny_training.training(tmp_path / "x.pt")
    made._save()
    kept = files.load(tmp_path / "x.pt")
    assert kept is not None
    assert list(kept["generators"]) == ["cpu"]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_and_channels_last_learn_too(tmp_path: Path, precision: str) -> None:
    _, done = tiny_training.run(
        tmp_path / "x.pt", precision=precision, channels_last=True, iterations=4, model=PLAIN
    )
    assert all(math.isfinite(row[1]) for row in done.curve)


def test_the_temperature_is_told_with_every_step(tmp_path: Path) -> None:
    model = {**PLAIN, "upsampler": {"use": "dupsampling", "channels": 4, "weights": "random"}}
    _, done = tiny_training.run(tmp_path / "x.pt", model=model, iterations=3)
    assert [len({row[3] for row in done.curve}), done.curve[0][3]] == [3, pytest.approx(1.0, abs=1e-3)]
    _, done = tiny_training.run(tmp_path / "y.pt", model=PLAIN, iterations=3)
    assert all(math.isnan(row[3]) for row in done.curve)


def test_auxiliary_heads_weigh_as_the_recipe_says(tmp_path: Path) -> None:
    model = {
        **PLAIN,
        "auxiliary": {
            "far": {"on": "x16", "channels": 4},
            "edges": {"on": "x8", "channels": 4, "outputs": 1},
        },
    }
    made = tiny_training.training(
        tmp_path / "x.pt", model=model, auxiliary={"far": 0.5}, auxiliary_weight=2.0
    )
    objective = made.objective
    assert {name: weight for name, (weight, _) in objective.heads.items()} == {"far": 0.5, "edges": 2.0}
    labels = torch.randint(0, 3, (2, 32, 32))
    far = Answer(torch.randn(2, 3, 32, 32), None, {"far": torch.randn(2, 3, 32, 32)})
    plain = CrossEntropy(None)
    expected = plain(far, labels) + 0.5 * plain(Answer(far.auxiliary["far"]), labels)
    torch.testing.assert_close(objective(far, labels), expected)


def test_a_weight_for_a_head_that_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    model = {**PLAIN, "auxiliary": {"head16": {"on": "x16"}}}
    with pytest.raises(SegablateError, match="no auxiliary head `head61`") as caught:
        tiny_training.training(tmp_path / "x.pt", model=model, auxiliary={"head61": 1.0})
    assert caught.value.hint == "did you mean `head16`?"
    assert isinstance(tiny_training.training(tmp_path / "x.pt").objective, Objective)

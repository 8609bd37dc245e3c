"""The one training loop.

        source ── batch ──► forward ── objective ──► backward ── optimiser    every few minutes ──► checkpoint
          ▲ fetched one ahead                          × parts of the batch

On a CPU it is deterministic: the weights depend on the seed and the recipe, and not on how often it was
stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segablate.disk import distrust
from segablate.errors import SegablateError
from segablate.models.gpu import numerics
from segablate.training import files, schedule
from segablate.training.forward import forward, full, memory, mixed, temperature, training_mode
from segablate.training.gpu import Watch
from segablate.training.objective import Objective
from segablate.training.recipes.base import Recipe
from segablate.training.sources import Batch, Source

COLUMNS = ("iteration", "loss", "rate", "temperature")


@dataclass
class Done:
    """How far training has come.

    Attributes:
        iteration: number of steps done.
        curve: one row a step: iteration, loss, learning rate, temperature (NaN where there is none).
        seconds: time it took, over all runs.
        waited: time of it in which the next batch was waited for.
        resumed: how often it went on from a checkpoint.
        busy: share of the time of some steps in which the GPU was at work; None where there is no telling.
        numerics: what was set for the GPU.
    """

    iteration: int
    curve: list[list[float]]
    seconds: float = 0.0
    waited: float = 0.0
    resumed: int = 0
    busy: float | None = None
    numerics: dict[str, bool] = field(default_factory=dict)


class Training:
    """A network, trained by a recipe.

    Args:
        network: what is trained; its weights are changed.
        source: gives the batches.
        recipe: every number.
        objective: what is minimised.
        path: where the checkpoint lies.
        device: where it runs.
        minutes: between two checkpoints.
    """

    def __init__(
        self,
        network: nn.Module,
        source: Source,
        recipe: Recipe,
        objective: Objective,
        *,
        path: Path,
        device: str,
        minutes: float,
    ) -> None:
        self.network = network.to(device)
        if recipe.channels_last:
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch lists it not
        self.source = source
        self.recipe = recipe
        self.objective = objective
        self.path = path
        self.device = device
        self.minutes = minutes
        self.optimiser = schedule.optimiser(network, recipe)
        self.scaler = torch.amp.GradScaler(device, enabled=recipe.precision == "fp16")
        self.progress = Done(0, [])
        self.saved = 0

    def run(self, tick: Callable[[int], None]) -> Done:
        """Train to the end, from the last checkpoint if there is one.

        Raises:
            SegablateError: the loss is not finite, or there is not enough memory.
            DamagedError: the checkpoint cannot be gone on from, and has been set aside; the network may
                have changed.
        """
        done = self._resume()
        tick(done.iteration)
        training_mode(self.network, self.recipe)
        with (
            memory(self.recipe),
            # lower precision is the recipe's to ask for; every step has the shapes of the one before
            numerics(tf32=False, autotune=True) as formats,
            Watch(self.device, done.busy) as watch,
        ):
            if self.device == "cuda" and done.iteration < self.recipe.iterations:
                done.numerics = formats
            self._steps(tick, watch)
        self._save()
        return done

    def _steps(self, tick: Callable[[int], None], watch: Watch) -> None:
        done = self.progress
        begun, saved_at = time.perf_counter() - done.seconds, time.monotonic()
        with ThreadPoolExecutor(1) as ahead:
            fetching = ahead.submit(self.source.fetch, done.iteration)
            while done.iteration < self.recipe.iterations:
                began = time.perf_counter()
                fetched = fetching.result()
                done.waited += time.perf_counter() - began
                fetching = ahead.submit(self.source.fetch, done.iteration + 1)
                self._step(self.source.batch(fetched, done.iteration))
                tick(1)
                begun += watch.step()
                done.busy = watch.busy
                done.seconds = time.perf_counter() - begun
                if time.monotonic() - saved_at >= 60 * self.minutes:
                    self._save()
                    saved_at = time.monotonic()

    def _step(self, batch: Batch) -> None:
        rate = schedule.rate(self.recipe, self.progress.iteration)
        schedule.set_rate(self.optimiser, rate)
        self.optimiser.zero_grad(set_to_none=True)
        parts = batch.parts(self.recipe.accumulate) if self.recipe.accumulate > 1 else [batch]
        total = 0.0
        for part in parts:
            with mixed(self.device, self.recipe.precision):
                answer = forward(self.network, part.inputs, part.labels, self.recipe)
            loss = self.objective(full(answer), part.labels, batch.labels if len(parts) > 1 else None)
            total += float(loss.detach())
            self._finite(total, rate)
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch has no types there
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.progress.curve.append([self.progress.iteration, total, rate, temperature(self.network)])
        self.progress.iteration += 1

    def _finite(self, loss: float, rate: float) -> None:
        if loss - loss == 0:
            return
        checkpoint = f"at iteration {self.saved} in `{self.path}`" if self.saved else "none"
        raise SegablateError(
            f"the loss is not finite at iteration {self.progress.iteration}, learning rate {rate:.3g}; "
            f"last good checkpoint: {checkpoint}",
            hint="a smaller `recipe.rate`, or a longer `recipe.warmup`",
        )

    def _resume(self) -> Done:
        checkpoint = files.load(self.path)
        if checkpoint is None:
            return self.progress
        try:
            self._take(checkpoint)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # it is whole, but of another network, or another program's
            raise distrust(self.path, "this checkpoint is not of this training") from error
        return self.progress

    def _take(self, checkpoint: dict[str, Any]) -> None:
        self.network.load_state_dict(checkpoint["network"])
        done = self.progress = Done(**checkpoint["progress"], curve=checkpoint["curve"].tolist())
        done.resumed += done.iteration < self.recipe.iterations
        self.saved = done.iteration
        if not len(done.curve) == done.iteration <= self.recipe.iterations:
            raise ValueError("the curve does not fit")
        if done.iteration < self.recipe.iterations:
            self.optimiser.load_state_dict(checkpoint["optimiser"])
            self.scaler.load_state_dict(checkpoint["scaler"])
            _set_generators(checkpoint["generators"], self.device)

    def _save(self) -> None:
        done = self.progress
        content: dict[str, Any] = {
            "network": self.network.state_dict(),
            "curve": torch.tensor(done.curve, dtype=torch.float64),
            "progress": {key: value for key, value in vars(done).items() if key != "curve"},
        }
        if done.iteration < self.recipe.iterations:
            content["optimiser"] = self.optimiser.state_dict()
            content["scaler"] = self.scaler.state_dict()
            content["generators"] = _generators(self.device)
        files.save(self.path, content)
        self.saved = done.iteration


def _generators(device: str) -> dict[str, Tensor]:
    return {"cpu": torch.get_rng_state()} | ({"cuda": torch.cuda.get_rng_state()} if device == "cuda" else {})


def _set_generators(states: dict[str, Tensor], device: str) -> None:
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and device == "cuda":
        torch.cuda.set_rng_state(states["cuda"])

"""One cell from its inputs to its result.

decoded images ─┬─ (frozen encoder: features, kept) ─┐   all of it, or what comes before a feature
seed ── network ┴───────── training ─────────────────┴──► label maps ──► scores
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from segablate.datasets.base import blocks
from segablate.datasets.decoded import Decoded, decoded
from segablate.datasets.pack import Pack, opened, write_pack
from segablate.disk import locked, sweep, write_errors
from segablate.labels.work import threads
from segablate.labels.worker_pool import WorkerPool
from segablate.measures.base import PLACES, MeasureContext
from segablate.measures.ceilings.fitting import FitInputs, Fitting
from segablate.measures.ceilings.maps import maps
from segablate.models.assemble import assemble
from segablate.models.complete import bare
from segablate.models.segmenter import Segmenter
from segablate.models.upsamplers.base import Subspace
from segablate.records import Reads
from segablate.training import files, rng
from segablate.training.augment import Canvas, augment
from segablate.training.features import Features
from segablate.training.forward import stored_features
from segablate.training.loop import Done, Training
from segablate.training.losses.base import losses
from segablate.training.objective import Objective
from segablate.training.pixels import normalisation, normalise
from segablate.training.predict import TTA, Predictor
from segablate.training.recipes.base import Recipe, recipes
from segablate.training.sources import Images, Source, Windows

CHECKPOINT = "checkpoint.pt"
# what of a cell has no say in its weights
OF_THE_SCORES = ("score", "scored", "scored_images", "limit", "sight", PLACES)


class Learning:
    """One cell at work.

    Args:
        reads: what the cell depends on, with its places.
        seed: of the run.
        ctx: lends folders, bars and the device.

    Attributes:
        data: the data set.
        train: decoded training images.
        score: decoded images that are scored.
        numbers: which of them.
        network: what is trained, and drawn from the seed.
        seconds: by phase.
    """

    def __init__(self, reads: Reads, seed: int, ctx: MeasureContext) -> None:
        self.reads = reads
        self.seed = seed
        self.ctx = ctx
        self.seconds = {"decode": 0.0, "fit": 0.0, "features": 0.0, "training": 0.0, "scoring": 0.0}
        self.data = maps(reads).data
        self.recipe = _recipe(reads["recipe"])
        self.train, self.score = self._decoded("train"), self._decoded("score")
        self.numbers = _spread(len(self.score), reads["limit"])
        model = bare(reads["model"])
        subspace = self._subspace()
        torch.manual_seed(seed)
        made = assemble(model, reads["classes"], subspace=subspace, allow_external=ctx.allow_external)
        self.network = made.to(ctx.device)
        self.pixels = normalisation(made, self.recipe.mean, self.recipe.std)

    def learn(self) -> Done:
        """Train the network, or take its weights where it was trained before."""
        objective = Objective(self.network, self.recipe, self.reads["classes"])
        folder = self.ctx.workspace("training", self._of_the_training())
        source = self._source()
        training = Training(
            self.network,
            source,
            self.recipe,
            objective,
            path=folder / CHECKPOINT,
            device=self.ctx.device,
            minutes=self.reads[PLACES]["minutes"],
        )
        # cells that are scored differently share a training: whoever is second waits for it
        bar = self.ctx.progress(f"training, seed {self.seed}", self.recipe.iterations)
        with locked(folder / ".lock"), bar as tick:
            sweep(folder)
            files.forget(folder / CHECKPOINT, self.ctx.anew)
            done = training.run(tick)
        self.seconds["training"] = done.seconds
        return done

    def label_maps(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Name, truth and answer of each image that is scored."""
        tta = _tta(self.reads["sight"])
        features = self._features_of_scored() if tta.plain and self.recipe.keeps else None
        predictor = Predictor(self.network, self.pixels, tta, self.ctx.device, self.recipe)
        for place, number in enumerate(self.numbers):
            truth = self.score.label(number)
            if features is None:
                predicted = predictor.of_image(self.score.image(number))
            else:
                predicted = predictor.of_features(features.tensors([place], self.ctx.device), truth.shape)
            yield self.score.name(number), truth, predicted

    @property
    def blocks(self) -> list[str]:
        """Which block each image that is scored belongs to."""
        names = blocks(self.data, self.reads[PLACES]["score"])
        return [names[number] for number in self.numbers]

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Count the seconds of a phase."""
        begun, before = time.perf_counter(), sum(self.seconds.values())
        yield
        # what a phase within this one took is counted there
        self.seconds[phase] += time.perf_counter() - begun - (sum(self.seconds.values()) - before)

    def _decoded(self, role: str) -> Decoded:
        split = self.reads[PLACES][role]
        # one folder for all: packs are named for what is in them
        folder = self.ctx.workspace("decoded", {})
        with (
            self.timed("decode"),
            self.ctx.progress(f"decoding {role}", 2 * len(self.data.items(split))) as tick,
        ):
            return decoded(self.data, split, folder, tick=tick, notify=self.ctx.tell)

    def _subspace(self) -> Subspace | None:
        """What the upsampler's weights begin with, where they come from labels."""
        if "fitted" not in self.reads:
            return None
        upsampler = self.reads["upsampler"]
        inputs = FitInputs(
            data=self.reads["data"],
            labels=self.reads["fitted"],
            solver=self.reads["solver"],
            stride=self.reads["output_stride"],
            centred=upsampler.get("bias", False),
            channels=upsampler["channels"],
            split=self.reads["fit"],
            place=self.reads[PLACES]["fit"],
        )
        with self.timed("fit"), threads() as pool, WorkerPool() as workers:
            fitting = Fitting([inputs], maps(self.reads), self.ctx, pool, workers, lambda seconds: None)
            fitted = fitting.all()[inputs.kind]
        mean = fitted.bias() if fitted.centred else None
        return Subspace(fitted.weight(inputs.channels), mean)

    def _source(self) -> Source:
        if not self.recipe.keeps:
            return Images(self.train, self.recipe, self.pixels, self.seed, self.ctx.device)
        with self.timed("features"):
            views = {**_of_the_views(self.reads["recipe"]), "augmentation": self.reads["augmentation"]}
            about = {"views": views, "images": self.reads["trained_images"]}
            count = self.recipe.views * len(self.train)
            sizes = [self.recipe.view] * count
            features = self._features(about, sizes, lambda number: self._view(number)[0])
            labels = self._labels_of_views(views)
        return Windows(features, labels, self.recipe, self.seed, self.ctx.device)

    def _labels_of_views(self, views: Reads) -> Pack:
        folder = self.ctx.workspace("views", {"views": views, "labels": self.reads["trained"]})
        path, count = folder / "labels.pack", self.recipe.views * len(self.train)
        with write_errors(path), locked(folder / ".lock"):
            sweep(folder)
            pack = opened(path, self.ctx.tell, [self.recipe.view] * count)
            if pack is None:
                write_pack(path, [*map(str, range(count))], (self._view(i)[1] for i in range(count)))
                pack = Pack(path)
        return pack

    def _features_of_scored(self) -> Features:
        with self.timed("features"):
            about = {
                "images": self.reads["scored_images"],
                "limit": self.reads["limit"],
                "pixels": [list(colour) for colour in self.pixels],
            }
            sizes = [self.score.size(number) for number in self.numbers]
            return self._features(about, sizes, lambda place: self._whole(self.numbers[place]))

    def _features(self, about: Reads, sizes: list[tuple[int, int]], picture: Any) -> Features:
        assert isinstance(self.network, Segmenter)
        model = self.reads["model"]
        key = {
            **about,
            "encoder": model["encoder"],
            "output_stride": model["output_stride"],
            "weights": model.get("weights"),
            # weights that were not read from a file are the seed's
            "seed": None if "weights" in model else self.seed,
        }
        return Features(
            self.ctx.workspace("features", key),
            self.network.encoder,
            stored_features(self.network, self.recipe),
            sizes,
            picture,
            self.ctx.device,
            self.ctx.progress,
            self.ctx.tell,
        )

    def _view(self, number: int) -> tuple[Tensor, np.ndarray]:
        """A picture of those that are kept, and its labels: the first of each image is the image itself."""
        view, image = divmod(number, len(self.train))
        draw = rng.draw(self.recipe, 1, rng.VIEW, view, image) if view else rng.plain(1)
        canvas = Canvas([self.train.image(image)], [self.train.label(image)], "cpu")
        colours, labels = augment(canvas, draw, self.recipe.view, self.pixels[0])
        return normalise(colours, *self.pixels)[0], labels[0].to(torch.uint8).numpy()

    def _whole(self, number: int) -> Tensor:
        image = torch.from_numpy(self.score.image(number).copy())
        return normalise(image.permute(2, 0, 1)[None].float(), *self.pixels)[0]

    def _of_the_training(self) -> dict[str, Any]:
        inputs = {name: value for name, value in self.reads.items() if name not in OF_THE_SCORES}
        return {**inputs, "seed": self.seed}


def _recipe(entry: Mapping[str, Any]) -> Recipe:
    part, settings = recipes.read(entry)
    made: Recipe = part.build({}, {**settings, "loss": losses.written(settings["loss"])})
    return made


def _of_the_views(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of a recipe makes the kept pictures what they are."""
    part, settings = recipes.read(entry)
    return part.without_neutral({n: value for n, value in settings.items() if n not in Recipe.after_views})


def _tta(entry: Mapping[str, Any]) -> TTA:
    window = entry["window"]
    return TTA(entry["flip"], tuple(entry["scales"]), None if window is None else (window[0], window[1]))


def _spread(count: int, limit: int | None) -> list[int]:
    if limit is None or limit >= count:
        return list(range(count))
    return [i * count // limit for i in range(limit)]

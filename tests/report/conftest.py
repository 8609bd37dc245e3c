"""Made-up data folders: outcomes of an oracle study as a run would leave them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segablate.quantity import QUANTITIES, Quantity
from segablate.records import Measurement, Outcome
from segablate.report.facts import StudyFacts

CLASSES = ("background", "aeroplane", "bicycle", "person", "potted plant")
PALETTE = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [192, 128, 128], [0, 64, 0]]
MACHINE = {"cpu": "Example CPU", "cores": 2, "python": "3.11.9", "versions": {"numpy": "2.3.1"}}
FACTS = StudyFacts(
    name="made-up",
    question="How much of the labels can each upsampler give back?",
    expect="DUpsampling gives back almost all.",
    cite="arXiv:1903.02120, Table 1",
    published="dupsampling.table1",
    command="segablate run studies/made-up.yaml",
    study_file="studies/made-up.yaml",
)


def lost(use: str, channels: int | None, stride: int) -> float:
    """A plausible share of mIoU that does not come back."""
    if use == "dupsampling":
        share = 1.5 * stride**1.6 / 16**1.6 / (channels or 1) ** 1.15
    else:
        share = {"nearest": 0.0045, "bilinear": 0.0011}.get(use, 0.01) * stride**1.02
    # the last digits of a power are the mathematics library's own
    return round(share, 9)


@dataclass(frozen=True)
class Line:
    """One line of `outcomes.jsonl`."""

    variant: str
    choices: dict[str, str]
    baseline: bool
    measure: str
    outcome: Outcome | None
    seed: int = 0
    skipped: str = ""

    def json(self) -> str:
        """As the run writes it."""
        raw = {**asdict(self), "outcome": None}
        if self.outcome:
            raw["outcome"] = json.loads(self.outcome.to_json())
        return json.dumps(raw, sort_keys=True, ensure_ascii=False)


def oracle(
    use: str,
    channels: int | None,
    stride: int,
    *,
    measure: str = "project",
    images: int = 1449,
    **changes: Any,
) -> Outcome:
    """An outcome of the oracle."""
    kept = 1 - lost(use, channels, stride) * (0.6 if measure == "optimise" else 1.0)
    spec = {"use": use} if channels is None else {"use": use, "channels": channels, "bias": False}
    score = [min(1.0, max(0.0, kept + (1 - kept) * shift)) for shift in (0.9, 0.1, -1.6, 0.3, 0.3)]
    made = Outcome(
        key=f"{measure}-{use}-{channels}-{stride}",
        status="done",
        reads={
            "data": {"use": "voc"},
            "fit": "train_aug",
            "score": "val",
            "upsampler": spec,
            "encode": measure,
            "output_stride": stride,
            "limit": None if images == 1449 else images,
        },
        measurements=tuple(
            Measurement(metric, (value,), convention, spots)
            for metric, value, convention, spots in (
                ("miou", kept, "one confusion matrix over all images, mean over the classes that occur", ()),
                ("pixel_accuracy", 1 - (1 - kept) / 4, "share of scored pixels that are right", ()),
                (
                    "boundary_iou",
                    1 - (1 - kept) * 3,
                    "dilation ratio 0.02",
                    ("sees only a band along boundaries",),
                ),
            )
        ),
        facts={
            "per_class_iou": {str(i): value for i, value in enumerate(score)},
            "class_names": list(CLASSES),
            "palette": PALETTE,
            "images": images,
            "pixels": images * 180_000,
            "explained": None,
            "seconds": {"decode": 1.0, "fit": 2.0, "score": 3.0},
            "boundary_ratio": 0.02,
        },
        artefacts=("worst.npz", "confusion.npz"),
        seconds=6.0,
        machine=MACHINE,
        use="oracle",
        seeded=measure == "autoencoder",
    )
    return replace(made, **changes)


def trained(variant: str, values: Sequence[float], *, metric: str = "miou", **changes: Any) -> list[Line]:
    """One variant trained with seeds 0, 1, …; `a` is the baseline."""
    made = []
    for seed, value in enumerate(values):
        outcome = Outcome(
            key=f"accuracy-{variant}-{seed}",
            status="done",
            reads=changes.get("reads", {"recipe": {"use": "probe"}, "score": "val"}),
            measurements=(Measurement(metric, (value,), "of nothing"),),
            facts={"images": 200},
            artefacts=("images.npz",),
            machine=MACHINE,
        )
        choices = changes.get("choices", {"model.decoder": variant})
        baseline = changes.get("baseline", variant == "a")
        made.append(Line(variant, choices, baseline, "accuracy", outcome, seed=seed))
    return made


def failed(reason: str, *, stride: int = 16) -> Outcome:
    """An outcome of a cell that failed."""
    done = oracle("bilinear", None, stride)
    return Outcome(key=f"failed-{stride}", status="failed", reads=done.reads, reason=reason, machine=MACHINE)


def study(
    strides: Sequence[int] = (16, 8, 32),
    channels: Sequence[int] = (16, 64, 256),
    measures: Sequence[str] = ("project", "optimise"),
) -> list[Line]:
    """A grid of strides × upsamplers under the oracle's two ways to encode."""
    made = []
    ups: list[tuple[str, str, int | None]] = [("bilinear", "bilinear", None), ("nearest", "nearest", None)]
    ups += [(f"DUp-{c}", "dupsampling", c) for c in channels]
    for stride in strides:
        for label, use, width in ups:
            for measure in measures:
                choices = {"model.output_stride": str(stride), "model.upsampler": label}
                found = oracle(
                    use, width, stride, measure=measure, images=1449 if measure == "project" else 120
                )
                base = stride == strides[0] and label == "bilinear"
                made.append(Line(f"output_stride={stride}, {label}", choices, base, measure, found))
    return made


def label_map(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A scene of ellipses with an ignored rim, (height, width) uint8."""
    y, x = np.mgrid[:height, :width]
    labels = np.zeros((height, width), np.uint8)
    for index in range(1, len(CLASSES)):
        cy, cx, ry, rx = rng.integers((0, 0, 6, 4), (height, width, height // 2, width // 4))
        distance = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2
        labels[distance < 1.15] = 255
        labels[distance < 1] = index
    return labels


def worst(stride: int) -> dict[str, np.ndarray]:
    """Arrays as the oracle keeps them of the label maps that came back worst."""
    rng = np.random.default_rng(7)
    kept: dict[str, np.ndarray] = {}
    for i, (height, width) in enumerate([(96, 130), (120, 90)]):
        truth = label_map(rng, height, width)
        step = max(1, stride // 2)
        coarse = np.where(truth == 255, 0, truth)[step // 2 :: step, step // 2 :: step]
        restored = coarse.repeat(step, 0).repeat(step, 1)[:height, :width]
        restored = np.pad(restored, [(0, height - restored.shape[0]), (0, width - restored.shape[1])])
        kept |= {
            f"truth_{i}": truth,
            f"restored_{i}": restored,
            f"name_{i}": np.array(f"2007_00{i}"),
            f"miou_{i}": np.array(0.71 + i / 10),
        }
    return kept


def save(folder: Path, lines: Iterable[Line], *, pictures: bool = True) -> Path:
    """Write a report's `data/`; gives the report's folder."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    rows = list(lines)
    (data / "outcomes.jsonl").write_text("".join(f"{row.json()}\n" for row in rows), encoding="utf-8")
    for row in rows:
        if pictures and row.outcome and "worst.npz" in row.outcome.artefacts:
            stride = int(row.outcome.reads["output_stride"])
            np.savez_compressed(data / f"{row.outcome.key}-worst.npz", **worst(stride))
    return folder


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric that is a time, whether or not a measure of time is there."""
    monkeypatch.setitem(QUANTITIES, "p50_ms", Quantity("p50_ms", "latency", "ms", "lower", 1.0, "ms"))


@pytest.fixture
def fake() -> Any:
    """This module, so that tests can make data up."""
    return sys.modules[__name__]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The folder of a made-up study's report, with its data and nothing else yet."""
    return save(tmp_path / "made-up", study())

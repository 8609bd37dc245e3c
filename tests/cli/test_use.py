"""`init`, `schema`, `diff`, `recommend`, `export` and the live table."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from segablate.app.schema import study_schema
from segablate.cli.live import Board
from segablate.errors import SegablateError
from segablate.models import onnx
from segablate.records import Outcome
from segablate.run.plan import plan
from segablate.study.load import load
from segablate.study.source import read

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_is_valid(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(read(path).data)] == []


GOOD = """\
name: good
fixed: {data: {use: shapes, images: 4}, model.encoder: resnet18, input: {size: [64, 64]}}
vary: {model.upsampler: {a: bilinear, b: {use: dupsampling, channels: 8}}, model.output_stride: [16, 32]}
measure: [oracle, {use: complexity, as: cost}]
claims:
  - {claim: b beats a, metric: miou, margin: 1 point, by: 0.2, source: Table 1}
  - {claim: b + 32 reaches 0.80, metric: macs}
"""


def test_a_small_study_is_valid(validator: jsonschema.Draft202012Validator) -> None:
    assert list(validator.iter_errors(yaml.safe_load(GOOD))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: good", "name: Good One"),
        ("name: good\n", ""),
        ("measure: [oracle, {use: complexity, as: cost}]", "measure: oracle"),
        ("[oracle,", "[orcale,"),
        ("as: cost", "az: cost"),
        ("b beats a", "b is better than a"),
        ("metric: miou", "metric: intensity"),
        ("margin: 1 point", "margin: 1 %"),
        ("reaches 0.80", "reaches much"),
        ("reaches 0.80, metric: macs", "reaches 0.80, metric: macs, by: 1"),
        ("as: cost", "scope: everything"),
        ("use: shapes", "use: shape"),
        ("images: 4", "image: 4"),
        ("images: 4", "images: four"),
        ("model.encoder: resnet18", "model.encoder: resnet19"),
        ("model.encoder", "model.encoders"),
        ("model.encoder", "modle.encoder"),
        ("size: [64, 64]", "size: [64]"),
        ("a: bilinear", "a: bilinar"),
        ("channels: 8", "chanels: 8"),
        ("channels: 8", "channels: [8]"),
        ("[16, 32]", "16"),
        ("[16, 32]", "[16, 16]"),
        ("[16, 32]", "[sixteen]"),
        ("name: good", "name: good\nrepeat: 0"),
        ("name: good", "name: good\nrepeats: 2"),
        ("name: good", "name: good\ndesign: gird"),
        ("name: good", "name: good\ndesign: {use: chosen}"),
        ("name: good", "name: good\nskip: [{when: {measure: oracle}}]"),
    ],
)
def test_the_schema_refuses_what_no_study_may_say(
    old: str, new: str, validator: jsonschema.Draft202012Validator
) -> None:
    changed = yaml.safe_load(GOOD.replace(old, new, 1))
    assert changed != yaml.safe_load(GOOD)
    assert not validator.is_valid(changed)


MARGINS = ["0.5", "0", "-1", "true", "null", "[1]", "half", "{at: 1}"]
MARGINS += [
    f'"{number}{unit}"' for number in ("2", ".5", "1.", "-1") for unit in ("", " %", " points", " ms")
]
MARGINS += ['"1 point"', '"1 million"', '"1 GMAC"', '"5 of them"', '" 1 % "', "1.5e-3"]


@pytest.mark.parametrize("metric", ["miou", "p50_ms", "fps", "params", "macs", "coverage", "mIoU"])
def test_the_schema_takes_the_margins_that_a_study_takes(
    metric: str, tmp_path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    path, took = tmp_path / "good.yaml", []
    for written in MARGINS:
        path.write_text(f"{GOOD}margin: {{{metric}: {written}}}\n", encoding="utf-8")
        try:
            load(path)
        except SegablateError:
            valid = False
        else:
            valid = True
            took.append(written)
        assert validator.is_valid(read(path).data) == valid, written
    assert bool(took) == (metric not in ("coverage", "mIoU"))


def test_the_printed_schema_is_one_json_document(segablate: Callable) -> None:
    said = segablate("schema")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["title"] == "A study of segablate"


def test_a_new_study_plans_and_is_valid(
    segablate: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    validator: jsonschema.Draft202012Validator,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert segablate("init", "my-study").out == "my-study.yaml\n"
    said = segablate("plan", "my-study.yaml")
    assert said.code == 0, said.err
    *rows, _, claim = said.out.splitlines()
    assert len(rows) == 7
    assert "can be decided" in claim
    assert list(validator.iter_errors(read(Path("my-study.yaml")).data)) == []
    again = segablate("init", "my-study")
    assert (again.code, again.err) == (
        2,
        "error: my-study.yaml: there is such a file already\n\nhint: take another name\n",
    )


def test_a_new_study_goes_to_the_others(
    segablate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("studies").mkdir()
    assert segablate("init", "x").out == "studies/x.yaml\n"
    said = segablate("init", "My Study")
    assert said.code == 2
    assert "`My Study` will not do as a study's name" in said.err


def test_two_results_are_compared_by_file(segablate: Callable, toy_study: Callable) -> None:
    segablate("run", toy_study("one", "three"), "--label", "a")
    segablate("run", toy_study("one", "eleven"), "--label", "b")
    said = segablate("diff", "reports/toy/a/results.csv", "reports/toy/b/results.csv")
    assert said.code == 0, said.err
    assert said.out.endswith("1 numbers are the same, 0 differ, 1 are in A only, 1 are in B only.\n")
    told = segablate("diff", "reports/toy/a", "reports/toy/b", "--json").document
    assert told["only_second"][0]["variant"] == "eleven"
    assert told["changes"][0]["name"] == "word"
    assert segablate("diff", "nowhere", "reports/toy/b").code == 2


def test_the_margins_of_a_study_judge_two_results(
    segablate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, by in (("one", 0.0), ("two", 0.01)):
        rows = [f"v,m,miou,{0.5 + by + step / 1000},{seed}" for seed, step in enumerate((1, 3, 2, by * 100))]
        Path(f"{name}.csv").write_text("\n".join(["variant,measure,metric,value,seed", *rows]))
    Path("wide.yaml").write_text(f"{GOOD}margin: {{miou: 5 points}}\n".replace("name: good", "name: wide"))
    said = segablate("diff", "one.csv", "two.csv")
    assert "better; n = 4 seeds" in said.out
    assert "equivalent; n = 4 seeds" in segablate("diff", "one.csv", "two.csv", "--study", "wide.yaml").out
    missing = segablate("diff", "one.csv", "two.csv", "--study", "none.yaml")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err.startswith("error: none.yaml: ")


def test_a_verdict_over_images_says_what_it_does_not_say(segablate: Callable) -> None:
    report = Path(__file__).parents[2] / "reports/quickstart"
    study = Path(__file__).parents[2] / "studies/quickstart.yaml"
    said = segablate("recommend", study, "--store", "nowhere", "--reports", report.parent)
    assert "It has the highest mIoU of 2 measured variants; 1 cannot be told from it.\n" in said.out
    # eight were not trained, and are no lines
    assert [line.split()[0] for line in said.out.splitlines() if "output_stride" in line] == [
        "take",
        "DUpsampling-64,",
        "bilinear,",
    ]
    assert "8 variants have no mIoU under accuracy." in said.out
    assert "it says nothing about training again.\n" in said.out


def test_the_best_is_recommended_and_a_constraint_that_is_not_measured_is_an_error(
    segablate: Callable, toy_study: Callable
) -> None:
    study = toy_study("one", "three")
    missing = segablate("recommend", study)
    assert missing.code == 2
    assert "run `segablate run toy.yaml` first" in missing.err
    segablate("run", study)
    said = segablate("recommend", study)
    assert said.out.startswith("take three: mIoU 50.00 % under toy\n")
    assert said.out.splitlines()[1] == "It has the highest mIoU of 2 measured variants; 1 is worse."
    told = segablate("recommend", study, "--json").document
    # without a random part what is lower is worse
    assert (told["best"]["variant"], told["cannot_be_told"]) == ("three", [])
    said = segablate("recommend", study, "--min-fps", 60)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: --min-fps: the study has no numbers of `fps`\n")


def test_formats_are_written_where_they_are_asked_for(segablate: Callable, toy_study: Callable) -> None:
    study = toy_study("one", "three")
    segablate("run", study)
    said = segablate("report", study, "--format", "html,latex")
    assert said.out == "runs/reports/toy/report.html\nruns/reports/toy/report.tex\n"
    assert segablate("report", study, "--check").code == 0
    segablate("run", toy_study("one", "eleven"))
    assert "eleven" in Path("runs/reports/toy/report.html").read_text()
    assert "eleven" in Path("runs/reports/toy/report.tex").read_text()
    said = segablate("report", study, "--format", "pdf")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: --format: there is no format `pdf`\n")


@pytest.fixture
def board(toy_study: Callable) -> tuple[Board, Any]:
    made = plan(load(toy_study("one", "three", "left")))
    return Board(made, shown=True), made


def test_the_live_table_fills_as_cells_finish(board: tuple[Board, Any]) -> None:
    live, made = board
    assert live.lines(10) == ([("one", "…"), ("three", "…"), ("left", "–")], 0)
    one, three = made.cells
    live.tell(one, Outcome(one.key, "done", {}))
    live.tell(three, Outcome(three.key, "failed", {}, reason="no\nmemory"))
    assert live.lines(10) == ([("one", "done"), ("three", "failed"), ("left", "–")], 0)
    assert live.last_failure == "three, toy: no memory"


def test_finished_variants_give_way_where_there_is_no_room(board: tuple[Board, Any]) -> None:
    live, made = board
    live.tell(made.cells[0], Outcome(made.cells[0].key, "done", {}))
    assert live.lines(1) == ([("three", "…")], 2)


def test_the_live_table_is_drawn_on_stderr_and_leaves_nothing_on_stdout(
    board: tuple[Board, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    live, made = board
    with live.progress("cells", 2) as advance:
        live.tell(made.cells[1], Outcome(made.cells[1].key, "failed", {}, reason="no"))
        advance(1)
    assert capfd.readouterr().out == ""
    screen = io.StringIO()
    for drawn in live.above():
        Console(width=60, file=screen).print(drawn)
    lines = [line.split() for line in screen.getvalue().splitlines()]
    assert lines[:4] == [["variant", "toy"], ["one", "…"], ["three", "failed"], ["left", "–"]]
    assert lines[4] == ["last", "failure:", "three,", "toy:", "no"]


def test_an_export_without_mlflow_tells_what_to_install(
    segablate: Callable, toy_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = toy_study("one")
    segablate("run", study)
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    said = segablate("export", study, "--to", "mlflow")
    assert (said.code, said.err) == (
        2,
        "error: MLflow is not installed\n\nhint: `pip install -e '.[mlflow]'`\n",
    )
    assert "there is no exporter `wandb`" in segablate("export", study, "--to", "wandb").err


@pytest.mark.slow  # tracing a network takes seconds
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "labels",
    [pytest.param(False, marks=pytest.mark.exhaustive), True],  # test_export.py traces a network for scores
)
def test_a_network_is_exported_to_onnx_and_answers_as_torch_does(
    segablate: Callable, tmp_path: Path, labels: bool
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    path = tmp_path / "net.onnx"
    flags = ["--labels"] if labels else []
    said = segablate("export", "pp-liteseg-t", path, "--to", "onnx", "--input", "1x3x64x96", *flags, "--json")
    assert said.code == 0, said.err
    assert said.document["output"] == ("labels" if labels else "scores")
    assert said.document["files"] == [{"where": str(path), "sizes": [[64, 96]]}]
    (output,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_outputs()
    assert output.shape == ([1, 64, 96] if labels else [1, 19, 64, 96])


def test_an_export_to_onnx_that_cannot_be_says_why(
    segablate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*words: object) -> str:
        said = segablate("export", *words, "--to", "onnx")
        assert said.code == 2
        return str(said.err)

    path = tmp_path / "net.onnx"
    assert "`--to onnx` needs the file to write" in refused("pp-liteseg-t")
    assert "there is no network `pp-litesegt`" in refused("pp-litesegt", path)
    assert "too small for encoder" in refused("pp-liteseg-t", path, "--input", "1x3x8x8")
    second = refused("pp-liteseg-t", path, "--input", "1x3x64x96", "--input", "1x3x8x8")
    assert "too small for encoder" in second
    batches = refused("pp-liteseg-t", path, "--input", "1x3x64x96", "--input", "2x3x64x96")
    assert "several numbers of images" in batches
    monkeypatch.setattr(onnx, "NEEDED", ("there_is_no_such_package",))
    assert "an export to ONNX needs `there_is_no_such_package`" in refused("pp-liteseg-t", path)
    assert not path.exists()
    assert "writes no file" in segablate("export", "study.yaml", path, "--to", "mlflow").err


@pytest.mark.skipif(not importlib.util.find_spec("mlflow"), reason="MLflow is not installed")
@pytest.mark.filterwarnings("default")
@pytest.mark.slow
def test_an_export_to_mlflow_is_one_run_a_cell_and_is_not_done_twice(
    segablate: Callable, toy_study: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    study = toy_study("one", "broken", "three")
    segablate("run", study)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow.set_tracking_uri(None)
    first = segablate("export", study, "--to", "mlflow", "--json").document
    assert (first["new"], first["there"]) == (3, 0)
    again = segablate("export", study, "--to", "mlflow", "--json").document
    assert (again["new"], again["there"]) == (0, 3)
    client = mlflow.MlflowClient()
    runs = client.search_runs([client.get_experiment_by_name("toy").experiment_id])
    told = {run.data.tags["segablate.variant"]: run for run in runs}
    assert told["three"].data.metrics == {"miou": 0.5}
    assert told["three"].data.params["word"] == "three"
    assert told["broken"].info.status == "FAILED"
    assert told["broken"].data.tags["segablate.reason"] == "this word is broken"

"""`segablate schema`: what a study file may say, as a JSON Schema."""

from __future__ import annotations

import json

from segablate.cli.app import app, example


@app.command(epilog=example("segablate schema > study.schema.json"))
def schema() -> None:
    """Print a JSON Schema of the study file.

    Editors validate and complete with it: put `# yaml-language-server: $schema=study.schema.json`
    into the first line of a study.
    """
    from segablate.app.schema import study_schema

    print(json.dumps(study_schema(), indent=1, ensure_ascii=False))

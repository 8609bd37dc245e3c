"""The JSON Schema of a study file, made from the registries: a part that is added is in it.

    fixed, vary   data · input · model (encoder, context, decoder, upsampler, …) · recipe, dotted or nested
    measure, design   names, or `{use: name, setting: value}`

It says what a part's settings may be, and not whether two parts fit each other: `segablate plan` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from segablate.app import catalogue
from segablate.registry import Part

if TYPE_CHECKING:
    from segablate.quantity import Quantity

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# field of a configuration → kind of part that stands there
SLOTS = {
    "data": "dataset",
    "recipe": "recipe",
    "model.encoder": "encoder",
    "model.context": "context",
    "model.decoder": "decoder",
    "model.upsampler": "upsampler",
}
COUNT: Schema = {"type": "integer", "minimum": 1}
TEXT: Schema = {"type": "string", "pattern": r"\S"}
SIZE: Schema = {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2}
NUMBER: Schema = {"type": "number", "minimum": 0}
INPUT: dict[str, Schema] = {"size": SIZE, "batch": COUNT, "classes": COUNT}
MODEL: dict[str, Schema] = {
    "output_stride": {"type": "integer"},
    "auxiliary": {"type": ["object", "null"]},
    "weights": {"type": ["string", "null"]},
    # of a network from outside
    "factory": {"type": "string"},
    "settings": {"type": "object"},
}
EXTERNAL = "external"


def study_schema() -> Schema:
    """The schema of a whole study file."""
    from segablate.study.sections import KEYS, MOST_SEEDS

    fields, patterns = _fields()
    known: dict[str, Schema] = {
        **dict.fromkeys(("question", "expect", "cite", "published"), TEXT),
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$", "description": "As the file's."},
        "fixed": _closed(fields, patterns, "What all variants share."),
        "vary": _closed(
            {name: _axis(schema) for name, schema in fields.items()},
            {name: _axis(schema) for name, schema in patterns.items()},
            "What varies: axis → choices. The first choice is the baseline.",
        ),
        "design": {
            **_named("design"),
            "description": "Which combinations; a grid if not given.",
        },
        "measure": {"type": "array", "minItems": 1, "items": _named("measure", {"as": TEXT})},
        "conditions": {
            "type": "array",
            "items": TEXT,
            "description": "Axes of which each value has a baseline of its own.",
        },
        "repeat": {
            **COUNT,
            "maximum": MOST_SEEDS,
            "description": "Number of seeds, the same for every variant.",
        },
        "skip": {"type": "array", "items": _skip()},
        "claims": {
            "type": "array",
            "items": {"anyOf": [_claim(what) for what in _compared()] + [_printed()]},
            "description": "What is claimed, for the numbers to confirm, refute or leave open.",
        },
        "names": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": TEXT,
            "description": "Variant, axis or choice → what the page calls it.",
        },
        "table": _table(),
        "margin": _closed(_margins(), description="Metric → the largest difference that does not matter."),
    }
    return {
        "$schema": DIALECT,
        "title": "A study of segablate",
        "type": "object",
        "properties": {key: known.get(key, {}) for key in KEYS},
        "required": ["name", "measure"],
        "additionalProperties": False,
    }


def _table() -> Schema:
    """How the main table of the page looks."""
    from segablate.quantity import QUANTITIES
    from segablate.study.printed import FORMS

    metric: Schema = {"enum": list(QUANTITIES)}
    whole: Schema = {**_closed({"metric": metric, "measure": TEXT}), "required": ["metric"]}
    properties: dict[str, Schema] = {
        "as": {"enum": list(FORMS)},
        "rows": TEXT,
        "columns": {"type": "array", "items": TEXT},
        "show": {"type": "array", "items": {"anyOf": [metric, whole]}},
    }
    return {**_closed(properties, description="How the main table of the page looks."), "minProperties": 1}


def _claim(what: Quantity) -> Schema:
    """A claim of two variants in one metric."""
    from segablate.evidence.claim import WORDS
    from segablate.study.claims import OF_TWO

    words = "|".join(word for word in WORDS if word != "reaches")
    claim: Schema = {"type": "string", "pattern": rf"\S +({words}) +\S"}
    properties: dict[str, Schema] = {
        "claim": claim,
        "metric": {"const": what.metric},
        **dict.fromkeys(("measure", "source"), TEXT),
        **dict.fromkeys(OF_TWO, _margin(what)),
    }
    return {**_closed(properties, description=what.title), "required": ["claim", "metric"]}


def _printed() -> Schema:
    """A claim of one variant and a printed value."""
    from segablate.quantity import QUANTITIES

    claim: Schema = {"type": "string", "pattern": r"\S +reaches +[0-9]+(\.[0-9]+)?\s*$"}
    metric: Schema = {"enum": list(QUANTITIES)}
    properties: dict[str, Schema] = {"claim": claim, "metric": metric, "measure": TEXT, "source": TEXT}
    return {**_closed(properties, description="A printed value."), "required": ["claim", "metric"]}


def _compared() -> list[Quantity]:
    from segablate.quantity import QUANTITIES

    return [what for what in QUANTITIES.values() if what.compared != "none"]


def _margins() -> dict[str, Schema]:
    """What a margin of each metric may be: a number in the unit that reports show, or one with its unit."""
    return {what.metric: _margin(what) for what in _compared()}


def _margin(what: Quantity) -> Schema:
    if what.compared == "ratio":
        return _with_unit("%")
    if what.shown_unit == "%":
        return {"anyOf": [NUMBER, _with_unit("points?", optional=True)]}
    units = "|".join(filter(None, ["%", re.escape(what.shown_unit)]))
    return {"anyOf": [NUMBER, _with_unit(units, optional=True)]}


def _with_unit(unit: str, optional: bool = False) -> Schema:
    ending = f"({unit}){'?' if optional else ''}"
    return {"type": "string", "pattern": rf"^\s*([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*{ending}\s*$"}


def _fields() -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Every field of a configuration by its name, and by pattern what may stand below it."""
    fields: dict[str, Schema] = {
        "input": _closed(INPUT),
        **{f"input.{name}": schema for name, schema in INPUT.items()},
        **{f"model.{name}": schema for name, schema in MODEL.items()},
        "model.use": {"enum": [*_names("network"), EXTERNAL]},
        "model": _model(),
    }
    patterns: dict[str, Schema] = {r"^model\.(auxiliary|settings)\..+$": {}}
    for field, kind in SLOTS.items():
        fields[field] = _slot(kind)
        if field == "data":
            # measures of calibration make their data up, as `data` without a data set says
            from segablate.measures.calibration import OF_IMAGES, OF_SEEDS
            from segablate.measures.claim_calibration import KNOWN

            made_up: dict[str, Schema] = {name: {} for name in (*OF_SEEDS, *OF_IMAGES, *KNOWN)}
            fields[field]["anyOf"].append(_closed(made_up))
            fields.update({f"data.{name}": {} for name in made_up})
        below = {
            "use": {"enum": _names(kind)} if kind in catalogue.registries() else {},
            **_settings_of(kind),
        }
        for name, schema in below.items():
            fields[f"{field}.{name}"] = schema
            # a setting may be a part of its own, with settings below it
            if name in catalogue.registries():
                patterns[rf"^{re.escape(f'{field}.{name}')}\..+$"] = {}
        if kind not in catalogue.registries():
            patterns[rf"^{re.escape(field)}\..+$"] = {}
    for name, schema in _settings_of("network").items():
        fields.setdefault(f"model.{name}", schema)
    return fields, patterns


def _model() -> Schema:
    """`model` as one mapping: a network's name and settings, or the parts."""
    parts = {field.partition(".")[2]: kind for field, kind in SLOTS.items() if field.startswith("model.")}
    properties: dict[str, Schema] = {
        "use": {"enum": [*_names("network"), EXTERNAL]},
        **_settings_of("network"),
        **{name: _slot(kind) for name, kind in parts.items()},
        **MODEL,
    }
    dotted: dict[str, Schema] = {rf"^({'|'.join((*parts, 'auxiliary', 'settings'))})\..+$": {}}
    whole = _closed(properties, dotted, "A network's name, or its parts.")
    return {"anyOf": [{"enum": _names("network")}, whole]}


def _slot(kind: str) -> Schema:
    """What stands where a part is wanted: its name, it with settings, or settings for the part there is."""
    if kind not in catalogue.registries():
        return {}
    only = {"type": "object", "properties": _settings_of(kind), "additionalProperties": False}
    named = _named(kind)
    return {"anyOf": [*named["anyOf"], {**only, "not": {"required": ["use"]}}]}


def _named(kind: str, also: Mapping[str, Schema] | None = None) -> Schema:
    """A part's name, or `{use: name, setting: value}`."""
    parts = catalogue.parts(kind)
    return {"anyOf": [{"enum": [part.name for part in parts]}, *(_part(part, also or {}) for part in parts)]}


def _part(part: Part, also: Mapping[str, Schema]) -> Schema:
    settings = _settings(part)
    needed = [name for name in part.schema().get("required", []) if name in settings]
    return {
        **_closed({"use": {"const": part.name}, **settings, **also}, description=part.summary),
        "required": ["use", *needed],
    }


def _settings(part: Part) -> dict[str, Schema]:
    explanations = catalogue.meanings(part.explained)
    schema = part.schema()
    settings: dict[str, Schema] = {}
    for name, own in schema.get("properties", {}).items():
        # a setting that is called as a kind is a part of that kind
        described = (
            _named(name) if name in catalogue.registries() else _resolved(own, schema.get("$defs", {}))
        )
        settings[name] = (
            {**described, "description": explanations[name]} if name in explanations else described
        )
    return settings


def _settings_of(kind: str) -> dict[str, Schema]:
    """The settings of all parts of a kind: what one of them takes may stand there."""
    if kind not in catalogue.registries():
        return {}
    by_name: dict[str, list[Schema]] = {}
    for part in catalogue.parts(kind):
        for name, setting in _settings(part).items():
            by_name.setdefault(name, []).append(setting)
    return {
        name: several[0] if len(several) == 1 else {"anyOf": several} for name, several in by_name.items()
    }


def _resolved(schema: Any, named: Mapping[str, Any]) -> Any:
    """The schema with what it refers to in its place."""
    if isinstance(schema, list):
        return [_resolved(value, named) for value in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return _resolved(named[schema["$ref"].rpartition("/")[2]], named)
    return {name: _resolved(value, named) for name, value in schema.items() if name != "title"}


def _axis(choice: Schema) -> Schema:
    """The choices of an axis: a list of scalars, or labels with values."""
    scalars = {"type": ["string", "number", "boolean", "null"]}
    return {
        "anyOf": [
            {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"allOf": [scalars, choice]}},
            {"type": "object", "minProperties": 1, "additionalProperties": choice},
        ]
    }


def _skip() -> Schema:
    when: Schema = {"type": "object", "minProperties": 1}
    return {**_closed({"when": when, "because": TEXT}), "required": ["when", "because"]}


def _closed(
    properties: Mapping[str, Schema], patterns: Mapping[str, Schema] | None = None, description: str = ""
) -> Schema:
    """A mapping with these keys and no others."""
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": dict(properties),
        **({"patternProperties": dict(patterns)} if patterns else {}),
        "additionalProperties": False,
    }


def _names(kind: str) -> list[str]:
    return [part.name for part in catalogue.parts(kind)]

"""``runner schema``: JSON Schema (draft 7) of playbooks and inventories, for editors.

Made from the tables that the loader itself uses, so that what an editor accepts is what the
runner knows. YAML extensions of editors read draft 7. What depends on other files (ids, handlers,
templates) is for ``runner lint``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from runner import modules
from runner.app.schema_words import TYPES
from runner.interfaces.param_rows import ParamRow, describe
from runner.loading.text.keywords import (
    BLOCK,
    COLLECTIONS,
    INCLUDE,
    LOOP_CONTROL,
    NEED,
    PLAY,
    PLAYBOOK_IMPORT,
    TASK,
    TASK_IMPORT,
    Keywords,
)

Schema: TypeAlias = dict[str, Any]

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_TEMPLATE: Final[Schema] = {"type": "string", "pattern": r"\{\{|\{%"}
_PARAMETER: Final[Mapping[str, Schema]] = {
    "bool": {"anyOf": [{"type": "boolean"}, {"type": "string"}]},
    "int": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    "float": {"anyOf": [{"type": "number"}, {"type": "string"}]},
    "str": {"type": ["string", "number", "boolean", "null"]},
    "list": {"type": ["array", "string", "number", "boolean", "null"]},
    "dict": {"type": ["object", "string", "null"]},
    "raw": {},
}
_IMPORTS: Final = ("import_tasks", "import_role")
_INCLUDES: Final = ("include_tasks", "include_role", "include")


def playbook_schema() -> Schema:
    """What a playbook looks like: a list of plays and imports of other playbooks."""
    return {
        "$schema": _DRAFT,
        "title": "A playbook of runner",
        "type": "array",
        "minItems": 1,
        "items": {
            "if": {"required": ["hosts"]},
            "then": _ref("play"),
            "else": _ref("import_playbook"),
        },
        "definitions": {
            "template": _TEMPLATE,
            "play": {**_mapping(PLAY), "required": ["hosts"]},
            "import_playbook": _one_of_keys(PLAYBOOK_IMPORT, ("import_playbook", "include")),
            "tasks": {"type": ["array", "null"], "items": _ref("entry")},
            "entry": _entry(),
            "block": {**_mapping(BLOCK), "required": ["block"]},
            "import": _one_of_keys(TASK_IMPORT, _IMPORTS),
            "include": _one_of_keys(INCLUDE, _INCLUDES),
            "task": _task(),
            "need": {"anyOf": [{"type": "string"}, {**_mapping(NEED), "type": "object"}]},
            "loop_control": _mapping(LOOP_CONTROL),
            "role": {
                "anyOf": [
                    {"type": "string"},
                    {"type": "object", "anyOf": [{"required": ["role"]}, {"required": ["name"]}]},
                ]
            },
            **{f"module_{name}": _module(name) for name in sorted(modules.names())},
        },
    }


def inventory_schema() -> Schema:
    """What a YAML inventory looks like: groups with hosts, variables and groups of their own."""
    variables = {"type": ["object", "null"]}
    hosts = {"type": ["object", "null"], "additionalProperties": {"type": ["object", "null"]}}
    group = {
        "type": ["object", "null"],
        "properties": {
            "hosts": {"anyOf": [hosts, {"type": "string"}]},
            "vars": variables,
            "children": {
                "type": ["object", "null"],
                "additionalProperties": {"$ref": "#/definitions/group"},
            },
        },
        "additionalProperties": False,
    }
    return {
        "$schema": _DRAFT,
        "title": "An inventory of runner",
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/group"},
        "definitions": {"group": group},
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _keyword(name: str) -> Schema:
    return {"$ref": "#/definitions/tasks"} if TYPES[name] == "tasks" else _typed(TYPES[name])


def _typed(kind: str | Schema) -> Schema:
    if isinstance(kind, dict):
        return kind
    match kind:
        case "text":
            return {"type": ["string", "number", "boolean", "null"]}
        case "flag":
            return {"anyOf": [{"type": ["boolean", "null"]}, {"type": "string"}]}
        case "number":
            return {"anyOf": [{"type": "number", "minimum": 0}, _ref("template")]}
        case "texts":
            return {"anyOf": [{"type": ["string", "number"]}, {"type": ["array", "null"]}]}
        case "conditions":
            return {"type": ["string", "boolean", "array", "number", "null"]}
        case "mapping":
            return {"type": ["object", "null"]}
        case "anything":
            return {}
        case "needs":
            return {"anyOf": [_ref("need"), {"type": ["array", "null"], "items": _ref("need")}]}
        case _:
            return _ref(kind)


def _mapping(keywords: Keywords, also: Mapping[str, Schema] | None = None) -> Schema:
    properties = {name: _keyword(name) for name in sorted(keywords.known | keywords.ignored)}
    return {
        "type": "object",
        "properties": {**properties, **(also or {})},
        "additionalProperties": False,
    }


def _one_of_keys(keywords: Keywords, keys: Iterable[str]) -> Schema:
    """A mapping with one of these keys; they may be written with their collection."""
    keys = tuple(keys)
    value: Schema = {"type": ["string", "object"]}
    full = "^ansible\\.(builtin|legacy)\\.(" + "|".join(keys) + ")$"
    return {
        **_mapping(keywords, dict.fromkeys(keys, value)),
        "patternProperties": {full: value},
        "anyOf": [
            *({"required": [key]} for key in keys),
            *({"required": [f"ansible.builtin.{key}"]} for key in keys),
        ],
    }


def _entry() -> Schema:
    """Editors show one message for each branch of anyOf, so branches are told apart by a key."""
    return {
        "if": {"required": ["block"]},
        "then": _ref("block"),
        "else": {
            "if": {"anyOf": [{"required": [k]} for k in _full(_IMPORTS)]},
            "then": _ref("import"),
            "else": {
                "if": {"anyOf": [{"required": [k]} for k in _full(_INCLUDES)]},
                "then": _ref("include"),
                "else": _ref("task"),
            },
        },
    }


def _full(names: Iterable[str]) -> list[str]:
    return [key for name in names for key in (name, f"ansible.builtin.{name}")]


def _task() -> Schema:
    names = sorted(modules.names())
    prefix = "|".join(collection.replace(".", "\\.") for collection in COLLECTIONS)
    return {
        **_mapping(TASK, {name: _ref(f"module_{name}") for name in names}),
        "patternProperties": {f"^({prefix})\\.{n}$": _ref(f"module_{n}") for n in names},
    }


def _module(name: str) -> Schema:
    module = modules.load(name)
    properties: Schema = {}
    for row in describe(module):
        for key in (row.name, *row.aliases):
            properties[key] = _parameter(row)
    free = module.params.model_config.get("extra") == "allow"
    mapping = {"type": "object", "properties": properties, "additionalProperties": free}
    doc = (type(module).__doc__ or "").strip().partition("\n")[0]
    return {"description": doc, "anyOf": [{"type": ["string", "null", "number"]}, mapping]}


def _parameter(row: ParamRow) -> Schema:
    schema: Schema = dict(_PARAMETER[row.type])
    if row.choices:
        schema = {"anyOf": [{"enum": list(row.choices)}, _TEMPLATE, {"type": ["null", "array"]}]}
    if row.doc:
        schema["description"] = row.doc
    return schema

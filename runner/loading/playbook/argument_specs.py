"""Argument specs of roles: what a role says about its variables, and the task that checks them.

Source: Ansible, "Role argument validation". A spec stands under ``argument_specs`` in
``meta/argument_specs.yml``, or else in ``meta/main.yml``, by the name of the file of tasks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runner.errors import InputError, PlaybookError
from runner.interfaces.argument_spec import DOCUMENTATION, OPTIONS, TYPES, Option
from runner.loading.playbook.entries import made
from runner.loading.playbook.invocation import Invocation
from runner.loading.playbook.reading import Inherited, Reading
from runner.loading.playbook.role_files import RoleFolder
from runner.loading.text.document import Document, Value
from runner.loading.text.fields import Fields, check_templates, check_variable_name
from runner.loading.text.files import Files
from runner.loading.text.keywords import Keywords
from runner.loading.text.words import suggestion, words
from runner.model.playbook import Task
from runner.model.source import Source

_MODULE: Final = "validate_argument_spec"
_FILE: Final = "argument_specs"
_REASONS: Final = {
    "tuple_type": "must be a list",
    "mapping_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "model_type": "an option is a mapping",
    "bool_parsing": "must be yes or no",
    "bool_type": "must be yes or no",
    "string_type": "must be a text",
}
_SPEC: Final = Keywords(
    "an argument spec",
    words(
        "short_description description version_added author options attributes notes seealso "
        "requirements examples deprecated todo"
    ),
)


def find_spec(
    folder: RoleFolder, meta: Fields | None, tasks_from: str, files: Files, source: Source
) -> Value | None:
    """The spec of an entry point, if the role has one. ``meta`` is its ``meta/main.yml``."""
    specs = _specs(folder, meta, files, source)
    if specs is None or specs.is_null:
        return None
    if not specs.is_mapping:
        raise specs.error(f"'argument_specs' is a mapping of specs, found {specs.kind}")
    by_name = {str(key.plain()): value for key, value in specs.entries()}
    found = by_name.get(tasks_from) or by_name.get(Path(tasks_from).stem)
    return None if found is None or found.is_null else found


def _specs(folder: RoleFolder, meta: Fields | None, files: Files, source: Source) -> Value | None:
    for ending in (".yml", ".yaml"):
        if not (folder.path / "meta" / f"{_FILE}{ending}").is_file():
            continue
        found = folder.document("meta", f"{_FILE}{ending}", files, source)
        if found is None or found[1].root is None or found[1].root.is_null:
            return None
        fields = Fields(found[1].root, "a file of argument specs")
        fields.restrict(Keywords("a file of argument specs", frozenset({_FILE})))
        return fields.get(_FILE)
    return meta.get(_FILE) if meta is not None else None


def validation_task(
    spec: Value, entry_point: str, params: Mapping[str, Any], inherited: Inherited, reading: Reading
) -> Task:
    """The task that checks the role's arguments; ``reading`` is that of the role's tasks.

    Raises PlaybookError at what is wrong in the spec.
    """
    fields = Fields(spec, "an argument spec")
    fields.restrict(_SPEC)
    options = _options(fields, reading)
    if _MODULE not in reading.modules:
        message = f"an argument spec needs the module '{_MODULE}'"
        raise PlaybookError(message, source=spec.source)
    role = reading.role
    assert role is not None
    context = {
        "type": "role",
        "name": role.name,
        "argument_spec_name": entry_point,
        "path": role.path,
    }
    args = {
        "argument_spec": options,
        "provided_arguments": dict(params),
        "validate_args_context": context,
    }
    name = f"Validating arguments against arg spec '{entry_point}'"
    short = fields.template("short_description", reading.templates)
    if short is not None:
        name += f" - {short}"
    call = Invocation(_MODULE, args, dict.fromkeys(args, spec.source))
    nothing = Document(str(reading.path), "{}").root
    assert nothing is not None
    always = dataclasses.replace(inherited, tags=inherited.tags | {"always"}, notify=())
    task = made(Fields(nothing, "a task"), call, always, reading)
    return dataclasses.replace(task, name=name, source=spec.source)


def _options(fields: Fields, reading: Reading) -> dict[str, Any]:
    """The options without what only documents them, each checked."""
    value = fields.get("options")
    if value is None or value.is_null:
        return {}
    if not value.is_mapping:
        raise value.error(f"'options' is a mapping of options, found {value.kind}")
    for key, _ in value.entries():
        check_variable_name(key)
    try:
        OPTIONS.validate_python(value.plain())
    except ValidationError as failure:
        raise _placed(failure.errors(include_url=False)[0], value) from None
    _check_templates(value, reading)
    return _bare(value.plain())


def _bare(options: Mapping[str, Any]) -> dict[str, Any]:
    """What a template may be in: no descriptions, which may show templates as examples."""
    bare: dict[str, Any] = {}
    for name, option in options.items():
        kept = {key: item for key, item in option.items() if key not in DOCUMENTATION}
        if kept.get("options"):
            kept["options"] = _bare(kept["options"])
        bare[name] = kept
    return bare


def _check_templates(options: Value, reading: Reading) -> None:
    for _, option in options.entries():
        for key, item in option.entries():
            if key.plain() == "options" and item.is_mapping:
                _check_templates(item, reading)
            elif key.plain() not in DOCUMENTATION:
                check_templates(item, reading.templates)


def _placed(detail: ErrorDetails, value: Value) -> InputError:
    """A mistake in a spec at its place: as deep in the file as the path leads."""
    at, path = value, ".".join(str(part) for part in detail["loc"])
    for part in detail["loc"]:
        inner = _entry(at, part)
        if inner is None:
            break
        at = inner
    match detail["type"]:
        case "extra_forbidden":
            word = str(detail["loc"][-1])
            known = [name for name in Option.model_fields if name not in DOCUMENTATION]
            otherwise = f"known here: {', '.join(known)}"
            hint = suggestion(word, Option.model_fields, otherwise=otherwise)
            return at.error(f"'{word}' is not a key of an option's spec", hint=hint)
        case "literal_error":
            given = str(detail["input"])
            hint = suggestion(given, TYPES, otherwise=f"types: {', '.join(TYPES)}")
            return at.error(f"there is no type '{given}' ({path})", hint=hint)
        case "value_error":
            return at.error(f"{path}: {detail['ctx']['error']}")
    reason = _REASONS.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:])
    return at.error(f"{path}: {reason}, found {at.kind}")


def _entry(value: Value, part: str | int) -> Value | None:
    if value.is_mapping:
        return next((item for key, item in value.entries() if key.plain() == part), None)
    if value.is_sequence and isinstance(part, int):
        elements = value.elements()
        return elements[part] if part < len(elements) else None
    return None

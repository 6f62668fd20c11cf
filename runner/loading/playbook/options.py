"""What stands beside ``import_tasks``, ``include_role`` and their relatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from runner.errors import DependsOnUnknown, InputError, PlaybookError, TemplateError
from runner.loading.playbook.invocation import parse_text
from runner.loading.playbook.reading import Reading
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, text_of, yes_or_no
from runner.loading.text.words import suggestion, words
from runner.model.playbook import FREE_FORM
from runner.model.source import Source

FILE_OPTIONS: Final = words("file")
ROLE_OPTIONS: Final = words(
    "name role tasks_from vars_from defaults_from handlers_from public allow_duplicates "
    "rolespec_validate"
)


@dataclass(frozen=True, slots=True)
class Option:
    """One of these, with its place. ``value`` is what it stands in."""

    name: str
    plain: Any
    source: Source
    value: Value

    def error(self, message: str, *, hint: str = "") -> InputError:
        """An error that points at it."""
        return self.value.document.error(message, source=self.source, hint=hint)


def read_options(
    fields: Fields, key: str, known: frozenset[str], variables: dict[str, Any] | None = None
) -> dict[str, Option]:
    """The options under ``key`` and under ``args`` beside it, each checked to be a known one.

    ``variables`` gets what else stands as ``name=value`` after a file, where that is allowed.
    """
    options: dict[str, Option] = {}
    for name in (key, "args"):
        value = fields.get(name)
        if value is None or value.is_null:
            continue
        given = _options(value, key)
        free = any(option.name == FREE_FORM for option in given)
        for option in given:
            named = option.name not in known or free
            if variables is not None and value.is_scalar and named and option.name != FREE_FORM:
                variables[option.name] = option.plain
                continue
            if option.name == FREE_FORM:
                option = Option("file", option.plain, option.source, option.value)
            _check_option(option, key, known)
            if option.name in options:
                first = options[option.name].source
                raise option.error(f"'{option.name}' is given twice", hint=f"first at {first}")
            options[option.name] = option
    return options


def _options(value: Value, key: str) -> list[Option]:
    if value.is_mapping:
        inner = Fields(value, f"'{key}'")
        return [Option(n, inner[n].plain(), inner[n].source, inner[n]) for n in inner.keys]
    text_of(value, key)
    parsed, free = parse_text(value, command=False)
    found = [
        Option(name, text, value.inside(parsed.offsets[name]), value)
        for name, text in parsed.values.items()
    ]
    if free is not None:
        found.append(Option(FREE_FORM, free, value.inside(parsed.free_offset), value))
    return found


def _check_option(option: Option, key: str, known: frozenset[str]) -> None:
    if option.name in known:
        return
    if option.name == "apply":
        hint = "what stands beside an import is handed down anyway"
        raise option.error(f"'{key}' takes no 'apply'", hint=hint)
    if option.name == "file":
        raise option.error(f"'{key}' takes a mapping", hint=f"{key}: {{name: ROLE}}")
    if "file" in known:
        hint = "variables for the tasks stand below vars:"
        raise option.error(f"'{key}' takes a file, not '{option.name}'", hint=hint)
    hint = suggestion(option.name, known, otherwise="variables for the role stand below vars:")
    raise option.error(f"'{option.name}' is no option of '{key}'", hint=hint)


def required(options: Mapping[str, Option], fields: Fields, key: str, *names: str) -> Option:
    """The option that names the file or the role: a text."""
    found = [options[name] for name in names if name in options]
    if len(found) > 1:
        raise found[1].error(f"'{names[0]}' and '{names[1]}' say the same thing twice")
    if not found or found[0].plain is None:
        what = "file" if names[0] == "file" else "role"
        form = f"{key}: FILE" if what == "file" else f"{key}: {{name: ROLE}}"
        raise fields.keys[key].error(f"'{key}' names no {what}", hint=form)
    if not isinstance(found[0].plain, str | int | float):
        kind = "a list" if isinstance(found[0].plain, list) else "a mapping"
        raise found[0].error(f"'{found[0].name}' is a text, found {kind}")
    return found[0]


def static_value(option: Option, reading: Reading, variables: Mapping[str, Any]) -> Any:
    """The option with what is known before any host is. Raises InputError if that is too little."""
    templates = reading.templates
    templates.check(option.plain, option.source)
    if not templates.is_template(option.plain):
        return option.plain
    try:
        return templates.render(option.plain, reading.known(variables), option.source)
    except TemplateError as error:
        message = f"this must be known before any host is contacted, but {error.message}"
        hint = error.hint or "give the variable with -e, or use an include"
        raise option.error(message, hint=hint) from None
    except DependsOnUnknown as error:
        message = f"this must be known before any host is contacted, but it {error.message}"
        raise option.error(message) from None


def flag(values: Mapping[str, Any], name: str, source: Source | None, default: bool) -> bool:
    """Yes or no, of options whose templates are rendered."""
    if values.get(name) is None:
        return default
    found = yes_or_no(values[name])
    if found is None:
        message = f"'{name}' is yes or no, found '{values[name]}'"
        raise PlaybookError(message, source=source)
    return found


class RoleFiles(TypedDict):
    """Which files of a role are read."""

    tasks_from: str
    vars_from: str
    defaults_from: str
    handlers_from: str


def role_files(values: Mapping[str, Any], source: Source | None) -> RoleFiles:
    """``tasks_from`` and its relatives, of options whose templates are rendered."""

    def name(option: str) -> str:
        value = values.get(option)
        if value is None:
            return "main"
        if not isinstance(value, str) or not value.strip():
            raise PlaybookError(f"'{option}' is the name of a file", source=source)
        return value

    return RoleFiles(
        tasks_from=name("tasks_from"),
        vars_from=name("vars_from"),
        defaults_from=name("defaults_from"),
        handlers_from=name("handlers_from"),
    )

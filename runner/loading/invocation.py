"""Which module a task calls, and with which arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runner.interfaces.template import Templates
from runner.loading.arguments import ArgumentsError, parse_arguments
from runner.loading.document import Value
from runner.loading.fields import Fields, check_templates
from runner.loading.keywords import (
    TASK,
    is_off,
    refuse_unknown,
    short_name,
    unsupported,
)
from runner.model.playbook import FREE_FORM
from runner.model.source import Source

_NAMED_VALUES: Final = frozenset({"add_host", "group_by", "include_vars", "meta", "set_fact"})
"""Modules that take free text, but in whose text every ``name=value`` is an argument."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A module by its short name, its raw arguments, and the place of each."""

    module: str
    args: dict[str, Any]
    sources: dict[str, Source]
    key: Value


def find_module(fields: Fields, modules: Mapping[str, bool]) -> str:
    """The key that names the module. Raises PlaybookError for every key that is none."""
    found: list[str] = []
    strangers: list[str] = []
    for name in fields.keys:
        if short_name(name) in modules:
            found.append(name)
        elif name in TASK.known:
            continue
        elif name not in TASK.later:
            strangers.append(name)
        elif not is_off(name, fields[name]):
            raise unsupported(fields.keys[name], name, TASK.what)
    if strangers:
        name = strangers[0]
        if name == "check" and found:
            hint = "'check' is a parameter of the module; the keyword is check_mode"
            raise fields.keys[name].error("'check' is not a keyword of a task", hint=hint)
        others = () if found else modules
        raise refuse_unknown(fields.keys[name], short_name(name), TASK, others)
    if len(found) > 1:
        message = f"one task calls one module, found '{found[0]}' and '{found[1]}'"
        raise fields.keys[found[1]].error(message)
    if not found:
        raise fields.value.error("this task names no module")
    return found[0]


def read_invocation(
    fields: Fields, name: str, modules: Mapping[str, bool], templates: Templates
) -> Invocation:
    """The module under the key ``name``, with ``args`` beside it merged in."""
    module = short_name(name)
    args: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    value = fields[name]
    if value.is_mapping:
        _add_mapping(value, module, args, sources)
        check_templates(value, templates)
    elif value.is_sequence:
        raise value.error(f"the arguments of '{module}' are a mapping, found a list")
    elif value.plain() is not None:
        _add_text(value, module, modules[module], args, sources)
        templates.check(value.plain(), value.source)
    if "args" in fields:
        extra = fields["args"]
        if extra.is_scalar and isinstance(extra.plain(), str):
            fields.refuse_template("args")
        _add_mapping(extra, module, args, sources)
        check_templates(extra, templates)
    return Invocation(module, args, sources, fields.keys[name])


def _add_mapping(
    value: Value, module: str, args: dict[str, Any], sources: dict[str, Source]
) -> None:
    if value.is_null:
        return
    for key, item in Fields(value, f"the arguments of '{module}'").keys.items():
        if key in args:
            raise item.error(f"'{key}' is given twice", hint=f"first at {sources[key]}")
        sources[key] = item.source
    args.update(value.plain())


def _add_text(
    value: Value, module: str, takes_free: bool, args: dict[str, Any], sources: dict[str, Source]
) -> None:
    plain = value.plain()
    text = plain if isinstance(plain, str) else str(value.node.value)
    command = takes_free and module not in _NAMED_VALUES
    try:
        parsed = parse_arguments(text, command=command)
    except ArgumentsError as error:
        where = value.inside(error.offset)
        raise value.document.error(error.message, source=where, hint=error.hint) from None
    for name, argument in parsed.values.items():
        args[name] = argument
        sources[name] = value.inside(parsed.offsets[name])
    if parsed.free is None:
        return
    where = value.inside(parsed.free_offset)
    if not takes_free:
        raise value.document.error(
            f"'{module}' takes no free text: '{parsed.free.split()[0]}' is not name=value",
            source=where,
            hint="write name=value, or a mapping below the module's name",
        )
    args[FREE_FORM] = type(plain)(parsed.free) if isinstance(plain, str) else parsed.free
    sources[FREE_FORM] = where

"""``module_defaults``: arguments that a module gets where a task does not say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.interfaces.template import Templates
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, check_templates, listed
from runner.loading.text.keywords import short_name
from runner.loading.text.module_names import unknown_module
from runner.model.source import Source


@dataclass(frozen=True, slots=True)
class Defaults:
    """The default arguments of one module, and the place of each."""

    args: Mapping[str, Any]
    sources: Mapping[str, Source]


def read_module_defaults(
    fields: Fields,
    modules: Mapping[str, bool],
    templates: Templates,
    outer: Mapping[str, Defaults],
) -> Mapping[str, Defaults]:
    """Those in force below: what is said here about a module replaces what was said outside.

    Groups of modules (``group/...``) belong to collections whose modules are not here: what is
    said about them concerns no task. Raises UnknownModule for a module that is not here.
    """
    value = fields.get("module_defaults")
    if value is None or value.is_null:
        return outer
    merged = dict(outer)
    for element in listed(value):
        for name, key in Fields(element, "module_defaults").keys.items():
            found = _defaults(name, element, templates)
            if not name.startswith("group/"):
                merged[_module(name, key, modules)] = found
    return merged


def _module(name: str, key: Value, modules: Mapping[str, bool]) -> str:
    short = short_name(name)
    if short not in modules:
        raise unknown_module(name, key, modules)
    return short


def _defaults(name: str, element: Value, templates: Templates) -> Defaults:
    value = Fields(element, "module_defaults")[name]
    if value.is_null:
        return Defaults({}, {})
    if not value.is_mapping:
        hint = f"write {name}: {{parameter: value}}"
        raise value.error(f"the defaults of '{name}' are a mapping, found {value.kind}", hint=hint)
    check_templates(value, templates)
    keys = Fields(value, f"the defaults of '{name}'").keys
    return Defaults(value.plain(), {key: place.source for key, place in keys.items()})

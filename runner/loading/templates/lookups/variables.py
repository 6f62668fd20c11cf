"""Lookups in variables, the environment and the inventory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Undefined
from jinja2.utils import missing

from runner.errors import PatternError, TemplateError
from runner.loading.patterns import select
from runner.loading.templates.plain import plain
from runner.loading.templates.regexes import run_regex
from runner.loading.templates.scope import Scope
from runner.loading.text.words import suggestion
from runner.model.inventory import Group, Host, Inventory


def only(options: Mapping[str, Any], *known: str) -> None:
    """Refuse options that a lookup does not have."""
    for name in options:
        if name not in known:
            hint = suggestion(name, known) or (f"it has {', '.join(known)}" if known else "")
            raise TemplateError(f"this lookup has no option '{name}'", hint=hint)


def text_of(term: Any) -> str:
    """A term that must be a text."""
    if not isinstance(term, str):
        raise TypeError(f"needs a text, not {type(term).__name__}")
    return term


def _env(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Environment variables of the controller; ``default`` where one is not set."""
    only(options, "default")
    default = options.get("default", "")
    found = [os.environ.get(text_of(term).split()[0], default) for term in terms]
    if any(isinstance(value, Undefined) for value in found):
        raise TemplateError(f"the environment variable '{terms[0]}' is not set")
    return found


def _vars(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Variables by name; ``default`` where one is not defined."""
    only(options, "default")
    found = []
    for term in terms:
        name = text_of(term)
        value = scope.lookup(name)
        if value is missing:
            value = options.get("default")
            if value is None:
                hint = suggestion(name, scope.variables)
                raise TemplateError(f"lookup 'vars': '{name}' is undefined", hint=hint)
        found.append(value)
    return found


def _varnames(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The names of variables that regular expressions match."""
    only(options)
    found: list[Any] = []
    for term in terms:
        run_regex("matches", text_of(term), 0, "", ["search"])  # is it an expression at all?
        names = (str(name) for name in scope.variables)
        found += [n for n in names if run_regex("matches", term, 0, n, ["search"])]
    return found


def _inventory_hostnames(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The hosts that a pattern names, by the groups of the inventory."""
    only(options)
    groups = scope.lookup("groups")
    if not isinstance(groups, Mapping):
        raise TemplateError("there is no inventory here: 'groups' is undefined")
    members = {str(name): tuple(map(str, plain(hosts))) for name, hosts in groups.items()}
    names = dict.fromkeys(host for hosts in members.values() for host in hosts)
    inventory = Inventory(
        hosts={name: Host(name) for name in names},
        groups={name: Group(name, hosts=hosts) for name, hosts in members.items()},
    )
    patterns = [
        text_of(term) for given in terms for term in (given if isinstance(given, list) else [given])
    ]
    try:
        return list(select(inventory, ",".join(patterns)))
    except PatternError as error:
        raise TemplateError(error.message, hint=error.hint) from None


LOOKUPS: Final = {
    "env": _env,
    "vars": _vars,
    "varnames": _varnames,
    "inventory_hostnames": _inventory_hostnames,
}

"""The elements of a loop, by the name behind ``with_``."""

from __future__ import annotations

from typing import Any, Final

from runner.errors import TemplateError
from runner.loading.templates.lookups.files import FOLDER
from runner.loading.templates.lookups.lookups import LOOKUPS, run_lookup
from runner.loading.templates.plain import plain
from runner.loading.templates.plugin_names import resolve
from runner.loading.templates.scope import Scope

_FOLDERS: Final = {"template": "templates", "var": "vars", "file": "files"}
"""Where ``with_first_found`` looks, by a word in the name of the module that it is for."""


def loop_items(kind: str, terms: Any, scope: Scope, module: str = "") -> list[Any]:
    """What a loop of this kind goes over, given its rendered terms.

    ``kind`` is ``loop`` or the name of a lookup; ``module`` is what the task calls, if that is
    known. Raises TemplateError, DependsOnUnknown.
    """
    if kind == "loop":
        if not isinstance(terms, list | tuple):
            shown = f"{type(terms).__name__}: {terms!r}"
            hint = "dict2items makes a list of a mapping" if isinstance(terms, dict) else ""
            raise TemplateError(f"a loop goes over a list, found {shown}", hint=hint)
        return list(terms)
    name = resolve("lookup", kind, LOOKUPS)
    listed = list(terms) if isinstance(terms, list | tuple) else [terms]
    options = {FOLDER: _folders(module)} if name == "first_found" else {}
    found: list[Any] = plain(run_lookup(scope, name, listed, options))
    return found


def _folders(module: str) -> tuple[str, ...]:
    named = tuple(folder for word, folder in _FOLDERS.items() if word in module)
    if module:
        return (*named[:1], "") if named else ("files", "")
    return ("files", "vars", "templates", "")

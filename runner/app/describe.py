"""``runner modules``: what there is."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from runner import modules
from runner.interfaces.params import describe


def list_modules() -> Iterator[str]:
    """A line for each module."""
    for name in sorted(modules.names()):
        yield f"{name:<22} {_first_line(modules.load(name))}"


def describe_module(name: str) -> Iterator[str]:
    """What one module does, and its parameters."""
    module = modules.load(name.rpartition(".")[2])
    yield _doc(module)
    yield ""
    if module.doc_url:
        yield f"Follows {module.doc_url}"
    yield f"Kind: {module.effect.value}"
    yield ""
    for row in describe(module):
        need = "required" if row.required else f"default {row.default!r}"
        yield f"  {row.name}  ({row.type}, {need})"
        if row.choices:
            yield f"      one of: {', '.join(row.choices)}"
        if row.aliases:
            yield f"      also: {', '.join(row.aliases)}"
        if row.doc:
            yield f"      {row.doc}"


def _first_line(module: Any) -> str:
    return _doc(module).partition("\n")[0]


def _doc(module: Any) -> str:
    """What the module's file says of itself."""
    return inspect.getdoc(inspect.getmodule(type(module))) or ""

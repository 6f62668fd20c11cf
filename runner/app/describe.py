"""``runner modules``: what there is, out of the modules' own code."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from runner import modules
from runner.interfaces.guide import GENERATIONS, NOT_SUPPORTED, Generation, Guide
from runner.interfaces.module import Effect
from runner.interfaces.param_rows import ParamRow, describe, unsupported
from runner.interfaces.params import AnyModule

SHOWN: Final[dict[Generation, str]] = {
    "2003": "XP, 2003",
    "2008": "Vista, 2008",
    "2008r2": "7, 2008 R2",
    "2012": "8, 2012",
    "2012r2": "8.1, 2012 R2",
    "2016": "10, 2016",
    "2019": "2019",
    "2022": "11, 2022",
    "2025": "11 24H2, 2025",
}
"""The generations of Windows in a person's words."""

_HOSTS: Final = {
    "windows": "Windows hosts",
    "posix": "hosts with a POSIX shell; on Windows it is refused, and the error names what to use",
    "controller": "no host: it happens where runner runs",
    "both": "Windows hosts, and hosts with a POSIX shell",
}


def list_modules() -> Iterator[str]:
    """A line for each module."""
    for name in sorted(modules.names()):
        yield f"{name:<22} {_first_line(modules.load(name))}"


def describe_module(name: str) -> Iterator[str]:
    """What one module does, its parameters, what can be taken back, where it works, an example."""
    module = modules.load(name.rpartition(".")[2])
    yield _doc(module)
    yield ""
    if module.doc_url:
        yield f"Follows {module.doc_url}"
    yield f"Kind: {module.effect.value}"
    yield from _block("Parameters", _parameters(module))
    yield from _block("Taking it back", textwrap.wrap(undo_text(module), 94))
    if module.guide is not None:
        yield from _block("Where", _where(module.guide))
        yield from _block("Example", f"- {_indented(module.guide.example)}".splitlines())


def undo_text(module: AnyModule) -> str:
    """What a rollback does with this module's changes, and what it cannot give back."""
    if module.effect is Effect.READ:
        return "It only reads; there is nothing to take back."
    if module.effect is Effect.LOCAL:
        return "It changes no host; there is nothing to take back."
    if module.effect is Effect.COMMAND:
        return (
            "Nobody knows what the command changed: it is irreversible, and the plan says so "
            "beforehand."
        )
    if module.settles:
        return "A restart has nothing to take back; a rollback repeats it if an undo needs one."
    exact = "A rollback gives back exactly what was there."
    lost = module.guide.undo if module.guide else ""
    return f"{exact} It cannot give back: {lost}." if lost else exact


def _block(title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    yield from (f"  {line}" for line in lines)


def _parameters(module: AnyModule) -> Iterator[str]:
    rows = describe(module)
    if not rows:
        yield "none"
    for row in rows:
        yield from _parameter(row, free=row.name == module.params.FREE_FORM)
    for name, reason in unsupported(module.params).items():
        yield f"{name}  (Ansible's; refused here)"
        yield f"    {reason}"


def _parameter(row: ParamRow, *, free: bool) -> Iterator[str]:
    need = "required" if row.required else f"default {row.default!r}"
    yield f"{row.name}  ({row.type}, {need})"
    if free:
        yield "    may be given as free text behind the module's name"
    if row.choices:
        yield f"    one of: {', '.join(row.choices)}"
    if row.aliases:
        yield f"    also: {', '.join(row.aliases)}"
    if row.doc:
        yield f"    {row.doc}"


def _where(guide: Guide) -> Iterator[str]:
    yield f"for {_HOSTS[guide.where]}"
    if not guide.using:
        return
    width = max(map(len, SHOWN.values()))
    for generation in GENERATIONS:
        way = guide.way(generation)
        used = guide.on(generation)
        if way == NOT_SUPPORTED:
            says = f": {guide.instead}" if guide.instead else ""
            yield f"{SHOWN[generation]:<{width}}  refused with the reason{says}"
            continue
        tools = "; ".join(u.tools + (f" ({u.part})" if u.part else "") for u in used)
        yield f"{SHOWN[generation]:<{width}}  {way}: {tools}"


def _indented(example: str) -> str:
    return example.replace("\n", "\n  ")


def _first_line(module: Any) -> str:
    return _doc(module).partition("\n")[0]


def _doc(module: Any) -> str:
    """What the module's file says of itself."""
    return inspect.getdoc(inspect.getmodule(type(module))) or ""

"""Writes ``docs/modules.md`` out of the modules' guides and of what the tests run.

``python -m tests.modules.modules_doc`` writes it; ``test_modules_doc`` compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from runner.app.describe import SHOWN, undo_text
from runner.interfaces.guide import GENERATIONS, NOT_SUPPORTED, Generation
from runner.interfaces.module import Effect, Module
from runner.modules import load, names
from tests.modules.generations import proven

DOC: Final = Path(__file__).parents[2] / "docs" / "modules.md"

_HEAD: Final = """\
# Modules

This page is made of the modules' own code and of the tests that run them; a test compares. Write it
anew with `python -m tests.modules.modules_doc`. `runner modules NAME` shows a module's parameters,
tools and an example.

## On Windows

| word | meaning |
|---|---|
| native | by cmd and the tools that come with Windows |
| native+ | the same, and one part needs PowerShell (`runner modules NAME` says which) |
| PowerShell | by PowerShell alone |
| no | not supported; the error says why, and what to do instead |
| ? | unproven: written by the documents, but no test runs it on this generation of the lab |

The lab has no PowerShell, so nothing that needs it is proven there. Nothing was checked on a live
host (see [windows.md](windows.md)).
"""
_WORDS: Final = {
    "native": "native",
    "native, part by PowerShell": "native+",
    "PowerShell": "PowerShell",
    NOT_SUPPORTED: "no",
}


def render() -> str:
    """The whole page."""
    loaded = {name: load(name) for name in sorted(names())}
    where = {n: m.guide.where if m.guide else "unproven" for n, m in loaded.items()}
    lines = [_HEAD, *_windows(loaded, where), "", *_elsewhere(loaded, where), "", *_undo(loaded)]
    return "\n".join(lines) + "\n"


def _windows(loaded: dict[str, Module[Any, Any]], where: dict[str, str]) -> Iterator[str]:
    yield "| module | " + " | ".join(SHOWN[g] for g in GENERATIONS) + " |"
    yield "|---" * (len(GENERATIONS) + 1) + "|"
    for name, module in loaded.items():
        if where[name] in ("windows", "both", "unproven"):
            sure = proven(name)
            cells = [_cell(module, g, sure=g in sure) for g in GENERATIONS]
            yield f"| `{name}` | " + " | ".join(cells) + " |"


def _cell(module: Module[Any, Any], generation: Generation, *, sure: bool) -> str:
    if module.guide is None:
        return "?"
    word = _WORDS[module.guide.way(generation)]
    # A refusal is the answer of a tool that is missing, or a comparison of versions.
    unsure = not sure or word == "PowerShell"
    return f"{word} ?" if unsure and word != "no" else word


def _elsewhere(loaded: dict[str, Module[Any, Any]], where: dict[str, str]) -> Iterator[str]:
    yield "## Elsewhere"
    yield ""
    yield "| where | modules |"
    yield "|---|---|"
    posix = [name for name in loaded if where[name] in ("posix", "both")]
    yield "| hosts with a POSIX shell | " + ", ".join(f"`{name}`" for name in posix) + " |"
    here = [name for name in loaded if where[name] == "controller"]
    yield "| the controller | " + ", ".join(f"`{name}`" for name in here) + " |"
    yield ""
    yield "A module for POSIX shells refuses a Windows host, and names the module to use there."


def _undo(loaded: dict[str, Module[Any, Any]]) -> Iterator[str]:
    yield "## What a rollback gives back"
    yield ""
    yield "Modules that only read, and those of the controller, have nothing to take back."
    yield ""
    yield "| module | a rollback |"
    yield "|---|---|"
    for name, module in loaded.items():
        if module.effect not in (Effect.READ, Effect.LOCAL):
            yield f"| `{name}` | {undo_text(module)} |"


if __name__ == "__main__":
    DOC.write_text(render(), encoding="utf-8")

"""Tasks that are commands, and what the books say of them."""

from __future__ import annotations

from typing import Any

from tests.engine.fusing.bench import Played, task


def command(line: str = "hostname", **fields: Any) -> Any:
    return task("win_command", {"_raw_params": line}, **fields)


def shell(line: str, **args: Any) -> Any:
    return task("win_shell", {"_raw_params": line, "executable": "cmd", **args})


def some(*lines: str, **fields: Any) -> list[Any]:
    return [command(line, title=f"t{n}", **fields) for n, line in enumerate(lines, start=1)]


def settled(played: Played) -> list[str]:
    """By the order of the intents."""
    return [played.book.settled[n][0] for n in range(len(played.book.intents))]

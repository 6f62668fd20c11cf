"""Environment variables of a Windows host in the paths that a task names.

``set`` prints those of the session, a line for each, names in any case (``set /?``); the two with
brackets in their names (``%ProgramFiles(x86)%``) exist on 64-bit systems only.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Query, Reply, Script, read
from runner.interfaces.on_host import HostText

VARIABLE: Final = re.compile(r"%([^%=\s\"<>|*?!:/\\][^%=\"<>|*?!:/\\]*)%")
_SET: Final = Script("cmd", "set")


def holds(text: str) -> bool:
    """Whether a variable of the host stands in a text."""
    return VARIABLE.search(text) is not None


def filled(texts: tuple[str, ...]) -> Generator[Query, Reply, Mapping[str, str]]:
    """Texts with the values of their variables. Raises Refused for one that the host has not."""
    known = yield from _known()
    return {text: _filled(text, known) for text in texts}


def expanded(texts: tuple[str, ...]) -> Generator[Query, Reply, Mapping[str, str]]:
    """The same as Windows itself does it: a name that the host has not stays as it stands."""
    known = yield from _known()
    return {
        text: VARIABLE.sub(lambda found: known.get(found[1].lower(), found[0]), text)
        for text in texts
    }


def _known() -> Generator[Query, Reply, Mapping[str, str]]:
    (output,) = yield from read(_SET)
    if output.code != 0:
        raise ModuleError("the host does not tell its environment variables (cmd's set)")
    lines = (line.partition("=") for line in output.stdout.splitlines())
    return {name.lower(): value for name, equals, value in lines if name and equals}


FILLED: Final = HostText(holds, filled)
"""Marks the type of a parameter: the host is asked for the variables in it."""


def _filled(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name.lower() not in known:
            raise Refused(
                f"'{text}': this host has no environment variable {name}",
                hint="the commands of a task see those of the account that it runs as; "
                "'set' in a win_shell with cmd lists them",
            )
        return known[name.lower()]

    return VARIABLE.sub(value, text)

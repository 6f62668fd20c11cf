"""Which names a run may add to its inventory: as far as the playbook alone can tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from runner.model.task import Task

_HOST: Final = ("name", "hostname", "host")
_GROUPS: Final = ("groups", "groupname", "group")
_NAMES: Final = {"add_host": (*_HOST, *_GROUPS), "group_by": ("key", "parents")}
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_POSITION: Final = re.compile(r"\[[^\]]*\]$")
_PATTERN: Final = re.compile(r"[~*?\[]")


def may_be_added(
    tasks: Iterable[Task], is_template: Callable[[Any], bool]
) -> Callable[[str], bool]:
    """Whether a part of a host pattern may mean what these tasks add.

    A name with a template in it stands for every name that fits around it; what a glob or a
    regular expression will meet is not known.
    """
    shapes: set[str] = set()
    for task in tasks:
        names = _NAMES.get(task.module)
        if names is None:
            continue
        given = [task.args[name] for name in names if name in task.args]
        texts = [text for value in given for text in _texts(value, task.module, is_template)]
        shapes.update(texts or [".*"])  # the arguments themselves are a template
    known = re.compile("|".join(sorted(shapes))) if shapes else None

    def may(part: str) -> bool:
        if known is None:
            return False
        name = _POSITION.sub("", part)
        return bool(_PATTERN.search(name)) or known.fullmatch(name) is not None

    return may


def any_part(part: str) -> bool:
    """Of an inventory that is read again on the way nobody knows whom it will name."""
    return True


def _texts(value: Any, module: str, is_template: Callable[[Any], bool]) -> Iterable[str]:
    """The shapes, as regular expressions, of the names that a value stands for."""
    for one in value if isinstance(value, list | tuple) else [value]:
        text = str(one)
        if is_template(one):
            # A template may give a list, or a text with commas.
            whole = _TEMPLATE.sub("\0", text)
            for piece in whole.split(","):
                yield ".*".join(re.escape(_named(p, module)) for p in piece.strip().split("\0"))
        else:
            for piece in text.split(",") if module == "add_host" else [text]:
                yield re.escape(_named(piece.strip(), module).partition(":")[0])


def _named(text: str, module: str) -> str:
    return text.replace(" ", "-") if module == "group_by" else text

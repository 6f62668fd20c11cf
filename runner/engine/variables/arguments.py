"""A task's arguments, rendered for one host and one element of its loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.engine.variables.unknown import require_known
from runner.errors import PlaybookError
from runner.interfaces.template import Templates
from runner.model.source import Source
from runner.model.task import WHOLE, Task


@dataclass(frozen=True, slots=True)
class Arguments:
    """The values by name, and the place of each."""

    values: Mapping[str, Any]
    sources: Mapping[str, Source]


def arguments(task: Task, templates: Templates, variables: Mapping[str, Any]) -> Arguments:
    """What the task gives to its module.

    Where a template stands for several arguments (``WHOLE``), it gives a mapping: over
    ``module_defaults``, below what the task itself names. Raises InputError for one that does not,
    DependsOnUnknown for what a dry run cannot know.
    """
    written = dict(task.args)
    rendered = templates.render(written, variables, task.source)
    if rendered is written:  # without a template there is nothing to be unknown
        return Arguments(written, task.arg_sources)
    require_known(rendered)
    if WHOLE not in rendered:
        return Arguments(rendered, task.arg_sources)
    place = task.arg_sources.get(WHOLE, task.source)
    values: dict[str, Any] = {}
    sources = dict(task.arg_sources)
    for name, value in rendered.items():
        if name != WHOLE:
            values[name] = value
            continue
        for found in value:
            _require_mapping(found, task.module, place)
            values.update(found)
            sources.update(dict.fromkeys(found, place))
    sources.update({name: s for name, s in task.arg_sources.items() if name in task.args})
    return Arguments(values, sources)


def _require_mapping(found: Any, module: str, place: Source) -> None:
    if isinstance(found, Mapping):
        names = [name for name in found if not isinstance(name, str)]
        if not names:
            return
        raise PlaybookError(
            f"a parameter of '{module}' cannot be called {names[0]!r}",
            source=place,
            hint="the names in this mapping are texts",
        )
    kind = "a list" if isinstance(found, list) else f"'{found}'"
    raise PlaybookError(
        f"the arguments of '{module}' are a mapping, but this template gives {kind}",
        source=place,
        hint="a mapping of parameters: {name: value}",
    )

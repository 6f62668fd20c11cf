"""One play: its hosts, its variables and variable files, its tasks and handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import PlaybookError
from runner.interfaces.template import Templates
from runner.loading.data import holds_template
from runner.loading.document import Value
from runner.loading.fields import Fields, text_of
from runner.loading.files import Files
from runner.loading.keywords import PLAY, check_collections
from runner.loading.needs import NeedKinds, read_needs
from runner.loading.task import Inherited, TaskReader, static_text
from runner.loading.variables import read_variable_file
from runner.loading.words import suggestion
from runner.model.playbook import FREE_FORM, Play, Task
from runner.model.source import Source

_STRATEGIES: Final = {"linear": True, "free": False}
_SECTIONS: Final = ("pre_tasks", "tasks", "post_tasks")


@dataclass(frozen=True, slots=True)
class Sources:
    """What reading a playbook needs: files, known modules, templates, static variables."""

    files: Files
    modules: Mapping[str, bool]
    templates: Templates
    kinds: NeedKinds
    static: Mapping[str, Any]


def read_play(fields: Fields, path: Path, sources: Sources, inherited: Inherited) -> Play:
    """The play written in ``path``; ``inherited`` is what its import_playbook adds."""
    fields.restrict(PLAY)
    templates = sources.templates
    if "collections" in fields:
        check_collections(fields["collections"])
    hosts = _hosts(fields, sources)
    variables = {**_variables(fields, path, sources), **inherited.vars}
    sections, handlers = _tasks(fields, path, sources, inherited, variables)
    tasks = _with_flushes(sections, handlers, sources.modules, fields)
    name = fields.text("name")
    if name is not None:
        templates.check(name, fields["name"].source)
    gather = fields.flag("gather_facts")
    return Play(
        name=name or hosts,
        hosts=hosts,
        source=fields.value.source,
        hosts_source=fields["hosts"].source,
        id=fields.identifier(),
        tasks=tuple(tasks),
        handlers=tuple(handlers),
        vars=variables,
        gather_facts=gather is not False,
        linear=_linear(fields),
        needs=read_needs(fields, sources.kinds),
        tags=fields.tags() | inherited.tags,
        ignore_unreachable=bool(fields.flag("ignore_unreachable")),
    )


def _hosts(fields: Fields, sources: Sources) -> str:
    value = fields.get("hosts")
    if value is None:
        near = suggestion("hosts", fields.keys, otherwise="every play says hosts: PATTERN")
        raise fields.value.error("this play has no hosts", hint=near)
    if not value.is_sequence:
        text_of(value, "hosts")
    parts = static_text(value, sources.templates, sources.static)
    texts = [str(part).strip() for part in (parts if isinstance(parts, list) else [parts])]
    hosts = ",".join(texts)
    if not hosts.strip(" ,:"):
        raise value.error("this pattern names nobody", hint="hosts: all means everybody")
    return hosts


def _variables(fields: Fields, path: Path, sources: Sources) -> dict[str, Any]:
    """Ansible's order: vars, then vars_files, the later over the earlier."""
    variables = fields.variables("vars", sources.templates)
    value = fields.get("vars_files")
    if value is None or value.is_null:
        return variables
    for element in value.elements() if value.is_sequence else [value]:
        variables.update(_variable_file(element, path, sources, variables))
    return variables


def _variable_file(
    value: Value, path: Path, sources: Sources, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """One entry of vars_files; of a list in it, the first file that is there."""
    choices = value.elements() if value.is_sequence else [value]
    static = {**variables, **sources.static}
    for choice in choices:
        text_of(choice, "vars_files")
        name = str(static_text(choice, sources.templates, static))
        places = [path.parent / name, path.parent / "vars" / name]
        found = next((place for place in places if place.is_file()), None)
        if found is not None:
            return read_variable_file(found, sources.files, sources.templates, choice.source)
    names = ", ".join(str(choice.plain()) for choice in choices)
    raise value.error(f"cannot find the variable file {names}", hint=f"beside {path}")


def _tasks(
    fields: Fields,
    path: Path,
    sources: Sources,
    inherited: Inherited,
    variables: Mapping[str, Any],
) -> tuple[list[list[Task]], list[Task]]:
    below = Inherited(
        conditions=inherited.conditions,
        ignore_errors=fields.flag("ignore_errors"),
        no_log=fields.flag("no_log"),
        check_mode=fields.flag("check_mode"),
    )
    reader = TaskReader(
        sources.files,
        sources.modules,
        sources.templates,
        sources.kinds,
        path.parent,
        {**variables, **sources.static},
    )
    sections = [
        reader.read(fields[section], below, (path,)) if section in fields else []
        for section in _SECTIONS
    ]
    value = fields.get("handlers")
    handlers = [] if value is None else reader.read(value, below, (path,), handlers=True)
    _check_notifications(reader.notified, handlers)
    return sections, handlers


def _with_flushes(
    sections: list[list[Task]], handlers: list[Task], modules: Mapping[str, bool], fields: Fields
) -> list[Task]:
    """All tasks in order; where Ansible runs handlers between the sections, so do we."""
    last = max((i for i, section in enumerate(sections) if section), default=0)
    tasks: list[Task] = []
    for index, section in enumerate(sections):
        tasks += section
        if index >= last or not handlers or not any(task.notify for task in section):
            continue
        source = fields.keys[_SECTIONS[index]].source
        if "meta" not in modules:
            message = f"handlers after {_SECTIONS[index]} need the module 'meta'"
            raise PlaybookError(message, source=source)
        args = {FREE_FORM: "flush_handlers"}
        tags = frozenset({"always"})
        name = f"run handlers after {_SECTIONS[index]}"
        tasks.append(Task(name, "meta", args, source, {FREE_FORM: source}, tags=tags))
    return tasks


def _check_notifications(notified: Mapping[str, Source], handlers: list[Task]) -> None:
    heard = {name for handler in handlers for name in (handler.name, *handler.listen)}
    for name, source in notified.items():
        if name in heard:
            continue
        if holds_template(name):
            message = "a template in 'notify' is not supported yet"
            raise PlaybookError(message, source=source, hint="write the handler's name")
        hint = suggestion(name, heard, otherwise="" if heard else "this play has no handlers")
        raise PlaybookError(f"no handler is named or listens to '{name}'", source=source, hint=hint)


def _linear(fields: Fields) -> bool:
    strategy = fields.text("strategy")
    if strategy is None:
        return False
    if strategy not in _STRATEGIES:
        if strategy in ("host_pinned", "debug"):
            message = f"the strategy '{strategy}' is not supported yet"
        else:
            message = f"there is no strategy '{strategy}'"
        hint = suggestion(strategy, _STRATEGIES, otherwise="linear or free")
        raise fields["strategy"].error(message, hint=hint)
    return _STRATEGIES[strategy]

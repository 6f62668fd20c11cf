"""Lists of tasks: tasks, blocks, and the tasks of imported files in their place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.errors import TemplateError
from runner.interfaces.template import Templates
from runner.loading.data import holds_template
from runner.loading.document import Value, load_document
from runner.loading.fields import Fields, listed, text_of
from runner.loading.files import Files
from runner.loading.invocation import find_module, read_invocation
from runner.loading.keywords import (
    BLOCK,
    IMPORTS,
    ROLE_IMPORTS,
    TASK_IMPORT,
    check_collections,
    short_name,
    unsupported,
)
from runner.loading.loops import read_loop
from runner.loading.needs import NeedKinds, read_needs
from runner.model.playbook import Task
from runner.model.source import Source


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a play, blocks and imports hand down to the tasks inside them."""

    conditions: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    vars: Mapping[str, Any] = field(default_factory=dict)
    notify: tuple[str, ...] = ()
    ignore_errors: bool | None = None
    ignore_unreachable: bool | None = None
    no_log: bool | None = None
    check_mode: bool | None = None

    def below(self, fields: Fields, templates: Templates) -> Inherited:
        """With what this block, import or task adds or sets differently."""

        def flag(name: str) -> bool | None:
            own = fields.flag(name)
            return getattr(self, name) if own is None else own

        return Inherited(
            conditions=self.conditions + (fields.conditions("when", templates) or ()),
            tags=self.tags | fields.tags(),
            vars={**self.vars, **fields.variables("vars", templates)},
            notify=self.notify + (fields.texts("notify") or ()),
            ignore_errors=flag("ignore_errors"),
            ignore_unreachable=flag("ignore_unreachable"),
            no_log=flag("no_log"),
            check_mode=flag("check_mode"),
        )


class TaskReader:
    """Reads the tasks of one play.

    ``static`` are the variables that file names may use: what is known before any host is.
    """

    def __init__(
        self,
        files: Files,
        modules: Mapping[str, bool],
        templates: Templates,
        kinds: NeedKinds,
        root: Path,
        static: Mapping[str, Any],
    ) -> None:
        self._files = files
        self._modules = modules
        self._templates = templates
        self._kinds = kinds
        self._root = root
        self._static = static
        self.notified: dict[str, Source] = {}
        """Each name that some task notifies, with the first place where it stands."""

    def read(
        self, value: Value, inherited: Inherited, chain: tuple[Path, ...], *, handlers: bool = False
    ) -> list[Task]:
        """All tasks of a list, in order; blocks and imports give theirs in their place."""
        if value.is_null:
            return []
        if not value.is_sequence:
            raise value.error(f"tasks are a list, found {value.kind}")
        tasks: list[Task] = []
        for element in value.elements():
            fields = Fields(element, "a task")
            if "collections" in fields:
                check_collections(fields["collections"])
            if "block" in fields:
                tasks += self._block(fields, inherited, chain, handlers)
            elif found := [key for key in fields.keys if short_name(key) in IMPORTS]:
                tasks += self._import(fields, found[0], inherited, chain, handlers)
            else:
                tasks.append(self._task(fields, inherited, handlers))
        return tasks

    def _block(
        self, fields: Fields, inherited: Inherited, chain: tuple[Path, ...], handlers: bool
    ) -> list[Task]:
        if handlers:
            raise unsupported(fields.keys["block"], "block", "handlers")
        fields.restrict(BLOCK)
        self._note_notifications(fields)
        return self.read(fields["block"], inherited.below(fields, self._templates), chain)

    def _import(
        self,
        fields: Fields,
        key: str,
        inherited: Inherited,
        chain: tuple[Path, ...],
        handlers: bool,
    ) -> list[Task]:
        fields.restrict(TASK_IMPORT, key)
        self._note_notifications(fields)
        named = self._file_name(fields, key)
        below = inherited.below(fields, self._templates)
        path = self._find(named, chain)
        if path.resolve() in [earlier.resolve() for earlier in chain]:
            circle = " -> ".join(p.name for p in (*chain, path))
            raise named.error(f"files import one another in a circle: {circle}")
        document = load_document(path, self._files, named.source)
        if document.root is None:
            return []
        return self.read(document.root, below, (*chain, path), handlers=handlers)

    def _note_notifications(self, fields: Fields) -> None:
        if "notify" in fields:
            for element in listed(fields["notify"]):
                self.notified.setdefault(text_of(element, "notify"), element.source)

    def _file_name(self, fields: Fields, key: str) -> Value:
        value = fields[key]
        if value.is_mapping:
            inner = Fields(value, f"'{key}'")
            for name, place in inner.keys.items():
                if name == "apply":
                    raise unsupported(place, name, f"'{key}'")
                if name not in ("file", "_raw_params"):
                    raise place.error(f"'{key}' takes a file, not '{name}'")
            if "file" not in inner:
                raise value.error(f"'{key}' names no file")
            value = inner["file"]
        if "args" in fields:
            raise unsupported(fields.keys["args"], "args", f"'{key}'")
        text_of(value, key)
        return value

    def _find(self, named: Value, chain: tuple[Path, ...]) -> Path:
        name = str(static_text(named, self._templates, self._static))
        places = [chain[-1].parent, self._root, self._root / "tasks"]
        candidates = [place / name.removeprefix("file=") for place in places]
        return next((p for p in candidates if p.is_file()), candidates[0])

    def _task(self, fields: Fields, inherited: Inherited, handler: bool) -> Task:
        templates = self._templates
        for key, place in fields.keys.items():
            if short_name(key) in ROLE_IMPORTS:
                raise unsupported(place, key, "a task")
        module_key = find_module(fields, self._modules)
        call = read_invocation(fields, module_key, self._modules, templates)
        below = inherited.below(fields, templates)
        self._note_notifications(fields)
        loop = read_loop(fields, templates)
        until = fields.conditions("until", templates)
        retries = fields.whole_number("retries", 0)
        if retries is not None and until is None:
            raise unsupported(fields.keys["retries"], "retries", "a task without until")
        name = fields.text("name")
        if name is not None:
            templates.check(name, fields["name"].source)
        listen = fields.texts("listen") or ()
        if listen and not handler:
            raise fields.keys["listen"].error("only a handler listens")
        task = Task(
            name=name or call.module,
            module=call.module,
            args=call.args,
            source=fields.value.source,
            arg_sources=call.sources,
            id=fields.identifier(),
            conditions=below.conditions,
            loop=loop.values,
            loop_var=loop.variable,
            loop_label=loop.label,
            index_var=loop.index,
            register=fields.variable_name("register"),
            vars={**loop.vars, **below.vars},
            tags=below.tags,
            needs=read_needs(fields, self._kinds),
            notify=tuple(dict.fromkeys(below.notify)),
            listen=listen,
            changed_when=fields.conditions("changed_when", templates),
            failed_when=fields.conditions("failed_when", templates),
            until=until,
            retries=retries,
            ignore_errors=bool(below.ignore_errors),
            ignore_unreachable=bool(below.ignore_unreachable),
            no_log=bool(below.no_log),
            check_mode=below.check_mode,
            timeout=fields.number("timeout", 0) or None,
            rollback=fields.flag("rollback") is not False,
        )
        delay = fields.number("delay", 0)
        return task if delay is None else dataclasses.replace(task, delay=delay)


def static_text(value: Value, templates: Templates, static: Mapping[str, Any]) -> Any:
    """A value that must be known before any host is, with the variables known then."""
    plain = value.plain()
    templates.check(plain, value.source)
    if not holds_template(plain):
        return plain
    try:
        return templates.render(plain, static, value.source)
    except TemplateError as error:
        message = f"this must be known before any host is contacted, but {error.message}"
        raise value.error(message, hint=error.hint or "give the variable with -e") from None

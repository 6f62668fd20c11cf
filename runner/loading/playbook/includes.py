"""What a run asks while it is under way: the tasks behind an include, files of variables."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import PlaybookError
from runner.interfaces.includes import Included, Includes
from runner.interfaces.template import Templates
from runner.loading.playbook.include_vars import IncludedVariables
from runner.loading.playbook.needs import NeedKinds
from runner.loading.playbook.noting import Noting
from runner.loading.playbook.options import flag, role_files
from runner.loading.playbook.reading import Inherited, Problems, Reading
from runner.loading.playbook.roles import Roles
from runner.loading.playbook.search import first_file, included_tasks, looked_in
from runner.loading.playbook.selection import Tags, prune
from runner.loading.playbook.task import TaskReader
from runner.loading.text.document import load_document
from runner.loading.text.files import Files
from runner.loading.text.vault import VaultKeys
from runner.loading.text.words import suggestion
from runner.model.playbook import IncludeKind, Play, Playbook, Role, Task, VarsFile, tasks_in

_DEEPEST: Final = 60
"""Files that may lead to one another: a recursion that deep has no end."""


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the tasks of one play have in common."""

    play: Play
    root: Path
    heard: frozenset[str]


class Includer(Includes):
    """The includes of one playbook. Shared by all threads; each file is read once.

    ``tags`` and ``skip_tags`` select among the included tasks as among those of the playbook: an
    include's own tags say only whether it is looked at. ``check`` gets every task that was read
    and raises InputError for parameters that are wrong. ``modules``, ``templates`` and
    ``extra_vars`` are those that the playbook was loaded with, ``keys`` open what is encrypted.
    """

    def __init__(
        self,
        playbook: Playbook,
        modules: Mapping[str, bool],
        templates: Templates,
        *,
        extra_vars: Mapping[str, Any] | None = None,
        keys: VaultKeys | None = None,
        tags: Iterable[str] = (),
        skip_tags: Iterable[str] = (),
        check: Callable[[Task], None] = lambda task: None,
    ) -> None:
        self._modules = modules
        self._templates = templates
        self._roles = Roles()
        self._extra = dict(extra_vars or {})
        self._tags = Tags.of(tags, skip_tags)
        self._check = check
        self._files = Files(PlaybookError, keys)
        self._lock = threading.RLock()
        self._cache: dict[tuple[Any, ...], tuple[Any, Included]] = {}
        self._settings: dict[int, tuple[Any, _Setting]] = {}
        self._variables = IncludedVariables(self._files, templates, self._lock)
        self._roots: dict[str, Path] = {}
        for play in playbook.plays:
            self._remember(play.all_tasks(), self._setting(play))

    def tasks(self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]) -> Included:
        """What ``task`` stands for on the host that has these ``variables``."""
        if task.include is None:
            raise PlaybookError(f"'{task.name}' is no include", source=task.source)
        if len(task.include.chain) > _DEEPEST:
            files = " -> ".join(Path(file).name for file in task.include.chain[-3:])
            raise PlaybookError(
                f"files include one another more than {_DEEPEST} deep: ... {files}",
                source=task.source,
                hint="give the include a condition under which it ends",
            )
        with self._lock:
            if task.include.kind == IncludeKind.ROLE:
                return self._role(task, args, variables)
            return self._file(task, args, variables)

    def variables(
        self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """``include_vars``: the variables, and the files that they come from."""
        root = self._roots.get(task.source.file, Path(task.source.file).parent)
        return self._variables.read(task, args, variables, root)

    def vars_file(self, entry: VarsFile, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of the first file of a ``vars_files`` entry that there is."""
        return self._variables.first(entry, variables)

    def _file(self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]) -> Included:
        assert task.include is not None
        name = args.get("file")
        if not isinstance(name, str) or not name.strip():
            message = f"an include names one file, found '{name}'"
            raise PlaybookError(message, source=task.arg_sources.get("file", task.source))
        chain = tuple(Path(file) for file in task.include.chain)
        handler, root = task.include.apply.handler, self._setting_of(task).root
        places = list(included_tasks(name, chain, task.role, root, handlers=handler))
        path = first_file(places)
        if path is None:
            raise PlaybookError(
                f"cannot find the file {name}",
                source=task.arg_sources.get("file", task.source),
                hint=looked_in(places),
            )

        def read(reading: Reading, inherited: Inherited) -> Included:
            document = load_document(path, self._files, task.source)
            inside = reading.into(path)
            root = document.root
            entries = [] if root is None else TaskReader(inside).read(root, inherited)
            return Included(str(path), tuple(entries), task.role)

        return self._cached((str(path),), task, variables, read)

    def _role(self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]) -> Included:
        source = task.arg_sources.get("name", task.source)
        name = args.get("name")
        if not isinstance(name, str) or not name.strip():
            raise PlaybookError(f"an include_role names one role, found '{name}'", source=source)
        files = role_files(args, source)
        public = flag(args, "public", source, False)
        validate = flag(args, "rolespec_validate", source, True)
        duplicates = flag(args, "allow_duplicates", source, True)

        def read(reading: Reading, inherited: Inherited) -> Included:
            loaded = self._roles.load(
                name,
                source,
                reading,
                inherited,
                variables=task.vars,
                validate=validate,
                allow_duplicates=duplicates,
                **files,
            )
            return Included(loaded.role.name, loaded.tasks, loaded.role, public)

        key = (name, *files.values(), public, validate, duplicates)
        return self._cached(key, task, variables, read)

    def _cached(
        self,
        key: tuple[Any, ...],
        task: Task,
        variables: Mapping[str, Any],
        read: Callable[[Reading, Inherited], Included],
    ) -> Included:
        """What this include stands for; read once unless it depends on the host's variables."""
        assert task.include is not None
        applied, setting = task.include.apply, self._setting_of(task)
        key = (*key, id(applied), id(task.role), task.include.chain)
        if key in self._cache:
            return self._cache[key][1]
        noting = Noting(self._templates)
        reading = self._reading(task, setting.root, noting, {**variables, **self._extra})
        included = read(reading, applied.inherited)
        reading.problems.raise_if_any()
        self._refuse_unheard(reading, setting)
        for inner in tasks_in(included.tasks):
            if inner.include is None:
                with reading.problems.collect():
                    self._check(inner)
        reading.problems.raise_if_any()
        self._remember(tasks_in(included.tasks), setting)
        selected = prune(included.tasks, lambda t: self._tags.select(setting.play.tags | t.tags))
        included = dataclasses.replace(included, tasks=selected)
        if not noting.used:
            self._cache[key] = ((applied, task.role), included)
        return included

    def _reading(
        self, task: Task, root: Path, templates: Templates, static: Mapping[str, Any]
    ) -> Reading:
        assert task.include is not None
        return Reading(
            files=self._files,
            modules=self._modules,
            templates=templates,
            kinds=NeedKinds(),
            static=static,
            root=root,
            chain=tuple(Path(file) for file in task.include.chain),
            problems=Problems(),
            roles=self._roles,
            role=task.role,
            dynamic=True,
            ahead=False,
            certain_from=len(task.include.chain),
            extra=self._extra,
        )

    def _refuse_unheard(self, reading: Reading, setting: _Setting) -> None:
        """A role that is found only now brings no handlers: the play has those it began with."""
        for name, source in reading.notified.items():
            if name in setting.heard or self._templates.is_template(name):
                continue
            hint = suggestion(
                name,
                setting.heard,
                otherwise="handlers of a role whose name is known on a host only are not there: "
                "write them in the play, or name the role itself",
            )
            message = f"no handler is named or listens to '{name}'"
            raise PlaybookError(message, source=source, hint=hint)

    def _setting(self, play: Play) -> _Setting:
        heard = {name for handler in play.handlers for name in heard_names(handler)}
        return _Setting(play, Path(play.source.file).parent, frozenset(heard))

    def _remember(self, tasks: Iterable[Task], setting: _Setting) -> None:
        for task in tasks:
            self._roots[task.source.file] = setting.root
            if task.include is not None:
                applied = task.include.apply
                self._settings[id(applied)] = (applied, setting)

    def _setting_of(self, task: Task) -> _Setting:
        assert task.include is not None
        return self._settings[id(task.include.apply)][1]


def heard_names(handler: Task) -> tuple[str, ...]:
    """The names under which a handler can be notified."""
    names = (handler.name, *handler.listen)
    role: Role | None = handler.role
    return names if role is None else (*names, f"{role.name} : {handler.name}")

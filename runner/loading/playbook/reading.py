"""What is known while tasks are read: the files, the modules, and what is handed down."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from runner.interfaces.template import Templates
from runner.loading.playbook.needs import NeedKinds
from runner.loading.text.defaults import Defaults
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, static_text
from runner.loading.text.files import Files
from runner.loading.text.problems import Problems
from runner.model.playbook import Become, Entry, Flag, Number, Role, Task, Way
from runner.model.source import Source

__all__ = [
    "Applied",
    "EntryReader",
    "Inherited",
    "LoadedRole",
    "Problems",
    "Reading",
    "RoleLoader",
    "static_text",
]


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a play, roles, blocks and imports hand down to the tasks inside them.

    ``loading.inherit`` makes the next one below. None is: nobody said so yet. ``defaults`` are
    the ``module_defaults`` in force, by the short name of the module.
    """

    conditions: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    vars: Mapping[str, Any] = field(default_factory=dict)
    notify: tuple[str, ...] = ()
    environment: tuple[Any, ...] = ()
    become: Become = field(default_factory=Become)
    way: Way = field(default_factory=Way)
    defaults: Mapping[str, Defaults] = field(default_factory=dict)
    ignore_errors: Flag | None = None
    ignore_unreachable: Flag | None = None
    any_errors_fatal: Flag | None = None
    no_log: Flag | None = None
    check_mode: Flag | None = None
    diff: Flag | None = None
    run_once: Flag | None = None
    throttle: int | None = None
    timeout: Number | None = None
    delegate_to: str | None = None
    delegate_facts: Flag | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What the loader keeps in ``Include.apply``.

    ``inherited`` is for the included tasks. ``handler``: the include is a handler, and its file
    is looked for where a role keeps its handlers. ``tags`` are those found in what it names; None
    says that not all are known before the run.
    """

    inherited: Inherited
    handler: bool = False
    tags: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class LoadedRole:
    """A role that was read: what it shows to others, and what it does.

    ``tasks`` begin with those of its dependencies, then comes the check of its arguments, then
    its own. ``handlers`` are those of its dependencies and its own.
    """

    role: Role
    tasks: tuple[Entry, ...]
    handlers: tuple[Task, ...]


class RoleLoader(Protocol):
    """Finds and reads roles."""

    def load(
        self,
        name: str,
        source: Source,
        reading: Reading,
        inherited: Inherited,
        *,
        variables: Mapping[str, Any] = {},
        params: Mapping[str, Any] = {},
        tasks_from: str = "main",
        vars_from: str = "main",
        defaults_from: str = "main",
        handlers_from: str = "main",
        validate: bool = True,
        allow_duplicates: bool = True,
        public: bool = True,
    ) -> LoadedRole:
        """The role of this name, for the place ``source`` that asks for it.

        ``reading`` is that of the file that asks for it, ``inherited`` what it hands down to the
        role's tasks, ``public`` whether an import shows its variables to the play. Raises
        InputError at ``source`` when there is no such role.
        """


@dataclass(frozen=True, slots=True)
class Note:
    """Something that loads, and does less than whoever wrote it may think.

    ``rule`` is the name under which ``runner lint`` says it.
    """

    rule: str
    source: Source
    message: str
    advice: str


def _anything(task: Task) -> None:
    """Finds nothing wrong."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known while the tasks of one file are read.

    ``modules`` maps the short name of each known module to whether it takes free text.
    ``static`` are the variables known before any host (a play's own among them), ``extra`` those
    of the command line, which win over all. ``root`` is the playbook's directory. ``chain`` are
    the files that led here; the last is the one being read. ``role`` is the role whose tasks
    these are. ``dynamic`` says that these tasks are an include's: they are not in the graph.
    ``ahead``: what an include names is looked at before its turn.
    ``certain_from``: since this place in ``chain``, each file surely leads to the next.

    Shared by all files of a play, see ``for_play``: ``notified`` has each name that some task
    notifies, with the first place; ``handlers`` are the handlers that imported or statically
    included roles bring into the play, for the play to add to its own; ``checked`` are the
    includes whose files were looked at, each with the tags in there (None: not all are known);
    ``looking`` are the roles being looked at, each with the length of the chain outside.
    ``problems`` collects mistakes. ``check`` gets each task once it is read, the handlers,
    those in files that are looked at ahead and those whose module is not here among them, and
    raises InputError for what is wrong.
    ``run`` are the magic variables of the run itself (``ansible_check_mode``, ``ansible_version``).
    ``collections`` are those in which a role is looked for by its short name. ``notes`` collects
    what is no mistake and yet worth a remark.
    """

    files: Files
    modules: Mapping[str, bool]
    templates: Templates
    kinds: NeedKinds
    static: Mapping[str, Any]
    root: Path
    chain: tuple[Path, ...]
    problems: Problems
    roles: RoleLoader
    role: Role | None = None
    notified: dict[str, Source] = field(default_factory=dict)
    handlers: list[Task] = field(default_factory=list)
    checked: dict[tuple[str, ...], frozenset[str] | None] = field(default_factory=dict)
    looking: dict[tuple[str, ...], int] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    dynamic: bool = False
    ahead: bool = True
    certain_from: int = 0
    check: Callable[[Task], None] = _anything
    collections: tuple[str, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The file being read."""
        return self.chain[-1]

    def for_play(self, static: Mapping[str, Any]) -> Reading:
        """The reading of one play: with its own static variables, notifications and handlers."""
        static = {**static, **self.magic()}
        return dataclasses.replace(
            self, static=static, notified={}, handlers=[], checked={}, looking={}
        )

    def note_ignored(self, fields: Fields, names: Iterable[str], what: str, advice: str) -> None:
        """Remember keywords of ``what`` that do nothing, here as in Ansible."""
        for name in names:
            message = f"'{name}' does nothing in {what}, here as in Ansible"
            self.notes.append(Note("ignored-keyword", fields.keys[name].source, message, advice))

    def magic(self, role: Role | None = None) -> dict[str, Any]:
        """What Ansible knows of itself before any host is (its "special variables")."""
        found: dict[str, Any] = {**self.run, "playbook_dir": str(self.root.resolve())}
        if role is not None and role.path:
            found["role_path"] = role.path
            found["role_name"] = role.name.rpartition(".")[2]
            found["ansible_role_name"] = role.name
        return found

    def into(self, path: Path, role: Role | None = None) -> Reading:
        """The reading of a file that this one names; ``role`` when it belongs to another role."""
        chain = (*self.chain, path)
        return dataclasses.replace(self, chain=chain, role=self.role if role is None else role)

    def known(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables for names of files, where tasks have these ``variables`` of their own."""
        return {**self.static, **variables, **self.extra}


class EntryReader(Protocol):
    """Reads the lists of tasks of one file; see ``task``."""

    reading: Reading
    rescuing: int
    """How many rescue and always sections enclose what is being read."""
    may_stop: bool
    """Whether a task before may end what is being read, so that the rest is not certain."""

    def at(self, reading: Reading) -> EntryReader:
        """A reader for another file."""

    def read(self, value: Value, inherited: Inherited, *, handlers: bool = False) -> list[Entry]:
        """All entries of a list, in order."""

    def read_sure(self, value: Value, inherited: Inherited) -> list[Entry]:
        """The same for a section that runs only when something went wrong, or after it."""

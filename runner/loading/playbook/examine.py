"""Reading without a run: a playbook, a role or a file of tasks, with all that is wrong in it.

``load_playbook`` gives a playbook that is whole or raises; here whatever could be read is given
together with the mistakes, for those who only look (``runner lint``).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import InputError, PlaybookError
from runner.interfaces.template import Templates
from runner.loading.playbook.play import read_play
from runner.loading.playbook.playbook import read_plays, reading_of
from runner.loading.playbook.reading import Inherited, Note, Reading
from runner.loading.playbook.role_files import is_role
from runner.loading.playbook.role_meta import open_role
from runner.loading.playbook.role_uses import Given, used_role
from runner.loading.playbook.roles import Roles
from runner.loading.playbook.task import TaskReader
from runner.loading.text.document import Document, Value, load_document
from runner.loading.text.fields import Fields
from runner.loading.text.files import Files
from runner.loading.text.keywords import BLOCK, PLAY, TASK, short_name
from runner.loading.text.vault import VaultKeys
from runner.model.playbook import Play, Task

_TASKS: Final = "tasks"
_HANDLERS: Final = "handlers"
_YAML: Final = (".yml", ".yaml")
_DATA: Final = "data"
_OF_PLAYS: Final = (PLAY.known - TASK.known - BLOCK.known) | {"import_playbook"}
_OF_TASKS_AND_PLAYS: Final = frozenset({"hosts", "tasks", "roles", "block", "import_playbook"})


@dataclass(frozen=True, slots=True)
class Examined:
    """What was read, and what is wrong in it.

    ``what`` is ``playbook``, ``role`` or ``tasks``, or ``data`` for a file that a playbook
    reads. ``tasks`` are all tasks and handlers, those
    of included files among them, each place once. ``complete`` says that they are all there are:
    no include names a file that only a host knows. ``files`` are all files that were read.
    ``notes`` are about what is no mistake and does nothing.
    """

    what: str
    plays: tuple[Play, ...]
    tasks: tuple[Task, ...]
    errors: tuple[InputError, ...]
    complete: bool
    files: Files
    notes: tuple[Note, ...] = ()


class _Seen:
    """Sees every task as it is read, hands it on, and keeps it."""

    def __init__(self, modules: Collection[str], check: Callable[[Task], None]) -> None:
        self._modules = modules
        self._check = check
        self._tasks: dict[Any, Task] = {}
        self.complete = True

    def __call__(self, task: Task) -> None:
        self._tasks.setdefault(task.source, task)
        if task.include is not None:
            self.complete = self.complete and task.include.apply.tags is not None
        elif task.module in self._modules:
            self._check(task)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Each task once, in the order in which they were read."""
        return tuple(self._tasks.values())


def examine(
    path: Path,
    modules: Mapping[str, bool],
    *,
    templates: Templates,
    extra_vars: Mapping[str, Any] | None = None,
    keys: VaultKeys | None = None,
    check: Callable[[Task], None] = lambda task: None,
) -> Examined:
    """Read a playbook, a role's directory, or a file of tasks.

    ``check`` gets every task that calls a module and raises InputError for what is wrong in it.
    The rest is as for ``load_playbook``. Raises InputError when nothing of it can be read.
    """
    files, seen = Files(PlaybookError, keys), _Seen(modules, check)
    if path.is_dir() and not is_role(path):
        message = f"{path} is neither a playbook nor a role"
        hint = "a role has tasks, handlers, defaults, vars or meta in it"
        raise PlaybookError(message, hint=hint)
    reading = reading_of(path, modules, templates, files, extra_vars, check=seen)
    plays: list[Play] = []
    if path.is_dir():
        what = "role"
        plays = _role(path, reading)
    elif _is_data(path, files):
        what = _DATA
    elif _is_list_of_tasks(path, files):
        what = _TASKS
        _file_of_tasks(path, reading)
    else:
        what = "playbook"
        plays = read_plays(reading)
    errors = tuple(reading.problems.in_order())
    notes = tuple(dict.fromkeys(reading.notes))
    return Examined(what, tuple(plays), seen.tasks, errors, seen.complete, files, notes)


def _is_data(path: Path, files: Files) -> bool:
    """Whether it is a mapping in which nothing looks like a play or a task: variables, a list of
    packages. A play without its dash is a mistake, and no data."""
    root = load_document(path, files).root
    if root is None or not root.is_mapping or not _is_named(root):
        return False
    return _OF_TASKS_AND_PLAYS.isdisjoint(map(short_name, Fields(root, "a file").keys))


def _is_list_of_tasks(path: Path, files: Files) -> bool:
    root = load_document(path, files).root
    if root is None or not root.is_sequence:
        return False
    entries = [Fields(e, "an entry") for e in root.elements() if _is_named(e)]
    words = {short_name(word) for fields in entries for word in fields.keys}
    if not words.isdisjoint(_OF_PLAYS):
        return False
    if words == {"include"}:
        return _home(path) is not None
    return bool(words)


def _is_named(value: Value) -> bool:
    """Whether it is a mapping whose keys are texts; other mistakes in it are found later."""
    try:
        Fields(value, "an entry")
    except InputError:
        return False
    return True


def _role(path: Path, reading: Reading) -> list[Play]:
    """As a play would that has this role alone; then the files that its tasks do not lead to."""
    root, name = _asked_for(path)
    reading = dataclasses.replace(reading, root=root)
    reading.problems.lose_anything()  # handlers that a playbook or another role would bring
    play = f"- hosts: all\n  gather_facts: false\n  roles: [{json.dumps(name)}]\n"
    document = Document(str(path), play, PlaybookError)
    assert document.root is not None
    (element,) = document.root.elements()
    plays = [read_play(Fields(element, "a play"), reading, Inherited())]
    done = {each.resolve() for each in reading.files.paths()}
    for file in _task_files(path):
        with reading.problems.collect():
            if file.resolve() not in done and _is_list_of_tasks(file, reading.files):
                _file_of_tasks(file, reading)
                done |= {each.resolve() for each in reading.files.paths()}
    return plays


def _asked_for(role: Path) -> tuple[Path, str]:
    """The directory of a playbook that would find this role, and the name it would use."""
    place = role.absolute()
    for folder in place.parents:
        if folder.name == "roles":
            return folder.parent, place.relative_to(folder).as_posix()
    return place.parent, str(place)


def _task_files(role: Path) -> Iterator[Path]:
    for folder in (_TASKS, _HANDLERS):
        for path in sorted((role / folder).rglob("*")):
            if path.suffix in _YAML and path.is_file() and not path.name.startswith("."):
                yield path


def _home(path: Path) -> Path | None:
    """The directory of the role that a file of tasks belongs to."""
    for parent in path.absolute().parents:
        if parent.name in (_TASKS, _HANDLERS) and is_role(parent.parent):
            return parent.parent
    return None


def _file_of_tasks(path: Path, reading: Reading) -> None:
    """Its tasks alone: who notifies or includes them, and with what, is not known."""
    home = _home(path)
    roles = Roles({})
    reading = dataclasses.replace(reading.for_play(reading.extra), roles=roles, chain=(path,))
    if home is not None:
        root_of_roles, name = _asked_for(home)
        reading = dataclasses.replace(reading, root=root_of_roles)
        with reading.problems.collect():
            document = load_document(path, reading.files)
            opened = open_role(name, document.start(), reading)
            role = used_role(opened, Given(), None)
            reading = dataclasses.replace(reading, role=role, static=roles.static(reading, role))
    with reading.problems.collect():
        root = load_document(path, reading.files).root
        handlers = home is not None and path.absolute().is_relative_to(home / _HANDLERS)
        if root is not None:
            TaskReader(reading).read(root, Inherited(), handlers=handlers)

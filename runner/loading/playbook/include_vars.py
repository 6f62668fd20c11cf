"""``include_vars``, and files of variables whose names depend on the host."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import RLock
from typing import Any, Final

from runner.errors import PlaybookError
from runner.interfaces.template import Templates
from runner.loading.playbook.search import first_file, variable_files, variable_folder
from runner.loading.text.fields import yes_or_no
from runner.loading.text.files import Files
from runner.loading.text.words import suggestion, words
from runner.loading.variables import read_variable_file
from runner.model.playbook import FREE_FORM, Task, VarsFile
from runner.model.source import Source

_OF_A_FOLDER: Final = words(
    "dir depth files_matching ignore_files extensions ignore_unknown_extensions"
)
_OF_A_FILE: Final = frozenset({"file", FREE_FORM})
_OF_BOTH: Final = words("name hash_behaviour")
_EXTENSIONS: Final = ("yaml", "yml", "json")


class IncludedVariables:
    """Reads them. The ``lock`` guards ``files``."""

    def __init__(self, files: Files, templates: Templates, lock: RLock) -> None:
        self._files = files
        self._templates = templates
        self._lock = lock

    def read(
        self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any], root: Path
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What ``include_vars`` with these rendered ``args`` gives, and the files it read.

        ``variables`` are the host's, for ``hash_behaviour: merge``; ``root`` is the directory of
        the playbook.
        """
        given = {name: value for name, value in args.items() if value is not None}
        check_arguments(given, task)
        paths = self._folder(task, given) if "dir" in given else [self._file(task, given, root)]
        found: dict[str, Any] = {}
        for path in paths:
            found.update(self._variables(path, task.source))
        if "name" in given:
            found = {str(given["name"]): found}
        behaviour = given.get("hash_behaviour", "replace")
        if behaviour not in ("merge", "replace"):
            raise _wrong(task, "hash_behaviour", f"this is merge or replace, found '{behaviour}'")
        if behaviour == "merge":
            found = {name: _merged(variables.get(name), value) for name, value in found.items()}
        return found, tuple(str(path) for path in paths)

    def first(self, entry: VarsFile, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of the first file of the entry that there is."""
        beside = Path(entry.source.file).parent
        names = [str(self._templates.render(name, variables, entry.source)) for name in entry.names]
        folders = dict.fromkeys((beside / "vars", beside))
        path = first_file(folder / name for name in names for folder in folders)
        if path is None:
            message = f"cannot find the variable file {', '.join(names)}"
            raise PlaybookError(message, source=entry.source, hint=f"looked in {beside}")
        return self._variables(path, entry.source)

    def _variables(self, path: Path, source: Source) -> dict[str, Any]:
        with self._lock:
            return read_variable_file(path, self._files, self._templates, source)

    def _file(self, task: Task, args: Mapping[str, Any], root: Path) -> Path:
        name = args.get("file", args.get(FREE_FORM))
        key = "file" if "file" in args else FREE_FORM
        if not isinstance(name, str) or not name.strip():
            raise _wrong(task, key, f"include_vars names one file, found '{name}'")
        places = list(variable_files(name.strip(), Path(task.source.file), task.role, root))
        path = first_file(places)
        if path is None:
            folders = ", ".join(dict.fromkeys(str(place.parent) for place in places))
            error = _wrong(task, key, f"cannot find the variable file {name.strip()}")
            error.hint = f"looked in {folders}"
            raise error
        return path

    def _folder(self, task: Task, args: Mapping[str, Any]) -> list[Path]:
        """The files of ``dir``, each folder's sorted by name, the folders sorted by path."""
        folder = variable_folder(str(args["dir"]), Path(task.source.file), task.role)
        if not folder.is_dir():
            raise _wrong(task, "dir", f"there is no directory {folder}")
        depth = _depth(task, args)
        wanted = _pattern(task, "files_matching", str(args.get("files_matching", "")))
        ignored = [_pattern(task, "ignore_files", f"{n}$") for n in _names(args, "ignore_files")]
        extensions = tuple(n.lstrip(".") for n in _names(args, "extensions")) or _EXTENSIONS
        lenient = yes_or_no(args.get("ignore_unknown_extensions", False))
        own = Path(task.role.path) / "vars" / "main.yml" if task.role is not None else None
        found: list[Path] = []
        for path in _walk(folder, depth):
            if path == own or not wanted.search(path.name):
                continue
            if any(pattern.search(path.name) for pattern in ignored):
                continue
            if path.suffix[1:] in extensions:
                found.append(path)
            elif not lenient:
                error = _wrong(task, "dir", f"{path} does not end in .{', .'.join(extensions)}")
                error.hint = "say ignore_unknown_extensions: true, or name it in ignore_files"
                raise error
        return found


def check_arguments(args: Mapping[str, Any], task: Task) -> None:
    """That the arguments of ``include_vars`` are known, and mean a file or a folder, not both."""
    known = _OF_A_FOLDER | _OF_A_FILE | _OF_BOTH
    for name in args:
        if name not in known:
            shown = known - {FREE_FORM}
            hint = suggestion(name, shown, otherwise=f"known: {', '.join(sorted(shown))}")
            raise _wrong(task, name, f"include_vars has no parameter '{name}'", hint)
    of_folder = [name for name in args if name in _OF_A_FOLDER]
    of_file = [name for name in args if name in _OF_A_FILE]
    if of_folder and of_file:
        message = f"include_vars reads a file or a directory: '{of_folder[0]}' is for a directory"
        raise _wrong(task, of_folder[0], message)
    if of_folder and "dir" not in args:
        raise _wrong(task, of_folder[0], f"'{of_folder[0]}' needs 'dir'")
    if not of_folder and not of_file:
        raise PlaybookError("include_vars names no file", source=task.source)


def _wrong(task: Task, name: str, message: str, hint: str = "") -> PlaybookError:
    return PlaybookError(message, source=task.arg_sources.get(name, task.source), hint=hint)


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    walked = sorted(os.walk(folder, followlinks=True), key=lambda found: found[0])
    for current, _, names in walked:
        level = len(Path(current).relative_to(folder).parts) + 1
        if depth and level > depth:
            continue
        for name in sorted(names):
            yield Path(current) / name


def _depth(task: Task, args: Mapping[str, Any]) -> int:
    try:
        depth = int(args.get("depth", 0))
    except (TypeError, ValueError):
        depth = -1
    if depth < 0:
        raise _wrong(task, "depth", f"'depth' is a number of levels, found '{args['depth']}'")
    return depth


def _names(args: Mapping[str, Any], name: str) -> list[str]:
    value = args.get(name) or []
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return [str(item) for item in value]


def _pattern(task: Task, name: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise _wrong(task, name, f"'{text}' is no regular expression: {error}") from None


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    merged = dict(old)
    for key, value in new.items():
        merged[key] = _merged(old.get(key), value)
    return merged

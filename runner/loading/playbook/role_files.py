"""Where roles are, and which of their files are read.

Source: Ansible, "Storing and finding roles" and "Role directory structure".
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import PlaybookError
from runner.interfaces.template import Templates
from runner.loading.text.document import Document, load_document
from runner.loading.text.files import Files
from runner.loading.text.words import suggestion, words
from runner.loading.variables import read_variable_file
from runner.model.source import Source

MAIN: Final = "main"
_FOLDERS: Final = words(
    "tasks handlers defaults vars meta files templates library module_utils action_plugins "
    "filter_plugins lookup_plugins test_plugins"
)
_EXTENSIONS: Final = (".yml", ".yaml", ".json")
_SYSTEM_ROLES: Final = ("/usr/share/ansible/roles", "/etc/ansible/roles")
_SYSTEM_COLLECTIONS: Final = ("/usr/share/ansible/collections",)


def configured_places() -> tuple[Path, ...]:
    """``ANSIBLE_ROLES_PATH``, or Ansible's default places."""
    return _configured("ANSIBLE_ROLES_PATH", "roles", _SYSTEM_ROLES)


def _configured(variable: str, below_home: str, system: tuple[str, ...]) -> tuple[Path, ...]:
    listed = os.environ.get(variable)
    if listed:
        return tuple(Path(p).expanduser() for p in listed.split(os.pathsep) if p)
    home = Path(os.environ.get("ANSIBLE_HOME") or "~/.ansible").expanduser()
    return (home / below_home, *(Path(p) for p in system))


@dataclass(frozen=True, slots=True)
class RoleFolder:
    """A role's directory, under the name by which it was asked for."""

    name: str
    path: Path

    def document(
        self, folder: str, name: str, files: Files, source: Source
    ) -> tuple[Path, Document] | None:
        """The YAML file ``name`` in one of the role's folders; None when there is no main one.

        Raises PlaybookError at ``source`` when a file other than main is not there.
        """
        found = self._find(folder, name)
        for path in found:
            if path.is_file():
                return path, load_document(path, files, source)
        self._require(folder, name, source)
        return None

    def variables(
        self, folder: str, name: str, files: Files, templates: Templates, source: Source
    ) -> dict[str, Any]:
        """The variables of ``defaults`` or ``vars``: a file, or all files of a directory."""
        merged: dict[str, Any] = {}
        for path in self._find(folder, name):
            paths = [path] if path.is_file() else list(_below(path))
            for each in paths:
                merged.update(read_variable_file(each, files, templates, source))
            return merged
        self._require(folder, name, source)
        return merged

    def _find(self, folder: str, name: str) -> Iterator[Path]:
        """What may be meant, in Ansible's order."""
        place = self.path / folder
        endings = (*_EXTENSIONS, "") if name == MAIN else ("", *_EXTENSIONS)
        for ending in endings:
            path = place / f"{name}{ending}"
            if path.exists() and path.resolve().is_relative_to(place.resolve()):
                yield path

    def _require(self, folder: str, name: str, source: Source) -> None:
        if name == MAIN:
            return
        place = self.path / folder
        there = sorted(p.stem for p in place.iterdir()) if place.is_dir() else []
        otherwise = f"in {place}: {', '.join(there) or 'nothing'}"
        message = f"the role '{self.name}' has no file '{name}' in {folder}"
        hint = suggestion(name, there, otherwise=otherwise)
        raise PlaybookError(message, source=source, hint=hint)


def _below(folder: Path) -> Iterator[Path]:
    """The files of variables in a directory, in Ansible's order."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.is_dir():
            if path.suffix in ("", *_EXTENSIONS):
                yield from _below(path)
        elif path.suffix in ("", *_EXTENSIONS):
            yield path


def is_role(path: Path) -> bool:
    """Whether a directory has at least one of the folders that a role is made of."""
    return any((path / folder).is_dir() for folder in _FOLDERS)


def find_role(
    name: str,
    root: Path,
    source: Source,
    beside: Path | None = None,
    collections: Iterable[tuple[str, Path | None]] = (),
) -> RoleFolder:
    """The directory of a role.

    ``root`` is the playbook's directory, ``beside`` that of the role that asks. A name without
    dots is looked for in these ``collections`` first, each with its folder of roles if that is
    known. A directory that has nothing of a role in it is one all the same, as in Ansible, when
    there is no other. Raises PlaybookError with the places that were searched and the nearest name
    there.
    """
    for collection, folder in collections if "." not in name else ():
        full = f"{collection}.{name}"
        for candidate in [folder / name] if folder else _in_collections(full, root):
            if is_role(candidate):
                return RoleFolder(full, candidate)
    places = [root / "roles", *configured_places(), *([beside] if beside else []), root]
    candidates = [place / Path(name).expanduser() for place in places]
    qualified = _in_collections(name, root)
    candidates = [*qualified, *candidates, Path(name).expanduser()]
    if qualified:
        places = [*(path.parent for path in qualified), *places]
        candidates += [place / name.rpartition(".")[2] for place in places]
    existing = [path for path in candidates if path.is_dir()]
    for path in existing:
        if is_role(path):
            return RoleFolder(name, path)
    if existing:
        return RoleFolder(name, existing[0])
    searched = ", ".join(dict.fromkeys(str(place) for place in places))
    there = [path.name for place in places if place.is_dir() for path in place.iterdir()]
    otherwise = "ansible-galaxy installs roles; ANSIBLE_ROLES_PATH names other places"
    hint = suggestion(name.rpartition(".")[2], there, otherwise=otherwise)
    message = f"there is no role '{name}' in {searched}"
    raise PlaybookError(message, source=source, hint=hint)


def _in_collections(name: str, root: Path, kind: str = "roles") -> list[Path]:
    """Where a role ``namespace.collection.role`` (or what else of this kind) would be."""
    parts = name.split(".")
    if len(parts) < 3 or not all(part.isidentifier() for part in parts):
        return []
    configured = _configured("ANSIBLE_COLLECTIONS_PATH", "collections", _SYSTEM_COLLECTIONS)
    return [
        place / "ansible_collections" / parts[0] / parts[1] / kind / Path(*parts[2:])
        for place in (root / "collections", *configured)
    ]


def collection_playbook(name: str, root: Path) -> Path | None:
    """The playbook ``namespace.collection.name``, if there is one."""
    for path in _in_collections(name.removesuffix(".yml").removesuffix(".yaml"), root, "playbooks"):
        for ending in _EXTENSIONS[:2]:
            if (found := path.with_name(path.name + ending)).is_file():
                return found
    return None


def collection_of(path: Path) -> tuple[str, Path] | None:
    """The collection ``namespace.name`` that a role's directory or a playbook belongs to, and its
    folder of roles."""
    parts = path.absolute().parts
    for at in range(len(parts) - 4, 0, -1):
        if parts[at] == "ansible_collections" and parts[at + 3] in ("roles", "playbooks"):
            return f"{parts[at + 1]}.{parts[at + 2]}", Path(*parts[: at + 3], "roles")
    return None

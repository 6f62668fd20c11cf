"""Inventories: ``load_inventory`` reads files and folders, with the variables beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from runner.errors import InventoryError
from runner.loading.assembly import UNGROUPED, Assembly, FolderVars
from runner.loading.document import load_document
from runner.loading.files import Files, place
from runner.loading.hostnames import expand, split_port
from runner.loading.inventory_ini import read_ini
from runner.loading.inventory_yaml import read_yaml
from runner.loading.variables import read_variable_file
from runner.model.inventory import Inventory

_YAML: Final = frozenset({".yml", ".yaml", ".json"})
_IGNORED: Final = (
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
)  # fmt: skip
_VARIABLE_FOLDERS: Final = frozenset({"group_vars", "host_vars"})


def load_inventory(paths: Sequence[Path], *, playbook_dir: Path | None = None) -> Inventory:
    """Read inventories: INI, YAML, folders of both, or names with commas (``web01,web02,``).

    Later paths win over earlier ones. ``group_vars`` and ``host_vars`` are read beside each path
    and, when it is given, in ``playbook_dir``. Raises InventoryError with the place.
    """
    files = Files(InventoryError)
    assembly = Assembly()
    folders: list[Path] = []
    for path in paths:
        if "," in str(path) and not path.exists():
            _add_names(str(path), assembly)
            continue
        _read(path, files, assembly)
        folder = path if path.is_dir() else path.parent
        if folder not in folders:
            folders.append(folder)
    if not assembly.hosts:
        names = ", ".join(str(path) for path in paths)
        raise InventoryError(f"no hosts in {names}" if names else "no inventory is given")
    beside = [_folder_vars(folder, files) for folder in folders]
    playbook = _folder_vars(playbook_dir, files) if playbook_dir else None
    root = folders[0] if folders else Path()
    sources = tuple(str(path) for path in paths)
    names_digest = "".join(str(path) for path in paths if not path.exists())
    return assembly.finish(beside, playbook, sources, files.digest(root, names_digest))


def _add_names(text: str, assembly: Assembly) -> None:
    for name in filter(None, (part.strip() for part in text.split(","))):
        bare, port = split_port(name)
        try:
            names = expand(bare)
        except ValueError as error:
            where = place("--inventory", 1, text.find(name) + 1, text)
            raise InventoryError(str(error), source=where) from None
        for expanded in names:
            assembly.add_host(expanded, UNGROUPED, {} if port is None else {"ansible_port": port})


def _read(path: Path, files: Files, assembly: Assembly) -> None:
    if path.is_dir():
        for entry in sorted(path.iterdir(), key=lambda p: p.name):
            if not _is_ignored(entry.name):
                _read(entry, files, assembly)
        return
    text = files.text(path)
    if text.startswith("#!") and os.access(path, os.X_OK):
        where = place(str(path), 1, 1, text.splitlines()[0])
        hint = "run it, and give what it prints as a file"
        raise InventoryError("inventory scripts are not supported yet", source=where, hint=hint)
    if path.suffix in _YAML:
        read_yaml(load_document(path, files), assembly)
    else:
        read_ini(text, str(path), assembly)


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.endswith(_IGNORED) or name in _VARIABLE_FOLDERS


def _folder_vars(folder: Path, files: Files) -> FolderVars:
    return FolderVars(
        _named_vars(folder / "group_vars", files), _named_vars(folder / "host_vars", files)
    )


def _named_vars(folder: Path, files: Files) -> dict[str, dict[str, Any]]:
    """Variables by the name of their file: ``web``, ``web.yml``, or all files of a folder."""
    if not folder.is_dir():
        return {}
    found: dict[str, dict[str, Any]] = {}
    origin: dict[str, Path] = {}
    for entry in sorted(folder.iterdir(), key=lambda p: p.name):
        if entry.name.startswith(".") or entry.name.endswith("~"):
            continue
        if entry.is_dir():
            name = entry.name
        elif entry.suffix in _YAML:
            name = entry.name[: -len(entry.suffix)]
        elif _is_ignored(entry.name):
            continue
        else:
            name = entry.name
        if name in origin:
            hint = "Ansible would read only one of them: keep one"
            message = f"variables of '{name}' stand in {origin[name]} and in {entry}"
            raise InventoryError(message, hint=hint)
        origin[name] = entry
        found[name] = {}
        for file in _variable_files(entry):
            found[name].update(read_variable_file(file, files))
    return found


def _variable_files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for entry in sorted(path.iterdir(), key=lambda p: p.name):
        if entry.name.startswith(".") or entry.name.endswith("~"):
            continue
        if entry.is_dir() or entry.suffix in _YAML or not entry.suffix:
            yield from _variable_files(entry)

"""Inventories: ``load_inventory`` reads files and folders, with the variables beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from runner.errors import InputError, InputErrors, InventoryError
from runner.interfaces.template import Templates
from runner.loading.hostnames import expand, split_port
from runner.loading.inventory.assembly import Assembly, Beside, finish, layers
from runner.loading.inventory.constructed import is_plugin, read_plugin
from runner.loading.inventory.folders import EXTENSIONS, FolderVars, read_folder
from runner.loading.inventory.growing import Growing, Sources
from runner.loading.inventory.ini import read_ini
from runner.loading.inventory.script import Scripts, is_script, read_script
from runner.loading.inventory.tree import UNGROUPED
from runner.loading.inventory.yaml import read_yaml
from runner.loading.text.data import hide_secrets
from runner.loading.text.document import Document, load_document
from runner.loading.text.files import Files, place, read_bytes
from runner.loading.text.problems import Problems
from runner.loading.text.vault import HIDDEN_LINE, VaultKeys
from runner.loading.text.vault_format import is_vaulted
from runner.model.inventory import LOCALHOST, Inventory, Layer
from runner.model.source import Source

_IGNORED: Final = (
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
)  # fmt: skip
_NOT_HOSTS: Final = frozenset({"group_vars", "host_vars", "vars_plugins"})
_OPTION: Final = "--inventory"


def load_inventory(
    paths: Sequence[Path],
    *,
    playbook_dir: Path | None = None,
    extra: Mapping[str, Any] | None = None,
    templates: Templates | None = None,
    keys: VaultKeys | None = None,
) -> Inventory:
    """Read inventories, the later over the earlier.

    Each of ``paths`` is an INI, YAML, JSON or CSV file, a program that prints an inventory, a
    configuration of the ``constructed`` plug-in, a folder of these, or names with commas
    (``web01,web02,``). ``group_vars`` and ``host_vars`` are read beside each path and, when it is
    given, in ``playbook_dir``. ``extra`` and ``templates`` are for constructed groups, ``keys``
    opens what is encrypted. Raises InventoryError with the place, InputErrors for several mistakes.
    """

    def read() -> Sources:
        reading = _Reading(paths, playbook_dir, extra or {}, templates, keys)
        assembly = Assembly()
        reading.read(assembly)
        reading.problems.raise_if_any()
        if not assembly.hosts:
            names = ", ".join(str(path) for path in paths)
            raise InventoryError(f"no hosts in {names}" if names else "no inventory is given")
        beside = reading.beside(assembly)
        reading.problems.raise_if_any()
        sources = tuple(str(path) for path in paths)
        inventory = finish(assembly, beside, sources, reading.digest())
        inventory = dataclasses.replace(inventory, trace=reading.trace)
        return Sources(inventory, assembly, beside, reading.more_beside)

    found = read()
    grow = Growing(found, read)
    return dataclasses.replace(found.inventory, grow=grow, refresh=grow.refresh)


class _Reading:
    """What is read stays known: to find out where a value comes from, it is gone through again."""

    def __init__(
        self,
        paths: Sequence[Path],
        playbook_dir: Path | None,
        extra: Mapping[str, Any],
        templates: Templates | None,
        keys: VaultKeys | None,
    ) -> None:
        self._paths = paths
        self._playbook_dir = playbook_dir
        self._extra = extra
        self._templates = templates
        self._keys = keys
        self._files = Files(InventoryError, keys)
        self._scripts = Scripts()
        self.problems = Problems()

    def read(self, assembly: Assembly) -> None:
        """Go through all sources. Mistakes go to ``problems``."""
        for path in self._paths:
            with self.problems.collect():
                if "," in str(path) and not path.exists():
                    assembly.begin(str(path))
                    _add_names(str(path), assembly)
                else:
                    self._read(path, assembly)

    def beside(self, assembly: Assembly) -> Beside:
        """The folders of variables, for the hosts and groups that there are."""
        groups, hosts = list(assembly.groups), [*assembly.hosts, *LOCALHOST]

        def folder_vars(folder: Path) -> Any:
            return read_folder(folder, self._files, groups, hosts, self.problems)

        playbook = folder_vars(self._playbook_dir) if self._playbook_dir else None
        return Beside([folder_vars(folder) for folder in self._folders()], playbook)

    def more_beside(self, known: Beside, groups: Sequence[str], hosts: Sequence[str]) -> Beside:
        """What the folders say of these groups and hosts, too. Raises InputError."""
        if not groups and not hosts:
            return known
        problems = Problems()

        def more(folder: Path, of: FolderVars) -> FolderVars:
            found = read_folder(folder, self._files, groups, hosts, problems)
            return dataclasses.replace(
                of,
                groups={**of.groups, **found.groups},
                hosts={**of.hosts, **found.hosts},
                group_files={**of.group_files, **found.group_files},
                host_files={**of.host_files, **found.host_files},
            )

        inventories = [more(*pair) for pair in zip(self._folders(), known.inventories, strict=True)]
        playbook = known.playbook
        if self._playbook_dir and playbook is not None:
            playbook = more(self._playbook_dir, playbook)
        problems.raise_if_any()
        return Beside(inventories, playbook)

    def trace(self, host: str, variable: str) -> tuple[Layer, ...]:
        """Where a variable of a host gets its values, the strongest first."""
        assembly = Assembly(watch=variable)
        self.read(assembly)
        return tuple(
            dataclasses.replace(layer, value=hide_secrets({variable: layer.value})[variable])
            for layer in layers(assembly, self.beside(assembly), host, variable)
        )

    def digest(self) -> str:
        """SHA-256 over everything that was read, and what scripts printed."""
        folders = self._folders()
        more = [str(path) for path in self._paths if not path.exists()]
        more += [f"{key}\0{answer}" for key, answer in sorted(self._scripts.answers.items())]
        return self._files.digest(folders[0] if folders else Path(), "".join(more))

    def _folders(self) -> list[Path]:
        """Where variables stand beside inventories; the last place of each counts."""
        found: dict[Path, None] = {}
        for path in self._paths:
            if path.exists():
                folder = path if path.is_dir() else path.parent
                found.pop(folder, None)
                found[folder] = None
        return list(found)

    def _read(self, path: Path, assembly: Assembly) -> None:
        if path.is_dir():
            for entry in sorted(path.iterdir(), key=lambda p: p.name):
                if not _is_ignored(entry.name):
                    with self.problems.collect():
                        self._read(entry, assembly)
            return
        assembly.begin(str(path.absolute()))
        content = read_bytes(path, InventoryError)
        if is_script(path, content):
            read_script(path, self._scripts, assembly, self._unlock)
        elif is_vaulted(content):
            assembly.conceal = self._files.keys.conceal
            try:
                self._read_text(path, content, assembly)
            except InputError as error:
                raise _hidden(error, path) from None
            finally:
                assembly.conceal = None
        else:
            self._read_text(path, content, assembly)

    def _read_text(self, path: Path, content: bytes, assembly: Assembly) -> None:
        if path.suffix == ".toml":
            hint = "write it as YAML: the words are the same"
            raise InventoryError(f"{path}: TOML inventories are not read", hint=hint)
        if path.suffix == ".csv":
            from runner.loading.inventory.csv import read_csv

            read_csv(self._files.text(path), str(path), assembly)
        elif (document := self._as_yaml(path)) is None:
            read_ini(self._ini_text(path, content), str(path), assembly)
        elif is_plugin(document):
            folders = [path.parent, *self._folders()]
            read_plugin(document, assembly, self._templates, self._extra, self._vars_of(folders))
        else:
            read_yaml(document, assembly)

    def _as_yaml(self, path: Path) -> Document | None:
        """The file as YAML; without an extension, only if it is a mapping, as in Ansible."""
        if path.suffix in EXTENSIONS:
            return load_document(path, self._files)
        if path.suffix:
            return None
        try:
            document = load_document(path, self._files)
        except InputError:
            return None
        return document if document.root is not None and document.root.is_mapping else None

    def _ini_text(self, path: Path, content: bytes) -> str:
        """The text; comments may be in any encoding, as in Ansible."""
        try:
            return self._files.text(path)
        except InputError:
            if is_vaulted(content):
                raise
            lines = content.splitlines(keepends=True)
            kept = [b"\n" if line.lstrip()[:1] in (b"#", b";") else line for line in lines]
            try:
                return b"".join(kept).decode("utf-8-sig")
            except UnicodeDecodeError:
                pass
            raise

    def _unlock(self, text: str, source: Source) -> Any:
        return (self._keys or VaultKeys()).secret(text, InventoryError, source)

    def _vars_of(self, folders: Sequence[Path]) -> Any:
        def read(groups: Sequence[str], host: str) -> Iterator[Mapping[str, Any]]:
            for folder in folders:
                found = read_folder(folder, self._files, groups, [host], self.problems)
                yield from (found.groups.get(group, {}) for group in groups)
                yield found.hosts.get(host, {})

        return read


def _hidden(error: InputError, path: Path) -> InputError:
    """A mistake in an encrypted file, without a word of what stands there."""
    if isinstance(error, InputErrors):
        return InputErrors([_hidden(one, path) for one in error.errors])
    if (
        error.source is None
        or error.source.text.strip() == HIDDEN_LINE
        or is_vaulted(error.source.text)
        or path.suffix in EXTENSIONS
    ):
        return error
    source = place(str(path), error.source.line, 1, "", vaulted=True)
    hint = f"look at it with: runner vault view {path}"
    return InventoryError("this line of an encrypted inventory is wrong", source=source, hint=hint)


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.endswith(_IGNORED) or name in _NOT_HOSTS


def _add_names(text: str, assembly: Assembly) -> None:
    for name in filter(None, (part.strip() for part in text.split(","))):
        bare, port = split_port(name)
        try:
            names = expand(bare)
        except ValueError as error:
            where = place(_OPTION, 1, text.find(name) + 1, text)
            raise InventoryError(str(error), source=where) from None
        for expanded in names:
            assembly.add_host(expanded, UNGROUPED, {}, port=port)

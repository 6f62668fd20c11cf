"""The file system of a simulated machine: one drive, case-insensitive, with what tools need."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from runner.lab.state.paths import absolute, base_name, parent_of, wildcard

__all__ = ["ADMINISTRATORS", "Entry", "FileSystem"]

ADMINISTRATORS = "S-1-5-32-544"
"""Who owns what nobody else does."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory.

    `content` is None for a file whose bytes the lab does not hold; such a file has a `size` and a
    `known_sha1`. `program` names the lab tool that runs when the file is executed, `package` the
    update package that it is. `acl` are its own permissions as SDDL, empty where it has only what
    its directory hands down; `owner` is a SID, empty for Administrators. Times are seconds since
    1970.
    """

    path: str
    is_dir: bool = False
    content: bytes | None = b""
    size: int = 0
    known_sha1: str | None = None
    version: str | None = None
    attributes: str = "A"
    created: float = 0.0
    modified: float = 0.0
    program: str | None = None
    package: str | None = None
    acl: str = ""
    memory_mb: int = 0
    owner: str = ""

    @property
    def is_hidden(self) -> bool:
        """Whether cmd's own commands pass over it unless they are told about it."""
        return bool(set("HS") & set(self.attributes))

    @property
    def name(self) -> str:
        return base_name(self.path)

    @property
    def sha1(self) -> str:
        """The SHA-1 of the content, or the one that the lab was told."""
        if self.content is None:
            return self.known_sha1 or hashlib.sha1(self.path.lower().encode()).hexdigest()
        return hashlib.sha1(self.content).hexdigest()


class FileSystem:
    """Entries by path. Paths given to methods are absolute (see `paths.absolute`)."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._children: dict[str, dict[str, str]] = {}
        self._put(Entry("C:\\", is_dir=True, attributes="D"))

    def clone(self) -> FileSystem:
        """A copy; entries are immutable and shared."""
        copy = FileSystem.__new__(FileSystem)
        copy._entries = dict(self._entries)
        copy._children = {path: dict(names) for path, names in self._children.items()}
        return copy

    def _put(self, entry: Entry) -> None:
        key = entry.path.lower()
        self._entries[key] = entry
        if entry.is_dir:
            self._children.setdefault(key, {})
        parent = parent_of(entry.path).lower()
        if parent != key:
            self._children[parent][base_name(key)] = key

    def find(self, path: str) -> Entry | None:
        """The entry at `path`, or None."""
        return self._entries.get(path.lower())

    def is_dir(self, path: str) -> bool:
        entry = self.find(path)
        return entry is not None and entry.is_dir

    def make_dirs(self, path: str, now: float = 0.0) -> None:
        """Create a directory and its parents. Raises FileExistsError if a file is in the way."""
        entry = self.find(path)
        if entry is not None:
            if not entry.is_dir:
                raise FileExistsError(path)
            return
        if parent_of(path) == path:
            raise FileNotFoundError(path)
        self.make_dirs(parent_of(path), now)
        self._put(Entry(path, is_dir=True, attributes="D", created=now, modified=now))

    def mount(self, root: str) -> None:
        """Let there be a drive, or a share of another server (`\\\\server\\share\\`)."""
        if self.find(root) is None:
            self._put(Entry(root, is_dir=True, attributes="D"))

    def put(self, entry: Entry) -> None:
        """Store a file, making its directory."""
        self.make_dirs(parent_of(entry.path), entry.created)
        self._put(entry)

    def write(self, path: str, content: bytes, now: float, *, append: bool = False) -> None:
        """Write a file in an existing directory.

        Raises FileNotFoundError (no such directory) or PermissionError (a directory, read-only, or
        content unknown to the lab when appending).
        """
        if not self.is_dir(parent_of(path)):
            raise FileNotFoundError(path)
        old = self.find(path)
        if old is None:
            self._put(Entry(path, content=content, size=len(content), created=now, modified=now))
            return
        if old.is_dir or "R" in old.attributes or (append and old.content is None):
            raise PermissionError(path)
        whole = (old.content or b"") + content if append else content
        self._put(
            replace(
                old, content=whole, size=len(whole), known_sha1=None, modified=now,
                version=None, program=None, package=None,
            )
        )  # fmt: skip

    def update(self, entry: Entry) -> None:
        """Replace an existing entry (attributes, version)."""
        self._put(entry)

    def remove(self, path: str) -> None:
        """Remove a file, or a directory with all that is in it."""
        key = path.lower()
        for child in list(self._children.get(key, {}).values()):
            self.remove(child)
        self._children.pop(key, None)
        if self._entries.pop(key, None) is not None:
            self._children.get(parent_of(path).lower(), {}).pop(base_name(key), None)

    def copy(self, source: Entry, target: str, now: float) -> None:
        """Copy a file; version, package and program go with it, permissions do not."""
        old = self.find(target)
        acl = old.acl if old is not None else ""
        owner = old.owner if old is not None else ""
        self._put(replace(source, path=target, created=now, acl=acl, owner=owner))

    def move(self, source: Entry, target: str) -> None:
        """Move or rename a file or a directory tree."""
        children = self.children(source.path) if source.is_dir else []
        key = source.path.lower()
        self._entries.pop(key)
        self._children.get(parent_of(source.path).lower(), {}).pop(base_name(key), None)
        self._put(replace(source, path=target))
        for child in children:
            self.move(child, absolute(child.name, target))
        if key != target.lower():
            self._children.pop(key, None)

    def children(self, path: str) -> list[Entry]:
        """What a directory holds, by name."""
        names = self._children.get(path.lower(), {})
        return [self._entries[names[name]] for name in sorted(names)]

    def match(self, path: str) -> list[Entry]:
        """The entries that a path with wildcards in its last part means."""
        pattern = wildcard(base_name(path))
        return [entry for entry in self.children(parent_of(path)) if pattern.match(entry.name)]

    def below(self, path: str) -> Iterable[Entry]:
        """Directories under `path`, itself first, parents before children."""
        entry = self.find(path)
        if entry is None or not entry.is_dir:
            return
        yield entry
        for child in self.children(path):
            if child.is_dir:
                yield from self.below(child.path)

    def dump(self) -> dict[str, dict[str, object]]:
        """Every entry as plain data in a canonical order, without times."""
        result: dict[str, dict[str, object]] = {}
        for key in sorted(self._entries):
            entry = self._entries[key]
            if entry.is_dir:
                result[entry.path] = {"attributes": entry.attributes}
                result[entry.path] |= _rights(entry)
                continue
            facts: dict[str, object] = {"attributes": entry.attributes, "size": entry.size}
            facts |= _rights(entry)
            if entry.content is not None or entry.known_sha1 is not None:
                facts["sha1"] = entry.sha1
            if entry.version is not None:
                facts["version"] = entry.version
            result[entry.path] = facts
        return result


def _rights(entry: Entry) -> dict[str, object]:
    """What differs from what every entry has."""
    found: dict[str, object] = {"acl": entry.acl} if entry.acl else {}
    return {**found, "owner": entry.owner} if entry.owner else found

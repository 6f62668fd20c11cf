"""sftp on a simulated host: ``sftp-server.exe``, which calls the drive ``/C:/``.

Source: PowerShell/openssh-portable, contrib/win32/win32compat/fileio.c (paths with a slash first).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import paramiko
from paramiko import SFTPAttributes
from paramiko.sftp import (
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_OP_UNSUPPORTED,
    SFTP_PERMISSION_DENIED,
)

from runner.lab.state.disk import Disk
from runner.lab.state.files import Entry

T = TypeVar("T")


def files_of(disk: Disk) -> tuple[type[paramiko.SFTPServer], Mapping[str, Any]]:
    """The handler of the subsystem, and what it is to be given."""
    return paramiko.SFTPServer, {"sftp_si": _Files, "disk": disk}


def _windows(path: str | bytes) -> str:
    text = path.decode("utf-8", "replace") if isinstance(path, bytes) else path
    return re.sub(r"^/(?=[A-Za-z]:)", "", text).replace("/", "\\")


def _attributes(entry: Entry, name: str = "") -> SFTPAttributes:
    found = SFTPAttributes()
    found.filename = name or entry.name
    found.st_size = entry.size
    found.st_mode = stat.S_IFDIR | 0o700 if entry.is_dir else stat.S_IFREG | 0o600
    found.st_uid = found.st_gid = 0
    found.st_atime = found.st_mtime = int(entry.modified)
    return found


def _code(work: Callable[[], object]) -> int:
    try:
        work()
    except FileNotFoundError:
        return SFTP_NO_SUCH_FILE
    except PermissionError:
        return SFTP_PERMISSION_DENIED
    except OSError:
        return SFTP_FAILURE
    return SFTP_OK


class _Handle(paramiko.SFTPHandle):
    """An open file; what is written arrives on the disk when it is closed."""

    def __init__(self, disk: Disk, path: str, flags: int, content: bytes) -> None:
        super().__init__(flags)
        self._disk = disk
        self._path = path
        self._content = bytearray(content)
        self._flags = flags
        self._is_changed = False

    def read(self, offset: int, length: int) -> bytes | int:
        return bytes(self._content[offset : offset + length])

    def write(self, offset: int, data: Any) -> int:
        at = len(self._content) if self._flags & os.O_APPEND else offset
        if at > len(self._content):
            self._content.extend(bytes(at - len(self._content)))
        self._content[at : at + len(data)] = data
        self._is_changed = True
        return SFTP_OK

    def stat(self) -> SFTPAttributes | int:
        entry = self._disk.find(self._path)
        if entry is None:
            return SFTP_NO_SUCH_FILE
        found = _attributes(entry)
        found.st_size = len(self._content)
        return found

    def chattr(self, attr: SFTPAttributes) -> int:
        """Windows has no modes to set."""
        return SFTP_OK

    def close(self) -> None:
        if self._is_changed:
            self._is_changed = False
            _code(lambda: self._disk.write(self._path, bytes(self._content)))


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, disk: Disk) -> None:
        super().__init__(server)
        self._disk = disk

    def canonicalize(self, path: str) -> str:
        return "/" + self._disk.place(_windows(path)).replace("\\", "/")

    def stat(self, path: str) -> SFTPAttributes | int:
        entry = self._disk.find(_windows(path))
        return SFTP_NO_SUCH_FILE if entry is None else _attributes(entry)

    def lstat(self, path: str) -> SFTPAttributes | int:
        return self.stat(path)

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        try:
            return [_attributes(entry) for entry in self._disk.children(_windows(path))]
        except FileNotFoundError:
            return SFTP_NO_SUCH_FILE

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> paramiko.SFTPHandle | int:
        place = _windows(path)
        entry = self._disk.find(place)
        if entry is None and not flags & os.O_CREAT:
            return SFTP_NO_SUCH_FILE
        if entry is not None and (entry.is_dir or flags & os.O_EXCL):
            return SFTP_FAILURE
        if entry is not None and entry.content is None:
            return SFTP_OP_UNSUPPORTED  # the lab knows its size and hash only
        if entry is None or flags & os.O_TRUNC:
            code = _code(lambda: self._disk.write(place, b""))
            if code != SFTP_OK:
                return code
            entry = None
        return _Handle(self._disk, place, flags, (entry.content or b"") if entry else b"")

    def remove(self, path: str) -> int:
        return _code(lambda: self._disk.remove(_windows(path), folder=False))

    def rmdir(self, path: str) -> int:
        return _code(lambda: self._disk.remove(_windows(path), folder=True))

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        return _code(lambda: self._disk.make_folder(_windows(path)))

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new = _windows(oldpath), _windows(newpath)
        return _code(lambda: self._disk.rename(old, new, replace=False))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        old, new = _windows(oldpath), _windows(newpath)
        return _code(lambda: self._disk.rename(old, new, replace=True))

    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        return SFTP_OK

"""Leases on hosts with a POSIX shell: files of one directory.

A file appears whole (rename(2)), a directory that is not empty cannot be removed (rmdir(2)), and a
listing shows every file that is there from its beginning to its end (readdir(3)). Nobody removes
what another one has written while that one counts. The directory is not one that a restart empties.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Command, Output, Script
from runner.interfaces.lease import DENIED, KEPT, Lease, Leased, Leases, checked
from runner.interfaces.setting import Setting

DIRECTORY: Final = "/var/lib/runner-leases"
_MARK: Final = "lease "


class PosixLeases(Leases):
    """What is in ``directory``, an absolute path of letters that no shell interprets."""

    def __init__(self, directory: str = DIRECTORY) -> None:
        self._directory = directory

    @property
    def place(self) -> str:
        return self._directory

    def setting(self, of_change: Setting) -> Setting:
        """As root where the change is made as root: nobody else may write there."""
        if of_change.become and of_change.user in ("", "root"):
            return dataclasses.replace(of_change, environment={})
        return Setting()

    def take(self, lease: Lease, without: Sequence[str] = ()) -> Command:
        gone = "".join(f"rm -f {self._file(name)}\n" for name in without)
        return self._script(f"{gone}{self._write(lease)} || echo {DENIED}\n{self._list()}")

    def keep(self, lease: Lease) -> Command:
        there = f"test -f {self._file(lease.name)}"
        return self._script(f"{there} && {self._write(lease)} && echo {KEPT}\n{self._list()}")

    def withdraw(self, lease: Lease) -> Command:
        return self._script(f"rm -f {self._file(lease.name)}\n{self._clean()}")

    def release(self, lease: Lease, *, alone: bool) -> Command:
        return self.withdraw(lease)  # rmdir itself knows whether anything else is there

    def read(self, output: Output) -> Leased:
        lines = output.stdout.splitlines()
        found = []
        for line in lines:
            name, _, text = line.removeprefix(_MARK).partition(" ")
            if line.startswith(_MARK) and name:
                found.append(Lease.read(name, text))
        return Leased(tuple(found), DENIED in lines, KEPT in lines)

    def _file(self, name: str) -> str:
        return f"{self._directory}/{checked(name)}"

    def _write(self, lease: Lease) -> str:
        """Its directory may vanish in between: who has the host removes it when it is empty."""
        file = self._file(lease.name)
        once = (
            f"mkdir -p {self._directory} && echo {lease.text} >{file}.new"
            f" && mv -f {file}.new {file}"
        )
        return f"{{ umask 022; {{ {once}; }} || {{ {once}; }}; }} 2>/dev/null"

    def _list(self) -> str:
        """A name that ends in ``.new`` is not an entry yet."""
        return (
            f"for f in {self._directory}/*; do case $f in *.new) ;; *) "
            f't=; test -f "$f" && {{ IFS= read -r t <"$f"; echo "{_MARK}${{f##*/}} $t"; }}'
            f";; esac; done 2>/dev/null; true"
        )

    def _clean(self) -> str:
        return f"rmdir {self._directory} 2>/dev/null; true"

    def _script(self, text: str) -> Command:
        return Script("posix", text)

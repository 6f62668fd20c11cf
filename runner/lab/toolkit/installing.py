"""What the installers of update packages share."""

from __future__ import annotations

import hashlib
from typing import Literal

from runner.lab.state.files import Entry
from runner.lab.state.packages import PackageName, Update, is_known, package_name
from runner.lab.state.process import Process
from runner.lab.state.servicing import INSTALL_PENDING, INSTALLED, SUPERSEDED, UNINSTALL_PENDING

__all__ = ["Verdict", "find_package", "package_of", "verdict"]

Verdict = Literal["applies", "installed", "pending", "not applicable"]


def package_of(entry: Entry) -> PackageName | None:
    """The package that a file is: one the lab staged, or one whose bytes have the named SHA-1."""
    if entry.package is not None:
        return package_name(entry.package)
    name = package_name(entry.name)
    if name is None or name.sha1 is None or entry.content is None:
        return None
    found = hashlib.sha1(entry.content, usedforsecurity=False).hexdigest()
    return name if found == name.sha1 else None


def find_package(process: Process, path: str) -> PackageName | None:
    """The package at a path; None if there is no file or it is not a package."""
    entry = process.host.files.find(process.absolute(path))
    return None if entry is None or entry.is_dir else package_of(entry)


def verdict(process: Process, name: PackageName) -> tuple[Verdict, Update | None]:
    """Whether a package can be installed on this machine now, and which update it is.

    A KB that the lab knows nothing about is not simulated rather than not applicable.
    """
    host = process.host
    update = host.servicing.known.get(name.kb)
    arch = "x86" if host.profile.arch == "x86" else "x64"
    if name.nt != host.profile.nt_version or name.arch != arch:
        return "not applicable", None
    if update is None:
        if not is_known(name.kb):
            process.not_simulated(f"update {name.kb} on {host.profile.key}")
        return "not applicable", None
    if host.profile.legacy:
        if name.language not in (None, host.profile.language.key):
            return "not applicable", None
        return ("installed" if name.kb in host.servicing.hotfixes() else "applies"), update
    state = host.servicing.state(update)
    if state in (INSTALLED, SUPERSEDED):
        return "installed", update
    if state == INSTALL_PENDING:
        return "pending", update
    if state != UNINSTALL_PENDING and host.servicing.is_superseded(update):
        return "not applicable", update
    return "applies", update

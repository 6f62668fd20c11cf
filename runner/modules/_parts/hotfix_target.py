"""What win_hotfix is after on one host: which package, which updates count, or why none. Pure."""

from __future__ import annotations

import ntpath
import re
from dataclasses import dataclass
from typing import Final

from runner.windows.facts import WindowsFacts
from runner.windows.files import Version
from runner.windows.update_choice import Choice, Verdict, choose, prerequisite_missing
from runner.windows.updates import Catalogue

_KB: Final = re.compile(r"kb(\d{6,8})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A package as a file on the host. ``sha1`` is empty when no checksum is known."""

    kb: str
    path: str
    sha1: str

    @property
    def name(self) -> str:
        """The file's name."""
        return ntpath.basename(self.path)

    @property
    def is_program(self) -> bool:
        """Whether it is the update.exe kind of XP and Server 2003."""
        return self.name.lower().endswith(".exe")


@dataclass(frozen=True, slots=True)
class Target:
    """``own`` are the updates that can be installed for it, ``later`` those that contain it.

    ``packages`` are the files, best first; without any, ``choice`` or nothing says why.
    """

    own: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    packages: tuple[PackageFile, ...] = ()
    identity: str = ""
    choice: Choice | None = None

    @property
    def not_affected(self) -> str:
        """Why the host needs nothing; empty when it may need something."""
        if self.choice and self.choice.verdict is Verdict.NOT_AFFECTED:
            return self.choice.reason
        return ""

    def advice(self, host: WindowsFacts) -> str:
        """What to do where nothing can be installed."""
        needs_pack = self.choice and self.choice.verdict is Verdict.NEEDS_SERVICE_PACK
        do = (
            "install the service pack, restart, run this again; until then keep SMB closed there"
            if needs_pack
            else "look the update up in its bulletin, and name its file in source"
        )
        return f"{do} (found: {host.name}, build {host.build})"

    @property
    def refusal(self) -> str:
        """Why nothing can be installed on this host; empty when it can."""
        if self.choice and self.choice.verdict not in (Verdict.INSTALL, Verdict.NOT_AFFECTED):
            chosen_by_hand = self.choice.verdict is Verdict.NO_PACKAGE and self.packages
            return "" if chosen_by_hand else self.choice.reason
        return ""

    @property
    def name(self) -> str:
        """The update in one word."""
        return self.own[0] if self.own else self.identity or "the update"

    def is_effective(self, version: Version | None, revision: int) -> bool:
        """Whether the driver on disk, or the build's revision, already has the fix."""
        system = self.choice.system if self.choice else None
        if system is None:
            return False
        if version is not None and system.is_effective(version):
            return True
        minimum = system.srv_sys_min[0].version
        return system.nt >= (10, 0) and revision >= minimum[3]

    def caution(self, version: Version | None) -> str:
        """What should be there first but seems not to be."""
        system = self.choice.system if self.choice else None
        return prerequisite_missing(system, version) if system else ""


def from_catalogue(
    catalogue: Catalogue, host: WindowsFacts, package_dir: str | None, source: str | None
) -> Target:
    """What a bulletin asks of this host."""
    choice = choose(catalogue, host)
    system = choice.system
    own = tuple(
        kb for kb in choice.kbs if system and kb in (system.security_only_kb, system.rollup_kb)
    )
    own = tuple(dict.fromkeys([*own, *(p.kb for p in choice.candidates)]))
    if source is not None:
        package = catalogue.by_file(ntpath.basename(source))
        sha1 = package.sha1 if package and package.sha1 else ""
        files: tuple[PackageFile, ...] = (PackageFile(kb_of(source) or own[0], source, sha1),)
    elif package_dir is not None:
        files = tuple(
            PackageFile(p.kb, ntpath.join(package_dir, p.file_name), p.sha1 or "")
            for p in choice.candidates
        )
    else:
        files = ()
    later = tuple(kb for kb in choice.kbs if kb not in own)
    return Target(own=own, later=later, packages=files, choice=choice)


def from_source(source: str | None, kb: str | None, identity: str | None) -> Target:
    """What a task without a bulletin asks: a file, a KB number or a package identity."""
    number = kb or kb_of(source or identity or "") or ""
    files = (PackageFile(number, source, ""),) if source else ()
    return Target(own=(number,) if number else (), packages=files, identity=identity or "")


def kb_of(text: str) -> str | None:
    """The KB number in a file name or identity."""
    found = _KB.search(ntpath.basename(text))
    return f"KB{found[1]}" if found else None

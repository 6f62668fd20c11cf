"""A Debian of our own in a folder, which this machine's apt and dpkg work on.

Their databases, lists and logs are there, and so are the files that they install.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.modules.unix import ROOT, needs

_CONF = """\
Dir::Etc::sourcelist "{0}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{0}/state";
Dir::State::status "{0}/root/var/lib/dpkg/status";
Dir::State::lists "{0}/lists";
Dir::Cache "{0}/cache";
Dir::Log "{0}/log";
Acquire::GzipIndexes "true";
Dpkg::Options:: "--force-unsafe-io";
"""


class Debian:
    """Packages that nobody else has: ``app`` here is ``wr-test-app`` to apt.

    ``packages`` is a repository to begin with.
    """

    prefix: Final = "wr-test"

    def __init__(self, folder: Path, packages: Path | None = None) -> None:
        self.root = folder / "root"
        self.lists = folder / "lists"
        self._folder = folder
        self._repository = folder / "repository"
        database = self.root / "var/lib/dpkg"
        if packages is None:
            self._repository.mkdir(parents=True)
        else:
            shutil.copytree(packages, self._repository)
        for name in ("lists/partial", "cache/archives/partial", "log", "state"):
            (folder / name).mkdir(parents=True)
        for name in ("info", "updates", "triggers"):
            (database / name).mkdir(parents=True)
        (database / "status").touch()
        source = f"deb [trusted=yes] file:{self._repository} ./\n"
        (folder / "sources.list").write_text(source)
        (folder / "apt.conf").write_text(_CONF.format(folder))

    @property
    def packages(self) -> Path:
        """The folder with the package files and their index."""
        return self._repository

    def name(self, short: str) -> str:
        return f"{self.prefix}-{short}"

    def names(self, text: str) -> str:
        """The text with every ``%x`` made the full name of ``x``."""
        return text.replace("%", f"{self.prefix}-")

    def build(self, short: str, version: str, *fields: str) -> Path:
        """A package file in the repository; ``fields`` such as ``Depends: %lib (>= 1)``."""
        folder = self._folder / "build" / f"{short}-{version}"
        (folder / "DEBIAN").mkdir(parents=True)
        (folder / "etc").mkdir()
        (folder / "etc" / f"{self.name(short)}.conf").write_text("x\n")
        (folder / "DEBIAN" / "conffiles").write_text(f"/etc/{self.name(short)}.conf\n")
        lines = [
            f"Package: {self.name(short)}",
            f"Version: {version}",
            "Architecture: all",
            "Maintainer: x <x@example.com>",
            "Description: test",
            *map(self.names, fields),
        ]
        (folder / "DEBIAN" / "control").write_text("\n".join(lines) + "\n")  # fmt: skip
        path = self._repository / f"{self.name(short)}_{version}.deb"
        run("dpkg-deb", "-b", "--root-owner-group", str(folder), str(path))
        return path

    def publish(self, *gone: Path) -> None:
        """Write the repository's index, without the packages that are gone from it."""
        for path in gone:
            path.unlink()
        index = subprocess.run(
            ["dpkg-scanpackages", "-m", "."], cwd=self._repository, check=True, capture_output=True
        )
        (self._repository / "Packages").write_bytes(index.stdout)

    def update(self) -> None:
        run("apt-get", "update", "-q")

    def install(self, *specs: str, automatic: bool = False) -> None:
        """Exactly these of our packages; those that begin with + count as automatic."""
        self.purge()
        if specs:
            names = [self.names(spec.removeprefix("+")) for spec in specs]
            run("apt-get", "install", "-y", "-q", *names)
        autos = [self.names(s[1:].partition("=")[0]) for s in specs if s.startswith("+")]
        if autos:
            run("apt-mark", "auto", *autos)

    def purge(self) -> None:
        names = [line.partition(" ")[0] for line in self._status()]
        if names:
            run("dpkg", "--purge", *names)

    def look(self) -> list[str]:
        """What of ours is installed, with ``+`` what is automatic."""
        autos = run("apt-mark", "showauto").split()
        found = []
        for line in self._status():
            name, status, version = line.split(" ")
            if status == "installed":
                mark = "+" if name in autos else ""
                found.append(f"{mark}{name.removeprefix(self.prefix + '-')}={version}")
        return sorted(found)

    def _status(self) -> list[str]:
        text = run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\\n",
                   f"{self.prefix}-*", check=False)  # fmt: skip
        return [line for line in text.splitlines() if " not-installed " not in line]


def needs_apt() -> None:
    """Skip the test where this machine is no Debian."""
    needs(ROOT and shutil.which("apt-get"), "root and apt-get")
    needs(shutil.which("dpkg-scanpackages"), "dpkg-scanpackages (dpkg-dev)")


def run(*argv: str, check: bool = True) -> str:
    return subprocess.run(argv, check=check, capture_output=True, text=True).stdout


def build_packages(folder: Path) -> Path:
    """A repository with two versions of a program and its library, and what gets in their way."""
    needs_apt()
    host = Debian(folder)
    for version in ("1.0", "2.0"):
        host.build("lib", version)
        host.build("app", version, f"Depends: %lib (>= {version})")
    host.build("mta", "1", "Provides: %mail")
    host.build("other", "1", "Depends: %lib")
    host.build("enemy", "1", "Conflicts: %lib")
    host.publish()
    return host.packages


def debian(folder: Path, monkeypatch: pytest.MonkeyPatch, packages: Path) -> Debian:
    """That Debian for the time of a test, for everything that runs on this machine."""
    host = Debian(folder, packages)
    monkeypatch.setenv("APT_CONFIG", str(folder / "apt.conf"))
    monkeypatch.setenv("DPKG_ROOT", str(host.root))
    monkeypatch.setenv("DEBIAN_FRONTEND", "noninteractive")
    host.update()
    return host

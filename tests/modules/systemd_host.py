"""A folder that systemctl works on, and a ``systemctl`` first in the PATH that does so."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.modules.unix import needs

UNIT: Final = "[Service]\nExecStart=/bin/x\n[Install]\nWantedBy=multi-user.target\n"
RELOADABLE: Final = UNIT.replace("[Install]", "ExecReload=/bin/y\n[Install]")
STATIC: Final = "[Service]\nExecStart=/bin/x\n"
BROKEN: Final = UNIT.replace("/bin/x", "/bin/false")
ONESHOT: Final = UNIT.replace("[Service]", "[Service]\nType=oneshot")


class Systemd:
    """What systemd would manage."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._local = root / "etc/systemd/system"
        self._vendor = root / "usr/lib/systemd/system"

    def fresh(self, units: Mapping[str, str]) -> None:
        """Nothing but these unit files, all disabled and stopped."""
        for entry in self.root.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for folder in (self._local, self._vendor):
            folder.mkdir(parents=True)
        for name, text in units.items():
            (self._vendor / name).write_text(text)

    def enable(self, name: str) -> None:
        """Link it as ``systemctl enable`` does."""
        wants = self._local / "multi-user.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / name).symlink_to(f"/usr/lib/systemd/system/{name}")

    def mask(self, name: str) -> None:
        """Link it to nowhere."""
        (self._local / name).symlink_to("/dev/null")

    def start(self, *names: str) -> None:
        """Exactly these run."""
        (self.root / "active").write_text("\n".join(sorted(names)))

    def links(self) -> dict[str, str]:
        """Every link of the unit folders."""
        links = [path for path in self.root.rglob("*") if path.is_symlink()]
        return {str(path.relative_to(self.root)): str(path.readlink()) for path in links}

    def running(self) -> list[str]:
        """The units that run."""
        path = self.root / "active"
        return path.read_text().split() if path.exists() else []

    def actions(self) -> list[str]:
        """What was done beside starting and stopping."""
        path = self.root / "actions"
        return path.read_text().splitlines() if path.exists() else []


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    """Put the program into the PATH of everything that runs on this machine."""
    needs(Path("/usr/bin/systemctl").exists(), "systemctl")
    root, folder = tmp_path / "root", tmp_path / "bin"
    root.mkdir()
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("fake_systemctl.sh"), folder / "systemctl")
    (folder / "systemctl").chmod(0o755)
    monkeypatch.setenv("WR_ROOT", str(root))
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return Systemd(root)

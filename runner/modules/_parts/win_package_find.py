"""Whether a program is installed: what the registry, a file and a service say."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Query, Read, Reply, read
from runner.modules._parts.win_package_params import Params
from runner.windows import installer, registry, services
from runner.windows.exit_codes import SERVICE_ABSENT
from runner.windows.looking import ABSENT, FILE, look

_UNINSTALL: Final = r"Microsoft\Windows\CurrentVersion\Uninstall"
_PLACES: Final = (
    rf"HKLM\SOFTWARE\{_UNINSTALL}",
    rf"HKLM\SOFTWARE\Wow6432Node\{_UNINSTALL}",
    rf"HKCU\Software\{_UNINSTALL}",
    rf"HKCU\Software\Wow6432Node\{_UNINSTALL}",
)


@dataclass(frozen=True, slots=True)
class PackageState:
    """One program. What follows ``installed`` is for people and for uninstalling."""

    installed: bool | None = False
    """None: nobody can tell beforehand."""
    name: str = field(default="", compare=False)
    version: str = field(default="", compare=False)
    uninstall: str = field(default="", compare=False)
    msi: bool = field(default=False, compare=False)
    package: str = field(default="", compare=False)
    """What is at ``path``: its checksum, or that it is there."""
    product: str = field(default="", compare=False)
    """Its key under ``Uninstall``, by the task or by the package."""


def registered(product: str) -> Generator[Read, Reply, PackageState]:
    """What the registry says of a product; nothing of one that nobody named."""
    if not product:
        return PackageState()
    keys = yield from read(*(registry.query(f"{place}\\{product}") for place in _PLACES))
    found = next((key for key in keys if key.code == 0), None)
    if found is None:
        return PackageState()
    quiet = registry.text(found, "QuietUninstallString")
    return PackageState(
        installed=True,
        name=registry.text(found, "DisplayName"),
        version=registry.text(found, "DisplayVersion"),
        uninstall=quiet or registry.text(found, "UninstallString"),
        msi=registry.number(found, "WindowsInstaller") == 1,
    )


def created(params: Params) -> Generator[Query, Reply, bool | None]:
    """What a service, else a file, says; None where neither is asked for."""
    if params.creates_service is not None:
        (service,) = yield from read(services.query(params.creates_service))
        return service.code != SERVICE_ABSENT
    if params.creates_path is None:
        return None
    path = params.creates_path.rstrip("\\")
    (seen,) = yield from look([path])
    if seen.kind == ABSENT or params.creates_version is None:
        return seen.kind != ABSENT
    if seen.kind != FILE:
        raise ModuleError(f"'creates_path' is a folder, and 'creates_version' needs a file: {path}")
    version = yield from installer.file_version(path)
    return installer.same_version(version, params.creates_version)

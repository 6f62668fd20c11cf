"""Component based servicing (6.0 and later) and update.exe (Server 2003).

What is installed stands in the registry; a restart makes pending changes effective. States of a
package's `CurrentState`: 0x70 installed, 0x60 install pending, 0x50 superseded, 0x5 uninstall
pending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.lab.state.features import Features
from runner.lab.state.packages import Update, identity, updates_for

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["CBS", "INSTALLED", "INSTALL_PENDING", "SUPERSEDED", "UNINSTALL_PENDING", "Servicing"]

INSTALLED, INSTALL_PENDING, SUPERSEDED, UNINSTALL_PENDING = 0x70, 0x60, 0x50, 0x05
CBS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
PACKAGES = CBS + r"\Packages"
REBOOT_REQUIRED = (
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
)
LEGACY = r"HKLM\SOFTWARE\Microsoft\Updates"
LEGACY_LIST = LEGACY + r"\Windows Server 2003\SP3"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"


class Servicing:
    """Installs and removes updates and features of one machine, with its lock held."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.known = updates_for(host.profile)
        self.features = Features(host)
        self._identities = {
            identity(update, host.profile).lower(): update for update in self.known.values()
        }
        self._legacy_removed: list[str] = []

    # -- what is there ---------------------------------------------------------------------------

    def identity(self, update: Update) -> str:
        return identity(update, self._host.profile)

    def update_of(self, package: str) -> Update | None:
        """The update behind a package identity."""
        return self._identities.get(package.lower())

    def packages(self) -> list[tuple[str, int]]:
        """Package identities and their states, in order."""
        key = self._host.registry.find(PACKAGES)
        found = []
        for child in key.children() if key else ():
            state = child.get("CurrentState")
            if state is not None and isinstance(state.data, int):
                found.append((child.name, state.data))
        return found

    def state(self, update: Update) -> int | None:
        """The state of an update's package, None if it is absent."""
        return self._host.registry.number(f"{PACKAGES}\\{self.identity(update)}", "CurrentState")

    def hotfixes(self) -> list[str]:
        """The KB numbers that the list of installed updates shows."""
        if self._host.profile.legacy:
            key = self._host.registry.find(LEGACY_LIST)
            return [child.name for child in key.children()] if key else []
        shown = []
        for package, state in self.packages():
            if state not in (INSTALLED, INSTALL_PENDING, UNINSTALL_PENDING):
                continue
            update = self.update_of(package)
            name = update.kb if update else package.partition("~")[0].rpartition("_")[2]
            if name.startswith("KB"):
                shown.append(name)
        return sorted(shown)

    def effective(self) -> list[Update]:
        """The updates in effect since the last start."""
        if self._host.profile.legacy:
            return [self.known[kb] for kb in self.hotfixes() if kb in self.known]
        states = (INSTALLED, SUPERSEDED, UNINSTALL_PENDING)
        found = [self.update_of(name) for name, state in self.packages() if state in states]
        return [update for update in found if update is not None]

    def is_superseded(self, update: Update) -> bool:
        """Whether an installed or pending update contains this one."""
        for package, state in self.packages():
            newer = self.update_of(package)
            if newer and state != UNINSTALL_PENDING and newer.supersedes(update):
                return True
        return False

    def reboot_pending(self) -> bool:
        registry = self._host.registry
        return bool(
            registry.find(f"{CBS}\\RebootPending")
            or registry.find(REBOOT_REQUIRED)
            or registry.number(LEGACY, "UpdateExeVolatile")
            or registry.strings(SESSION_MANAGER, "PendingFileRenameOperations")
        )

    def set_reboot_pending(self) -> None:
        """Leave the mark of a pending restart."""
        if self._host.profile.legacy:
            self._host.registry.set(LEGACY, "UpdateExeVolatile", 1)
        else:
            self._host.registry.create(f"{CBS}\\RebootPending")

    # -- changes ---------------------------------------------------------------------------------

    def install(self, update: Update, client: str, *, by_windows_update: bool = False) -> None:
        """Make an update's installation pending (the caller has checked that it applies)."""
        path = f"{PACKAGES}\\{self.identity(update)}"
        registry = self._host.registry
        if self.state(update) == UNINSTALL_PENDING:
            registry.set(path, "CurrentState", INSTALLED)
        else:
            self._write_package(update, INSTALL_PENDING, client)
        self.set_reboot_pending()
        if by_windows_update:
            registry.create(REBOOT_REQUIRED)

    def remove(self, package: str) -> None:
        """Make the removal of a package pending; one that never took effect just goes."""
        path = f"{PACKAGES}\\{package}"
        if self._host.registry.number(path, "CurrentState") == INSTALL_PENDING:
            self._host.registry.delete_key(path)
        else:
            self._host.registry.set(path, "CurrentState", UNINSTALL_PENDING)
        self.set_reboot_pending()

    def install_legacy(self, update: Update) -> None:
        """What a package of update.exe leaves behind; the driver follows at the restart."""
        host = self._host
        root = host.system_root
        entry = f"{LEGACY_LIST}\\{update.kb}"
        host.registry.set(
            entry, "Description", f"Security Update for Windows Server 2003 ({update.kb})"
        )
        host.registry.set(entry, "Type", "Update")
        host.registry.set(entry, "PackageName", "Security Update for Windows Server 2003")
        uninstall = rf"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{update.kb}"
        folder = rf"{root}\$NtUninstall{update.kb}$"
        program = rf"{folder}\spuninst\spuninst.exe"
        host.registry.set(uninstall, "UninstallString", f'"{program}"')
        host.registry.set(uninstall, "ParentKeyName", "OperatingSystem")
        host.add_program(program, "spuninst", attributes="H")
        self._legacy_pending(update)
        self._legacy_removed = [kb for kb in self._legacy_removed if kb != update.kb]

    def remove_legacy(self, update: Update) -> None:
        """Take back `install_legacy`; files go at the restart."""
        registry = self._host.registry
        registry.delete_key(f"{LEGACY_LIST}\\{update.kb}")
        registry.delete_key(
            rf"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{update.kb}"
        )
        self._prune(LEGACY_LIST)
        self._legacy_removed.append(update.kb)
        self._legacy_pending(update)

    def _prune(self, path: str) -> None:
        """Remove a key, and its parents, that the lab had made and that are empty again."""
        key = self._host.registry.find(path)
        if key is not None and not key.values and not key.subkeys and path != LEGACY:
            self._host.registry.delete_key(path)
            self._prune(path.rpartition("\\")[0])

    def _legacy_pending(self, update: Update) -> None:
        self.set_reboot_pending()
        if update.srv:
            root = self._host.system_root
            self._host.registry.set(
                SESSION_MANAGER, "PendingFileRenameOperations",
                (rf"\??\{root}\system32\SET{update.kb[2:5]}.tmp",
                 rf"!\??\{root}\system32\drivers\srv.sys"),
            )  # fmt: skip

    def _write_package(self, update: Update, state: int, client: str) -> None:
        name = self.identity(update)
        path = f"{PACKAGES}\\{name}"
        registry = self._host.registry
        stem = {"6.2": "8-RT", "6.3": "8.1"}.get(update.nt, update.nt)
        cab = f"Windows{stem}-{update.kb}-{self._host.profile.arch}.cab"
        registry.set(path, "CurrentState", state)
        registry.set(path, "InstallClient", client)
        registry.set(path, "InstallName", f"{name}.mum")
        registry.set(
            path, "InstallLocation",
            rf"\\?\{self._host.system_root}\SoftwareDistribution\Download\{cab}" + "\\",
        )  # fmt: skip
        registry.set(path, "Visibility", 1)

    # -- the restart -----------------------------------------------------------------------------

    def found_installed(self, kb: str) -> None:
        """Have an update installed from the beginning; a KB unknown to the lab has no effect."""
        update = self.known.get(kb)
        profile = self._host.profile
        if profile.legacy:
            if update is not None:
                self.install_legacy(update)
            else:
                self._host.registry.set(f"{LEGACY_LIST}\\{kb}", "Type", "Update")
        elif update is not None:
            self._write_package(update, INSTALLED, "WindowsUpdateAgent")
        else:
            arch = "x86" if profile.arch == "x86" else "amd64"
            name = f"Package_for_{kb}~31bf3856ad364e35~{arch}~~{profile.nt_version}.1.0"
            self._host.registry.set(f"{PACKAGES}\\{name}", "CurrentState", INSTALLED)

    def boot(self) -> None:
        """Make pending installations, removals and feature changes effective."""
        registry = self._host.registry
        for package, state in self.packages():
            if state == INSTALL_PENDING:
                registry.set(f"{PACKAGES}\\{package}", "CurrentState", INSTALLED)
            elif state == UNINSTALL_PENDING:
                registry.delete_key(f"{PACKAGES}\\{package}")
        self._mark_superseded()
        registry.delete_key(f"{CBS}\\RebootPending")
        registry.delete_key(REBOOT_REQUIRED)
        registry.delete_value(LEGACY, "UpdateExeVolatile")
        registry.delete_value(SESSION_MANAGER, "PendingFileRenameOperations")
        for kb in self._legacy_removed:
            self._host.files.remove(rf"{self._host.system_root}\$NtUninstall{kb}$")
        self._legacy_removed.clear()
        self.features.boot()
        self._set_versions()

    def _mark_superseded(self) -> None:
        present = [
            (name, update)
            for name, state in self.packages()
            if state in (INSTALLED, SUPERSEDED) and (update := self.update_of(name))
        ]
        for name, update in present:
            contained = any(newer.supersedes(update) for _, newer in present)
            self._host.registry.set(
                f"{PACKAGES}\\{name}", "CurrentState", SUPERSEDED if contained else INSTALLED
            )

    def _set_versions(self) -> None:
        """File versions and the revision of the build, as the effective updates bring them."""
        host = self._host
        versions = [host.profile.srv_version or "0"]
        versions += [update.srv for update in self.effective() if update.srv]
        newest = max(versions, key=lambda text: [int(part) for part in text.split(".")])
        host.set_file_version(rf"{host.system_root}\System32\drivers\srv.sys", newest)
        if host.profile.nt >= (10, 0):
            revisions = [update.revision for update in self.effective()]
            host.registry.set(
                r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "UBR",
                max([host.profile.revision, *revisions]),
            )  # fmt: skip

r"""Programs: installed from an .msi or .exe that is on the host, or uninstalled.

Whether a program is installed is told by its key under ``Uninstall`` in the registry (``HKLM`` and
``HKCU``, in both views), by a file or by a service; where several are given, all must say so.
``msiexec`` is silent and does not restart the host (``/qn /norestart``; Microsoft, "Standard
Installer Command-Line Options" and "MsiExec.exe and InstMsi.exe error messages").

A rollback uninstalls what an msi installed, by its product code. What an .exe installed, and what
was uninstalled, is irreversible, and that is said beforehand.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Output, Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide, Using
from runner.model.state import Change
from runner.modules import _restoring_settings
from runner.modules._win_files import require_windows
from runner.modules._win_package_params import Params
from runner.windows import command_line, registry, services
from runner.windows.exit_codes import RESTART_NEEDED, SERVICE_ABSENT
from runner.windows.looking import ABSENT, FILE, Seen, look, require_checksum

_UNINSTALL: Final = r"Microsoft\Windows\CurrentVersion\Uninstall"
_PLACES: Final = (
    rf"HKLM\SOFTWARE\{_UNINSTALL}",
    rf"HKLM\SOFTWARE\Wow6432Node\{_UNINSTALL}",
    rf"HKCU\Software\{_UNINSTALL}",
    rf"HKCU\Software\Wow6432Node\{_UNINSTALL}",
)
_REASONS: Final = {
    1602: "it was cancelled",
    1603: "a fatal error; see the log (log_path)",
    1605: "this product is not installed",
    1612: "the source of the installation is gone",
    1618: "another installation is running",
    1619: "the package cannot be opened",
    1620: "it is no Windows Installer package",
    1624: "a transform cannot be applied",
    1625: "a policy forbids it",
    1633: "it is for another kind of processor",
    1638: "another version of it is installed",
    1639: "its arguments are wrong",
    1641: "it started a restart",
}
_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class PackageState:
    """One program. What follows ``installed`` is for people and for uninstalling."""

    installed: bool = False
    name: str = field(default="", compare=False)
    version: str = field(default="", compare=False)
    uninstall: str = field(default="", compare=False)
    msi: bool = field(default=False, compare=False)
    package: str = field(default="", compare=False)
    """What is at ``path``: its checksum, or that it is there."""


class Module(base.Module[Params, PackageState]):
    """Installs and uninstalls a program."""

    params = Params
    state = PackageState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_package_module.html"
    guide = Guide(
        example="win_package:\n  path: C:\\setup\\agent.msi\n"
        "  product_id: '{0240359E-6A4C-4884-9E94-B397A02D893C}'",
        using=(Using("msiexec, reg, sc, certutil, cmd"),),
        undo="what an .exe installed, and what was uninstalled",
    )

    def subject(self, params: Params) -> str:
        return f"package {params.product_id or params.creates_path or params.creates_service}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, PackageState]:
        require_windows(facts, "win_package", "package")
        said: list[bool] = []
        keys: tuple[Output, ...] = ()
        if params.product_id is not None:
            keys = yield from read(
                *(registry.query(f"{place}\\{params.product_id}") for place in _PLACES)
            )
            said.append(any(key.code == 0 for key in keys))
        if params.creates_service is not None:
            (service,) = yield from read(services.query(params.creates_service))
            said.append(service.code != SERVICE_ABSENT)
        paths = [path for path in (params.creates_path, params.path) if path is not None]
        digest = params.checksum_algorithm if params.checksum else ""
        only = [params.path] if params.path else []
        seen = dict(zip(paths, (yield from look(paths, checksum=digest, only=only)), strict=True)) \
            if paths else {}  # fmt: skip
        if params.creates_path is not None:
            said.append(seen[params.creates_path].kind != ABSENT)
        found = next((key for key in keys if key.code == 0), Output(1))
        quiet = registry.text(found, "QuietUninstallString")
        return PackageState(
            installed=all(said),
            name=registry.text(found, "DisplayName"),
            version=registry.text(found, "DisplayVersion"),
            uninstall=quiet or registry.text(found, "UninstallString"),
            msi=registry.number(found, "WindowsInstaller") == 1,
            package=_package(params, seen.get(params.path or "")),
        )

    def plan(self, params: Params, before: PackageState, facts: base.Facts) -> PackageState:
        wanted = params.state == "present"
        if before.installed is wanted:
            return before
        if wanted and not before.package:
            raise Refused(
                f"there is no package {params.path} on this host",
                hint="bring it there first: win_copy, or win_get_url",
            )
        if wanted and params.checksum and before.package != params.checksum.lower():
            raise Refused(
                f"{params.path} has the {params.checksum_algorithm} {before.package}, not "
                f"{params.checksum.lower()}: it is not started"
            )
        if not wanted:
            _uninstalling(params, before)
        return PackageState(wanted)

    def apply(
        self, params: Params, change: Change[PackageState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.after.installed:
            words, doing = _installing(params), f"install {params.path}"
        else:
            words, doing = _uninstalling(params, change.before), f"uninstall {self.subject(params)}"
        output = yield from write(_command(params, words))
        if output.code not in params.codes:
            raise _failed(doing, output, words[0])
        return {"rc": output.signed, "reboot_required": output.code == RESTART_NEEDED}

    def undo(
        self, params: Params, change: Change[PackageState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        words = ("msiexec", "/x", params.product_id or "", "/qn", "/norestart")
        output = yield from write(Exec(*words, timeout=_SECONDS))
        if output.code not in (0, RESTART_NEEDED):
            raise _failed(f"uninstall {params.product_id}", output, "msiexec")
        return {"rc": output.signed, "reboot_required": output.code == RESTART_NEEDED}

    def restore(self, params: Params, change: Change[PackageState]) -> tuple[base.Restoring, ...]:
        return _restoring_settings.package(params, change)

    def irreversible(self, params: Params, change: Change[PackageState], facts: base.Facts) -> str:
        if not change.after.installed:
            return "what an uninstalled program had of its own does not come back"
        if params.is_msi and params.is_guid:
            return ""
        return "how it is uninstalled again without questions is not known beforehand"

    def result(
        self,
        params: Params,
        change: Change[PackageState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"rc": 0, "reboot_required": False, **applied}


def _package(params: Params, seen: Seen | None) -> str:
    if seen is None or seen.kind != FILE:
        return ""
    if params.checksum:
        require_checksum(seen)
    return seen.checksum or "there"


def _installing(params: Params) -> tuple[str, ...]:
    path, more = params.path or "", params.arguments or ()
    if not params.is_msi:
        return (path, *more)
    log = ("/log", params.log_path) if params.log_path else ()
    return ("msiexec", "/i", path, "/qn", "/norestart", *log, *more)


def _uninstalling(params: Params, before: PackageState) -> tuple[str, ...]:
    """The words that uninstall it. Raises Refused where that would ask questions."""
    more = params.arguments or ()
    log = ("/log", params.log_path) if params.log_path else ()
    by_msiexec = params.is_msi
    if params.provider == "auto" and params.path is None:
        by_msiexec = before.msi  # an installer of another kind may have such a key as well
    if by_msiexec:
        what = params.product_id if params.is_guid else params.path
        return ("msiexec", "/x", what or "", "/qn", "/norestart", *log, *more)
    if params.path is not None:
        return (params.path, *more)
    words = command_line.split(before.uninstall)
    if not words:
        raise Refused(
            f"nothing in the registry says how {params.product_id} is uninstalled",
            hint="give the uninstaller as 'path', with its 'arguments'",
        )
    return (*words, *more)


def _command(params: Params, words: tuple[str, ...]) -> Exec | Script:
    if params.chdir is None:
        return Exec(*words, timeout=_SECONDS)
    line = command_line.join(words)
    if not command_line.is_plain(line):
        raise Refused("with 'chdir' the installer's words cannot hold any of % ! & | < > ^ ( )")
    return Script("cmd", line, chdir=params.chdir, timeout=_SECONDS)


def _failed(doing: str, output: Output, program: str) -> ModuleError:
    said = [line.strip() for line in f"{output.stderr}\n{output.stdout}".splitlines()]
    first = next((line for line in said if line), "")
    reason = _REASONS.get(output.code, "") if program == "msiexec" else ""
    detail = "".join(f" ({text})" for text in (reason, first) if text)
    hint = "if that code means success, put it into 'expected_return_code'"
    return ModuleError(f"{doing}: exit code {output.signed}{detail}", hint="" if reason else hint)

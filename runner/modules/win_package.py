r"""Programs: installed from an .msi or .exe on the host, on a share or in the web, or uninstalled.

Whether a program is installed is told by its key under ``Uninstall`` in the registry (``HKLM`` and
``HKCU``, in both views), which of an .msi the package itself names (asked with PowerShell where
``product_id`` does not say it); over that, by a file and its version; over that, by a service. Of
an .exe with none of them nobody knows: it is started every time, as in Ansible.

A package in the web is fetched only when it is needed. With neither ``product_id`` nor one of the
others it must be fetched to tell, so a plan only says that it will be known.
``msiexec`` is silent and does not restart the host (``/qn /norestart``; Microsoft, "Standard
Installer Command-Line Options" and "MsiExec.exe and InstMsi.exe error messages").

A rollback uninstalls what an msi installed, by its product code. What an .exe installed, and what
was uninstalled, is irreversible, and that is said beforehand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Final, cast

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Output, Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring_settings
from runner.modules._parts.win_download import fetch, shown
from runner.modules._parts.win_files import require_windows
from runner.modules._parts.win_package_find import PackageState, created, registered
from runner.modules._parts.win_package_params import GUID, Params
from runner.modules._parts.win_web import file_name
from runner.windows import command_line, download, installer, paths, variables
from runner.windows.exit_codes import RESTART_NEEDED
from runner.windows.looking import FILE, Seen, look, require_checksum
from runner.windows.put_lines import Put, removed

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


class Module(base.Module[Params, PackageState]):
    """Installs and uninstalls a program."""

    params = Params
    state = PackageState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_package_module.html"
    guide = Guide(
        example="win_package:\n  path: C:\\setup\\agent.msi\n"
        "  product_id: '{0240359E-6A4C-4884-9E94-B397A02D893C}'",
        using=(
            Using("msiexec, reg, sc, certutil, cmd"),
            Using("wmic (creates_version)"),
            Using("what win_get_url uses (a URL)"),
            Using("powershell", since="2008r2", powershell=True, part="an msi without product_id"),
        ),
        undo="what an .exe installed, and what was uninstalled",
    )

    def subject(self, params: Params) -> str:
        named = params.product_id or params.creates_path or params.creates_service
        return f"package {named or shown(params.path or '')}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, PackageState]:
        require_windows(facts, "win_package", "package")
        package = ""
        if params.path and not params.is_url:
            digest = params.checksum_algorithm if params.checksum else ""
            (seen,) = yield from look([params.path], checksum=digest)
            package = _package(params, seen)
        product = params.product_id or ""
        if params.is_msi and not params.signs and package:
            product = yield from installer.product_code(params.path or "")
        found = yield from registered(product)
        state = dataclasses.replace(found, package=package, product=product)
        told = yield from created(params)
        if told is not None:
            return dataclasses.replace(state, installed=told)
        if not product and (params.is_url or not params.is_msi):
            return dataclasses.replace(state, installed=None)
        return state

    def plan(self, params: Params, before: PackageState, facts: base.Facts) -> PackageState:
        wanted = params.state == "present"
        if before.installed is wanted:
            return before
        if not params.is_url and not before.package and (wanted or (params.path and params.is_msi)):
            raise Refused(
                f"there is no package {params.path} on this host",
                hint="bring it there first: win_copy, or win_get_url",
            )
        if wanted and params.checksum and not params.is_url:
            _require_same(params, params.path or "", before.package)
        if before.installed is None:
            return dataclasses.replace(before, installed=cast(bool, UNKNOWN))
        if not wanted:
            _uninstalling(params, before, params.path)
        return PackageState(wanted, product=before.product)

    def apply(
        self, params: Params, change: Change[PackageState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        needs = params.is_url and (params.state == "present" or not change.before.uninstall)
        if not needs:
            return (yield from _done(params, change.before, params.path))
        spec, path = yield from _fetched(params)
        try:
            applied = yield from _from_web(params, change.before, path)
        except ModuleError:
            yield from _forgotten(spec)
            raise
        yield from _forgotten(spec)
        return applied

    def undo(
        self, params: Params, change: Change[PackageState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        product = change.before.product or change.after.product or params.product_id or ""
        output = yield from write(
            Exec("msiexec", "/x", product, "/qn", "/norestart", timeout=_SECONDS)
        )
        if output.code not in (0, RESTART_NEEDED):
            raise _failed(f"uninstall {product}", output, "msiexec")
        return {"rc": output.signed, "reboot_required": output.code == RESTART_NEEDED}

    def restore(self, params: Params, change: Change[PackageState]) -> tuple[base.Restoring, ...]:
        return restoring_settings.package(params, change)

    def irreversible(self, params: Params, change: Change[PackageState], facts: base.Facts) -> str:
        if params.state == "absent":
            return "what an uninstalled program had of its own does not come back"
        if params.is_msi and GUID.fullmatch(change.after.product or params.product_id or ""):
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


def _fetched(params: Params) -> Generator[Request, Reply, tuple[Put, str]]:
    """The package from the web: where it is made, and its path. Who asks takes it away again."""
    url = params.path or ""
    wish = params.asking(url)
    (output,) = yield from read(download.WHICH)
    tool = download.choose(output, wish)
    folder = (yield from variables.filled(("%TEMP%",)))["%TEMP%"]
    name = file_name(url) or "package"
    spec = Put(paths.checked(paths.join(folder, name)), "", Seen(""))
    yield from fetch(wish, spec, tool)
    path = paths.join(spec.work, name)
    if params.checksum:
        try:
            (seen,) = yield from look([path], checksum=params.checksum_algorithm)
            _require_same(params, url, seen.checksum)
        except ModuleError:
            yield from _forgotten(spec)
            raise
    return spec, path


def _forgotten(spec: Put) -> Generator[Request, Reply, None]:
    yield from write(Script("cmd", f"{spec.here}&{removed(spec)}&exit 0"))


def _from_web(
    params: Params, before: PackageState, path: str
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Do it with a package that has come, if what it says of itself asks for it."""
    if before.installed is None and params.is_msi:
        product = yield from installer.product_code(path)
        found = yield from registered(product)
        if found.installed is (params.state == "present"):
            return {"rc": 0, "reboot_required": False, "changed": False}
        before = dataclasses.replace(found, product=product)
    return (yield from _done(params, before, path))


def _require_same(params: Params, what: str, found: str) -> None:
    wanted = (params.checksum or "").lower()
    if found != wanted:
        raise Refused(
            f"{shown(what)} has the {params.checksum_algorithm} {found}, not {wanted}: "
            "it is not started"
        )


def _done(
    params: Params, before: PackageState, path: str | None
) -> Generator[Request, Reply, Mapping[str, Any]]:
    if params.state == "present":
        words, doing = _installing(params, path or ""), f"install {shown(params.path or '')}"
    else:
        words = _uninstalling(params, before, path)
        doing = f"uninstall {before.product or shown(params.path or '')}"
    output = yield from write(_command(params, words))
    if output.code not in params.codes:
        raise _failed(doing, output, words[0])
    return {"rc": output.signed, "reboot_required": output.code == RESTART_NEEDED}


def _package(params: Params, seen: Seen) -> str:
    if seen.kind != FILE:
        return ""
    if params.checksum:
        require_checksum(seen)
    return seen.checksum or "there"


def _installing(params: Params, path: str) -> tuple[str, ...]:
    more = params.arguments or ()
    if not params.is_msi:
        return (path, *more)
    log = ("/log", params.log_path) if params.log_path else ()
    return ("msiexec", "/i", path, "/qn", "/norestart", *log, *more)


def _uninstalling(params: Params, before: PackageState, path: str | None) -> tuple[str, ...]:
    """The words that uninstall it. Raises Refused where that would ask questions."""
    more = params.arguments or ()
    log = ("/log", params.log_path) if params.log_path else ()
    by_msiexec = params.is_msi
    if params.provider == "auto" and params.path is None:
        by_msiexec = before.msi  # an installer of another kind may have such a key as well
    if by_msiexec:
        what = before.product if GUID.fullmatch(before.product) else path
        return ("msiexec", "/x", what or "", "/qn", "/norestart", *log, *more)
    if path is not None and not (params.is_url and before.uninstall):
        return (path, *more)
    words = command_line.split(before.uninstall)
    if not words:
        raise Refused(
            f"nothing in the registry says how {before.product} is uninstalled",
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

"""Packages of Chocolatey, with its own command ``choco``, which must be on the host.

Chocolatey itself is not fetched: nothing is downloaded to a host that the playbook does not name.
Which version a source has is asked before anything is changed, so a preview is exact, and a
rollback installs the version that was there before from the same source.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.choco_params import Params
from runner.windows import choco
from runner.windows.exit_codes import PROGRAM_MISSING, expect


@dataclass(frozen=True, slots=True)
class Packages:
    """``installed`` are the named packages with their versions, as ``name 1.2.3``.

    ``pinned`` are those that are kept from upgrades. ``offered`` is what the source has of them;
    ``missing`` are names that it does not have. ``choco`` is its major version.
    """

    installed: tuple[str, ...]
    again: str | None = None
    """Never read; a plan to install once more says that it will be known."""
    pinned: tuple[str, ...] = ()
    offered: tuple[str, ...] = field(default=(), compare=False)
    missing: tuple[str, ...] = field(default=(), compare=False)
    choco: int = field(default=0, compare=False)


class Module(base.Module[Params, Packages]):
    """Brings packages to a state."""

    params = Params
    state = Packages
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/chocolatey/chocolatey/"
        "win_chocolatey_module.html"
    )
    guide = Guide(
        example="win_chocolatey:\n  name: 7zip\n  state: latest\n  source: C:\\packages",
        using=(Using("choco (with PowerShell in it), which must be there", since="2008r2"),),
        undo="packages that came along because another needs them, and what their scripts did",
        instead="win_command with the package's own installer",
    )

    def subject(self, params: Params) -> str:
        return f"chocolatey packages {', '.join(params.name)}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Packages]:
        (out,) = yield from read(choco.VERSION)
        version = _major(out)
        listed, pins = yield from read(choco.installed(version), choco.PINS)
        expect(listed, "choco", "list the packages")
        here, pinned = choco.rows(listed), choco.rows(pins)
        names = tuple(sorted(here)) if params.every else params.name
        asked = () if params.every else _asked(params, here)
        offered: dict[str, str] = {}
        if params.every:
            (newer,) = yield from read(choco.outdated(params.source or "", params.allow_prerelease))
            expect(newer, "choco", "ask what is outdated", (0, 2))
            offered = choco.newer(newer)
        for name in asked:
            command = choco.search(name, params.source or "", params.version or "",
                                   prerelease=params.allow_prerelease)  # fmt: skip
            (found,) = yield from read(command)
            expect(found, "choco", f"ask for the package {name}", (0, 2))
            if there := choco.rows(found).get(name):
                offered[name] = there
        return Packages(
            installed=tuple(f"{name} {here[name]}" for name in names if name in here),
            pinned=tuple(name for name in names if name in here and name in pinned),
            offered=tuple(f"{name} {each}" for name, each in offered.items()),
            missing=tuple(name for name in asked if name not in offered),
            choco=version,
        )

    def plan(self, params: Params, before: Packages, facts: base.Facts) -> Packages:
        if params.state == "absent":
            return Packages((), choco=before.choco)
        if before.missing:
            raise Refused(
                f"no source has the package {', '.join(before.missing)}"
                + (f" in version {params.version}" if params.version else ""),
                hint="choco source list shows the sources; give 'source' for another",
            )
        now, offered = _versions(before.installed), _versions(before.offered)
        names = tuple(now) if params.every else params.name
        # What is pinned stays when everything is brought up to date, as choco itself has it.
        held = set(before.pinned) if params.every else set()
        wanted = {
            name: now[name] if name in held else _wanted(params, name, now.get(name), offered)
            for name in names
        }
        pinned = before.pinned if params.pinned is None else names if params.pinned else ()
        once_more = params.state == "reinstalled" and bool(now)
        return Packages(
            installed=tuple(f"{name} {version}" for name, version in wanted.items()),
            again=cast(str, UNKNOWN) if once_more else None,
            pinned=tuple(pinned),
            choco=before.choco,
        )

    def apply(
        self, params: Params, change: Change[Packages], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        now, after = _versions(change.before.installed), _versions(change.after.installed)
        pinned = set(change.before.pinned)
        restart = False
        once_more = change.after.again is not None
        for name in tuple(now) if params.every else params.name:
            old, new = now.get(name), after.get(name)
            if once_more and old is not None:
                options = ("--force", f"--version={new}", *_options(params))
                command = choco.change("install", name, options, params.timeout)
                out = yield from write(command)
                restart |= (
                    expect(out, "choco", f"install {name} once more", choco.CHANGED).code
                    in choco.RESTART
                )
                old = new
            if old != new and name in pinned:  # choco changes nothing that is pinned
                expect((yield from write(choco.pin(name, pinned=False))), "choco", f"unpin {name}")
                pinned.discard(name)
            if old != new:
                command, codes = _command(params, name, old, new)
                out = expect((yield from write(command)), "choco", f"change {name}", codes)
                restart |= out.code in choco.RESTART
            keep = name in change.after.pinned
            if new is not None and keep != (name in pinned):
                word = "pin" if keep else "unpin"
                out = yield from write(choco.pin(name, pinned=keep))
                expect(out, "choco", f"{word} {name}")
        return {"reboot_required": restart}

    def result(
        self,
        params: Params,
        change: Change[Packages],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        unknown = UNKNOWN if change.differences() and not applied else False
        return {
            "rc": 0,
            "reboot_required": applied.get("reboot_required", unknown),
            "choco_cli_version": str(change.before.choco),
        }


def _major(out: Output) -> int:
    if out.code == PROGRAM_MISSING:
        raise Refused(
            "this host has no choco",
            hint="install Chocolatey by a task of its own (it needs PowerShell); a service such as "
            "WinRM sees a new PATH after its own restart",
        )
    expect(out, "choco", "ask for its version")
    if not (version := choco.major(out)):
        raise ModuleError("choco did not tell its version")
    return version


def _asked(params: Params, here: Mapping[str, str]) -> tuple[str, ...]:
    """The packages of which it matters what the sources have."""
    if params.state == "absent":
        return ()
    if params.state == "present":
        return tuple(name for name in params.name if name not in here)
    if params.state == "reinstalled" and not params.version:
        return tuple(name for name in params.name if name not in here)
    return tuple(n for n in params.name if not params.version or here.get(n) != params.version)


def _wanted(params: Params, name: str, now: str | None, offered: Mapping[str, str]) -> str:
    """The version that a package shall have. Raises Refused."""
    found = offered.get(name, now or "")
    if now is None:
        return found
    if params.state == "present":
        if params.version in (None, now):
            return now
        raise Refused(
            f"{name} is installed in version {now}, not {params.version}",
            hint="state: upgrade or state: downgrade changes the version",
        )
    if params.state == "reinstalled":
        return found
    newer = choco.ordered(found) > choco.ordered(now)
    return found if newer or params.state == "downgrade" else now


def _versions(lines: tuple[str, ...]) -> dict[str, str]:
    return {name: version for name, _, version in (line.partition(" ") for line in lines)}


def _command(
    params: Params, name: str, old: str | None, new: str | None
) -> tuple[Any, tuple[int, ...]]:
    """The command that brings a package from a version to another, and its good exit codes."""
    if new is None:
        flags = ("--remove-dependencies",) if params.remove_dependencies else ()
        skip = ("--skip-automation-scripts",) if params.skip_scripts else ()
        command = choco.change("uninstall", name, (*flags, *skip), params.timeout)
        return command, choco.REMOVED
    verb = "install" if old is None else "upgrade"
    options = [f"--version={new}", *_options(params)]
    if old is not None and choco.ordered(new) < choco.ordered(old):
        options.append("--allow-downgrade")
    return choco.change(verb, name, options, params.timeout), choco.CHANGED


def _options(params: Params) -> tuple[str, ...]:
    words = {
        "--source=": params.source,
        "--package-parameters=": params.package_params,
        "--install-arguments=": params.install_args,
        "--proxy=": params.proxy_url,
        "--download-checksum=": params.checksum,
        "--download-checksum-type=": params.checksum_type,
        "--download-checksum-x64=": params.checksum64,
        "--download-checksum-type-x64=": params.checksum_type64,
    }
    flags = {
        "--override-arguments": params.override_args,
        "--forcex86": params.architecture == "x86",
        "--force": params.force,
        "--allow-empty-checksums": params.allow_empty_checksums,
        "--ignore-checksums": params.ignore_checksums,
        "--ignore-dependencies": params.ignore_dependencies,
        "--prerelease": params.allow_prerelease,
        "--skip-automation-scripts": params.skip_scripts,
    }
    said = tuple(f"{key}{value}" for key, value in words.items() if value)
    return (*said, *(flag for flag, given in flags.items() if given), *params.choco_args)

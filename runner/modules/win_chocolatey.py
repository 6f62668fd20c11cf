"""Packages of Chocolatey, with its own command ``choco``, which must be on the host.

Chocolatey itself is not fetched: nothing is downloaded to a host that the playbook does not name.
Which version a source has is asked before anything is changed, so a preview is exact, and a
rollback installs the version that was there before from the same source.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.windows import choco
from runner.windows.exit_codes import PROGRAM_MISSING, expect

_SECRET: Final = "it would show in the host's list of processes: choco source add, once, by hand"
_VERSION: Final = re.compile(r"\d+(\.\d+){0,3}([\-+][A-Za-z0-9.\-+]+)?")


class Params(base.Params):
    """Parameters of Ansible's win_chocolatey."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "source_username": _SECRET,
        "source_password": _SECRET,
        "proxy_username": _SECRET,
        "proxy_password": _SECRET,
        "proxy_url": "set it once with choco config set proxy, by win_command",
        "bootstrap_script": "Chocolatey itself is installed by a task of its own",
        "bootstrap_tls_version": "Chocolatey itself is installed by a task of its own",
        "choco_args": "only arguments that are parameters here are passed",
        "allow_multiple": "Chocolatey has no side-by-side packages any more",
    }

    name: Words = Field(min_length=1, description="names of packages")
    state: Literal["absent", "downgrade", "latest", "present", "upgrade"] = Field(
        "present", description="latest and upgrade: the newest there is; downgrade: to 'version'"
    )
    version: Text | None = Field(None, description="this version; for one package")
    source: Text | None = Field(None, description="source: a name, a URL or a folder")
    package_params: Text | None = Field(
        None,
        validation_alias=AliasChoices("package_params", "params"),
        description="parameters of the package",
    )
    install_args: Text | None = Field(None, description="arguments for its installer")
    override_args: bool = Field(False, description="they replace the package's own")
    architecture: Literal["default", "x86"] = Field("default", description="x86: 32 bit")
    force: bool = Field(False, description="install over what a failed run left")
    ignore_checksums: bool = Field(False, description="do not check what is downloaded")
    ignore_dependencies: bool = Field(False, description="leave out what it needs")
    remove_dependencies: bool = Field(False, description="absent: what it needed goes too")
    allow_prerelease: bool = Field(False, description="take prereleases as well")
    skip_scripts: bool = Field(False, description="do not run the package's scripts")
    pinned: bool | None = Field(None, description="whether it is kept from upgrades")
    timeout: int = Field(
        2700,
        ge=1,
        validation_alias=AliasChoices("timeout", "execution_timeout"),
        description="seconds for each package",
    )

    @field_validator("name")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[A-Za-z0-9_.+\-]+", name) or name.startswith("-"):
                raise ValueError(f"'{name}' is not the name of a package")
            if name.lower() == "all":
                raise ValueError("'all' would be every package of the host: name them")
        return tuple(dict.fromkeys(name.lower() for name in names))

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.version is not None and not _VERSION.fullmatch(self.version):
            raise ValueError(f"'{self.version}' is not a version such as 1.2.3")
        if self.version is not None and len(self.name) > 1:
            raise ValueError("'version' is for one package: write a task for each")
        if self.state == "downgrade" and self.version is None:
            raise ValueError("state: downgrade needs 'version'")
        return self


@dataclass(frozen=True, slots=True)
class Packages:
    """``installed`` are the named packages with their versions, as ``name 1.2.3``.

    ``pinned`` are those that are kept from upgrades. ``offered`` is what the source has of them;
    ``missing`` are names that it does not have. ``choco`` is its major version.
    """

    installed: tuple[str, ...]
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
        asked = _asked(params, here)
        offered: dict[str, str] = {}
        for name in asked:
            command = choco.search(name, params.source or "", params.version or "",
                                   prerelease=params.allow_prerelease)  # fmt: skip
            (found,) = yield from read(command)
            expect(found, "choco", f"ask for the package {name}", (0, 2))
            if there := choco.rows(found).get(name):
                offered[name] = there
        return Packages(
            installed=tuple(f"{name} {here[name]}" for name in params.name if name in here),
            pinned=tuple(name for name in params.name if name in here and name in pinned),
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
        wanted = {name: _wanted(params, name, now.get(name), offered) for name in params.name}
        pinned = before.pinned if params.pinned is None else params.name if params.pinned else ()
        return Packages(
            installed=tuple(f"{name} {version}" for name, version in wanted.items()),
            pinned=tuple(pinned),
            choco=before.choco,
        )

    def apply(
        self, params: Params, change: Change[Packages], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        now, after = _versions(change.before.installed), _versions(change.after.installed)
        pinned = set(change.before.pinned)
        restart = False
        for name in params.name:
            old, new = now.get(name), after.get(name)
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
    }
    flags = {
        "--override-arguments": params.override_args,
        "--forcex86": params.architecture == "x86",
        "--force": params.force,
        "--ignore-checksums": params.ignore_checksums,
        "--ignore-dependencies": params.ignore_dependencies,
        "--prerelease": params.allow_prerelease,
        "--skip-automation-scripts": params.skip_scripts,
    }
    said = tuple(f"{key}{value}" for key, value in words.items() if value)
    return (*said, *(flag for flag, given in flags.items() if given))

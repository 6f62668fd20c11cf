"""Restart a Unix host and wait until it has really restarted.

The proof is the boot id, which must be another one than before. A restart leaves nothing to take
back: ``undo`` does nothing, and a rollback repeats the restart at its end if what it undid needs
one. The machine that the runner itself runs on is never restarted.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic import AliasChoices, Field, field_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import (
    Command,
    Exec,
    Output,
    Query,
    Reconnect,
    Reply,
    Request,
    Script,
    Sleep,
    read,
    write,
)
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restart as _restart
from runner.modules._parts.posix import require_posix
from runner.posix import boot, quoting, tools

_FOLDERS: Final = ("/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin")
_LEAST_DELAY: Final = 2.0
"""Seconds in which a host that was told to restart surely does not answer for the last time."""


def _seconds(default: float | None, name: str, description: str) -> Any:
    aliases = AliasChoices(name, f"{name}_sec")
    return Field(default, ge=0, validation_alias=aliases, description=description)


class Params(base.Params):
    """Parameters of Ansible's reboot."""

    reboot_timeout: float = _seconds(600, "reboot_timeout", "seconds until it must be back")
    connect_timeout: float = _seconds(5, "connect_timeout", "seconds for one try to connect")
    pre_reboot_delay: float = _seconds(
        0, "pre_reboot_delay", "seconds before it goes down, in whole minutes: 59 is none"
    )
    post_reboot_delay: float = _seconds(
        0, "post_reboot_delay", "seconds to wait before looking whether it is back"
    )
    msg: Text = Field("Restart asked for by runner", description="shown to users")
    test_command: Text = Field(
        "whoami", min_length=1, description="must end with 0 before the host counts as ready"
    )
    boot_time_command: Text | None = Field(
        None,
        min_length=1,
        description="prints another text after each boot; by default the boot id",
    )
    reboot_command: Text | None = Field(
        None, min_length=1, description="restarts it, in place of shutdown; without delay and msg"
    )
    search_paths: Words = Field(
        _FOLDERS, min_length=1, description="folders in which shutdown is looked for"
    )

    @field_validator("reboot_command")
    @classmethod
    def _words(cls, command: str | None) -> str | None:
        if command is not None and not command.strip():
            raise ValueError("must name a program")
        return command

    @property
    def delay_minutes(self) -> int:
        """What ``shutdown`` is told."""
        return 0 if self.reboot_command is not None else int(self.pre_reboot_delay // 60)


@dataclass(frozen=True, slots=True)
class Restart:
    """``restarted`` is never read from a host; a plan says that it will be known.

    ``booted`` is what tells this boot from others, ``program`` what restarts the host.
    """

    restarted: str | None = None
    booted: str = field(default="", compare=False)
    program: str = field(default="", compare=False)


class Module(base.Module[Params, Restart]):
    """Restarts the host, every time it is asked to."""

    params = Params
    state = Restart
    settles = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/reboot_module.html"
    )
    guide = Guide(
        example=("reboot:\n  reboot_timeout: 600"),
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return "restart"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Restart]:
        require_posix(facts, "reboot", "win_reboot")
        programs = "shutdown reboot"
        if params.reboot_command is not None:
            programs = params.reboot_command.split(maxsplit=1)[0]
        booted, machine, found = yield from read(
            boot.boot_query(params.boot_time_command),
            Script("posix", boot.BOOT_ID),
            boot.find(programs, params.search_paths),
        )
        tools.expect(booted, "ask when the host booted")
        text = booted.stdout.strip()
        if not text:
            raise ModuleError(
                "the host does not tell when it booted, so a restart could not be proved",
                hint="give a boot_time_command that prints another text after each boot",
            )
        if machine.stdout.strip() and machine.stdout.strip() == boot.controllers_boot():
            raise Refused(
                "this host is the machine that the runner runs on: it would restart itself",
                hint="a container of this machine cannot be restarted this way either",
            )
        program = programs if programs.startswith("/") else found.stdout.strip()
        if not program:
            raise ModuleError(
                f"there is no {programs.replace(' ', ' or ')} in {', '.join(params.search_paths)}",
                hint="give search_paths, or a reboot_command",
            )
        return Restart(booted=text, program=program)

    def plan(self, params: Params, before: Restart, facts: base.Facts) -> Restart:
        return dataclasses.replace(before, restarted=cast(str, UNKNOWN))

    def apply(
        self, params: Params, change: Change[Restart], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = time.monotonic()
        before = change.before
        out = yield from write(_restart_command(params, before.program))
        tools.expect(out, "restart the host")
        if params.post_reboot_delay and params.reboot_command is None:
            yield Sleep(params.post_reboot_delay)
        delay = params.delay_minutes * 60 + _LEAST_DELAY
        yield Reconnect(params.reboot_timeout + delay, delay, _restart.PAUSE,
                        params.connect_timeout)  # fmt: skip

        def is_another_boot(out: Output) -> bool:
            now = out.stdout.strip()
            return out.code == 0 and bool(now) and now != before.booted

        yield from _restart.persist(
            boot.boot_query(params.boot_time_command),
            is_another_boot,
            "the host answers, but did not restart (something may hold its shutdown up)",
            timeout=params.reboot_timeout,
            connect_timeout=params.connect_timeout,
        )
        yield from _restart.persist(
            Script("posix", params.test_command),
            lambda out: out.code == 0,
            "the host restarted, but test_command did not succeed",
            timeout=params.reboot_timeout,
            connect_timeout=params.connect_timeout,
        )
        return {"rebooted": True, "elapsed": int(time.monotonic() - begun)}

    def undo(
        self, params: Params, change: Change[Restart], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """A restart leaves nothing to take back."""
        return {}
        yield  # pragma: no cover

    def result(
        self, params: Params, change: Change[Restart], facts: base.Facts, applied: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {"rebooted": True, "elapsed": applied.get("elapsed", 0)}


def _restart_command(params: Params, program: str) -> Command:
    if params.reboot_command is not None:
        rest = " ".join(params.reboot_command.split(maxsplit=1)[1:])
        return Script("posix", f"exec {quoting.quote(program)} {rest}", disconnects=True)
    if program.endswith("/reboot"):
        return Exec(program, disconnects=True)
    return Exec(program, "-r", f"+{params.delay_minutes}", params.msg, disconnects=True)

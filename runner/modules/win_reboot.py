"""Restart a Windows host and wait until it has really restarted.

The proof is the time of the last boot, which must be another one than before, whether or not
anybody saw the host down. Then it is given time to settle: until no service is still starting, and
Windows' own installer of updates (TrustedInstaller) has done what it does at the start. A restart
leaves nothing to take back: ``undo`` does nothing, and a rollback repeats the restart at its end
if what it undid needs one. Shutdowns that were scheduled before are replaced by this one.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Mapping
from typing import Any, Final, cast

from pydantic import AliasChoices, Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, Script
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_restart import SETTLE_SECONDS, Restart, booted, insist, restart

_TIMES: Final = ("reboot_timeout", "connect_timeout", "pre_reboot_delay", "post_reboot_delay")


def _seconds(default: float | None, name: str, description: str) -> Any:
    aliases = AliasChoices(name, f"{name}_sec")
    return Field(default, validation_alias=aliases, description=description)


class Params(base.Params):
    """Parameters of Ansible's win_reboot."""

    reboot_timeout: float = _seconds(600, "reboot_timeout", "seconds until it must be back")
    connect_timeout: float = _seconds(5, "connect_timeout", "seconds for one try to connect")
    pre_reboot_delay: float = _seconds(2, "pre_reboot_delay", "seconds before it goes down")
    post_reboot_delay: float = _seconds(0, "post_reboot_delay", "seconds to wait once it is back")
    shutdown_timeout: float | None = _seconds(
        None, "shutdown_timeout", "does nothing; Ansible takes it still, without effect since 2.5"
    )
    msg: Text = Field("Restart asked for by runner", max_length=511, description="shown to users")
    settle_timeout: float = _seconds(
        SETTLE_SECONDS,
        "settle_timeout",
        "seconds to wait for services that are starting and for TrustedInstaller; then it goes on",
    )
    test_command: Text | None = Field(
        None, description="PowerShell command that must end with 0 before the host counts as ready"
    )
    boot_time_command: Text | None = Field(
        None, description="PowerShell command that prints another text after each boot"
    )

    @field_validator(*_TIMES)
    @classmethod
    def _not_below_zero(cls, seconds: float) -> float:
        """Less than none is none, as in Ansible."""
        return max(0.0, seconds)


class Module(base.Module[Params, Restart]):
    """Restarts the host, every time it is asked to."""

    params = Params
    state = Restart
    settles = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_reboot_module.html"
    )
    guide = Guide(
        example=("win_reboot:\n  reboot_timeout: 900"),
        using=(
            Using("shutdown, sc, net"),
            Using("wmic (tried first)"),
            Using(
                "powershell",
                since="2025",
                powershell=True,
                part="the boot time, where wmic is gone",
            ),
        ),
    )

    def subject(self, params: Params) -> str:
        return "restart"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Restart]:
        return (yield from booted(params))

    def plan(self, params: Params, before: Restart, facts: base.Facts) -> Restart:
        return dataclasses.replace(before, restarted=cast(str, UNKNOWN))

    def apply(
        self, params: Params, change: Change[Restart], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = time.monotonic()
        settled = yield from restart(params, change.before)
        if params.test_command is not None:
            ready = Script("powershell", params.test_command)
            what = "the host restarted, but test_command did not succeed"
            yield from insist(params, ready, lambda out: out.code == 0, what)
        elapsed = round(time.monotonic() - begun, 3)
        return {"rebooted": True, "elapsed": elapsed, "settled": settled}

    def undo(
        self, params: Params, change: Change[Restart], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """A restart leaves nothing to take back."""
        return {}
        yield  # pragma: no cover

    def result(
        self, params: Params, change: Change[Restart], facts: base.Facts, applied: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        elapsed, settled = applied.get("elapsed", UNKNOWN), applied.get("settled", UNKNOWN)
        return {"rebooted": True, "elapsed": elapsed, "settled": settled}

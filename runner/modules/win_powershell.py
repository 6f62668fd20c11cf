"""Run a PowerShell script and get its output as data.

``$Ansible.Result``, ``.Changed``, ``.Failed``, ``.Diff``, ``.Tmpdir`` and ``.Verbosity`` are there
as in Ansible. PowerShell 2.0 (Server 2008 R2) is enough. Everything the script says comes back as
base64, so no code page changes it. A dry run never runs the script.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Generator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Output, Reply, Request, Script, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules import _command

_WINDOWS_POWERSHELL: Final = ("powershell", "powershell.exe")
_MARK: Final = "runner-report "
_ACTIONS: Final = {
    "silently_continue": "SilentlyContinue",
    "continue": "Continue",
    "stop": "Stop",
}


class Params(_command.CommandParams):
    """Parameters of Ansible's win_powershell, and ``check``."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "arguments": "they belong to another 'executable'",
        "sensitive_parameters": "they would be plain text on the host; use 'no_log' on the task",
    }

    script: Text = Field(min_length=1, description="the script")
    parameters: dict[str, Any] = Field({}, description="its parameters, by name")
    chdir: Text | None = Field(None, description="location to run it in")
    depth: int = Field(2, ge=0, le=20, description="how deep objects are turned into data")
    error_action: Literal["silently_continue", "continue", "stop"] = Field(
        "continue", description="what happens at an error that would not end the script"
    )
    executable: Text | None = Field(
        None, description="powershell.exe, which runs the script anyway; no other one"
    )
    check: Text | None = Field(
        None, description="a script that changes nothing; exit code 0 says: already done"
    )

    @field_validator("executable")
    @classmethod
    def _same(cls, name: str | None) -> str | None:
        if name is not None and name.casefold() not in _WINDOWS_POWERSHELL:
            raise ValueError(
                f"'{name}' is not supported: the script runs in Windows PowerShell; start another "
                "one with win_command"
            )
        return name


class Module(_command.CommandModule[Params]):
    """Runs a script."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_powershell_module.html"
    )
    guide = Guide(
        example=("win_powershell:\n  script: $PSVersionTable.PSVersion.Major"),
        using=(Using("powershell", since="2008r2", powershell=True),),
        instead="win_shell with executable: cmd; on 2008 PowerShell is a feature to be added first",
    )

    def subject(self, params: Params) -> str:
        first = params.script.strip().splitlines()
        return f"powershell {first[0] if first else ''}"

    def shown(self, params: Params) -> str:
        return params.script

    def check_command(self, params: Params) -> Command | None:
        if params.check is None:
            return None
        return Script("powershell", params.check, chdir=params.chdir)

    def apply(
        self, params: Params, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = datetime.now()
        out = yield from write(Script("powershell", wrapper(), params=_sent(params)))
        return report(out, begun)


@lru_cache(maxsize=1)
def wrapper() -> str:
    """The script that runs the user's script."""
    return Path(__file__).with_suffix(".ps1").read_text("utf-8")


def _sent(params: Params) -> dict[str, Any]:
    return {
        "script": params.script,
        "parameters": [{"name": k, "value": v} for k, v in params.parameters.items()],
        "chdir": params.chdir or "",
        "depth": params.depth,
        "error_action": _ACTIONS[params.error_action],
    }


def report(out: Output, begun: datetime) -> Mapping[str, Any]:
    """Ansible's return values, out of what the wrapper printed.

    Raises ModuleError when the wrapper itself did not come to its end.
    """
    host_out, mark, encoded = out.stdout.rpartition(_MARK)
    if not mark:
        raise ModuleError(
            "PowerShell did not run the script to its end: "
            + _command.one_line(out.signed, out.stderr, out.stdout),
            hint="is PowerShell 2.0 or newer on this host, and not restricted by policy?",
        )
    try:
        said: dict[str, Any] = json.loads(base64.b64decode(encoded.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise ModuleError("PowerShell's answer is garbled") from None
    message = str(said.pop("message", ""))
    values = {
        **said,
        "host_out": host_out.rstrip("\r\n"),
        "host_err": out.stderr,
        "start": str(begun),
        "end": str(datetime.now()),
    }
    if said.get("failed"):
        values["msg"] = message or "the script set $Ansible.Failed"
    return values

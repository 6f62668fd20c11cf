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
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from runner.errors import ModuleError, PlaybookError
from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Output, Reply, Request, Script, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.local_file import VAULT, LocalFile
from runner.interfaces.loose import Text, said_yes
from runner.interfaces.module import CommandState
from runner.interfaces.on_host import HostText
from runner.model.secret import Secret
from runner.model.state import Change
from runner.modules._parts import command
from runner.windows import paths, variables

_WINDOWS_POWERSHELL: Final = ("powershell", "powershell.exe")
_MARK: Final = "runner-report "
_ACTIONS: Final = {
    "silently_continue": "SilentlyContinue",
    "continue": "Continue",
    "stop": "Stop",
}


_ON_HOST: Final = HostText(
    variables.holds, variables.filled, lambda raw: said_yes(raw, "remote_src", default=False)
)


class Sensitive(BaseModel):
    """A parameter that is nowhere in plain text: neither in a command line nor on record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text = Field(min_length=1)
    value: Any = Field(None, repr=False)
    username: Text | None = None
    password: Any = Field(None, repr=False)

    @model_validator(mode="after")
    def _one_kind(self) -> Sensitive:
        if (self.value is None) is (self.username is None):
            raise ValueError(f"'{self.name}' needs either 'value' or 'username' and 'password'")
        if (self.username is None) is not (self.password is None):
            raise ValueError(f"'{self.name}': 'username' and 'password' go together")
        return self

    @property
    def line(self) -> str:
        """What the wrapper reads of it: name, user and secret, each in base64."""
        secret = self.value if self.username is None else self.password
        text = secret.reveal() if isinstance(secret, Secret) else str(secret)
        parts = (self.name, self.username or "", text)
        return ";".join(base64.b64encode(part.encode()).decode() for part in parts)


class Params(command.CommandParams):
    """Parameters of Ansible's win_powershell, and ``check``."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "arguments": "they belong to another 'executable'",
    }

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"loaded"})

    script: Text | None = Field(None, min_length=1, description="the script")
    path: Annotated[Text, _ON_HOST] | None = Field(
        None, description="or a file of the controller that holds it, in UTF-8"
    )
    remote_src: bool = Field(False, description="'path' is on the host")
    loaded: Text | None = Field(None, exclude=True)
    """What the controller's file holds."""
    parameters: dict[str, Any] = Field({}, description="its parameters, by name")
    sensitive_parameters: tuple[Sensitive, ...] = Field(
        (),
        exclude=True,
        description="parameters that it gets as SecureString (name, value) or as PSCredential "
        "(name, username, password)",
    )
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

    @model_validator(mode="after")
    def _one_script(self) -> Params:
        if (self.script is None) is (self.path is None):
            raise ValueError("give either 'script' or 'path'")
        if self.remote_src and self.path is None:
            raise ValueError("'remote_src' needs 'path'")
        if self.remote_src and self.path is not None:
            paths.named(self.path, shares=True)
        return self

    @property
    def title(self) -> str:
        """The first line of the script, or its file."""
        lines = (self.script or "").strip().splitlines()
        return self.path or (lines[0] if lines else "")

    @field_validator("executable")
    @classmethod
    def _same(cls, name: str | None) -> str | None:
        if name is not None and name.casefold() not in _WINDOWS_POWERSHELL:
            raise ValueError(
                f"'{name}' is not supported: the script runs in Windows PowerShell; start another "
                "one with win_command"
            )
        return name


class Module(command.CommandModule[Params]):
    """Runs a script."""

    params = Params
    controller_files: ClassVar[Mapping[str, str]] = {"path": "files"}
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
        return f"powershell {params.title}"

    def controller_file(self, parameter: str, args: Mapping[str, Any]) -> str | None:
        if said_yes(args, "remote_src", default=False):
            return None
        return super().controller_file(parameter, args)

    def filled_in(self, args: Mapping[str, Any], decrypt: base.Decrypt) -> Mapping[str, Any]:
        path = args.get("path")
        if not isinstance(path, str) or said_yes(args, "remote_src", default=False):
            return {}
        data = b"".join(LocalFile(path).pieces())
        if data.startswith(VAULT):
            data = decrypt(data, Path(path))
        try:
            return {"loaded": data.decode("utf-8-sig")}
        except UnicodeDecodeError:
            raise PlaybookError(f"{path} is no text in UTF-8") from None

    def shown(self, params: Params) -> str:
        return params.script or params.loaded or params.path or ""

    def check_command(self, params: Params) -> Command | None:
        if params.check is None:
            return None
        return Script("powershell", params.check, chdir=params.chdir)

    def apply(
        self, params: Params, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = datetime.now()
        secret = "".join(f"{one.line}\n" for one in params.sensitive_parameters) or None
        out = yield from write(Script("powershell", wrapper(), params=_sent(params), stdin=secret))
        return report(out, begun)


@lru_cache(maxsize=1)
def wrapper() -> str:
    """The script that runs the user's script."""
    return Path(__file__).with_suffix(".ps1").read_text("utf-8")


def _sent(params: Params) -> dict[str, Any]:
    return {
        "script": params.script or params.loaded or "",
        "path": paths.checked(params.path, shares=True)
        if params.remote_src and params.path
        else "",
        "parameters": [{"name": k, "value": v} for k, v in params.parameters.items()],
        "chdir": params.chdir or "",
        "depth": params.depth,
        "sensitive": len(params.sensitive_parameters),
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
            + command.one_line(out.signed, out.stderr, out.stdout),
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

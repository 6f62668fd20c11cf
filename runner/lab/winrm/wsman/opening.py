"""Creating shells and commands from requests, and describing a shell to its owner."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from runner.lab.ports.host import Profile
from runner.lab.winrm.wsman import faults
from runner.lab.winrm.wsman.command import Command
from runner.lab.winrm.wsman.limits import Limits
from runner.lab.winrm.wsman.names import ANONYMOUS, CMD, SHELL
from runner.lab.winrm.wsman.reply import element, new_id
from runner.lab.winrm.wsman.request import Request, duration
from runner.lab.winrm.wsman.shells import Shell

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ABSOLUTE = re.compile(r'"?[A-Za-z]:\\')
_LONGEST_LINE: Final = 32766
"""Characters that CreateProcess takes."""


def _chosen_id(request: Request, attribute: str, profile: Profile) -> str:
    """The identifier that the client chose, which WinRM 3.0 honours; else a new one."""
    chosen = request.content.get(attribute, "") if request.content is not None else ""
    if profile.winrm_stack == "3.0" and _GUID.fullmatch(chosen):
        return chosen.upper()
    return new_id()


def new_shell(request: Request, owner: str, client: str, profile: Profile, limits: Limits) -> Shell:
    """The shell that a Create asks for, from the client at that address. Raises Fault.

    WINRS_NOPROFILE changes nothing here (there are no user profiles), as it does on newer hosts.
    """
    if request.content is None or not request.content.tag.endswith("}Shell"):
        raise faults.bad_schema()
    codepage = request.options.get("WINRS_CODEPAGE", "")
    if codepage and not codepage.isdigit():
        raise faults.parameter_incorrect()
    if codepage == "65001" and profile.shell_codepages == "refused":
        raise faults.parameter_incorrect()
    if profile.shell_codepages == "ignored":
        codepage = ""
    try:
        idle = duration(request.text("IdleTimeOut") or f"PT{limits.idle}S")
    except ValueError:
        raise faults.bad_schema() from None
    environment = request.find("Environment")
    return Shell(
        id=_chosen_id(request, "ShellId", profile),
        owner=owner,
        codepage=int(codepage) if codepage else profile.oem_codepage,
        cwd=request.text("WorkingDirectory") or None,
        env={
            variable.get("Name", ""): variable.text or ""
            for variable in (environment if environment is not None else ())
        },
        idle=idle,
        input_streams=request.text("InputStreams") or "stdin",
        output_streams=request.text("OutputStreams") or "stdout stderr",
        client=client,
    )


def created(shell: Shell, url: str, *, old: bool) -> str:
    """The body of the answer to a Create. WinRM 1.1 (``old``) prefixes the id and tells less."""
    text = (
        f"<x:ResourceCreated><a:Address>{ANONYMOUS if old else url}</a:Address>"
        f"<a:ReferenceParameters><w:ResourceURI>{CMD}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{"uuid:" if old else ""}{shell.id}</w:Selector>'
        "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
    )
    return text if old else text + described(shell)


def described(shell: Shell, *, old: bool = False) -> str:
    """The rsp:Shell element of a shell ([MS-WSMV] 3.1.4.2.1). WinRM 1.1 (``old``) has no more than
    what each has to (note <104>); later ones tell the variables, too, with which it was opened."""
    if old:
        parts = [
            element("ShellId", f"uuid:{shell.id}"),
            element("InputStreams", shell.input_streams),
            element("OutputStreams", shell.output_streams),
        ]
        return f'<rsp:Shell xmlns:rsp="{SHELL}">{"".join(parts)}</rsp:Shell>'
    variables = "".join(
        f"<rsp:Variable Name={quoteattr(name)}>{escape(value)}</rsp:Variable>"
        for name, value in shell.env.items()
    )
    parts = [
        element("ShellId", shell.id),
        element("ResourceUri", CMD),
        element("Owner", shell.owner),
        element("ClientIP", shell.client),
        f"<rsp:Environment>{variables}</rsp:Environment>" if variables else "",
        element("WorkingDirectory", shell.cwd) if shell.cwd else "",
        element("IdleTimeOut", f"PT{shell.idle:.3f}S"),
        element("InputStreams", shell.input_streams),
        element("OutputStreams", shell.output_streams),
        element("ShellRunTime", shell.lifetime()),
        element("ShellInactivity", shell.inactivity()),
    ]
    return f'<rsp:Shell xmlns:rsp="{SHELL}">{"".join(parts)}</rsp:Shell>'


def new_command(request: Request, profile: Profile) -> Command:
    """The command that a Command asks for. Raises Fault.

    WINRS_CONSOLEMODE_STDIN is accepted: whether stdin is a console makes no difference to the
    programs of a simulated machine.
    """
    content = request.content
    if content is None or not content.tag.endswith("}CommandLine"):
        raise faults.bad_schema()
    words = [request.text("Command")]
    words += [argument.text or "" for argument in content.iterfind("{*}Arguments")]
    line = " ".join(words).strip()
    if len(line) > _LONGEST_LINE:
        raise faults.line_too_long()
    # From 6.3 (2012 R2) on the option is ignored; before, nobody searches PATH for the program.
    direct = request.flag("WINRS_SKIP_CMD_SHELL") and profile.nt < (6, 3)
    if direct and not _ABSOLUTE.match(line):
        raise faults.file_not_found()
    return Command(_chosen_id(request, "CommandId", profile), line)

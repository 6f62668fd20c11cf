"""pywinrm's messages, recorded as templates: what its Protocol would have sent.

Building a message with pywinrm costs as much as sending five. It is always the same but for a
few values, so each one is built once, with marks where the values stand. What was recorded with
the pywinrm that runner is tested with lies beside ``winrm.envelopes``; with another one it is
recorded anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import xmltodict
from winrm.protocol import Protocol

_GET: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
_CONFIG: Final = "http://schemas.microsoft.com/wbem/wsman/1/config"
_ENUMERATE: Final = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"
_SHELLS: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_SECONDS: Final = 777
_CODEPAGE: Final = 7654321
_INPUT: Final = b"mark"
_SHELL, _COMMAND, _LINE = "shell-mark", "command-mark", "line-mark"
_MARKS: Final = (
    (re.compile(r"(MessageID>uuid:)[0-9a-f-]{36}<"), r"\g<1>{message}<"),
    (re.compile(f"PT{_SECONDS}S"), "PT{seconds}S"),
    (re.compile(f">{_CODEPAGE}<"), ">{codepage}<"),
    (re.compile(_SHELL), "{shell}"),
    (re.compile(_COMMAND), "{command}"),
    (re.compile(_LINE), "{line}"),
    (re.compile(">bWFyaw==<"), ">{data}<"),
    (re.compile("<rsp:(Shell|CommandLine)>"), r"<rsp:\1{name}>"),
    (re.compile("</rsp:Shell>"), "{mark}</rsp:Shell>"),
)


class _Recorded(Exception):
    """Stands in for the answer."""


class _Recorder(Protocol):
    """Keeps the message that would be sent."""

    def __init__(self) -> None:
        super().__init__(
            "http://host:5985/wsman",
            transport="kerberos",  # the only one that asks for no password here
            operation_timeout_sec=_SECONDS,
            read_timeout_sec=_SECONDS + 1,
        )
        self.message = ""

    def send_message(self, message: str) -> bytes:
        self.message = message
        raise _Recorded

    def list_shells(self) -> None:
        """As DSP0226 8.2.3 has it: all in the first answer, if the host will."""
        envelope = self.build_wsman_header(action=_ENUMERATE, resource_uri=_SHELLS)
        wanted = {"w:OptimizeEnumeration": None, "w:MaxElements": "100"}
        envelope["env:Body"] = {"n:Enumerate": wanted}
        self.send_message(xmltodict.unparse({"env:Envelope": envelope}))

    def get_configuration(self) -> None:
        envelope = self.build_wsman_header(action=_GET, resource_uri=_CONFIG)
        envelope["env:Body"] = {}
        self.send_message(xmltodict.unparse({"env:Envelope": envelope}))


def record() -> dict[str, str]:
    """A template (``str.format``) for each message."""
    says = _Recorder()
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: says.open_shell(codepage=_CODEPAGE),
        "command": lambda: says.run_command(_SHELL, _LINE, console_mode_stdin=False),
        "send": lambda: says.send_command_input(_SHELL, _COMMAND, _INPUT, end=False),
        "send_last": lambda: says.send_command_input(_SHELL, _COMMAND, _INPUT, end=True),
        "receive": lambda: says.get_command_output_raw(_SHELL, _COMMAND),
        "signal": lambda: says.cleanup_command(_SHELL, _COMMAND),
        "delete": lambda: says.close_shell(_SHELL, close_session=False),
        "configuration": says.get_configuration,
        "shells": says.list_shells,
    }
    templates = {}
    for name, call in calls.items():
        try:
            call()
        except _Recorded:
            templates[name] = _template(says.message)
    return templates


def _template(message: str) -> str:
    text = message.replace("{", "{{").replace("}", "}}")
    for mark, field in _MARKS:
        text = mark.sub(field, text)
    return text

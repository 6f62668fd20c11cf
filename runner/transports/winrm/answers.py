"""What a host's answers say, read in one pass.

Windows always writes them alike, so a pattern over the whole body reads them in a twentieth of
the time of an XML parser. Whatever does not have that shape, to the last byte, is parsed as XML,
and read as pywinrm reads it: by the ends of names, because prefixes may differ.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Final

from runner.transports.winrm.guards import AnswerRefused

_RELATES_TO: Final = re.compile(rb"RelatesTo>\s*(?:uuid:)?([0-9A-Fa-f-]{36})", re.IGNORECASE)
_SHELL_BEGIN: Final = b'<w:Selector Name="ShellId">'
_SHELL: Final = re.compile(rb"([A-Za-z0-9:-]{36,41})</w:Selector>")
_COMMAND_BEGIN: Final = b"<s:Body><rsp:CommandResponse>"
_IDLE_TIMEOUT: Final = re.compile(rb"IdleTimeOut>P(?:T|0DT0H0M)(\d+)(?:\.\d+)?S<", re.IGNORECASE)
_COMMAND: Final = re.compile(
    rb"<rsp:CommandId>([0-9A-Fa-f-]{36})</rsp:CommandId>"
    rb"</rsp:CommandResponse></s:Body></s:Envelope>\s*\Z"
)
_STREAM: Final = re.compile(
    rb'<rsp:Stream Name="(stdout|stderr)" CommandId="[0-9A-Fa-f-]{36}"(?: End="true")?'
    rb"(?:/>|>([A-Za-z0-9+/=]*+)</rsp:Stream>)"
)
_STATE: Final = re.compile(
    rb'<rsp:CommandState CommandId="[0-9A-Fa-f-]{36}" State="http://schemas\.microsoft\.com/wbem/'
    rb'wsman/1/windows/shell/CommandState/(Done|Running|Pending)"'
    rb"(?:/>|>(?:<rsp:ExitCode>(-?[0-9]{1,10})</rsp:ExitCode>)?</rsp:CommandState>)"
)
_ENVELOPE_END: Final = b"</s:Envelope>"
_BEGIN: Final = b"<s:Body><rsp:ReceiveResponse>"
_END: Final = b"</rsp:ReceiveResponse></s:Body></s:Envelope>"


@dataclass(frozen=True, slots=True)
class CreatedShell:
    """What Create answered. ``idle_seconds`` is the host's idle timeout, if it said so."""

    id: str
    idle_seconds: int | None

    @property
    def first_generation(self) -> bool:
        """WinRM 1.1 (Server 2003, 2008) writes its shell ids with a prefix."""
        return self.id.lower().startswith("uuid:")

    @property
    def old_quota(self) -> bool:
        """WinRM 1.1 and 2.0 allow 15 operations in a shell; their idle timeout is 180 s."""
        idle = self.idle_seconds
        return self.first_generation or (idle is not None and 0 < idle <= 900)


@dataclass(frozen=True, slots=True)
class Received:
    """What one Receive brought. ``code`` is None while the command runs."""

    stdout: bytes
    stderr: bytes
    code: int | None


def check_related(answer: bytes, message: str, *, surely: bool = False) -> None:
    """Raises AnswerRefused for the answer to another request than ``message``.

    ``surely``: one that does not say to which it belongs is refused, too.
    """
    at = answer.find(b"RelatesTo>")
    found = _RELATES_TO.match(answer, at) if at >= 0 else _RELATES_TO.search(answer)
    if found is None:
        if surely:
            raise AnswerRefused("it does not say to which request it belongs")
    elif found[1].decode("ascii").lower() != message:
        raise AnswerRefused("it belongs to another request")


def created(answer: bytes) -> CreatedShell:
    """The shell that was opened; raises ParseError, ValueError for what cannot be read."""
    idle = _IDLE_TIMEOUT.search(answer)
    at = answer.find(_SHELL_BEGIN)
    if at >= 0 and answer.endswith(_ENVELOPE_END):
        found = _SHELL.match(answer, at + len(_SHELL_BEGIN))
        if found is not None:
            return CreatedShell(found[1].decode("ascii"), int(idle[1]) if idle else None)
    for element in _elements(answer):
        if element.get("Name") == "ShellId":
            return CreatedShell(element.text or "", int(idle[1]) if idle else None)
    raise ValueError("it has no ShellId")


def command_id(answer: bytes) -> str:
    """How the host calls the command; raises ValueError when it does not say."""
    at = answer.find(_COMMAND_BEGIN)
    found = _COMMAND.match(answer, at + len(_COMMAND_BEGIN)) if at >= 0 else None
    if found is not None:
        return found[1].decode("ascii")
    return _first(answer, "CommandId").text or ""


def ended(answer: bytes) -> None:
    """An answer that says nothing; raises ParseError for what is none."""
    if not answer.endswith(_ENVELOPE_END):
        ET.fromstring(answer)


def received(answer: bytes) -> Received:
    """Output, and perhaps the end. Raises ParseError, ValueError for what cannot be read."""
    at = answer.find(_BEGIN)
    if at >= 0 and (found := _received(answer, at + len(_BEGIN))) is not None:
        return found
    return _received_slowly(answer)


def _received(answer: bytes, at: int) -> Received | None:
    """None for a body in another shape."""
    streams: dict[bytes, list[bytes]] = {b"stdout": [], b"stderr": []}
    while stream := _STREAM.match(answer, at):
        at = stream.end()
        if stream[2]:
            streams[stream[1]].append(a2b_base64(stream[2]))
    code = None
    if state := _STATE.match(answer, at):
        at = state.end()
        if (state[1] == b"Done") != (state[2] is not None):
            return None
        code = int(state[2]) & 0xFFFFFFFF if state[2] else None
    if answer[at:].rstrip() != _END:
        return None
    return Received(b"".join(streams[b"stdout"]), b"".join(streams[b"stderr"]), code)


def _received_slowly(answer: bytes) -> Received:
    streams: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    code, ends = None, 0
    for element in _elements(answer):
        if element.tag.endswith("Stream"):
            name = element.attrib["Name"] if element.text else ""
            if name in streams:
                streams[name].append(a2b_base64((element.text or "").encode("ascii")))
        elif element.tag.endswith("ExitCode") and code is None:
            code = int(element.text or -1) & 0xFFFFFFFF
        ends += element.get("State", "").endswith("CommandState/Done")
    if ends == 1 and code is None:
        raise ValueError("a command that is done, without an exit code")
    done = code if ends == 1 else None
    return Received(b"".join(streams["stdout"]), b"".join(streams["stderr"]), done)


def _elements(answer: bytes) -> list[ET.Element]:
    """All below the root, in the order of the text."""
    return list(ET.fromstring(answer).iter())[1:]


def _first(answer: bytes, ending: str) -> ET.Element:
    for element in _elements(answer):
        if element.tag.endswith(ending):
            return element
    raise ValueError(f"it has no {ending}")

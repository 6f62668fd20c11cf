"""The envelopes of the endpoint: what it reads of a request, what it writes in an answer.

Source: [MS-WSMV] 2.2.4 and 3.1.4 (the operations of a command shell), DSP0226 (faults). Written
for this endpoint alone: nothing here is shared with the client that is measured.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
_ANONYMOUS: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_FAULT_ACTION: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_CONFIG: Final = "http://schemas.microsoft.com/wbem/wsman/1/config"
_FAULT: Final = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"

_ROOT: Final = (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    f' xmlns:x="{TRANSFER}"'
    ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
    f' xmlns:rsp="{SHELL}"'
    ' xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">'
)

# What Server 2016 allows by default, as ``winrm get winrm/config`` shows it ([MS-WSMV] 2.2.4.10).
_QUOTAS: Final = {
    "MaxConcurrentOperationsPerUser": 1500,
    "MaxConnections": 300,
    "IdleTimeout": 7_200_000,
    "MaxConcurrentUsers": 10,
    "MaxProcessesPerShell": 25,
    "MaxMemoryPerShellMB": 1024,
    "MaxShellsPerUser": 30,
}


class Refused(Exception):
    """A request that is answered by a fault with this WS-Management code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Request:
    """One envelope. ``action`` is the last word of the action's address."""

    action: str
    address: str
    resource: str
    message_id: str
    shell_id: str
    content: ET.Element | None

    def text(self, name: str) -> str:
        """The text of the first element of that local name below the body's content."""
        return "" if self.content is None else self.content.findtext(f".//{{*}}{name}", "")

    def attribute(self, name: str, element: str | None = None) -> str:
        """An attribute of the body's content, or of the first such element in it."""
        found = self.content
        if found is not None and element is not None:
            found = found.find(f".//{{*}}{element}")
        return "" if found is None else found.get(name, "")


def read(body: bytes) -> Request:
    """Parse an envelope. Raises Refused."""
    try:
        root = ET.fromstring(body)
    except ET.ParseError as error:
        raise Refused(2150858817, f"not an envelope: {error}") from error
    address = root.findtext("{*}Header/{*}Action", "").strip()
    selectors = root.iterfind("{*}Header/{*}SelectorSet/{*}Selector")
    shell = next((s.text or "" for s in selectors if s.get("Name") == "ShellId"), "")
    soap_body = root.find("{*}Body")
    return Request(
        action=address.rpartition("/")[2],
        address=address,
        resource=root.findtext("{*}Header/{*}ResourceURI", "").strip(),
        message_id=root.findtext("{*}Header/{*}MessageID", "").strip(),
        shell_id=shell.upper(),
        content=soap_body[0] if soap_body is not None and len(soap_body) else None,
    )


def command_line(request: Request) -> str:
    """The command and its arguments, as cmd would get them. Raises Refused."""
    if request.content is None or not request.content.tag.endswith("}CommandLine"):
        raise Refused(2150858817, "a Command without a command line")
    words = [request.text("Command")]
    words += [argument.text or "" for argument in request.content.iterfind("{*}Arguments")]
    return " ".join(words).strip()


def sent(request: Request) -> tuple[str, bytes, bool]:
    """Command, data and whether it is the end of the input. Raises Refused."""
    stream = None if request.content is None else request.content.find("{*}Stream")
    if stream is None:
        raise Refused(2150858817, "a Send without a stream")
    end = stream.get("End", "").lower() in {"true", "1"}
    return stream.get("CommandId", "").upper(), base64.b64decode(stream.text or ""), end


def answer(request: Request, body: str) -> bytes:
    """The envelope of an answer around that body."""
    return _envelope(f"{request.address}Response", request.message_id, body)


def created(shell_id: str, url: str) -> str:
    """The body of the answer to a Create."""
    return (
        f"<x:ResourceCreated><a:Address>{escape(url)}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{SHELL}/cmd</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        f"</a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>{shell_id}"
        f"</rsp:ShellId><rsp:ResourceUri>{SHELL}/cmd</rsp:ResourceUri>"
        f"<rsp:IdleTimeOut>PT{_QUOTAS['IdleTimeout'] // 1000}.000S</rsp:IdleTimeOut>"
        "<rsp:InputStreams>stdin</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
    )


def configuration(request: Request) -> str:
    """The body of the answer to a Get. Raises Refused for anything but the configuration."""
    if request.resource != _CONFIG:
        raise Refused(2150858752, f"no such resource: {request.resource}")
    quotas = "".join(f"<cfg:{name}>{value}</cfg:{name}>" for name, value in _QUOTAS.items())
    return f'<cfg:Config xmlns:cfg="{_CONFIG}"><cfg:Winrs>{quotas}</cfg:Winrs></cfg:Config>'


def started(command_id: str) -> str:
    """The body of the answer to a Command."""
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"


def received(command_id: str, output: Sequence[tuple[str, bytes]], code: int) -> str:
    """The body of the answer to a Receive of a command that is over."""
    streams = [
        f'<rsp:Stream Name="{name}" CommandId="{command_id}">{base64.b64encode(data).decode()}'
        "</rsp:Stream>"
        for name, data in output
    ]
    streams += [
        f'<rsp:Stream Name="{name}" CommandId="{command_id}" End="true"></rsp:Stream>'
        for name in ("stdout", "stderr")
    ]
    return (
        f"<rsp:ReceiveResponse>{''.join(streams)}"
        f'<rsp:CommandState CommandId="{command_id}" State="{SHELL}/CommandState/Done">'
        f"<rsp:ExitCode>{code}</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>"
    )


def fault(refused: Refused, relates_to: str) -> bytes:
    """A fault, as Windows words it."""
    reason = escape(refused.reason)
    body = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>"
        "<s:Value>w:InvalidSelectors</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault xmlns:f="{_FAULT}" Code="{refused.code}" Machine="bench">'
        f"<f:Message>{reason}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return _envelope(_FAULT_ACTION, relates_to, body)


def new_id() -> str:
    """A GUID as Windows writes it."""
    return str(uuid.uuid4()).upper()


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    relates = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f"{_ROOT}<s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{new_id()}</a:MessageID>"
        f"<a:To>{_ANONYMOUS}</a:To>{relates}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()

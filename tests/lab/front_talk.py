"""Speaking WS-Management to a service without HTTP in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from runner.lab.ports.books import Books
from runner.lab.ports.loop import Loop
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.wsman.limits import Limits
from runner.lab.winrm.wsman.service import Caller, Service
from tests.lab.front_fake import FakeMachine

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "wmi": "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError",
    "cfg": "http://schemas.microsoft.com/wbem/wsman/1/config",
}
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
SHELL = NS["rsp"]
OPEN = "<rsp:Shell><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"


@dataclass
class Answer:
    """One answer, taken apart."""

    status: int
    text: str
    root: ET.Element = field(init=False)

    def __post_init__(self) -> None:
        self.root = ET.fromstring(self.text)

    def get(self, path: str) -> str | None:
        return self.root.findtext(path, None, NS)

    @property
    def codes(self) -> tuple[str | None, str | None, str | None]:
        """Code, subcode and the code of Windows, wherever it stands."""
        fault = self.root.find(".//f:WSManFault", NS)
        code = fault.get("Code") if fault is not None else self.get(".//wmi:error_Code")
        return self.get(".//s:Code/s:Value"), self.get(".//s:Subcode/s:Value"), code


class Talk:
    """Talks to a service without HTTP in between."""

    def __init__(self, service: Service, user: str = "admin") -> None:
        self.service = service
        self.caller = Caller(user, "10.0.0.9", "http://web01:5985/wsman")

    def ask(
        self,
        action: str,
        body: str = "",
        shell: str = "",
        resource: str = f"{SHELL}/cmd",
        header: str = "",
    ) -> Answer:
        selector = f'<w:Selector Name="ShellId">{shell}</w:Selector>' if shell else ""
        envelope = (
            f'<s:Envelope xmlns:s="{NS["s"]}" xmlns:a="{NS["a"]}" xmlns:w="{NS["w"]}"'
            f' xmlns:rsp="{NS["rsp"]}"><s:Header><a:Action>{action}</a:Action>'
            f"<a:MessageID>uuid:abc</a:MessageID><w:ResourceURI>{resource}</w:ResourceURI>"
            f"<w:SelectorSet>{selector}</w:SelectorSet>{header}</s:Header>"
            f"<s:Body>{body}</s:Body></s:Envelope>"
        )
        answered = self.service.answer(envelope.encode(), "utf-8", self.caller)
        assert answered is not None
        return Answer(answered[0], answered[1].decode())

    def open(self, header: str = "") -> str:
        return self.ask(f"{TRANSFER}/Create", OPEN, header=header).get(".//w:Selector") or ""

    def command(self, shell: str, line: str, attributes: str = "", header: str = "") -> Answer:
        body = f"<rsp:CommandLine {attributes}><rsp:Command>{line}</rsp:Command></rsp:CommandLine>"
        return self.ask(f"{SHELL}/Command", body, shell, header=header)

    def start(self, shell: str, line: str) -> str:
        return self.command(shell, line).get(".//rsp:CommandId") or ""

    def receive(self, shell: str, command: str, streams: str = "stdout stderr") -> Answer:
        body = (
            f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">{streams}'
            "</rsp:DesiredStream></rsp:Receive>"
        )
        return self.ask(f"{SHELL}/Receive", body, shell)

    def signal(self, shell: str, command: str, code: str = "terminate") -> Answer:
        body = (
            f'<rsp:Signal CommandId="{command}"><rsp:Code>{SHELL}/signal/{code}</rsp:Code>'
            "</rsp:Signal>"
        )
        return self.ask(f"{SHELL}/Signal", body, shell)

    def delete(self, shell: str) -> Answer:
        return self.ask(f"{TRANSFER}/Delete", "", shell)


def talk_to(loop: Loop, os: str = "2016", limits: Limits | None = None) -> Talk:
    machine = FakeMachine(os)
    limits = limits or Limits.of(machine.profile)
    return Talk(Service(machine, limits, Books(), loop, FrontOptions()))

"""Writing WS-Management answers with Windows' prefixes and in Windows' order, on one line."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from runner.lab.winrm.wsman.faults import Fault
from runner.lab.winrm.wsman.names import (
    ADDRESSING_FAULT_ACTION,
    ANONYMOUS,
    FAULT_NAMESPACE,
    IDENTITY,
    NAMESPACES,
    PROFILES,
    SHELL,
    WSMAN,
    WSMAN_FAULT_ACTION,
)

_WMI = (
    '<p:MSFT_WmiError b:IsCIM_Error="true"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"'
    ' xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"'
    ' xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:MSFT_WmiError_Type">'
    '<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">27</p:CIMStatusCode>'
    '<p:ErrorType xsi:type="cim:cimUnsignedShort">0</p:ErrorType>'
    '<p:Message xsi:type="cim:cimString">{text}</p:Message>'
    '<p:MessageID xsi:type="cim:cimString">HRESULT 0x{code:x}</p:MessageID>'
    '<p:PerceivedSeverity xsi:type="cim:cimUnsignedShort">0</p:PerceivedSeverity>'
    '<p:error_Category xsi:type="cim:cimUnsignedInt">30</p:error_Category>'
    '<p:error_Code xsi:type="cim:cimUnsignedInt">{code}</p:error_Code>'
    '<p:error_Type xsi:type="cim:cimString">HRESULT</p:error_Type>'
    '<p:error_WindowsErrorMessage xsi:type="cim:cimString">{text}</p:error_WindowsErrorMessage>'
    "</p:MSFT_WmiError>"
)


def new_id() -> str:
    """A GUID as Windows writes it."""
    return str(uuid.uuid4()).upper()


def _root(prefixes: Iterable[str]) -> str:
    declared = " ".join(f'xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in prefixes)
    return f'<s:Envelope xml:lang="en-US" {declared}>'


_SHELL_ROOT = _root(["s", "a", "x", "w", "rsp", "p"])
_RECEIVE_ROOT = _root(["s", "a", "w", "rsp", "p"])
_DELETE_ROOT = _root(["s", "a", "w", "p"])
_GET_ROOT = _root(["s", "a", "x", "w", "p"])
_ENUMERATE_ROOT = _root(["s", "a", "n", "w", "p"])
_FAULT_ROOT = _root(["s", "a", "x", "e", "n", "w", "p"])


@dataclass(frozen=True, slots=True)
class Envelopes:
    """Answers of one host: ``machine`` is named in faults; newer hosts add an ActivityId."""

    machine: str
    activity: bool

    def _envelope(self, root: str, action: str, relates_to: str, body: str) -> bytes:
        activity = f"<p:ActivityId>{new_id()}</p:ActivityId>" if self.activity else ""
        relates = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
        return (
            f"{root}<s:Header><a:Action>{action}</a:Action>"
            f"<a:MessageID>uuid:{new_id()}</a:MessageID>{activity}"
            f"<a:To>{ANONYMOUS}</a:To>{relates}</s:Header>"
            f"<s:Body>{body}</s:Body></s:Envelope>"
        ).encode()

    def created(self, action: str, relates_to: str, body: str) -> bytes:
        """An answer about a shell: Create, Command, Send, Signal."""
        return self._envelope(_SHELL_ROOT, f"{action}Response", relates_to, body)

    def received(self, action: str, relates_to: str, body: str) -> bytes:
        """The answer to a Receive."""
        return self._envelope(_RECEIVE_ROOT, f"{action}Response", relates_to, body)

    def deleted(self, action: str, relates_to: str) -> bytes:
        """The answer to a Delete: a header over an empty body."""
        return self._envelope(_DELETE_ROOT, f"{action}Response", relates_to, "")

    def got(self, action: str, relates_to: str, body: str) -> bytes:
        """The answer to a Get."""
        return self._envelope(_GET_ROOT, f"{action}Response", relates_to, body)

    def enumerated(self, action: str, relates_to: str, items: str) -> bytes:
        """The answer to an Enumerate that is optimized: all items, and no more to pull."""
        body = (
            "<n:EnumerateResponse><n:EnumerationContext/>"
            f"<w:Items>{items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>"
        )
        return self._envelope(_ENUMERATE_ROOT, f"{action}Response", relates_to, body)

    def fault(self, fault: Fault, relates_to: str) -> bytes:
        """A SOAP fault in the shape that its kind and the host's generation have."""
        action = ADDRESSING_FAULT_ACTION if fault.of_addressing else WSMAN_FAULT_ACTION
        code = (
            f"<s:Code><s:Value>{fault.value}</s:Value>"
            f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        )
        reason = (
            f'<s:Reason><s:Text xml:lang="{fault.language}">{escape(fault.reason)}'
            "</s:Text></s:Reason>"
        )
        detail = f"<w:FaultDetail>{fault.detail}</w:FaultDetail>" if fault.detail else ""
        if fault.wmi:
            detail += _WMI.format(text=escape(fault.reason), code=fault.code)
        else:
            detail += self._wsman_fault(fault)
        body = f"<s:Fault>{code}{reason}<s:Detail>{detail}</s:Detail></s:Fault>"
        return self._envelope(_FAULT_ROOT, action, "" if fault.wmi else relates_to, body)

    def _wsman_fault(self, fault: Fault) -> str:
        opening = (
            f'<f:WSManFault xmlns:f="{FAULT_NAMESPACE}" Code="{fault.code}"'
            f" Machine={quoteattr(self.machine)}>"
        )
        text = escape(fault.message or fault.reason)
        if fault.provider is None:
            return f"{opening}<f:Message>{text}</f:Message></f:WSManFault>"
        provider, path = fault.provider
        inner = f"{opening}<f:Message>{text}</f:Message></f:WSManFault>"
        return (
            f"{opening}<f:Message><f:ProviderFault provider={quoteattr(provider)}"
            f" path={quoteattr(path)}>{inner}</f:ProviderFault></f:Message></f:WSManFault>"
        )


def identified(version: str, profiles: Sequence[str]) -> bytes:
    """The answer to Identify; ``profiles`` only for a caller who logged on."""
    uris = "".join(
        f"<wsmid:SecurityProfileName>{PROFILES}/{name}</wsmid:SecurityProfileName>"
        for name in profiles
    )
    security = f"<wsmid:SecurityProfiles>{uris}</wsmid:SecurityProfiles>" if profiles else ""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{NAMESPACES["s"]}"><s:Header/><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{IDENTITY}">'
        f"<wsmid:ProtocolVersion>{WSMAN}</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>{escape(version)}</wsmid:ProductVersion>{security}"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()


def element(name: str, text: str) -> str:
    """One rsp: element."""
    return f"<rsp:{name}>{escape(text)}</rsp:{name}>"


def stream(name: str, command_id: str, data: str, *, end: bool = False) -> str:
    """One rsp:Stream; ``data`` is base64."""
    closing = ' End="true"' if end else ""
    opening = f"<rsp:Stream Name={quoteattr(name)} CommandId={quoteattr(command_id)}{closing}>"
    return f"{opening}{data}</rsp:Stream>"


def command_state(command_id: str, state: str, exit_code: int | None) -> str:
    """One rsp:CommandState; the exit code is an unsigned number of 32 bits."""
    code = "" if exit_code is None else element("ExitCode", str(exit_code & 0xFFFFFFFF))
    return (
        f"<rsp:CommandState CommandId={quoteattr(command_id)}"
        f' State="{SHELL}/CommandState/{state}">{code}</rsp:CommandState>'
    )

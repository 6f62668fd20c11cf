"""Names of WS-Management as Windows writes them (MS-WSMV 2.2, DSP0226, WS-Addressing)."""

from __future__ import annotations

from typing import Final

ANONYMOUS: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD: Final = f"{SHELL}/cmd"
CONFIG: Final = "http://schemas.microsoft.com/wbem/wsman/1/config"
IDENTITY: Final = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
WSMAN: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
PROFILES: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile"

#: Prefix -> namespace, in the order in which Windows declares them.
NAMESPACES: Final = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": TRANSFER,
    "e": "http://schemas.xmlsoap.org/ws/2004/08/eventing",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "w": WSMAN,
    "rsp": SHELL,
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
}
FAULT_NAMESPACE: Final = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"

CREATE: Final = f"{TRANSFER}/Create"
DELETE: Final = f"{TRANSFER}/Delete"
GET: Final = f"{TRANSFER}/Get"
ENUMERATE: Final = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"
COMMAND: Final = f"{SHELL}/Command"
RECEIVE: Final = f"{SHELL}/Receive"
SEND: Final = f"{SHELL}/Send"
SIGNAL: Final = f"{SHELL}/Signal"

WSMAN_FAULT_ACTION: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
ADDRESSING_FAULT_ACTION: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"
FAULT_DETAIL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail"

"""A SOAP fault, read by pywinrm's Protocol."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol


class _Refusing:
    """A transport that has its answer already."""

    def __init__(self, refusal: Exception) -> None:
        self._refusal = refusal

    def send_message(self, message: str) -> NoReturn:
        del message
        raise self._refusal


def fault_in(refusal: Exception) -> Exception:
    """The fault in an HTTP answer that has one, else the refusal itself."""
    reader: Any = Protocol("http://host:5985/wsman", transport="kerberos")
    reader.transport = _Refusing(refusal)
    try:
        reader.send_message("")
    except Exception as fault:  # noqa: BLE001 - it is handed on
        return fault
    return refusal


def is_fault(error: Exception) -> bool:
    """Whether it is the host's answer to a message, so that the connection is as before."""
    return isinstance(error, _FAULTS)


_FAULTS: Final = (WSManFaultError, WinRMOperationTimeoutError)

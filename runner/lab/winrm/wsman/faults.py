"""The faults of Windows' WS-Management service, with its codes, subcodes and texts.

Codes are those of wsmerror.h and winerror.h in the Windows SDK; a fault is always HTTP 500.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runner.lab.winrm.wsman.names import FAULT_DETAIL

TIMED_OUT: Final = 2150858793
INVALID_SELECTORS: Final = 2150858843
TOO_MANY_SHELLS: Final = 2150859173
TOO_MANY_OPERATIONS: Final = 2150859174
TOO_MANY_COMMANDS: Final = 2150859241

_TIMED_OUT_TEXT = (
    "The WS-Management service cannot complete the operation within the time specified in "
    "OperationTimeout.  "
)
_SELECTORS_TEXT = (
    "The WS-Management service cannot process the request because the request contained "
    "invalid selectors for the resource. "
)
_SHELL_PROVIDER = ("Shell provider", r"%systemroot%\system32\WsmSvc.dll")
_CMD_PROVIDER = ("Shell cmd plugin", r"%systemroot%\system32\winrscmd.dll")


@dataclass(eq=False)
class Fault(Exception):
    """One fault. ``message`` is the text of f:Message when it differs from ``reason``.

    ``wmi`` asks for the newer shape: the code in MSFT_WmiError and no RelatesTo.
    """

    code: int
    reason: str
    value: str = "s:Sender"
    subcode: str = "w:InvalidParameter"
    message: str = ""
    detail: str = ""
    provider: tuple[str, str] | None = None
    wmi: bool = False
    language: str = "en-US"

    def __str__(self) -> str:
        return f"{self.code}: {self.reason.strip()}"

    @property
    def of_addressing(self) -> bool:
        """Faults of WS-Addressing are sent under another action."""
        return self.subcode.startswith("a:")


def timed_out() -> Fault:
    """Nothing to tell within OperationTimeout: the client polls again."""
    return Fault(TIMED_OUT, _TIMED_OUT_TEXT, "s:Receiver", "w:TimedOut")


def no_such_command() -> Fault:
    """A CommandId that this shell does not know (any more)."""
    return Fault(
        INVALID_SELECTORS,
        _SELECTORS_TEXT,
        subcode="w:InvalidSelectors",
        message=(
            "The Windows Remote Shell received a request to perform an operation on a command "
            "identifier that does not exist. Either the command has completed execution or the "
            "client specified an invalid command identifier. "
        ),
        detail=f"{FAULT_DETAIL}/UnexpectedSelectors",
    )


def no_such_shell() -> Fault:
    """A ShellId that does not exist, or not any more."""
    return Fault(
        INVALID_SELECTORS,
        _SELECTORS_TEXT,
        subcode="w:InvalidSelectors",
        message=(
            "The request for the Windows Remote Shell with ShellId failed because the shell was "
            "not found on the server. Possible causes are: the specified ShellId is incorrect or "
            "the shell no longer exists on the server. Provide the correct ShellId or create a "
            "new shell and retry the operation. "
        ),
        detail=f"{FAULT_DETAIL}/UnexpectedSelectors",
        provider=_SHELL_PROVIDER,
    )


def parameter_incorrect() -> Fault:
    """ERROR_INVALID_PARAMETER, as for a Receive without CommandId."""
    return Fault(87, "The parameter is incorrect. ", provider=_CMD_PROVIDER)


def bad_timeout(text: str) -> Fault:
    """OperationTimeout holds something that is no positive duration."""
    return Fault(
        2150858767,
        "The WS-Management service cannot process the request because it contains an invalid "
        f"timeout field in the SOAP header: {text}. ",
        subcode="a:InvalidMessageInformationHeader",
    )


def bad_schema() -> Fault:
    """An envelope whose content is not what the schema wants."""
    return Fault(
        2150858817,
        "The SOAP XML in the message does not match the corresponding XML schema definition. "
        "Change the XML and retry. ",
        subcode="w:SchemaValidationError",
    )


def unknown_resource(uri: str) -> Fault:
    """A resource that nobody serves here."""
    return Fault(
        2150858752,
        "The WS-Management service cannot process the request. The service cannot find the "
        f"resource identified by the resource URI and selectors: {uri} ",
        subcode="a:DestinationUnreachable",
        detail=f"{FAULT_DETAIL}/InvalidResourceURI",
    )


def unknown_action(action: str) -> Fault:
    """An action that the resource does not have."""
    return Fault(
        2150858753,
        "The WS-Management service cannot process the request. The specified action URI is "
        f"invalid: {action} ",
        subcode="a:ActionNotSupported",
    )


def access_denied() -> Fault:
    """Logged on, but without the right to do this."""
    return Fault(5, "Access is denied. ", subcode="w:AccessDenied")


def file_not_found() -> Fault:
    """CreateProcess found no such program (no cmd.exe in between)."""
    return Fault(
        2147942402,
        "The system cannot find the file specified. ",
        "s:Receiver",
        "w:InternalError",
        provider=_CMD_PROVIDER,
    )


def line_too_long() -> Fault:
    """The command line is above what CreateProcess takes."""
    return Fault(
        2147942606,
        "The filename or extension is too long. ",
        "s:Receiver",
        "w:InternalError",
        language="",
    )


def aborted() -> Fault:
    """ERROR_OPERATION_ABORTED: the command was ended under a waiting Receive."""
    return Fault(
        995,
        "The I/O operation has been aborted because of either a thread exit or an application "
        "request. ",
        "s:Receiver",
        "w:InternalError",
    )


def too_many_shells(limit: int, *, wmi: bool) -> Fault:
    """MaxShellsPerUser; ``wmi`` from WinRM 3.0 on."""
    return Fault(
        TOO_MANY_SHELLS,
        "The WS-Management service cannot process the request. This user is allowed a maximum "
        f"number of {limit} concurrent shells, which has been exceeded. Close existing shells or "
        "raise the quota for this user. ",
        subcode="w:QuotaLimit",
        wmi=wmi,
    )


def too_many_operations(limit: int, *, wmi: bool) -> Fault:
    """MaxConcurrentOperationsPerUser; ``wmi`` from WinRM 3.0 on."""
    return Fault(
        TOO_MANY_OPERATIONS,
        "The WS-Management service cannot process the request. This user is allowed a maximum "
        f"number of {limit} concurrent operations, which has been exceeded. Close existing "
        "operations for this user, or raise the quota for this user. ",
        "s:Receiver" if wmi else "s:Sender",
        "w:InternalError" if wmi else "w:QuotaLimit",
        wmi=wmi,
    )


def too_many_commands(limit: int, *, wmi: bool) -> Fault:
    """MaxProcessesPerShell: too many commands run in one shell at the same time."""
    return Fault(
        TOO_MANY_COMMANDS,
        "The WS-Management service cannot process the request. The maximum number of concurrent "
        f"commands per shell ({limit}) has been exceeded. Retry your request later or raise the "
        "quota. ",
        subcode="w:QuotaLimit",
        wmi=wmi,
    )

"""From what went wrong under pywinrm to one of our errors, with cause and advice."""

from __future__ import annotations

import requests
from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError

from runner.errors import (
    ConnectionLost,
    DeadlineExceeded,
    PolicyRefused,
    ProtocolFailed,
    TransportError,
)
from runner.transports.winrm.failure import BEFORE_COMMAND, Attempt, LinkFailure, Verb
from runner.transports.winrm.faults import Remedy, meaning
from runner.transports.winrm.http import explain_connection, explain_status
from runner.transports.winrm.refused import explain_logon
from runner.transports.winrm.wire import (
    AnswerRefused,
    ClearTextRefused,
    DeadlinePassed,
    HttpRefused,
    LogonRefused,
    WireBroken,
)


def explain(error: Exception, attempt: Attempt) -> LinkFailure:
    """What this exception means for the attempt."""
    match error:
        case WSManFaultError():
            return _fault(error, attempt)
        case WinRMOperationTimeoutError():
            return _operation_timeout(attempt)
        case LogonRefused():
            return explain_logon(error, attempt)
        case HttpRefused():
            return explain_status(error, attempt)
        case requests.RequestException() if found := explain_connection(error, attempt):
            return found
        case ClearTextRefused():
            return LinkFailure(
                PolicyRefused(
                    attempt.says("not sent, because it would have left in clear text"),
                    hint="no sealed session could be built with this host; "
                    "check ansible_winrm_transport, or use https",
                    may_have_started=attempt.started_earlier,
                )
            )
        case DeadlinePassed():
            return LinkFailure(
                DeadlineExceeded(
                    attempt.says("no time left"),
                    hint="raise the timeout of this task",
                    may_have_started=attempt.started_earlier,
                )
            )
        case WireBroken():
            return LinkFailure(
                ConnectionLost(
                    attempt.says("the connection failed before"),
                    may_have_started=attempt.started_earlier,
                )
            )
    return _not_understood(error, attempt)


def _fault(error: WSManFaultError, attempt: Attempt) -> LinkFailure:
    codes = [code for code in (error.wmierror_code, error.wsman_fault_code) if code is not None]
    said = " ".join(error.reason.split())
    shown = ", ".join(f"{code} (0x{code & 0xFFFFFFFF:08X})" for code in codes) or "without a code"
    fault = meaning(*codes)
    if fault is None:
        return LinkFailure(
            ProtocolFailed(
                attempt.says(f"the host answered with fault {shown}: {said}"),
                hint="this fault is not known to runner; look it up, and at the host's event log "
                "Microsoft-Windows-WinRM/Operational",
                may_have_started=attempt.started,
            )
        )
    started = attempt.started_earlier or (attempt.verb is Verb.COMMAND and fault.may_have_started)
    return LinkFailure(
        fault.kind(
            attempt.says(f"{fault.cause} (fault {shown}: {said})"),
            hint=fault.advice,
            may_have_started=started,
        ),
        remedy=fault.remedy if attempt.verb is Verb.COMMAND else Remedy.NONE,
    )


def _operation_timeout(attempt: Attempt) -> LinkFailure:
    return LinkFailure(
        DeadlineExceeded(
            attempt.says("the host did not get to it in the time it was given"),
            hint="the host is very slow or overloaded; look at it, or raise "
            "ansible_winrm_operation_timeout_sec",
            may_have_started=attempt.started,
        )
    )


def _not_understood(error: Exception, attempt: Attempt) -> LinkFailure:
    """pywinrm and the handlers below it raise many things at an answer they cannot read."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    kind: type[TransportError] = ProtocolFailed
    advice = "a proxy or another service may answer on that port: check it, and ansible_winrm_proxy"
    if isinstance(error, AnswerRefused):
        advice = "something between here and the host changes or invents answers"
    elif isinstance(error, PermissionError | KeyError) and attempt.verb in BEFORE_COMMAND:
        said = f"the host does not answer the {attempt.auth} logon"
        advice = "it may not offer this logon, or something in between drops connections"
        if attempt.auth == "ntlm":
            advice += (
                "; where policy keeps NTLM out (Network security: Restrict NTLM) use "
                "ansible_winrm_transport kerberos"
            )
    return LinkFailure(
        kind(
            attempt.says(f"the answer cannot be understood ({said})"),
            hint=advice,
            may_have_started=attempt.started,
        )
    )

"""What WS-Management's fault codes mean (wsmerror.h of the Windows SDK, [MS-WSMV])."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from runner.errors import (
    AuthorizationFailed,
    ConnectionLost,
    PolicyRefused,
    ProtocolFailed,
    QuotaExceeded,
    TransportError,
)


class Remedy(Enum):
    """What makes it safe to send the same request once more."""

    NONE = "none"
    LOGON = "a new connection, the same shell"
    SHELL = "a new shell on the same connection"


@dataclass(frozen=True, slots=True)
class Fault:
    """One meaning, its codes, and what it says about a Command that got it as its answer.

    ``may_have_started`` and ``remedy`` are for Command; every other verb follows from the command
    it belongs to.
    """

    codes: frozenset[int]
    kind: type[TransportError]
    cause: str
    advice: str
    remedy: Remedy = Remedy.NONE
    may_have_started: bool = False


OPERATION_TIMEOUT: Final = 2150858793
"""The host held the request as long as we allowed: poll again."""
NO_SUCH_SHELL: Final = 2150858843
"""The shell or the command does not exist (any more)."""
BUSY: Final = 170
"""ERROR_BUSY: earlier input has not been read yet."""
INPUT_CLOSED: Final = frozenset(
    {NO_SUCH_SHELL, *(code for low in (109, 232, 233) for code in (low, 0x80070000 + low))}
)
"""The program closed its standard input or has ended: broken pipe, no data, not connected, or no
such command any more (if it is the shell that is gone, the next Receive says so)."""

_QUOTA: Final = 2150859000


def _codes(*codes: int) -> frozenset[int]:
    return frozenset(codes)


FAULTS: Final[tuple[Fault, ...]] = (
    Fault(
        _codes(NO_SUCH_SHELL),
        ConnectionLost,
        "the shell is gone: the WinRM service was restarted, the host rebooted, or it was idle "
        "for too long",
        "run it again",
        remedy=Remedy.SHELL,
    ),
    Fault(
        _codes(2147943418, 1018),
        ConnectionLost,
        "the user's profile was unloaded under the shell",
        "run it again",
        remedy=Remedy.SHELL,
    ),
    Fault(
        _codes(995, 2147943395),
        ConnectionLost,
        "the host aborted the operation: its WinRM service is stopping, or the shell was closed",
        "look at the host; run it again when the WinRM service is up",
        may_have_started=True,
    ),
    Fault(
        _codes(*(_QUOTA + code for code in (174, 239, 240, 241))),
        QuotaExceeded,
        "this user has used up the host's limit of operations",
        "close other sessions of this user, or raise MaxConcurrentOperationsPerUser",
        remedy=Remedy.SHELL,
    ),
    Fault(
        _codes(*(_QUOTA + code for code in (173, 179, 236, 237, 238))),
        QuotaExceeded,
        "too many open shells of this user on the host",
        "close other sessions of this user (or wait for their idle timeout), or raise "
        "MaxShellsPerUser and MaxConcurrentUsers under winrm/config/winrs",
    ),
    Fault(
        _codes(*(_QUOTA + code for code in (175, 176, 242)), 2150858815),
        QuotaExceeded,
        "the host's WinRM service is at a limit of its own",
        "wait and try again later; look for stuck sessions on the host",
    ),
    Fault(
        _codes(5, 2147942405),
        AuthorizationFailed,
        "logged on, but this user has no right to do it",
        "put the user into Administrators or Remote Management Users; a local administrator other "
        "than Administrator also needs LocalAccountTokenFilterPolicy=1",
    ),
    Fault(
        _codes(_QUOTA + 180),
        PolicyRefused,
        "remote shells are switched off on the host",
        'allow them: winrm set winrm/config/winrs @{AllowRemoteShellAccess="true"}, or the '
        "policy 'Allow Remote Shell Access'",
    ),
    Fault(
        _codes(2147942606),
        ProtocolFailed,
        "the command line is too long for the host",
        "shorten it",
    ),
    Fault(
        _codes(2, 2147942402),
        ProtocolFailed,
        "the program does not exist on the host",
        "check its name and path",
    ),
    Fault(
        _codes(87, 2147942487, 2150858817, 2150858767),
        ProtocolFailed,
        "the host does not understand the request",
        "this is a fault of runner or of something between it and the host: please report it",
    ),
)

_BY_CODE: Final = {code: fault for fault in FAULTS for code in fault.codes}


def meaning(*codes: int | None) -> Fault | None:
    """What the first known of these codes means."""
    return next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)

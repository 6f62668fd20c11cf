"""What a wire raises when it refuses to send, or to believe an answer.

Apart from ``winrm.refusals``, whose classes are pywinrm's kin, so that a run in which nothing
fails need not load pywinrm and requests.
"""

from __future__ import annotations

import logging
import re
from typing import Final

SEALED_TYPES: Final = ("multipart/encrypted", "multipart/x-multi-encrypted")
"""What a sealed message or answer is called ([MS-WSMV] 2.2.9.1)."""

_TOKEN: Final = re.compile(r"(?<=[A-Za-z]) [A-Za-z0-9+/]{12,}=*(?=\s*(,|$))")
NOT_FORWARDABLE: Final = 1
"""Not a number of krb5.h: delegation was asked for, and the ticket does not allow it."""

# At debug level these print logon tokens.
for _name in ("spnego", "requests_credssp"):
    logging.getLogger(_name).setLevel(logging.INFO)


class ClearTextRefused(Exception):
    """A message was about to leave unsealed; it did not."""


class AnswerRefused(Exception):
    """An answer that does not belong to the request, or that is not sealed as it must be."""


class DeadlinePassed(Exception):
    """Our deadline was over before the request was sent."""


class WireBroken(Exception):
    """This wire failed before and sends nothing any more."""


class LogonRefused(Exception):
    """HTTP 401. ``offers`` are the schemes that the host named, ``reason`` is what it said more.

    ``answer`` is the whole header, with the tokens that ``offers`` leaves out.
    """

    def __init__(self, answer: str, reason: str = "") -> None:
        super().__init__("HTTP 401")
        self.answer = answer
        self.offers = _TOKEN.sub("", answer)
        self.reason = reason


class KerberosFailed(LogonRefused):
    """No ticket for this host, or a ticket that it does not take; no message was sent.

    ``code`` is libkrb5's number (krb5.h) or NOT_FORWARDABLE, 0 when there is none.
    """

    def __init__(self, reason: str, code: int = 0) -> None:
        super().__init__("", reason)
        self.code = code

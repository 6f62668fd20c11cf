"""pyspnego, loaded without what only few logons need.

It imports all of X.509 with itself, for CredSSP: a twentieth of the processor time of a start.
"""

from __future__ import annotations

from runner.interfaces.postponed import postpone

postpone("cryptography.x509")

import spnego  # noqa: E402 - what it imports is decided before
from spnego.channel_bindings import GssChannelBindings  # noqa: E402

__all__ = ["GssChannelBindings", "spnego"]

"""Which optional packages are there. Looking loads them, so it is asked where they matter."""

from __future__ import annotations


def have_kerberos() -> bool:
    """Whether tickets can be used here."""
    from runner.transports.winrm.kerberos_tickets import HAVE_KERBEROS

    return HAVE_KERBEROS


def have_credssp() -> bool:
    """Whether requests-credssp is installed."""
    from winrm.transport import HAVE_CREDSSP

    return bool(HAVE_CREDSSP)

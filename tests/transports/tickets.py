"""Logging on with tickets, and what a refusal must leave untouched."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import TransportError
from tests.transports.conftest import Site
from tests.transports.kdc import HOST, PASSWORD, USER


def settings(**more: Any) -> dict[str, Any]:
    return {
        "ansible_user": USER,
        "ansible_password": PASSWORD,
        "ansible_winrm_transport": "kerberos",
        "ansible_winrm_kerberos_hostname_override": HOST,
        **more,
    }


def refused(site: Site, timeout: float = 10.0, **more: Any) -> TransportError:
    """The error; nothing may have been sent in clear, opened or started."""
    with pytest.raises(TransportError) as caught:
        site.connect(timeout, **settings(**more))
    assert site.count("creates") == 0
    assert not caught.value.may_have_started
    assert PASSWORD not in str(caught.value)
    return caught.value

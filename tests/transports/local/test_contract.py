"""The local transport does what every transport must."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.interfaces.transport import Connection
from runner.transports.local.transport import Transport
from tests.transports.contract import Lines, TransportContract


class TestLocal(TransportContract):
    lines = Lines(
        both="echo one; echo two >&2; echo three",
        exit="exit {}",
        cat="cat",
        big="head -c 262144 /dev/zero",
        text="printf 'h\\303\\251llo'",
        wait="sleep 30",
        nothing=":",
    )

    @pytest.fixture
    def link(self) -> Iterator[Connection]:
        transport = Transport()
        opened = transport.connect(transport.options("here", {}), timeout=5)
        yield opened
        opened.close()

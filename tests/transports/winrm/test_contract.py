"""The WinRM transport does what every transport must, over each kind of link."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.interfaces.transport import Connection
from tests.transports.conftest import Serve
from tests.transports.contract import Lines, TransportContract

LINES = Lines(
    both="both",
    exit="exit {}",
    cat="cat",
    big="big 262144",
    text="text",
    wait="wait",
    nothing="nop",
    slow="slow 4",
    codes=(0, 1, 1060, 3010, 0xC0000005, 0xFFFFFFFF, 0x80240017),
)


class OverWinrm(TransportContract):
    lines = LINES
    os = "2016"
    scheme = "http"
    logon = "ntlm"

    @pytest.fixture
    def link(self, serve: Serve) -> Iterator[Connection]:
        site = serve(self.os, scheme=self.scheme)
        opened = site.connect(ansible_winrm_transport=self.logon)
        yield opened
        opened.close()
        assert site.count("open_shells") == 0
        assert site.count("running_commands") == 0
        assert opened.exchanges == site.count("requests")


class TestSealedNtlm(OverWinrm):
    pass


class TestServer2003(OverWinrm):
    os = "2003-sp2"


class TestNtlmOverHttps(OverWinrm):
    scheme = "https"


class TestBasicOverHttps(OverWinrm):
    scheme = "https"
    logon = "basic"

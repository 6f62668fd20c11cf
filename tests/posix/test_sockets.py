"""Connections out of /proc/net/tcp, in both byte orders."""

from __future__ import annotations

import ipaddress

from runner.posix import sockets

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n"
LITTLE = (
    "machine x86_64\nhost db 10.0.0.5\nhost db fe80::1%eth0\n" + HEAD
    + "   0: 0100007F:1F90 0500000A:D431 01 00000000:00000000 00:00000000 00000000\n"
    + "   1: 0000000000000000FFFF00000100007F:0050 "
    + "0000000000000000FFFF00000500000A:D432 06 00000000:00000000 00:00000000\n"
    + "   2: B80D0120000000000000000001000000:01BB "
    + "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000\n"
)  # fmt: skip


def test_connections() -> None:
    found = [(str(c.local), c.port, str(c.remote), c.state) for c in sockets.connections(LITTLE)]
    assert found == [
        ("127.0.0.1", 8080, "10.0.0.5", "01"),
        ("127.0.0.1", 80, "10.0.0.5", "06"),
        ("2001:db8::1", 443, "::", "0A"),
    ]


def test_the_other_byte_order() -> None:
    text = f"machine s390x\n{HEAD}   0: 7F000001:1F90 0A000005:D431 01 0:0\n"
    (found,) = sockets.connections(text)
    assert (str(found.local), str(found.remote)) == ("127.0.0.1", "10.0.0.5")


def test_addresses() -> None:
    wanted = {ipaddress.ip_address(a) for a in ("10.0.0.5", "fe80::1", "192.0.2.1", "127.0.0.1")}
    assert sockets.addresses(LITTLE, ["db", "192.0.2.1", "::ffff:127.0.0.1"]) == wanted
    assert sockets.addresses(LITTLE, ["unknown"]) == frozenset()

"""What dnscmd prints as win_dns_zone and win_dns_record read it, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.windows import dns_server, dns_zones
from tests.modules.dns_lines import SEEN, ZONE
from tests.modules.scripted import task

RECORDS = """Returned records:
@ [Aging:3500000] 1200 A\t10.0.0.9
\t\t 3600 A\t10.0.0.7
\t\t 3600 NS\tdc01.

Command completed successfully.
"""
TEXTS = """Returned records:
t 3600 TXT\t( "a" "b (c)" )
\t\t 60 TXT\tbare words
Command completed successfully.
"""


@pytest.mark.parametrize(
    ("module", "raw"),
    [
        ("win_dns_zone", {"name": "a b"}),
        ("win_dns_zone", {"name": "x" * 300}),
        ("win_dns_zone", {"name": ZONE, "replication": "none", "dynamic_update": "secure"}),
        ("win_dns_zone", {"name": ZONE, "type": "forwarder", "dns_servers": ["dc01"]}),
        ("win_dns_zone", {"name": ZONE, "type": "secondary", "replication": "forest"}),
        ("win_dns_zone", {"name": ZONE, "forwarder_timeout": 16}),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "SRV", "value": "a.example"}),
        (
            "win_dns_record",
            {"zone": ZONE, "name": "x", "type": "A", "value": "10.0.0.1", "port": 5},
        ),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "TXT", "value": 'say "x"'}),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "TXT", "value": "x" * 256}),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "A", "computer_name": "a b"}),
        ("win_dns_record", {"zone": ZONE, "name": "@", "type": "A"}),
        ("win_dns_record", {"zone": ZONE, "name": "@", "type": "A", "value": "::1"}),
        ("win_dns_record", {"zone": ZONE, "name": "@", "type": "CNAME", "value": "a b"}),
        ("win_dns_record", {"zone": ZONE, "name": "a&b", "type": "A", "value": "10.0.0.1"}),
    ],
)
def test_what_is_no_parameter(module: str, raw: dict[str, Any]) -> None:
    with pytest.raises(ParamsError):
        task(module, **raw)


def test_what_dnscmd_prints() -> None:
    fields = dns_server.zone_fields(Output(0, SEEN), "sink.example")
    assert (fields["zone type"], fields["update"]) == ("4", "2")
    assert dns_server.replication(fields) == "forest"
    with pytest.raises(ModuleError, match="cannot be read"):
        dns_server.zone_fields(Output(0, SEEN), "other.example")
    assert dns_server.records(Output(0, RECORDS), "A") == (
        dns_server.Record("10.0.0.7", 3600), dns_server.Record("10.0.0.9", 1200, aging=True),
    )  # fmt: skip
    assert dns_server.records(Output(0, TEXTS), "TXT") == (
        dns_server.Record("a\nb (c)", 3600), dns_server.Record("bare words", 60),
    )  # fmt: skip
    failed = Output(0, "\nCommand failed:  DNS_ERROR_ZONE_DOES_NOT_EXIST     9601    0x2581\n")
    assert dns_server.checked(failed, "x", (9601,)) == 9601


@pytest.mark.parametrize(("number", "masters"), [
    (2, "\tZone Masters\n\tIP Array: count = 2\n\t\tIP[0] = 10.0.0.5\n\t\tIP[1] = 10.0.0.6\n"),
    (4, ("\tZone Masters\n\tPtr = 0002A2F20\n\tMaxCount = 2\n"
        "\t\tMaster[0] => af=2, salen=16, [sub=0, flag=00000000] p=13568, addr=10.0.0.5\n"
        "\t\tMaster[1] => af=2, salen=16, [sub=0, flag=00000000] p=13568, addr=10.0.0.6\n")),
    (3, "\tzone masters\n\t10.0.0.5, 10.0.0.6\n"),
])  # fmt: skip
def test_masters_are_read_however_they_are_listed(number: int, masters: str) -> None:
    text = SEEN.replace("type             = 4", f"type             = {number}")
    text = text.replace("\tdata file", masters + "\tZone Secondaries\n\t10.0.0.7\n\tdata file")
    assert dns_zones.found(Output(0, text), ZONE).masters == ("10.0.0.5", "10.0.0.6")


def test_a_zone_that_cannot_be_read_is_not_touched() -> None:
    with pytest.raises(ModuleError, match="masters of the zone"):
        dns_zones.found(Output(0, SEEN), ZONE)
    with pytest.raises(Refused, match="of another kind"):
        dns_zones.found(Output(0, SEEN.replace("= 4", "= 0")), ZONE)
    with pytest.raises(ModuleError, match="cannot be read"):
        dns_zones.setting(Output(0, "Query result:\n"), ZONE)

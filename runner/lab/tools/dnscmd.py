r"""dnscmd.exe, on servers with the DNS Server role: zones and their records.

Source: Microsoft, "dnscmd" (Windows commands), and "Dnscmd Syntax" of Server 2003. The layout of
what /ZoneInfo and /EnumRecords print is that of public transcripts; that dnscmd ends with the
error's number is assumed, the number in its text is seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from runner.lab.dns import DnsServer, Record, Zone
from runner.lab.process import Process
from runner.lab.services import RUNNING

_EXISTS = (9609, "DNS_ERROR_ZONE_ALREADY_EXISTS")
_NO_ZONE = (9601, "DNS_ERROR_ZONE_DOES_NOT_EXIST")
_NO_NAME = (9714, "DNS_ERROR_NAME_DOES_NOT_EXIST")
_NO_RECORD = (9701, "DNS_ERROR_RECORD_DOES_NOT_EXIST")
_NO_DIRECTORY = (9717, "DNS_ERROR_DS_UNAVAILABLE")
_NO_SERVER = (1722, "RPC_S_SERVER_UNAVAILABLE")
_SCOPES = {"/forest": "AD-Forest", "/enterprise": "AD-Forest", "/domain": "AD-Domain",
           "/legacy": "AD-Legacy"}  # fmt: skip
_TTL = 3600


def main(process: Process) -> int:
    """Dispatch on the verb; the server is the machine itself."""
    words = process.args
    if words and not words[0].startswith("/"):
        if words[0] not in (".", "localhost", process.host.name):
            process.not_simulated(f"dnscmd of another server: {words[0]}")
        words = words[1:]
    verb = words[0].lower() if words else ""
    work = _VERBS.get(verb)
    if work is None or len(words) < 2:
        return process.not_simulated(f"dnscmd {' '.join(process.args)}")
    server = process.host.dns
    if server is None or process.host.services.find_any("DNS").state != RUNNING:
        return _failed(process, _NO_SERVER)
    return work(process, server, words[1:])


def _failed(process: Process, error: tuple[int, str]) -> int:
    code, name = error
    process.out(f"\nCommand failed:  {name}     {code}    0x{code:x}\n\n")
    return code


def _done(process: Process) -> int:
    process.out("Command completed successfully.\n\n")
    return 0


def _info(process: Process, server: DnsServer, words: list[str]) -> int:
    if len(words) > 1:
        process.not_simulated(f"dnscmd /zoneinfo with {' '.join(words[1:])}")
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    process.out(
        "Zone query result:\n\nZone info:\n"
        "\tptr                   = 00000000002A1C30\n"
        f"\tzone name             = {zone.name}\n"
        "\tzone type             = 1\n"
        "\tshutdown              = 0\n"
        "\tpaused                = 0\n"
        f"\tupdate                = {zone.update}\n"
        f"\tDS integrated         = {int(bool(zone.partition))}\n"
        f"\tdata file             = {zone.file or '(null)'}\n"
        "\tusing WINS            = 0\n"
        f"\tdirectory partition   = {zone.partition or '(null)'}     flags 00000015\n\n"
    )
    return _done(process)


def _zones_folder(process: Process) -> str:
    return rf"{process.host.system_root}\System32\dns"


def _add(process: Process, server: DnsServer, words: list[str]) -> int:
    name, options = words[0].rstrip("."), [word.lower() for word in words[1:]]
    process.mutates()
    if server.find(name) is not None:
        return _failed(process, _EXISTS)
    host = process.host
    if options[:1] == ["/dsprimary"]:
        rest = options[2:] if options[1:2] == ["/dp"] else ["/domain"]
        if len(rest) != 1 or rest[0] not in _SCOPES:
            process.not_simulated(f"dnscmd /zoneadd {' '.join(options)}")
        if host.spec.role != "domain_controller":
            return _failed(process, _NO_DIRECTORY)
        zone = Zone(name, "", _SCOPES[rest[0]])
    elif options[:2] == ["/primary", "/file"] and options[3:] in ([], ["/load"]):
        zone = Zone(name, words[3])
    else:
        return process.not_simulated(f"dnscmd /zoneadd {' '.join(options)}")
    path = rf"{_zones_folder(process)}\{zone.file}"
    if "/load" in options and (entry := host.files.find(path)) is not None:
        zone.records = _read(bytes(entry.content or b"").decode("ascii"))
    else:
        own = f"{host.name.lower()}."
        start = f"{own} hostmaster. 1 900 600 86400 3600"
        zone.records = [Record("@", _TTL, "NS", own), Record("@", _TTL, "SOA", start)]
    server.add(zone)
    _write(process, zone)
    process.out(f"DNS Server . created zone {zone.name}:\n\n")
    return _done(process)


def _read(text: str) -> list[Record]:
    rows = [line.split(" ", 3) for line in text.splitlines()]
    return [Record(node, int(ttl), kind, data) for node, ttl, kind, data in rows]


def _write(process: Process, zone: Zone) -> None:
    """The zone's file. Windows writes it some time after a change; here it is at once."""
    if zone.partition:
        return
    host = process.host
    host.files.make_dirs(_zones_folder(process), host.clock.now())
    text = "".join(f"{r.node} {r.ttl} {r.type} {r.data}\n" for r in zone.records)
    path = rf"{_zones_folder(process)}\{zone.file}"
    host.files.write(path, text.encode("ascii"), host.clock.now())


def _delete(process: Process, server: DnsServer, words: list[str]) -> int:
    options = {word.lower() for word in words[1:]}
    if "/f" not in options or options - {"/f", "/dsdel"}:
        process.not_simulated(f"dnscmd /zonedelete {' '.join(words)}")
    process.mutates()
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    server.remove(zone)
    process.out(f"DNS Server . deleted zone {zone.name}:\n\tStatus = 0 (00000000)\n")
    return _done(process)


def _config(process: Process, server: DnsServer, words: list[str]) -> int:
    if len(words) != 3 or words[1].lower() != "/allowupdate" or words[2] not in ("0", "1", "2"):
        process.not_simulated(f"dnscmd /config {' '.join(words)}")
    process.mutates()
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    if words[2] == "2" and not zone.partition:
        return _failed(process, (9611, "DNS_ERROR_INVALID_ZONE_TYPE"))
    zone.update = int(words[2])
    process.out("Registry property AllowUpdate successfully reset.\n")
    return _done(process)


def _records(process: Process, server: DnsServer, words: list[str]) -> int:
    options = [word.lower() for word in words[2:]]
    if len(options) != 3 or options[0] != "/type" or options[2] != "/node":
        process.not_simulated(f"dnscmd /enumrecords {' '.join(words)}")
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    node = words[1].lower()
    if node != "@" and not any(r.node == node for r in zone.records):
        return _failed(process, _NO_NAME)
    found = [r for r in zone.records if r.node == node and r.type == options[1].upper()]
    process.out("Returned records:\n")
    for number, record in enumerate(found):
        head = record.node if number == 0 else "\t\t"
        process.out(f"{head} {record.ttl} {record.type}\t{record.data}\n")
    process.out("\n")
    return _done(process)


def _record_of(process: Process, words: list[str]) -> Record:
    node, *rest = words
    ttl = int(rest.pop(0)) if rest and re.fullmatch(r"\d+", rest[0]) else _TTL
    if len(rest) != 2:
        process.not_simulated(f"dnscmd with the record {' '.join(words)}")
    return Record(node.lower(), ttl, rest[0].upper(), rest[1])


def _record_add(process: Process, server: DnsServer, words: list[str]) -> int:
    process.mutates()
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    record = _record_of(process, words[1:])
    zone.records.append(record)
    _write(process, zone)
    process.out(f"Add {record.type} Record for {record.node}.{zone.name} at {zone.name}\n")
    return _done(process)


def _record_delete(process: Process, server: DnsServer, words: list[str]) -> int:
    if words[-1].lower() != "/f":
        process.not_simulated(f"dnscmd /recorddelete {' '.join(words)}")
    process.mutates()
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    wanted = _record_of(process, words[1:-1])
    same = [record for record in zone.records if _key(record) == _key(wanted)]
    if not same:
        return _failed(process, _NO_RECORD)
    zone.records = [record for record in zone.records if record not in same]
    _write(process, zone)
    process.out(f"Deleted {wanted.type} record(s) at {zone.name}\n")
    return _done(process)


def _key(record: Record) -> tuple[str, str, str]:
    return record.node, record.type, record.data.lower()


_VERBS: dict[str, Callable[[Process, DnsServer, list[str]], int]] = {
    "/zoneinfo": _info,
    "/zoneadd": _add,
    "/zonedelete": _delete,
    "/config": _config,
    "/enumrecords": _records,
    "/recordadd": _record_add,
    "/recorddelete": _record_delete,
}

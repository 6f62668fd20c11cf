r"""dnscmd.exe, on servers with the DNS Server role: zones and their records.

Source: Microsoft, "dnscmd" (Windows commands), and "Dnscmd Syntax" of Server 2003. The layout of
what /ZoneInfo and /EnumRecords print is that of public transcripts; that dnscmd ends with the
error's number is assumed, the number in its text is seen.
"""

from __future__ import annotations

from collections.abc import Callable

from runner.lab.state.dns import TTL, DnsServer, Record, Zone, from_file, in_file, record_of
from runner.lab.state.process import Process
from runner.lab.state.services import RUNNING

_EXISTS = (9609, "DNS_ERROR_ZONE_ALREADY_EXISTS")
_NO_ZONE = (9601, "DNS_ERROR_ZONE_DOES_NOT_EXIST")
_NO_NAME = (9714, "DNS_ERROR_NAME_DOES_NOT_EXIST")
_NO_RECORD = (9701, "DNS_ERROR_RECORD_DOES_NOT_EXIST")
_NO_DIRECTORY = (9717, "DNS_ERROR_DS_UNAVAILABLE")
_WRONG_KIND = (9611, "DNS_ERROR_INVALID_ZONE_TYPE")
_NO_SERVER = (1722, "RPC_S_SERVER_UNAVAILABLE")
_SCOPES = {"/forest": "AD-Forest", "/enterprise": "AD-Forest", "/domain": "AD-Domain",
           "/legacy": "AD-Legacy"}  # fmt: skip
_KINDS = {"/primary": 1, "/secondary": 2, "/stub": 3, "/forwarder": 4}


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
    if len(words) > 1 and [word.lower() for word in words[1:]] != ["forwardertimeout"]:
        process.not_simulated(f"dnscmd /zoneinfo with {' '.join(words[1:])}")
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    if len(words) > 1:
        process.out(f"Query result:\nDword:  {zone.timeout} ({zone.timeout:08x})\n\n")
        return _done(process)
    process.out(
        "Zone query result:\n\nZone info:\n"
        "\tptr                   = 00000000002A1C30\n"
        f"\tzone name             = {zone.name}\n"
        f"\tzone type             = {zone.kind}\n"
        "\tshutdown              = 0\n"
        "\tpaused                = 0\n"
        f"\tupdate                = {zone.update}\n"
        f"\tDS integrated         = {int(bool(zone.partition))}\n"
        f"\tdata file             = {zone.file or '(null)'}\n"
        "\tusing WINS            = 0\n"
        f"\tZone Masters\n{_masters(process, zone)}"
        "\tZone Secondaries\n\tNULL IP Array.\n"
        f"\tdirectory partition   = {zone.partition or '(null)'}     flags 00000015\n\n"
    )
    return _done(process)


def _masters(process: Process, zone: Zone) -> str:
    """The list of addresses, which 2008 began to print in another way."""
    if not zone.masters:
        return "\tNULL IP Array.\n"
    if process.host.profile.legacy:
        rows = "".join(f"\t\tIP[{n}] = {ip}\n" for n, ip in enumerate(zone.masters))
        return f"\tIP Array: count = {len(zone.masters)}\n{rows}"
    head = f"\tPtr          = 00000000002A2F20\n\tAddrCount    = {len(zone.masters)}\n"
    return head + "".join(
        f"\t\tMaster[{n}] => af=2, salen=16, [sub=0, flag=00000000] p=13568, addr={ip}\n"
        for n, ip in enumerate(zone.masters)
    )


def _zones_folder(process: Process) -> str:
    return rf"{process.host.system_root}\System32\dns"


def _add(process: Process, server: DnsServer, words: list[str]) -> int:
    name, options = words[0].rstrip("."), [word.lower() for word in words[1:]]
    process.mutates()
    if server.find(name) is not None:
        return _failed(process, _EXISTS)
    host = process.host
    zone = _described(process, name, words[1:])
    if zone.partition and host.spec.role != "domain_controller":
        return _failed(process, _NO_DIRECTORY)
    path = rf"{_zones_folder(process)}\{zone.file}"
    if zone.kind != 1:
        pass  # its masters are not simulated: it stays empty
    elif "/load" in options and (entry := host.files.find(path)) is not None:
        zone.records = from_file(bytes(entry.content or b"").decode("ascii"))
    else:
        own = f"{host.name.lower()}."
        start = f"{own} hostmaster. 1 900 600 86400 3600"
        zone.records = [Record("@", TTL, "NS", own), Record("@", TTL, "SOA", start)]
    server.add(zone)
    _write(process, zone)
    process.out(f"DNS Server . created zone {zone.name}:\n\n")
    return _done(process)


def _described(process: Process, name: str, words: list[str]) -> Zone:
    """The zone that the options of /zoneadd describe."""
    rest = list(words)
    word = rest.pop(0).lower() if rest else ""
    in_directory = word.startswith("/ds")
    kind = _KINDS.get("/" + word.removeprefix("/ds") if in_directory else word, 0)
    if not kind or (in_directory and kind == 2):
        process.not_simulated(f"dnscmd /zoneadd {' '.join(words)}")
    zone = Zone(name, "", "AD-Domain" if in_directory else "", kind=kind)
    while rest and not rest[0].startswith("/"):
        zone.masters.append(rest.pop(0))
    if bool(zone.masters) != (kind > 1):
        process.not_simulated(f"dnscmd /zoneadd {' '.join(words)}: masters")
    if kind == 4:
        zone.timeout = 5
    while rest:
        option = rest.pop(0).lower()
        if option == "/timeout" and kind == 4 and rest:
            zone.timeout = int(rest.pop(0))
        elif option == "/dp" and in_directory and rest and rest[0].lower() in _SCOPES:
            zone.partition = _SCOPES[rest.pop(0).lower()]
        elif option == "/file" and not in_directory and rest:
            zone.file = rest.pop(0)
        elif option != "/load":
            process.not_simulated(f"dnscmd /zoneadd {' '.join(words)}")
    if kind in (1, 3) and not in_directory and not zone.file:
        process.not_simulated(f"dnscmd /zoneadd {' '.join(words)}: no /file")
    if kind == 2 and not zone.file:
        zone.file = f"{name}.dns"
    return zone


def _write(process: Process, zone: Zone) -> None:
    """The zone's file. Windows writes it some time after a change; here it is at once."""
    if zone.partition or not zone.file:
        return
    host = process.host
    host.files.make_dirs(_zones_folder(process), host.clock.now())
    text = in_file(zone.records)
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
    verb = words[1].lower() if len(words) == 3 else ""
    if verb not in ("/allowupdate", "/forwardertimeout") or not words[2].isdigit():
        process.not_simulated(f"dnscmd /config {' '.join(words)}")
    process.mutates()
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    if verb == "/forwardertimeout":
        if zone.kind != 4:
            return _failed(process, _WRONG_KIND)
        zone.timeout = int(words[2])
        process.out("Registry property ForwarderTimeout successfully reset.\n")
        return _done(process)
    if words[2] not in ("0", "1", "2"):
        process.not_simulated(f"dnscmd /config {' '.join(words)}")
    if words[2] == "2" and not zone.partition:
        return _failed(process, _WRONG_KIND)
    zone.update = int(words[2])
    process.out("Registry property AllowUpdate successfully reset.\n")
    return _done(process)


def _masters_set(process: Process, server: DnsServer, words: list[str]) -> int:
    process.mutates()
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    if zone.kind == 1:
        return _failed(process, _WRONG_KIND)
    if len(words) < 2 or any(word.startswith("/") for word in words):
        process.not_simulated(f"dnscmd /zoneresetmasters {' '.join(words)}")
    zone.masters = words[1:]
    process.out(f"Zone {zone.name} reset master servers successfully\n")
    return _done(process)


def _move(process: Process, server: DnsServer, words: list[str]) -> int:
    if len(words) != 2 or words[1].lower() not in _SCOPES:
        process.not_simulated(f"dnscmd /zonechangedirectorypartition {' '.join(words)}")
    process.mutates()
    zone = server.find(words[0])
    if zone is None:
        return _failed(process, _NO_ZONE)
    if not zone.partition:
        return _failed(process, _WRONG_KIND)
    zone.partition = _SCOPES[words[1].lower()]
    process.out(f"DNS Server . moved zone {zone.name} to new directory partition\n")
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
        aging = "[Aging:3500000] " * record.ages
        data = f"( {record.data} )" if record.type == "TXT" else record.data
        process.out(f"{head} {aging}{record.ttl} {record.type}\t{data}\n")
    process.out("\n")
    return _done(process)


def _record_of(process: Process, words: list[str]) -> Record:
    record = record_of(words)
    return record or process.not_simulated(f"dnscmd with the record {' '.join(words)}")


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
    same = [record for record in zone.records if record.key == wanted.key]
    if not same:
        return _failed(process, _NO_RECORD)
    zone.records = [record for record in zone.records if record not in same]
    _write(process, zone)
    process.out(f"Deleted {wanted.type} record(s) at {zone.name}\n")
    return _done(process)


_VERBS: dict[str, Callable[[Process, DnsServer, list[str]], int]] = {
    "/zoneinfo": _info,
    "/zoneadd": _add,
    "/zonedelete": _delete,
    "/config": _config,
    "/zoneresetmasters": _masters_set,
    "/zonechangedirectorypartition": _move,
    "/enumrecords": _records,
    "/recordadd": _record_add,
    "/recorddelete": _record_delete,
}

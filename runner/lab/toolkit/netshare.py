"""`net share`: shares listed, made, changed and taken away. Source: Microsoft, "net share"."""

from __future__ import annotations

from runner.lab.profiles.fresh import SHARES
from runner.lab.state.host import Host
from runner.lab.state.process import Process
from runner.lab.state.services import RUNNING
from runner.lab.state.shares import shares_of
from runner.lab.toolkit.sharetext import MASKS, descriptor, share_values

__all__ = ["SECURITY", "share"]

SECURITY = SHARES + r"\Security"
_CACHE = {"manual": 0x0, "documents": 0x10, "programs": 0x20, "none": 0x30, "branchcache": 0x2000}
_CACHE_BITS = 0x2030


def share(process: Process, args: list[str]) -> int:
    """`net share [NAME[=PATH] [/GRANT:WHO,RIGHT] [/REMARK:] [/USERS:] [/CACHE:] [/delete]]`."""
    host = process.host
    if not _serving(host):
        process.mutates()
        return _help(process, 2114, "The Server service is not started.")
    if not args:
        return _list(process)
    name, equals, path = args[0].partition("=")
    switches = args[1:]
    lower = {word.lower() for word in switches}
    if lower & {"/delete", "/d", "/del"} and lower <= {"/delete", "/d", "/del", "/y", "/yes"}:
        return _delete(process, name)
    if equals:
        return _make(process, name, path, switches)
    if switches:
        return _change(process, name, switches)
    shares = {key.lower(): value for key, value in shares_of(host.registry).items()}
    if name.lower() not in shares:
        return _help(process, 2310, "This shared resource does not exist.")
    process.out(f"Share name        {name}\nPath              {shares[name.lower()]}\n")
    process.out("The command completed successfully.\n\n")
    return 0


def _help(process: Process, number: int, text: str) -> int:
    return process.fail(2, f"{text}\n\nMore help is available by typing NET HELPMSG {number}.\n\n")


def _serving(host: Host) -> bool:
    return "LanmanServer" in host.services and (host.services.find("LanmanServer").state == RUNNING)


def _list(process: Process) -> int:
    host = process.host
    rows = [("C$", "C:\\", "Default share"), ("IPC$", "", "Remote IPC"),
            ("ADMIN$", host.system_root, "Remote Admin")]  # fmt: skip
    rows += [(name, path, "") for name, path in sorted(shares_of(host.registry).items())]
    process.out("\nShare name   Resource                        Remark\n\n" + "-" * 79 + "\n")
    for name, path, remark in rows:
        process.out(f"{name:<12} {path:<31} {remark}\n")
    process.out("The command completed successfully.\n\n")
    return 0


def _delete(process: Process, name: str) -> int:
    process.mutates()
    if not process.host.registry.delete_value(SHARES, name):
        return _help(process, 2310, "This shared resource does not exist.")
    process.host.registry.delete_value(SECURITY, name)
    key = process.host.registry.find(SECURITY)
    if key is not None and not key.values:
        process.host.registry.delete_key(SECURITY)
    process.out(f"{name} was deleted successfully.\n\n")
    return 0


def _make(process: Process, name: str, path: str, switches: list[str]) -> int:
    process.mutates()
    registry = process.host.registry
    if registry.get(SHARES, name) is not None:
        return _help(process, 2118, "The name has already been shared.")
    if not process.host.files.is_dir(process.absolute(path)):
        return _help(process, 2116, "The device or directory does not exist.")
    fields = _Fields(path=path)
    grants = _read(process, switches, fields)
    if grants is None:
        return _help(process, 2221, "The user name could not be found.")
    registry.set(SHARES, name, fields.values(name))
    if grants:
        registry.set(SECURITY, name, descriptor(grants), "REG_BINARY")
    process.out(f"{name} was shared successfully.\n\n")
    return 0


def _change(process: Process, name: str, switches: list[str]) -> int:
    process.mutates()
    found = process.host.registry.get(SHARES, name)
    if found is None or not isinstance(found.data, tuple):
        return _help(process, 2310, "This shared resource does not exist.")
    known = dict(item.split("=", 1) for item in found.data)
    fields = _Fields(known["Path"], known["Remark"], int(known["MaxUses"]), int(known["CSCFlags"]))
    if _read(process, switches, fields):
        process.not_simulated("net share /GRANT for a share that is there")
    process.host.registry.set(SHARES, found.name, fields.values(found.name))
    process.out("The command completed successfully.\n\n")
    return 0


class _Fields:
    """What a share has besides its name and its permissions."""

    def __init__(self, path: str, remark: str = "", uses: int = 0xFFFFFFFF, flags: int = 0) -> None:
        self.path, self.remark, self.uses, self.flags = path, remark, uses, flags

    def values(self, name: str) -> tuple[str, ...]:
        """As the registry holds it."""
        return share_values(name, self.path, self.remark, self.uses, self.flags)


def _read(process: Process, switches: list[str], fields: _Fields) -> list[tuple[str, str]] | None:
    """Takes the switches in; who is given what, None for somebody whom nobody knows."""
    grants: list[tuple[str, str]] = []
    for word in switches:
        key, _, value = word.partition(":")
        match key.lower():
            case "/remark":
                fields.remark = value
            case "/unlimited":
                fields.uses = 0xFFFFFFFF
            case "/users" if value.isdigit():
                fields.uses = int(value)
            case "/cache" if value.lower() in _CACHE:
                fields.flags = fields.flags & ~_CACHE_BITS | _CACHE[value.lower()]
            case "/grant" if not process.host.profile.legacy:
                who, _, right = value.rpartition(",")
                sid = process.host.security.accounts.sid_of(who)
                if sid is None or right.lower() not in MASKS:
                    return None
                grants.append((sid, right.lower()))
            case _:
                process.not_simulated(f"net share {word}")
    return grants

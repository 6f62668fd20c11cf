r"""IP security policies of the local store, as the registry holds them.

Under ``HKLM\SOFTWARE\Policies\Microsoft\Windows\IPSec\Policy\Local`` every object has a key of its
own: ``ipsecPolicy{GUID}``, ``ipsecNFA{GUID}`` (a rule), ``ipsecFilter{GUID}`` (a filter list) and
``ipsecNegotiationPolicy{GUID}`` (a filter action); they refer to each other by their keys, and
``ActivePolicy`` names the one that is assigned (Microsoft, [MS-GPIPSEC] 2.2.1 for the objects; the
keys as in public code). No text that ``netsh`` prints is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runner.interfaces.exchange import Exec, Output
from runner.windows import registry

_IPSEC: Final = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\IPSec"
STORE: Final = registry.query(rf"{_IPSEC}\Policy\Local", None, "/s")
BY_GROUP_POLICY: Final = registry.query(rf"{_IPSEC}\GPTIPSECPolicy")
"""There when a domain assigned a policy, which then is in force instead of a local one."""

POLICY: Final = "ipsecpolicy"
RULE: Final = "ipsecnfa"
FILTER_LIST: Final = "ipsecfilter"
ACTION: Final = "ipsecnegotiationpolicy"
_NETSH: Final = ("netsh", "ipsec", "static")


@dataclass(frozen=True, slots=True)
class Object:
    """One object of the store. ``refers`` are the identifiers that it refers to."""

    kind: str
    id: str
    name: str
    description: str = ""
    refers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Store:
    """The local store. ``active`` is the identifier of the assigned policy, or empty."""

    objects: Mapping[str, Object]
    active: str = ""

    def find(self, kind: str, name: str) -> Object | None:
        """The object of that kind and name; names do not distinguish case."""
        wanted = name.casefold()
        found = (o for o in self.objects.values() if o.kind == kind and o.name.casefold() == wanted)
        return next(found, None)

    @property
    def active_name(self) -> str:
        """The name of the assigned policy; empty when none is."""
        found = self.objects.get(self.active)
        return found.name if found else ""

    def rules(self, policy: Object) -> int:
        """How many of the policy's rules join a filter list with an action, all three there."""
        rules = (self.objects.get(each) for each in policy.refers)
        kinds = [
            {found.kind for ref in rule.refers if (found := self.objects.get(ref))}
            for rule in rules
            if rule and rule.kind == RULE
        ]
        return sum({FILTER_LIST, ACTION} <= each for each in kinds)


_REFERENCES: Final = (
    "ipsecNFAReference",
    "ipsecFilterReference",
    "ipsecNegotiationPolicyReference",
)


def store(output: Output) -> Store:
    """What ``STORE`` answered; an empty store when there is none."""
    objects: dict[str, Object] = {}
    active = ""
    for key in registry.parse(output.stdout) if output.code == 0 else ():
        assigned = key.get("ActivePolicy")
        if assigned and key.path.lower().endswith(r"\local"):
            active = _tail(str(assigned.data))
        kind, brace, _ = _tail(key.path).partition("{")
        if brace and kind in (POLICY, RULE, FILTER_LIST, ACTION):
            objects[_tail(key.path)] = _object(kind, key)
    return Store(objects, active)


def _object(kind: str, key: registry.Key) -> Object:
    refers: list[str] = []
    for name in _REFERENCES:
        value = key.get(name)
        data = value.data if value else None
        items = data if isinstance(data, tuple) else (data,) if isinstance(data, str) else ()
        refers += [_tail(item) for item in items]
    return Object(kind, _tail(key.path), _text(key, "ipsecName"), _text(key, "description"),
                  tuple(refers))  # fmt: skip


def _text(key: registry.Key, name: str) -> str:
    value = key.get(name)
    return str(value.data) if value and value.data is not None else ""


def _tail(path: str) -> str:
    return path.rstrip("\\").rpartition("\\")[2].casefold()


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: packets from ``source`` to ``target`` (me, any, an address or a network)."""

    source: str
    target: str
    protocol: str
    port: int
    mirrored: bool = False


def add_filter(filter_list: str, each: Filter) -> Exec:
    """The command that puts a filter into a list, which is made when it is not there."""
    words = [f"filterlist={filter_list}", *_side("src", each.source), *_side("dst", each.target)]
    words += [f"protocol={each.protocol}", f"mirrored={'yes' if each.mirrored else 'no'}"]
    if each.protocol in ("TCP", "UDP"):
        words += ["srcport=0", f"dstport={each.port}"]
    return Exec(*_NETSH, "add", "filter", *words)


def _side(side: str, address: str) -> tuple[str, ...]:
    host, slash, mask = address.partition("/")
    return (f"{side}addr={host}", *((f"{side}mask={mask}",) if slash else ()))


def add(kind: str, *words: str) -> Exec:
    """The command that makes an object: ``policy``, ``rule`` or ``filteraction``."""
    return Exec(*_NETSH, "add", kind, *words)


def delete(kind: str, name: str) -> Exec:
    """The command that deletes one object; a policy takes its rules along."""
    return Exec(*_NETSH, "delete", kind, f"name={name}")


def assign(name: str, *, assigned: bool) -> Exec:
    """The command that puts a policy in force, which ends another one's, or takes it back."""
    return Exec(*_NETSH, "set", "policy", f"name={name}", f"assign={'yes' if assigned else 'no'}")

"""A firewall rule as win_firewall_rule sees it: its state, and how it is found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import Refused
from runner.interfaces.exchange import Output, Query, Reply, read
from runner.windows import firewall, registry, services
from runner.windows.exit_codes import OK

FIELDS: Final = (
    "enabled",
    "direction",
    "action",
    "protocol",
    "localport",
    "remoteport",
    "localip",
    "remoteip",
    "program",
    "service",
    "profiles",
    "description",
    "edge",
    "interfacetypes",
    "icmp_type_code",
    "security",
    "group",
)
"""What a task may say about a rule; named alike in parameters, states and parsed rules."""


@dataclass(frozen=True, slots=True)
class RuleState:
    """One rule. ``any`` where nothing narrows it; no profiles means all of them.

    ``copies`` counts identical rules of the same name. ``extra`` are fields that netsh cannot set.
    ``narrow`` are the conditions by which netsh finds this rule and no other of the same name.
    """

    present: bool = False
    enabled: bool = False
    direction: str = ""
    action: str = ""
    protocol: str = ""
    localport: str = ""
    remoteport: str = ""
    localip: str = ""
    remoteip: str = ""
    program: str = ""
    service: str = ""
    profiles: tuple[str, ...] = ()
    description: str = ""
    edge: str = ""
    interfacetypes: tuple[str, ...] = ()
    icmp_type_code: str = firewall.ANY
    security: str = firewall.NOT_REQUIRED
    group: str = ""
    copies: int = 0
    extra: tuple[str, ...] = ()
    narrow: tuple[str, ...] = field(default=(), compare=False)
    others: int = field(default=0, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)


_PROFILE_READS: Final = tuple(
    registry.query(rf"{firewall.POLICY}\{key}", "EnableFirewall")
    for key in firewall.PROFILES.values()
)
_READS: Final = (
    registry.query(firewall.RULES),
    *_PROFILE_READS,
    services.query("MpsSvc"),
    registry.query(firewall.GROUP_POLICY, None, "/s"),
)

Wanted = Mapping[str, Any]
"""What a task says about a rule, in the words of a parsed rule."""


def find(name: str, wanted: Wanted, *, absent: bool) -> Generator[Query, Reply, RuleState]:
    """The rule that a task means, and whether it has any effect on this host."""
    outputs = yield from read(*_READS)
    same_name = [
        rule
        for rule in firewall.rules(outputs[0].stdout)
        if rule.name.casefold() == name.casefold()
    ]
    meant = _meant(name, wanted, same_name, absent=absent)
    profiles = meant[0].profiles if meant else wanted.get("profiles", ())
    warnings = _warnings(outputs[1:], profiles)
    others = len(same_name) - len(meant)
    if not meant:
        return RuleState(others=others, warnings=warnings)
    rule = meant[0]
    return RuleState(
        present=True,
        copies=len(meant),
        extra=rule.extra,
        narrow=_narrow(name, rule, same_name),
        others=others,
        warnings=warnings,
        **{key: getattr(rule, key) for key in FIELDS},
    )


def _meant(
    name: str, wanted: Wanted, rules: Sequence[firewall.Rule], *, absent: bool
) -> list[firewall.Rule]:
    """The rule that is to be changed or removed, with its identical copies; none to create one.

    A rule of the same name that the task does not describe is never touched.
    """
    exact = [rule for rule in rules if matches(rule, wanted)]
    if exact or absent:
        return _one_kind(name, exact)
    same_way = [rule for rule in rules if _agrees(rule, wanted, "direction")]
    if len(_kinds(same_way)) > 1:
        same_way = [rule for rule in same_way if _agrees(rule, wanted, "protocol")]
    return _one_kind(name, same_way)


def _kinds(rules: Sequence[firewall.Rule]) -> set[firewall.Rule]:
    return {dataclasses.replace(rule, id="") for rule in rules}


def _one_kind(name: str, rules: list[firewall.Rule]) -> list[firewall.Rule]:
    if len(_kinds(rules)) > 1:
        raise Refused(
            f"{len(rules)} different firewall rules are named {name}",
            hint="say more about the rule (direction, protocol, localport, ...), or rename one",
        )
    return rules


def matches(rule: firewall.Rule, wanted: Wanted) -> bool:
    """Whether a rule is as a task says, in everything that the task says."""
    return all(_agrees(rule, wanted, key) for key in wanted)


def _agrees(rule: firewall.Rule, wanted: Wanted, key: str) -> bool:
    if key not in wanted:
        return True
    found = getattr(rule, key)
    return same(found, wanted[key])


def same(found: Any, wanted: Any) -> bool:
    """Equal; text does not distinguish case (paths, service names, keywords)."""
    if isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()
    return bool(found == wanted)


def _narrow(name: str, rule: firewall.Rule, same_name: Sequence[firewall.Rule]) -> tuple[str, ...]:
    conditions: list[tuple[str, Callable[[firewall.Rule], str]]] = [
        ("dir", lambda r: r.direction),
        ("protocol", lambda r: r.protocol),
    ]
    kind = dataclasses.replace(rule, id="")
    left = [r for r in same_name if dataclasses.replace(r, id="") != kind]
    narrow: list[str] = []
    for word, get in conditions:
        if word == "dir" or left:
            narrow.append(f"{word}={get(rule)}")
            left = [r for r in left if get(r) == get(rule)]
    if left:
        raise Refused(
            f"netsh cannot tell the firewall rule {name} from {len(left)} other(s) of that name",
            hint="rename or remove the others by hand; a foreign rule is never touched",
        )
    return tuple(narrow)


def _warnings(answers: Sequence[Output], profiles: Sequence[str]) -> tuple[str, ...]:
    *switches, service, policy = answers
    status = services.parse(service.stdout)
    if service.code != OK or not status or status[0].state != "running":
        return ("the firewall service (MpsSvc) does not run: the rule has no effect yet",)
    found: list[str] = []
    names = zip(firewall.PROFILES, switches, strict=True)
    off = [
        profile
        for profile, answer in names
        if registry.number(answer, "EnableFirewall") == 0 and (not profiles or profile in profiles)
    ]
    if off:
        found.append(f"the firewall is off ({', '.join(off)}): the rule has no effect there yet")
    keys = registry.parse(policy.stdout) if policy.code == OK else ()
    merge = [key.get("AllowLocalPolicyMerge") for key in keys]
    if any(value is not None and value.data == 0 for value in merge):
        found.append("group policy ignores local rules here: the rule may have no effect")
    return tuple(found)

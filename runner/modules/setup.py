"""Gather the facts of a Windows host with one bundle of cheap reads, from Server 2003 on.

Facts come under Ansible's names without the ``ansible_`` prefix, as in ``ansible_facts``. What is
not gathered (memory, processors, network interfaces) is simply not there: using it is an error
that names it, never a wrong value.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply
from runner.interfaces.loose import Words
from runner.model.state import Change
from runner.windows import facts as windows_facts

_SUBSETS: Mapping[str, tuple[str, ...]] = {
    "platform": (
        "domain",
        "fqdn",
        "hostname",
        "netbios_name",
        "kernel",
        "nodename",
        "owner_name",
        "system",
        "architecture",
        "architecture2",
        "reboot_pending",
    ),
    "distribution": (
        "os_family",
        "distribution",
        "distribution_version",
        "distribution_major_version",
        "os_name",
        "os_product_type",
        "os_installation_type",
    ),
    "powershell_version": ("powershell_version",),
    "uptime": ("lastboot", "uptime_seconds"),
    "windows_domain": ("windows_domain", "windows_domain_member", "windows_domain_role"),
    "date_time": ("date_time",),
    "env": ("env",),
    "user": ("user_id", "user_dir"),
}
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "min": ("date_time", "distribution", "env", "platform", "powershell_version", "user"),
    "hardware": ("uptime",),
    "network": ("windows_domain",),
    "all": tuple(_SUBSETS),
}
_NOT_GATHERED = frozenset(
    {"all_ipv4_addresses", "all_ipv6_addresses", "bios", "dns", "external", "facter", "interfaces"}
    | {"local", "memory", "ohai", "processor", "virtual", "winrm"}
)
"""Ansible's other subsets for Windows: there is nothing of them to gather, or to leave out."""
_ALWAYS = ("windows", "os_family")


class Params(base.Params):
    """Parameters of Ansible's setup."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "fact_path": "custom fact scripts are not run; use win_powershell with register"
    }

    gather_subset: Words = Field(
        ("all",),
        description="what to gather: all, min, hardware (uptime), network (domain), or "
        + ", ".join(_SUBSETS)
        + "; with ! in front, what to leave out",
    )
    gather_timeout: int = Field(10, gt=0, description="seconds for each command")
    filter: Words = Field((), description="return only facts whose names match (shell patterns)")

    @field_validator("gather_subset")
    @classmethod
    def _known(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            name = word.removeprefix("!")
            if name in _NOT_GATHERED and word != name:
                continue
            if name in _NOT_GATHERED:
                raise ValueError(f"'{name}' is not gathered; there are: {', '.join(_choices())}")
            if name not in _SUBSETS and name not in _GROUPS:
                raise ValueError(f"'{name}' is unknown; there are: {', '.join(_choices())}")
        return words


def _choices() -> list[str]:
    return sorted({*_SUBSETS, *_GROUPS})


@dataclass(frozen=True, slots=True)
class FactsState:
    """The facts as JSON text, since a state holds no mappings."""

    facts: str


class Module(base.Module[Params, FactsState]):
    """Looks, changes nothing."""

    params = Params
    state = FactsState
    effect = base.Effect.READ
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/setup_module.html"
    )

    def subject(self, params: Params) -> str:
        return "facts"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FactsState]:
        found = yield from windows_facts.gather(timeout=float(max(params.gather_timeout, 10)))
        return FactsState(json.dumps(found, ensure_ascii=False, sort_keys=True))

    def plan(self, params: Params, before: FactsState, facts: base.Facts) -> FactsState:
        return before

    def result(
        self,
        params: Params,
        change: Change[FactsState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        found: dict[str, Any] = json.loads(change.after.facts)
        wanted = _wanted(params.gather_subset)
        kept = {name: value for name, value in found.items() if name in wanted}
        if params.filter:
            kept = {name: value for name, value in kept.items() if _matches(name, params.filter)}
            # Modules decide by it, whatever a playbook cares to see.
            kept["windows"] = found["windows"]
        return {"ansible_facts": kept}


def _wanted(subset: tuple[str, ...]) -> frozenset[str]:
    """The names of the facts to return; leaving out only means all but those."""
    asked = [word for word in subset if not word.startswith("!")]
    refused = [word.removeprefix("!") for word in subset if word.startswith("!")]
    subsets = {name for word in asked or ["all"] for name in _GROUPS.get(word, (word,))}
    if asked:
        subsets |= set(_GROUPS["min"])
    for word in refused:
        gone = set(_GROUPS.get(word, (word,)))
        # Ansible's "!all" still leaves the minimum; "!min" takes that away too.
        subsets -= gone - set(_GROUPS["min"]) if word == "all" else gone
    subsets |= {word for word in asked if word in _SUBSETS}
    return frozenset(_ALWAYS) | {name for word in subsets for name in _SUBSETS[word]}


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatch.fnmatchcase(full, pattern)
        for pattern in patterns
        for full in (name, f"ansible_{name}")
    )

"""DNS servers of a host's network adapters, with ``netsh interface``.

An adapter is named as people see it, in the system's language, or all by ``*``: those that have an
IPv4 address. IPv4 and IPv6 servers are kept apart: of a kind that is not given, nothing is changed;
an empty list takes both back to what DHCP says. IPv6 is for Vista and Server 2008 on.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import AliasChoices, Field, field_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.modules._parts.win_files import PathText
from runner.windows import adapters, log, registry
from runner.windows.adapters import Adapter
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_SUFFIX: Final = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*")


class Params(base.Params):
    """Parameters of Ansible's win_dns_client."""

    adapter_names: Words = Field(min_length=1, description="names of adapters, or * for all")
    dns_servers: Words = Field(
        validation_alias=AliasChoices("dns_servers", "ipv4_addresses", "ip_addresses", "addresses"),
        description="addresses of the servers in their order; an empty list: as DHCP says",
    )

    suffix_search_list: Words | None = Field(
        None,
        description="suffixes that names are tried with, of all adapters, in their order; an empty "
        "list: none of its own",
    )
    log_path: PathText | None = Field(
        None, description="a file on the host to which a line for each change is added"
    )

    @field_validator("suffix_search_list")
    @classmethod
    def _suffixes(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for word in words or ():
            if not _SUFFIX.fullmatch(word):
                raise ValueError(f"'{word}' is not a suffix such as corp.example")
        return words

    @field_validator("dns_servers")
    @classmethod
    def _addresses(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        for text in texts:
            try:
                address = str(ipaddress.ip_address(text))
            except ValueError:
                raise ValueError(f"'{text}' is not an address") from None
            if address in found:
                raise ValueError(f"{address} is named twice")
            found.append(address)
        return tuple(found)

    def of(self, version: int) -> tuple[str, ...] | None:
        """The wanted servers of IPv4 or IPv6; None when the task says nothing of that kind."""
        found = tuple(s for s in self.dns_servers if ipaddress.ip_address(s).version == version)
        return found if found or not self.dns_servers else None


@dataclass(frozen=True, slots=True)
class Clients:
    """The named adapters; ``unknown`` are names that no adapter has, ``others`` the known ones.

    ``search_list`` is what the registry has, where the task is about it; None where it has none.
    """

    adapters: tuple[Adapter, ...]
    search_list: str | None = None
    unknown: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    others: tuple[str, ...] = dataclasses.field(default=(), compare=False)


class Module(base.Module[Params, Clients]):
    """Gives adapters their DNS servers."""

    params = Params
    state = Clients
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_dns_client_module.html"
    )
    guide = Guide(
        example=("win_dns_client:\n  adapter_names: '*'\n  dns_servers: [10.0.0.2, 10.0.0.3]"),
        using=(Using("netsh interface, reg"),),
    )

    def subject(self, params: Params) -> str:
        return f"dns servers of {', '.join(params.adapter_names).lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Clients]:
        names, v4, v6 = yield from read(*adapters.READS)
        search: str | None = None
        if params.suffix_search_list is not None:
            (out,) = yield from read(registry.query(adapters.SEARCH_KEY, adapters.SEARCH_LIST))
            found = registry.value(out, adapters.SEARCH_LIST)
            search = found if isinstance(found, str) else None
        expect(names, "reg", "list the network adapters")
        known = adapters.adapters(names, v4, v6)
        if "*" in params.adapter_names:
            chosen = tuple(each for each in known if each.has_address)
            names_of_all = tuple(a.name for a in known)
            return Clients(chosen, search, () if chosen else ("*",), names_of_all)
        by_name = {each.name.casefold(): each for each in known}
        wanted = dict.fromkeys(name.casefold() for name in params.adapter_names)
        return Clients(
            adapters=tuple(by_name[name] for name in wanted if name in by_name),
            search_list=search,
            unknown=tuple(n for n in params.adapter_names if n.casefold() not in by_name),
            others=tuple(each.name for each in known),
        )

    def plan(self, params: Params, before: Clients, facts: base.Facts) -> Clients:
        host = WindowsFacts.of(facts)
        if before.unknown:
            raise Refused(
                f"this host has no network adapter {', '.join(before.unknown)}",
                hint=f"its adapters: {', '.join(before.others) or 'none has TCP/IP'}",
            )
        if host.nt < (6, 0) and any(":" in server for server in params.dns_servers):
            raise Refused(
                f"{host.name}: netsh sets no DNS servers of IPv6",
                hint="name IPv4 servers only; they answer for IPv6 names as well",
            )
        return dataclasses.replace(
            before,
            adapters=tuple(_wanted(params, each) for each in before.adapters),
            search_list=_searched(params, before.search_list),
        )

    def apply(
        self, params: Params, change: Change[Clients], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        nt = WindowsFacts.of(facts).nt
        now = {each.name: each for each in change.before.adapters}
        for adapter in change.after.adapters:
            old = now.get(adapter.name, Adapter(adapter.name))
            pairs = ((4, old.dns4, adapter.dns4), (6, old.dns6, adapter.dns6))
            for version, was, wanted in pairs:
                for command in adapters.set_dns(adapter, wanted, version, nt) * (was != wanted):
                    out = yield from write(command)
                    expect(out, "netsh", f"set the DNS servers of {adapter.name}")
        yield from _search(change)
        if params.log_path is not None:
            yield from write(log.added(params.log_path, map(_line, change.after.adapters)))
        return {}

    def restore(self, params: Params, change: Change[Clients]) -> tuple[base.Restoring, ...]:
        return restoring_settings.dns(change)


def _searched(params: Params, found: str | None) -> str | None:
    """The list as the registry is to have it; another spelling of the same stays."""
    wanted = params.suffix_search_list
    if wanted is None or [w.lower() for w in wanted] == re.split(r"[\s,]+", (found or "").lower()):
        return found
    return ",".join(wanted) if wanted else found and None


def _search(change: Change[Clients]) -> Generator[Request, Reply, None]:
    old, new = change.before.search_list, change.after.search_list
    if old == new:
        return
    key, name = adapters.SEARCH_KEY, adapters.SEARCH_LIST
    command = (
        registry.delete_value(key, name) if new is None else registry.add(key, name, "REG_SZ", new)
    )
    expect((yield from write(command)), "reg", "set the suffixes that names are tried with")


def _line(adapter: Adapter) -> str:
    servers = ", ".join((*adapter.dns4, *adapter.dns6)) or "as DHCP says"
    return f"DNS servers of {adapter.name}: {servers}"


def _wanted(params: Params, adapter: Adapter) -> Adapter:
    v4, v6 = params.of(4), params.of(6)
    return dataclasses.replace(
        adapter,
        dns4=adapter.dns4 if v4 is None else v4,
        dns6=adapter.dns6 if v6 is None else v6,
    )

"""The parameters of ``win_firewall_rule``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text, Words
from runner.modules._parts import firewall as _firewall
from runner.windows import firewall

_ICMP: Final = re.compile(r"\d{1,3}:(\d{1,3}|\*)")


class Params(base.Params):
    """Parameters of Ansible's win_firewall_rule."""

    name: Text = Field(min_length=1, description="the rule's name")
    state: Literal["absent", "present"] = Field("present", description="whether it shall exist")
    enabled: bool | None = Field(
        None,
        validation_alias=AliasChoices("enabled", "enable"),
        description="whether it is enabled; a new rule is",
    )
    direction: Literal["in", "out"] | None = Field(None, description="a new rule: in")
    action: Literal["allow", "block"] | None = Field(None, description="a new rule: allow")
    description: Text | None = Field(None, pattern=r"^[^|]*$", description="text for people")
    localip: Text | None = Field(None, description="local addresses, or any")
    remoteip: Text | None = Field(None, description="remote addresses, ranges, networks, or any")
    localport: Text | None = Field(None, description="local ports such as 135,137-139, or any")
    remoteport: Text | None = Field(None, description="remote ports, or any")
    program: Text | None = Field(None, description="program, or any")
    service: Text | None = Field(None, description="service, or any")
    protocol: Text | None = Field(None, description="tcp, udp, icmpv4, icmpv6, a number, or any")
    profiles: Words | None = Field(
        None,
        validation_alias=AliasChoices("profiles", "profile"),
        description="domain, private, public; a new rule: all",
    )
    interfacetypes: Words | None = Field(
        None, description="lan, wireless, ras, or any; several of them need PowerShell"
    )
    icmp_type_code: Words | None = Field(
        None,
        description="of ICMP messages: TYPE:CODE such as 8:0, 8:* for all codes, or *; several of "
        "them need PowerShell",
    )
    group: Text | None = Field(
        None, pattern=r"^[^|]*$", description="the group that it is in; this needs PowerShell"
    )
    security: (
        Literal["notrequired", "authenticate", "authenc", "authdynenc", "authnoencap"] | None
    ) = Field(
        None,
        description="how IPsec must secure what is allowed, as netsh names it; a new rule: "
        "notrequired",
    )
    edge: Literal["no", "yes", "deferapp", "deferuser"] | None = Field(
        None, description="whether traffic through NAT devices is accepted"
    )

    @model_validator(mode="before")
    @classmethod
    def _one_rule(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("group") and not given.get("name"):
            raise ValueError(
                "'group' without 'name' would change all rules of a group, which could not be "
                "taken back exactly: name each rule (a loop), or use win_command with 'netsh "
                "advfirewall firewall set rule group=...' and 'undo'"
            )
        return given

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        # A rule is text with pipes between its fields ([MS-FASP] FW_RULE, wszName).
        if name.strip().lower() == "all" or '"' in name or "|" in name:
            raise ValueError("cannot be a rule's name for netsh")
        return name

    @field_validator("protocol")
    @classmethod
    def _protocol(cls, text: str | None) -> str | None:
        if text is None:
            return None
        word = firewall.protocol_text(text)
        known = word in firewall.PROTOCOLS or word == firewall.ANY
        if not known and not (word.isdigit() and int(word) < 256):
            raise ValueError(f"must be tcp, udp, icmpv4, icmpv6, any or a number, not '{text}'")
        return word

    @field_validator("profiles")
    @classmethod
    def _profiles(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for word in words or ():
            if word.lower() not in (*firewall.PROFILES, firewall.ANY):
                raise ValueError(f"must be domain, private, public or any, not '{word}'")
        return words

    @field_validator("localport", "remoteport")
    @classmethod
    def _ports(cls, text: str | None) -> str | None:
        for part in (text or "").split(","):
            ends = [end.strip() for end in part.split("-")] if part.strip()[:1].isdigit() else []
            if len(ends) > 2 or any(not end.isdigit() or int(end) > 65535 for end in ends):
                raise ValueError(f"must be ports from 0 to 65535 and ranges, not '{part.strip()}'")
        return text

    @field_validator("interfacetypes")
    @classmethod
    def _interfaces(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for word in words or ():
            if word.lower() not in {*firewall.INTERFACE_TYPES, firewall.ANY}:
                raise ValueError(f"must be lan, wireless, ras or any, not '{word}'")
        return words

    @field_validator("icmp_type_code")
    @classmethod
    def _icmp(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        found = firewall.icmp_text(words or ())
        for one in () if found == firewall.ANY else found.split(","):
            if not _ICMP.fullmatch(one):
                raise ValueError(f"must be TYPE:CODE such as 8:0 or 8:*, not '{one}'")
        return words

    @model_validator(mode="after")
    def _icmp_needs_protocol(self) -> Params:
        named = firewall.icmp_text(self.icmp_type_code or ()) != firewall.ANY
        if named and self.protocol not in ("icmpv4", "icmpv6"):
            raise ValueError("icmp_type_code needs protocol icmpv4 or icmpv6")
        return self

    @model_validator(mode="after")
    def _security_needs_allow(self) -> Params:
        if self.action == "block" and self.security not in (None, firewall.NOT_REQUIRED):
            raise ValueError("'security' goes with action: allow")
        return self

    @model_validator(mode="after")
    def _ports_need_protocol(self) -> Params:
        narrowed = {self.localport, self.remoteport} - {None, firewall.ANY}
        if self.state == "present" and narrowed and self.protocol not in ("tcp", "udp"):
            raise ValueError("localport and remoteport need protocol tcp or udp")
        return self

    def wanted(self) -> dict[str, Any]:
        """What the task says about the rule, in the words of a parsed rule."""
        given: dict[str, Any] = {
            key: getattr(self, key) for key in _firewall.FIELDS if getattr(self, key) is not None
        }
        for key in ("localport", "remoteport"):
            if key in given:
                given[key] = firewall.port_text([given[key]])
        for key in ("localip", "remoteip"):
            if key in given:
                given[key] = firewall.address_text([given[key]])
        for key in ("program", "service"):
            if str(given.get(key, "")).lower() == firewall.ANY:
                given[key] = firewall.ANY
        if "interfacetypes" in given:
            given["interfacetypes"] = firewall.interface_types(given["interfacetypes"])
        if "icmp_type_code" in given:
            given["icmp_type_code"] = firewall.icmp_text(given["icmp_type_code"])
        if "profiles" in given:
            given["profiles"] = firewall.profile_names(given["profiles"])
        return given

"""Rules of ``win_ipsec_policy``: what a task writes, one line of text for each, and filters."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from runner.interfaces.loose import Text
from runner.windows.ipsec import Filter

ANY: Final = "any"
OURS: Final = "runner: "
"""How the description of a policy begins that this module made; its rules follow."""
_MOST_PORTS: Final = 256
_PROTOCOLS: Final = {"tcp": "TCP", "udp": "UDP", "icmp": "ICMP", ANY: "ANY"}
_LINE: Final = re.compile(
    r"(?P<action>block|permit) (?P<direction>in|out|both) (?P<protocol>tcp|udp|icmp|any) "
    r"(?P<ports>any|[\d,\-]+) (?P<remote>any|[\d./]+)"
)


class Rule(BaseModel):
    """One rule of a policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["block", "permit"] = "block"
    direction: Literal["in", "out", "both"] = "in"
    protocol: Literal["tcp", "udp", "icmp", "any"] = "tcp"
    ports: Text = Field(ANY)
    remote: Text = Field(ANY)

    @field_validator("ports")
    @classmethod
    def _ports(cls, text: str) -> str:
        text = re.sub(r"\s", "", text).lower()
        for part in text.split(",") if text != ANY else ():
            ends = part.split("-")
            if len(ends) > 2 or any(not e.isdigit() or not 0 < int(e) < 65536 for e in ends):
                raise ValueError(f"must be ports and ranges such as 135,137-139, not '{part}'")
            if int(ends[0]) > int(ends[-1]):
                raise ValueError(f"the range {part} ends before it begins")
        return text

    @field_validator("remote")
    @classmethod
    def _remote(cls, text: str) -> str:
        if text.lower() == ANY:
            return ANY
        try:
            found = ipaddress.IPv4Network(text)
        except ValueError:
            raise ValueError(
                f"must be any, an IPv4 address or a network such as 10.0.0.0/8, not '{text}'"
            ) from None
        return str(found.network_address) if found.prefixlen == 32 else str(found)

    @model_validator(mode="after")
    def _fits(self) -> Rule:
        if self.ports != ANY and self.protocol not in ("tcp", "udp"):
            raise ValueError("ports need protocol tcp or udp")
        if len(self.numbers()) > _MOST_PORTS:
            raise ValueError(f"a filter is one port: more than {_MOST_PORTS} of them are too many")
        return self

    def numbers(self) -> tuple[int, ...]:
        """The ports one by one; 0 for all."""
        if self.ports == ANY:
            return (0,)
        found: set[int] = set()
        for part in self.ports.split(","):
            first, _, last = part.partition("-")
            found.update(range(int(first), int(last or first) + 1))
        return tuple(sorted(found))

    @property
    def line(self) -> str:
        """The rule in one line."""
        return f"{self.action} {self.direction} {self.protocol} {self.ports} {self.remote}"

    def filters(self) -> tuple[Filter, ...]:
        """What netsh is told: ports are the host's own for incoming, the others' for outgoing."""
        remote = self.remote
        if "/" in remote:
            network = ipaddress.IPv4Network(remote)
            remote = f"{network.network_address}/{network.netmask}"
        protocol = _PROTOCOLS[self.protocol]
        found = []
        for port in self.numbers():
            if self.direction != "out":
                found.append(Filter(remote, "me", protocol, port))
            if self.direction != "in":
                found.append(Filter("me", remote, protocol, port))
        return tuple(found)

    def closes(self, port: int) -> bool:
        """Whether it blocks everybody's way to a TCP port of this host."""
        hits = self.numbers() == (0,) or port in self.numbers()
        coming = self.direction != "out" and self.protocol in ("tcp", ANY)
        return self.action == "block" and self.remote == ANY and coming and hits


def from_line(line: str) -> Rule:
    """The rule of a line that ``Rule.line`` wrote. Raises ValueError."""
    found = _LINE.fullmatch(line)
    if not found:
        raise ValueError(f"'{line}' is not a rule of ours")
    return Rule.model_validate(found.groupdict())


def described(lines: tuple[str, ...]) -> str:
    """The description of a policy with these rules."""
    return OURS + "; ".join(lines)


def read_description(text: str) -> tuple[str, ...] | None:
    """The rules that a description tells of; None when the policy is not ours."""
    if not text.startswith(OURS):
        return None
    lines = tuple(line for line in text.removeprefix(OURS).split("; ") if line)
    return lines if all(_LINE.fullmatch(line) for line in lines) else None

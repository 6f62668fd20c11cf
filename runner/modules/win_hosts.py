"""Entries of the hosts file. Every other byte of the file stays, and it is replaced in one step.

The old file is kept with the drive's other backups for the way back. What is read is known to the
byte: the text must give the file's own checksum again, else it is read in base64.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ntpath
import re
from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.local_file import LocalFile
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts import restoring, win_files, win_text
from runner.modules._parts.win_files import WinFileState
from runner.windows import hosts_file, registry
from runner.windows.facts import WindowsFacts
from runner.windows.hosts_file import Wanted
from runner.windows.looking import ABSENT, FILE

_NAME = re.compile(r"[A-Za-z0-9_*]([A-Za-z0-9_.\-]*[A-Za-z0-9_.])?")


class Params(base.Params):
    """Parameters of Ansible's win_hosts."""

    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    canonical_name: Text | None = Field(None, description="the name of the entry")
    ip_address: Text | None = Field(None, description="its address, IPv4 or IPv6")
    aliases: Words = Field((), description="further names of the entry")
    action: Literal["add", "remove", "set"] = Field(
        "set", description="what to do with the aliases"
    )

    @field_validator("canonical_name", "aliases")
    @classmethod
    def _names(cls, value: Any) -> Any:
        for name in value if isinstance(value, tuple) else (value,):
            if name is not None and not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a host")
        return value

    @field_validator("ip_address")
    @classmethod
    def _address(cls, address: str | None) -> str | None:
        if address is not None and hosts_file.family(address) is None:
            raise ValueError(f"{address!r} is neither an IPv4 nor an IPv6 address")
        return address

    @model_validator(mode="after")
    def _enough(self) -> Params:
        if self.state == "present" and not (self.canonical_name and self.ip_address):
            raise ValueError("state: present needs 'canonical_name' and 'ip_address'")
        if self.state == "absent" and self.aliases:
            raise ValueError("'aliases' go with state: present")
        return self

    @property
    def wanted(self) -> Wanted:
        """The entry, without what Ansible calls its parts."""
        return Wanted(self.canonical_name or "", self.ip_address or "", self.aliases, self.action)


class Module(win_files.WinFileModule):
    """Brings entries into the hosts file, or out of it."""

    params = Params
    needs_facts = True
    shares = ""
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_hosts_module.html"
    )
    guide = Guide(
        example=("win_hosts:\n  canonical_name: sink.example\n  ip_address: 10.0.0.9"),
        using=(Using("cmd, certutil, attrib, icacls, findstr, reg"),),
    )

    def subject(self, params: Params) -> str:
        return "hosts file"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, WinFileState]:
        host = WindowsFacts.of(facts)
        (output,) = yield from read(registry.query(hosts_file.KEY, hosts_file.VALUE))
        folder = registry.text(output, hosts_file.VALUE) or r"%SystemRoot%\System32\drivers\etc"
        folder = re.sub("(?i)%SystemRoot%|%windir%", lambda _: host.system_root, folder)
        path = ntpath.join(folder, "hosts")
        state = yield from win_files.find(path)
        if state.kind == ABSENT:
            return dataclasses.replace(state, told="")
        win_files.require_file(state)
        data = yield from win_text.content_of(state, facts)
        return dataclasses.replace(state, told=data.decode("latin-1"))

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        edit = hosts_file.present if params.state == "present" else hosts_file.absent
        text = edit(before.told, params.wanted)
        if text == before.told:
            return before
        data = text.encode("latin-1")
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        after = win_files.wanted(before, digest, len(data))
        return dataclasses.replace(after, told=text)

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        data = str(change.after.told).encode("latin-1")
        return (
            yield from win_files.write_content(
                change.before, change.after, LocalFile("hosts", data)
            )
        )

    def restore(self, params: Params, change: Change[WinFileState]) -> tuple[base.Restoring, ...]:
        return restoring.file(change)

    def message(self, params: Params, change: Change[WinFileState], facts: base.Facts) -> str:
        if not change.differences() or change.after.kind != FILE:
            return ""
        old = set(str(change.before.told or "").splitlines())
        new = set(str(change.after.told or "").splitlines())
        gone = [f"- {line}" for line in sorted(old - new)]
        come = [f"+ {line}" for line in sorted(new - old)]
        return "; ".join([*gone, *come])[:500]

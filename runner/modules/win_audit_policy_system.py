"""What a Windows host writes into its security log, with ``auditpol`` (Vista and later).

Categories and subcategories go by their English names everywhere, by identifier, or by the names
that the host itself has for them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.windows import audit
from runner.windows.exit_codes import expect

_TYPES: Final = {"none": 0, "success": audit.SUCCESS, "failure": audit.FAILURE}
_WORDS: Final = {0: "none", 1: "success", 2: "failure", 3: "success and failure"}
_PARTS: Final = str.maketrans({" ": "", "/": "", "-": "", "_": ""})


class Params(base.Params):
    """Parameters of Ansible's win_audit_policy_system."""

    category: Text | None = Field(None, description="all subcategories of it")
    subcategory: Text | None = Field(None, description="one subcategory, by name or identifier")
    audit_type: Words = Field(description="success and failure, or none")

    @model_validator(mode="after")
    def _together(self) -> Params:
        if (self.category is None) == (self.subcategory is None):
            raise ValueError("give either category or subcategory")
        unknown = [word for word in self.audit_type if word.casefold() not in _TYPES]
        if unknown or not self.audit_type:
            raise ValueError("audit_type must be success, failure or none")
        if len(self.audit_type) > 1 and "none" in map(str.casefold, self.audit_type):
            raise ValueError("audit_type 'none' stands alone")
        return self

    @property
    def setting(self) -> int:
        """The wanted setting as a number."""
        return sum(_TYPES[word] for word in {word.casefold() for word in self.audit_type})


@dataclass(frozen=True, slots=True)
class Subcategory:
    """One subcategory and what is written of it."""

    name: str
    setting: Literal["none", "success", "failure", "success and failure"]
    guid: str


@dataclass(frozen=True, slots=True)
class AuditState:
    """What is written of the subcategories that the task is about, for people and for what
    takes it back; in the order of their identifiers."""

    settings: tuple[str, ...] = ()
    subcategories: tuple[Subcategory, ...] = field(default=(), compare=False)


class Module(base.Module[Params, AuditState]):
    """Brings subcategories to a setting."""

    params = Params
    state = AuditState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_audit_policy_system_module.html"
    )
    guide = Guide(
        example=("win_audit_policy_system:\n  subcategory: Logon\n  audit_type: success, failure"),
        using=(Using("auditpol", since="2008"),),
        instead="win_security_policy with the section Event Audit",
    )

    def subject(self, params: Params) -> str:
        return f"audit policy {(params.category or params.subcategory or '').lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, AuditState]:
        (output,) = yield from read(audit.backup())
        there = audit.parse(output)
        guids = _meant(params, there)
        if not guids:
            what = f"category '{params.category}'" if params.category else params.subcategory
            raise Refused(
                f"this host audits nothing called {what}",
                hint="auditpol /list /subcategory:* /v lists names and identifiers",
            )
        return _state([_subcategory(g, *there[g]) for g in sorted(guids)])

    def plan(self, params: Params, before: AuditState, facts: base.Facts) -> AuditState:
        setting: Any = _WORDS[params.setting]
        return _state([dataclasses.replace(one, setting=setting) for one in before.subcategories])

    def apply(
        self, params: Params, change: Change[AuditState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        now = {one.guid: one.setting for one in change.before.subcategories}
        numbers = {word: number for number, word in _WORDS.items()}
        for one in change.after.subcategories:
            if now.get(one.guid) != one.setting:
                output = yield from write(audit.set_to(one.guid, numbers[one.setting]))
                expect(output, "auditpol", f"set what is audited of {one.name}")
        return {}

    def restore(self, params: Params, change: Change[AuditState]) -> tuple[base.Restoring, ...]:
        return restoring_settings.audit(change)

    def result(
        self,
        params: Params,
        change: Change[AuditState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {
            "current_audit_policy": {one.name: one.setting for one in change.after.subcategories}
        }


def _state(found: Sequence[Subcategory]) -> AuditState:
    return AuditState(tuple(f"{one.name}: {one.setting}" for one in found), tuple(found))


def _subcategory(guid: str, local: str, setting: int) -> Subcategory:
    words: Any = _WORDS[setting & 3]
    return Subcategory(audit.SUBCATEGORIES.get(guid, ("", local))[1], words, guid)


def _meant(params: Params, there: Mapping[str, tuple[str, int]]) -> list[str]:
    """The identifiers that the task means, of those that the host has."""
    if params.category is not None:
        wanted = _plain(params.category).removesuffix("events")
        return [
            g for g in there
            if _plain(audit.SUBCATEGORIES.get(g, ("", ""))[0]) == wanted
        ]  # fmt: skip
    assert params.subcategory is not None
    guid = "{" + params.subcategory.strip("{}").upper() + "}"
    if guid in there:
        return [guid]
    wanted = _plain(params.subcategory)
    return [
        g for g, (local, _) in there.items()
        if wanted in (_plain(audit.SUBCATEGORIES.get(g, ("", ""))[1]), _plain(local))
    ]  # fmt: skip


def _plain(name: str) -> str:
    return name.casefold().translate(_PARTS)

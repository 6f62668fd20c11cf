"""Gather the facts of a host with one bundle of cheap reads: Windows from 2003 on, and Unix.

Facts come under Ansible's names without the ``ansible_`` prefix, as in ``ansible_facts``. What is
not gathered (devices, virtualization; on Windows also memory, processors, interfaces) is simply
not there: using it is an error that names it, never a wrong value.
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
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Words
from runner.model.state import Change
from runner.modules._parts.posix import is_posix
from runner.modules._parts.subsets import KNOWN, SUBSETS, choices, wanted
from runner.posix import facts as posix_facts
from runner.windows import facts as windows_facts


class Params(base.Params):
    """Parameters of Ansible's setup."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "fact_path": "custom fact scripts are not run; use a task with register"
    }

    gather_subset: Words = Field(
        ("all",),
        description="what to gather: all, min, hardware, network, or "
        + ", ".join(SUBSETS)
        + "; with ! in front, what to leave out",
    )
    gather_timeout: int = Field(10, gt=0, description="seconds for each command")
    filter: Words = Field((), description="return only facts whose names match (shell patterns)")

    @field_validator("gather_subset")
    @classmethod
    def _known(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            name = word.removeprefix("!")
            if name not in KNOWN:
                raise ValueError(f"'{name}' is unknown; there are: {', '.join(choices())}")
        return words


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
    guide = Guide(
        example="setup:",
        using=(
            Using("reg"),
            Using("wmic (tried first)"),
            Using(
                "powershell",
                since="2025",
                powershell=True,
                part="boot time and domain, where wmic is gone",
            ),
        ),
        where="both",
    )

    def subject(self, params: Params) -> str:
        return "facts"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FactsState]:
        timeout = float(max(params.gather_timeout, 10))
        if is_posix(facts):
            found = yield from posix_facts.gather(timeout=timeout)
        else:
            found = yield from windows_facts.gather(timeout=timeout)
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
        names = wanted(params.gather_subset)
        kept = {name: value for name, value in found.items() if name in names}
        if params.filter:
            kept = {name: value for name, value in kept.items() if _matches(name, params.filter)}
            # Modules decide by it, whatever a playbook cares to see.
            kept |= {name: found[name] for name in ("windows",) if name in found}
        return {"ansible_facts": kept}


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatch.fnmatchcase(full, pattern)
        for pattern in patterns
        for full in (name, f"ansible_{name}")
    )

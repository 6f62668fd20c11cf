"""Toy modules that only look: a key, the host's facts, its name."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Query, Reply, read
from runner.interfaces.module import Effect, Facts, Module, Params
from runner.model.state import Change


@dataclass(frozen=True)
class Found:
    value: str | None
    owner: str | None = None


class LookParams(Params):
    key: str


class Look(Module[LookParams, Found]):
    """Reads a key; one that is not there is a failure."""

    params = LookParams
    state = Found
    effect = Effect.READ

    def subject(self, params: LookParams) -> str:
        return f"key {params.key}"

    def probe(self, params: LookParams, facts: Facts) -> Generator[Query, Reply, Found]:
        (out,) = yield from read(Exec("get", params.key))
        if out.code != 0:
            raise ModuleError(f"there is no key {params.key}")
        return Found(out.stdout, str(facts["shell_type"]))

    def plan(self, params: LookParams, before: Found, facts: Facts) -> Found:
        return before

    def result(
        self,
        params: LookParams,
        change: Change[Found],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        found = {"value": change.after.value, "shell": change.after.owner}
        return {**found, "ansible_facts": {f"key_{params.key}": change.after.value}}


class SetupParams(Params):
    gather_subset: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class SetupState:
    name: str
    shell: str
    subset: tuple[str, ...]


class Setup(Module[SetupParams, SetupState]):
    """Facts: what the host calls itself."""

    params = SetupParams
    state = SetupState
    effect = Effect.READ

    def subject(self, params: SetupParams) -> str:
        return "facts"

    def probe(self, params: SetupParams, facts: Facts) -> Generator[Query, Reply, SetupState]:
        (out,) = yield from read(Exec("get", "name"))
        return SetupState(out.stdout, str(facts["shell_type"]), tuple(params.gather_subset))

    def plan(self, params: SetupParams, before: SetupState, facts: Facts) -> SetupState:
        return before

    def result(
        self,
        params: SetupParams,
        change: Change[SetupState],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        after = change.after
        found = {"hostname": after.name, "seen_shell": after.shell, "subset": list(after.subset)}
        return {"ansible_facts": found}


class WhoParams(Params):
    pass


class Who(Module[WhoParams, Found]):
    """Says the host's name, which it takes from its facts."""

    params = WhoParams
    state = Found
    effect = Effect.READ
    needs_facts = True

    def subject(self, params: WhoParams) -> str:
        return "name"

    def probe(self, params: WhoParams, facts: Facts) -> Generator[Query, Reply, Found]:
        return Found(str(facts["hostname"]))
        yield

    def plan(self, params: WhoParams, before: Found, facts: Facts) -> Found:
        return before

    def result(
        self,
        params: WhoParams,
        change: Change[Found],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"name": change.after.value}

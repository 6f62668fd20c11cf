"""Toy modules: one that sets keys, one that restarts, one that shouts, one that only talks."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from runner.errors import ModuleError, RestartFirst
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.module import (
    CommandState,
    Decision,
    Effect,
    Evaluate,
    Facts,
    LocalModule,
    Module,
    Params,
)
from runner.model.state import UNKNOWN, Change
from runner.modules import include_vars, set_fact
from tests.engine.toy_facts import Look, Setup, Who


class KeyParams(Params):
    key: str
    value: str | None = None
    forever: bool = False


@dataclass(frozen=True)
class KeyState:
    value: str | None
    owner: str | None = None
    """A field that the module reads and never sets."""


class Key(Module[KeyParams, KeyState]):
    """Sets a key of a toy host."""

    params = KeyParams
    state = KeyState

    def subject(self, params: KeyParams) -> str:
        return f"key {params.key}"

    def probe(self, params: KeyParams, facts: Facts) -> Generator[Query, Reply, KeyState]:
        out, owner = yield from read(Exec("get", params.key), Exec("get", "owner"))
        return KeyState(
            out.stdout if out.code == 0 else None, owner.stdout if owner.code == 0 else None
        )

    def plan(self, params: KeyParams, before: KeyState, facts: Facts) -> KeyState:
        return KeyState(params.value, before.owner)

    def apply(
        self, params: KeyParams, change: Change[KeyState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.after.value == "after-restart":
            (out,) = yield from read(Exec("get", "fresh"))
            if out.code != 0:
                raise RestartFirst("an earlier change waits for a restart")
        if change.after.value is None:
            yield from write(Exec("unset", params.key))
        else:
            yield from write(Exec("set", f"{params.key}={change.after.value}"))
        return {}

    def irreversible(self, params: KeyParams, change: Change[KeyState], facts: Facts) -> str:
        return "it is for ever" if params.forever else ""

    def result(
        self,
        params: KeyParams,
        change: Change[KeyState],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {
            "value": change.after.value,
            "reboot_required": change.before.value == "wait",
            "token": "t" if applied is not None else UNKNOWN,
        }


class Shelf(Key):
    """Sets a key, and makes something beside it that its state does not tell of."""

    def apply(
        self, params: KeyParams, change: Change[KeyState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from write(Exec("set", f"beside-{params.key}=1"))
        return (yield from super().apply(params, change, facts))

    def undo(
        self, params: KeyParams, change: Change[KeyState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from super().apply(params, change.reversed(), facts)
        yield from write(Exec("unset", f"beside-{params.key}"))
        return {}

    def sweep(
        self, params: KeyParams, change: Change[KeyState], facts: Facts
    ) -> Generator[Request, Reply, None]:
        (out,) = yield from read(Exec("get", f"stuck-{params.key}"))
        if out.code == 0:
            raise ModuleError(f"beside {params.key} is stuck")
        yield from write(Exec("unset", f"beside-{params.key}"))
        yield from write(Exec("set", f"swept-{params.key}=1"))


class PairParams(Params):
    one: str
    two: str


@dataclass(frozen=True)
class PairState:
    values: tuple[str, ...]


class Pair(Module[PairParams, PairState]):
    """Sets two keys, by a command each."""

    params = PairParams
    state = PairState

    def subject(self, params: PairParams) -> str:
        return "pair"

    def probe(self, params: PairParams, facts: Facts) -> Generator[Query, Reply, PairState]:
        one, two = yield from read(Exec("get", "one"), Exec("get", "two"))
        return PairState((one.stdout, two.stdout))

    def plan(self, params: PairParams, before: PairState, facts: Facts) -> PairState:
        return PairState((params.one, params.two))

    def apply(
        self, params: PairParams, change: Change[PairState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        pairs = zip(("one", "two"), change.before.values, change.after.values, strict=True)
        for name, was, wanted in pairs:
            if was != wanted:
                yield from write(Exec("set", f"{name}={wanted}"))
        return {}


class BootParams(Params):
    proof: bool = True
    """Whether the plan knows what will be found afterwards."""


class Boot(Module[BootParams, KeyState]):
    """Restarts a toy host: everything that waited takes effect."""

    params = BootParams
    state = KeyState
    settles = True

    def subject(self, params: BootParams) -> str:
        return "restart"

    def probe(self, params: BootParams, facts: Facts) -> Generator[Query, Reply, KeyState]:
        (out,) = yield from read(Exec("get", "boots"))
        return KeyState(out.stdout if out.code == 0 else "0")

    def plan(self, params: BootParams, before: KeyState, facts: Facts) -> KeyState:
        if not params.proof:
            return KeyState(cast(str, UNKNOWN))
        return KeyState(str(int(before.value or "0") + 1))

    def apply(
        self, params: BootParams, change: Change[KeyState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        planned: Any = change.after.value
        boots = "1" if planned is UNKNOWN else planned
        yield from write(Exec("set", f"boots={boots}"))
        yield from write(Exec("set", "fresh=1"))
        return {}


class ShoutParams(Params):
    text: str
    code: int = 0


class Shout(Module[ShoutParams, CommandState]):
    """A command whose effect nobody can predict."""

    params = ShoutParams
    state = CommandState
    effect = Effect.COMMAND

    def subject(self, params: ShoutParams) -> str:
        return ""

    def probe(self, params: ShoutParams, facts: Facts) -> Generator[Query, Reply, CommandState]:
        return CommandState()
        yield

    def plan(self, params: ShoutParams, before: CommandState, facts: Facts) -> CommandState:
        return CommandState(done=True)

    def apply(
        self, params: ShoutParams, change: Change[CommandState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        out = yield from write(Exec("set", f"shout={params.text}"))
        failed = {"failed": True, "msg": f"exit code {params.code}"} if params.code else {}
        return {"rc": params.code, "stdout": out.stdout, **failed}

    def result(
        self,
        params: ShoutParams,
        change: Change[CommandState],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return dict(applied)


class SayParams(Params):
    text: str
    secs: float = 0.0
    ask: str | None = None


class Say(LocalModule[SayParams]):
    """Talks; some words are for the engine."""

    params = SayParams

    def decide(self, params: SayParams, evaluate: Evaluate) -> Decision:
        meta = params.text if params.text in WORDS else None
        return Decision(
            message=params.text,
            failed=params.text == "fail",
            meta=meta,
            changed=params.text == "changed",
            result={"said": params.text},
            pause_seconds=params.secs,
            prompt=params.ask,
        )


WORDS = (
    "end_host", "end_play", "end_batch", "end_role", "clear_facts", "reset_connection",
)  # fmt: skip


class MetaParams(Params):
    FREE_FORM = "free_form"
    free_form: str


class Meta(LocalModule[MetaParams]):
    params = MetaParams

    def decide(self, params: MetaParams, evaluate: Evaluate) -> Decision:
        return Decision(message=params.free_form, meta=params.free_form)


MODULES: dict[str, Module[Any, Any]] = {
    "key": Key(),
    "shelf": Shelf(),
    "pair": Pair(),
    "shout": Shout(),
    "say": Say(),
    "boot": Boot(),
    "meta": Meta(),
    "look": Look(),
    "setup": Setup(),
    "who": Who(),
    "set_fact": set_fact.Module(),
    "include_vars": include_vars.Module(),
}

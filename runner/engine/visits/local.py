"""Tasks that touch no host: what LOCAL modules decide is carried out here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.engine.tasks.endings import Endings
from runner.engine.tasks.results import Results
from runner.engine.tasks.roster import Roster
from runner.engine.tasks.work import Turn, Work
from runner.interfaces.module import Decision, Evaluate, LocalModule
from runner.model.job import Outcome, Status

INCLUDE_VARS: Final = "include_vars"

CarryOut = Callable[[Work, float, str | None], Mapping[str, Any] | None]
"""Waits, or asks a person, as ``pause`` says; gives what that adds to the result, or None when the
end of the run came before the end of the wait."""


class Locals:
    """Carries out decisions: variables, waits, endings."""

    def __init__(
        self, runtime: Runtime, endings: Endings, roster: Roster, carry_out: CarryOut
    ) -> None:
        self._runtime = runtime
        self._endings = endings
        self._roster = roster
        self._carry_out = carry_out
        self._results = Results(runtime)

    def run(self, turn: Turn, work: Work, module: LocalModule[Any]) -> Outcome:
        """Ask the module what to do, and do it."""
        if work.task.module == INCLUDE_VARS:
            return self._include_vars(work)
        decision = module.decide(work.params, _Expressions(self._runtime, work))
        if decision.facts:
            self._set(work, decision.facts)
        if decision.adds is not None:
            new = self._roster.add(turn, work, decision.adds)
            decision = decision.model_copy(update={"changed": new})
        result = {**decision.result, "changed": decision.changed, "failed": decision.failed}
        if decision.message and (decision.failed or not decision.result):
            result.setdefault("msg", decision.message)
        if decision.failed:
            return Outcome(Status.FAILED, decision.message, result=result, category="playbook")
        if decision.result.get("skipped") is True:
            return outcomes.skipped(decision.message, result)
        added = self._carry_out(work, decision.pause_seconds, decision.prompt)
        if added is None:
            return outcomes.interrupted_wait()
        result.update(added)
        message = self._obey(turn, work, decision) or decision.message
        status = Status.CHANGED if decision.changed else Status.OK
        return Outcome(status, message, result=result, said=decision.said)

    def _set(self, work: Work, facts: Mapping[str, Any]) -> None:
        """``set_fact``: variables of the host, or of the one it is delegated to."""
        owner = work.host if work.keywords.delegate_facts else work.job.host
        data = self._runtime.templates.as_data(dict(facts))
        self._runtime.variables.state(owner).registered.update(data)
        if getattr(work.params, "cacheable", False):
            self._results.add_facts(owner, facts)

    def _include_vars(self, work: Work) -> Outcome:
        args = {key: value for key, value in work.raw.items() if value is not None}
        found, files = self._runtime.includes.variables(work.task, args, work.variables)
        self._runtime.variables.state(work.job.host).included.update(found)
        return Outcome(
            Status.OK,
            f"read {', '.join(files)}" if files else "no file is there to read",
            result={
                "ansible_facts": found,
                "ansible_included_var_files": list(files),
                "changed": False,
                "failed": False,
            },
        )

    def _obey(self, turn: Turn, work: Work, decision: Decision) -> str:
        """Do what ``meta`` says; gives a better message than the word itself, if there is one."""
        match decision.meta:
            case "end_host":
                self._endings.end_host(turn)
            case "end_play":
                self._endings.end_play(turn)
            case "end_batch":
                self._endings.end_batch(turn)
            case "end_role":
                self._endings.end_role(turn)
            case "clear_host_errors":
                self._roster.clear(turn, work.task)
                return "hosts that failed take part in later plays again"
            case "refresh_inventory":
                if work.variables["ansible_check_mode"]:
                    self._roster.doubt(work.task)
                return self._roster.refresh(turn, work.task)
            case "clear_facts":
                self._runtime.variables.state(work.job.host).facts = {}
                with work.link.lock:
                    work.link.facts = None
                return "facts cleared"
            case "reset_connection":
                with work.link.lock:
                    work.link.drop()
                return "connection closed"
        return ""


class _Expressions(Evaluate):
    """A LOCAL module's window on the host's variables."""

    def __init__(self, runtime: Runtime, work: Work) -> None:
        self._templates = runtime.templates
        self._work = work

    def condition(self, expression: str) -> bool:
        return self._templates.condition(expression, self._work.variables, self._work.task.source)

    def value(self, expression: str) -> Any:
        return self._templates.expression(expression, self._work.variables, self._work.task.source)

"""What a host brings into a play: its facts, and the variable files that depend on it."""

from __future__ import annotations

from typing import Any

from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.engine.tasks.becoming import Settings
from runner.engine.tasks.facts_keeper import FactsKeeper
from runner.engine.tasks.work import Done
from runner.engine.variables.keywords import Keywords, Renderer
from runner.errors import DependsOnUnknown, TemplateError
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Play


class FactsVisit:
    """The job of ``gather_facts``."""

    def __init__(self, runtime: Runtime, facts: FactsKeeper, settings: Settings) -> None:
        self._runtime = runtime
        self._facts = facts
        self._settings = settings

    def run(self, play: Play, job: JobId) -> Done:
        """Gather the facts of the job's host."""
        read_vars_files(self._runtime, play, job.host, before_facts=True)
        variables = self._runtime.variables.of_task(job.host, play, None)
        render = Renderer(self._runtime.templates, variables, play.source)
        if not render.flag("gather_facts", play.gather_facts, True):
            return Done(outcomes.skipped("gather_facts: no"))
        keywords = Keywords(
            ignore_unreachable=render.flag("ignore_unreachable", play.ignore_unreachable),
            any_errors_fatal=render.flag("any_errors_fatal", play.any_errors_fatal),
        )
        try:
            way = render.way(play.way)
            link = self._runtime.links.get(job.host, way)
            setting = self._settings.of(
                play.environment, play.become, way, variables, variables, link, play.source
            )
            with link.lock:
                facts = self._facts.gather(play, link, setting)
        except Exception as error:  # noqa: BLE001 - an exception becomes this job's outcome
            outcome = outcomes.with_ignores(
                outcomes.of_error(error), errors=False, unreachable=keywords.ignore_unreachable
            )
            return Done(outcome, keywords)
        self._facts.show(job.host, facts)
        return Done(Outcome(Status.OK, result={"changed": False, "ansible_facts": facts}), keywords)


def read_vars_files(runtime: Runtime, play: Play, host: str, *, before_facts: bool = False) -> None:
    """Read the play's ``vars_files`` whose names are known on a host only, once.

    As in Ansible a name may need facts, so that before they are gathered what cannot be named yet
    is passed over. Raises InputError for a file that is not there.
    """
    state = runtime.variables.state(host)
    if not play.vars_files or play.source in state.vars_files:
        return
    found: dict[str, Any] = {}
    for entry in play.vars_files:
        variables = runtime.variables.of_task(host, play, None, found)
        try:
            found.update(runtime.includes.vars_file(entry, variables))
        except (TemplateError, DependsOnUnknown):
            if not before_facts:
                raise
            return
    state.vars_files[play.source] = found

"""From a task as written to work: everything rendered, for one host and one element."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from runner.engine.hosts.session import Reader
from runner.engine.runtime import Runtime
from runner.engine.tasks.becoming import Settings
from runner.engine.tasks.delegation import Delegation, Target
from runner.engine.tasks.facts_keeper import FactsKeeper
from runner.engine.tasks.local_files import resolve
from runner.engine.tasks.work import Turn, Work
from runner.engine.variables.arguments import arguments
from runner.engine.variables.keywords import POLL, Keywords, Renderer
from runner.interfaces import on_host
from runner.interfaces.detached import WAITED, ended_job
from runner.interfaces.module import Effect
from runner.interfaces.params import parse
from runner.interfaces.serving import FILE_SERVER, OFFERING, Offering
from runner.model.source import Source
from runner.model.task import Way
from runner.windows.accounts import METHOD as RUNAS


class Preparing:
    """Makes ``Work``. Everything it raises is the outcome of that job."""

    def __init__(
        self,
        runtime: Runtime,
        facts: FactsKeeper,
        delegation: Delegation,
        settings: Settings,
    ) -> None:
        self._runtime = runtime
        self._facts = facts
        self._delegation = delegation
        self._settings = settings

    def work(
        self,
        turn: Turn,
        keywords: Keywords,
        variables: Mapping[str, Any],
        loop: Mapping[str, Any],
        label: str,
    ) -> Work:
        """The task with its arguments parsed, and the link on which it is done."""
        task, templates = turn.task, self._runtime.templates
        target = self._delegation.target(turn, variables, loop)
        if target is not None:
            known = {**loop, **target.for_templates}
            variables = self._runtime.variables.of_task(
                turn.job.host, turn.play, task, known, turn.given
            )
        module = self._runtime.modules(task.module)
        rendered = arguments(task, templates, variables)
        sources = rendered.sources
        args: Mapping[str, Any]
        args = resolve(module, rendered.values, variables, templates, task.source, sources)
        if OFFERING in module.params.HIDDEN:
            args = {**args, OFFERING: self._offering(turn, target, variables)}
        if WAITED in module.params.HIDDEN:
            args = {**args, WAITED: self._waited(turn, args)}
        params = parse(module, args, sources, task.source)
        way = Renderer(templates, variables, task.source).way(task.way)
        link = self._runtime.links.get(target.host if target else turn.job.host, way)
        work = Work(
            job=turn.job,
            task=task,
            play=turn.play,
            module=module,
            params=params,
            facts=self._facts.base(link),
            link=link,
            variables=variables,
            item=label,
            keywords=keywords,
            target=target.host if target else "",
            raw=rendered.values,
        )
        if module.effect is Effect.LOCAL:
            return work
        return self._completed(self._on_host(work, target, way), args, sources)

    def _completed(
        self, work: Work, args: Mapping[str, Any], sources: Mapping[str, Source]
    ) -> Work:
        """With the texts that only the host can complete, as the host says."""
        if not on_host.wanted(work.module.params, args):
            return work
        reader = Reader(work.link, setting=work.setting)
        with work.link.lock:
            whole = reader.drive(on_host.completed(work.module.params, args))
        params = parse(work.module, whole, sources, work.task.source)
        return dataclasses.replace(work, params=params)

    def _offering(
        self, turn: Turn, target: Target | None, variables: Mapping[str, Any]
    ) -> Offering | None:
        """What the task's host may fetch files from, by its variables."""
        known = target.variables if target else variables
        said = {
            name: self._runtime.templates.render(known[name], known, turn.task.source)
            for name in (FILE_SERVER, "ansible_host")
            if name in known
        }
        return self._runtime.offers(target.host if target else turn.job.host, said)

    def _waited(self, turn: Turn, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What became of a job that was waited for although its task has ``poll: 0``."""
        registered = self._runtime.variables.state(turn.job.host).registered
        return ended_job((registered[name] for name in tuple(registered)), args.get("jid"))

    def _on_host(self, work: Work, target: Target | None, way: Way) -> Work:
        """With what only a host needs: the setting of its commands, and its facts."""
        task = work.task
        setting = self._settings.of(
            task.environment,
            task.become,
            way,
            work.variables,
            target.variables if target else work.variables,
            work.link,
            task.source,
        )
        facts = work.facts
        if work.module.needs_facts:
            with work.link.lock:
                facts = self._facts.of(work.link)
        if setting or facts is not work.facts:
            work = dataclasses.replace(work, setting=setting, facts=facts)
        return _attended(work)


def _attended(work: Work) -> Work:
    """With ``poll: 0`` only a command is left running: what has to be verified is waited for.

    Nor is a command of runas left, for nobody else could ask what became of it.
    """
    keywords = work.keywords
    left = keywords.async_seconds and not keywords.poll
    if not left or (work.module.effect is Effect.COMMAND and work.setting.become != RUNAS):
        return work
    return dataclasses.replace(work, keywords=dataclasses.replace(keywords, poll=POLL, left=True))

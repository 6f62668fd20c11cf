"""Facts: gathered once for each host, shown to templates, and given to the modules that ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader
from runner.engine.runtime import FACTS_MODULE, Runtime
from runner.engine.tasks.results import Results
from runner.interfaces.module import Effect, Facts, Module
from runner.interfaces.params import parse
from runner.interfaces.setting import Setting
from runner.model.playbook import Play
from runner.model.state import Change
from runner.model.task import Task

_SHELL: Final = "shell_type"


class FactsKeeper:
    """Gathers a host's facts once, and again after it may have become another host."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._results = Results(runtime)

    def base(self, link: Link) -> Facts:
        """What is known of a host before anything was asked: which shell answers there."""
        return {_SHELL: link.login_shell}

    def of(
        self,
        link: Link,
        setting: Setting = Setting(),  # noqa: B008 - it is frozen
    ) -> Facts:
        """The host's facts, gathered when they are not known."""
        if link.facts is None:
            link.facts = self._ask(link, self._runtime.modules(FACTS_MODULE).params(), setting)
        return {**link.facts, **self.base(link)}

    def gather(self, play: Play, link: Link, setting: Setting) -> dict[str, Any]:
        """The facts that a play asks for (``gather_subset``)."""
        module = self._runtime.modules(FACTS_MODULE)
        wanted: dict[str, Any] = {}
        if play.gather_subset:
            wanted["gather_subset"] = list(play.gather_subset)
        if play.gather_timeout is not None:
            wanted["gather_timeout"] = play.gather_timeout
        if not wanted:
            return {k: v for k, v in self.of(link, setting).items() if k != _SHELL}
        params = parse(module, wanted, {}, play.source)
        facts = self._ask(link, params, setting)
        self._refresh(link, facts)
        return facts

    def _ask(self, link: Link, params: Any, setting: Setting) -> dict[str, Any]:
        module = self._runtime.modules(FACTS_MODULE)
        base = self.base(link)
        found = Reader(link, setting=setting).drive(module.probe(params, base))
        result = module.result(params, Change("facts", found, found), base, {})
        return {k.removeprefix("ansible_"): v for k, v in result["ansible_facts"].items()}

    def _refresh(self, link: Link, facts: Mapping[str, Any]) -> None:
        """What modules are given is all there is to know: a part of it only renews it."""
        if link.facts is not None:
            link.facts = {**link.facts, **facts}

    def keep(self, task: Task, host: str, link: Link, result: Mapping[str, Any]) -> None:
        """Keep the ``ansible_facts`` that a module returned as facts of ``host``."""
        facts = result.get("ansible_facts")
        if not isinstance(facts, Mapping):
            return
        if task.module == FACTS_MODULE:
            self._refresh(link, {k.removeprefix("ansible_"): v for k, v in facts.items()})
            self._results.add_facts(host, facts, "ansible_")
        elif self._runtime.modules(task.module).effect is not Effect.LOCAL:
            self._results.add_facts(host, facts)

    def show(self, host: str, facts: Mapping[str, Any]) -> None:
        """Let templates see facts that were gathered."""
        self._results.add_facts(host, facts, "ansible_")


def facts_for(runtime: Runtime, module: Module[Any, Any], link: Link) -> Facts:
    """The facts that a module's verbs are given on a link."""
    keeper = FactsKeeper(runtime)
    return keeper.of(link) if module.needs_facts else keeper.base(link)

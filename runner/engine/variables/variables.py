"""Variables: what a template on a host sees, and which source wins.

Weakest to strongest, Ansible's order ("Understanding variable precedence", docs.ansible.com; where
that page is silent, what ansible-core 2.19 does):

======================  =====================================================================
role defaults           of the play's roles, of roles included with ``public``, of the task's own
                        role with those that brought it in (the role itself strongest)
inventory               groups by depth, then the host; files beside inventory and playbook
facts                   ``ansible_facts`` and ``ansible_*`` from setup, cacheable ``set_fact``
play vars               ``vars``, and the ``vars_files`` that are known before the run
prompts                 what a person answered to ``vars_prompt``
vars_files              those whose name is known on the host only
role vars               in the same order as role defaults
task vars               of blocks and of the task itself
include_vars
set_fact, register
role params             of the task's role and those that brought it in
include params          ``vars`` of include_tasks and include_role, and what those loop over
extra                   ``-e``
magic                   ``inventory_hostname``, ``groups``, ``ansible_check_mode``...
loop                    ``item``, ``ansible_loop``, the result that ``until`` looks at
======================  =====================================================================
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, Final, TypeAlias

from runner.engine.variables.host_state import HostState, HostStates
from runner.engine.variables.hostvars import HostVars
from runner.engine.variables.layers import Layers, Live, LiveDict
from runner.engine.variables.magic import PlayMagic, run_magic
from runner.engine.variables.parts import (
    NO_TASK,
    HostParts,
    TaskParts,
    host_parts,
    parts_of,
    roles_of,
)
from runner.engine.variables.spool import Spool
from runner.model.inventory import Addition, Inventory, Layer
from runner.model.playbook import Play, Task
from runner.model.source import Source

Variable: TypeAlias = Mapping[str, Any]
_INVENTORY: Final = "inventory"
_KEPT: Final = 4096
"""Tasks whose layers are kept."""
_NO_FACTS: Final[Variable] = {"ansible_facts": {}}
"""As in Ansible, the mapping is there before anything is gathered."""


class Variables:
    """Puts a host's variables together. Cheap: layers are shared, nothing is copied.

    ``private`` says whether surely no host ever looks at what the run has learned about another.
    ``play_hosts`` and ``batches`` are the hosts of each play (by its place), in all and batch by
    batch; ``prompts`` the answers to its ``vars_prompt``. ``as_data`` marks a value as one that is
    never a template (``Templates.as_data``): names of hosts are no templates.
    """

    def __init__(
        self,
        inventory: Inventory,
        extra: Variable,
        *,
        check_mode: bool,
        playbook_dir: str,
        play_hosts: Mapping[Source, Sequence[str]] | None = None,
        version: str = "",
        verbosity: int = 0,
        batches: Mapping[Source, Sequence[Sequence[str]]] | None = None,
        prompts: Mapping[Source, Variable] | None = None,
        diff_mode: bool = False,
        forks: int | None = None,
        limit: str | None = None,
        run_tags: Sequence[str] = (),
        skip_tags: Sequence[str] = (),
        as_data: Callable[[Any], Any] = lambda value: value,
        spool: Spool | None = None,
        private: Callable[[], bool] = lambda: False,
    ) -> None:
        self.inventory = inventory
        self.playbook_dir = playbook_dir
        self._extra = dict(extra)
        self._prompts = prompts or {}
        self._states = HostStates(spool or Spool(), private)
        self._hosts: dict[str, HostParts] = {}
        self._tasks: dict[int, TaskParts] = {}
        self._as_data = as_data
        self._play_magic: dict[Source, PlayMagic] = {}
        self._play_hosts = play_hosts or {}
        self._batches = batches or {}
        self._groups: Any = None
        self._growing = Lock()
        self._magic: dict[str, Any] = LiveDict(
            groups=Live(self._groups_now), hostvars=HostVars(self)
        )
        self._magic |= run_magic(
            check_mode=check_mode,
            diff_mode=diff_mode,
            verbosity=verbosity,
            run_tags=run_tags,
            skip_tags=skip_tags,
            sources=inventory.sources,
            playbook_dir=playbook_dir,
            version=version,
            forks=forks,
            limit=limit,
        )

    # -- what the run tells ------------------------------------------------------------------

    def state(self, host: str) -> HostState:
        """What this run has learned about the host."""
        found = self._states.get(host)
        # setdefault is one step: two threads that ask first get the same state.
        return self._states.setdefault(host, HostState()) if found is None else found

    def register(self, host: str, known: Variable, may_leave: Callable[[], bool]) -> None:
        """Let later tasks of the host see these; what is large goes to the disk, if it
        ``may_leave`` the memory."""
        self._states.register(self.state(host), known, may_leave)

    def done(self, host: str) -> bool:
        """Only others may ask about the host from now on. Says whether it is forgotten."""
        return self._states.done(host)

    def leave(self, play: Play, host: str) -> None:
        """The host failed: it is no longer in ``ansible_play_hosts`` of this play.

        Thread-safe, and may be repeated.
        """
        self._magic_of(play).leave(host)

    def grow(self, addition: Addition) -> bool:
        """Let the inventory grow; says whether it was new. Thread-safe. Raises InputError."""
        with self._growing:
            grown = self.inventory.grow(self.inventory, addition)
            if grown is self.inventory:
                return False
            self.inventory = grown
            self._hosts = {}
            self._groups = None
            return True

    def refresh(self) -> None:
        """Read the sources of the inventory again. Thread-safe. Raises InputError."""
        with self._growing:
            self.inventory = self.inventory.refresh(self.inventory)
            self._hosts = {}
            self._groups = None

    def play_on(self, play: Source, batches: Sequence[Sequence[str]]) -> None:
        """Who takes part in a play that has not begun yet."""
        self._batches = {**self._batches, play: batches}
        self._play_hosts = {**self._play_hosts, play: [h for batch in batches for h in batch]}
        self._play_magic.pop(play, None)

    def _groups_now(self) -> Any:
        if (found := self._groups) is None:
            of = self.inventory.groups
            self._groups = found = self._as_data({n: list(group.hosts) for n, group in of.items()})
        return found

    # -- what templates see ------------------------------------------------------------------

    def of_host(self, name: str) -> Variable:
        """The variables of a host without a play or task: what hostvars shows."""
        return Layers(self._layers(name, None, None, None, None))

    def of_task(
        self,
        name: str,
        play: Play,
        task: Task | None,
        loop: Variable | None = None,
        include: Variable | None = None,
    ) -> Variable:
        """The variables that a task on a host sees.

        ``loop`` are those of the task itself (its element, its own result while it is judged);
        ``include`` those of the includes that brought the task in, with what they loop over.
        The host may be one that no inventory names (``delegate_to``).
        """
        return Layers(self._layers(name, play, task, loop, include))

    def explain(
        self,
        name: str,
        play: Play | None,
        task: Task | None,
        variable: str,
        loop: Variable | None = None,
        include: Variable | None = None,
    ) -> list[Layer]:
        """Every place that gives the variable a value there, strongest first.

        Reads the inventory's files again to say where in them a value stands.
        """
        found: list[Layer] = []
        traced = False
        layers = self._layers(name, play, task, loop, include)
        for (label, place), layer in zip(self._labels(name, play, task), layers, strict=True):
            if not layer or variable not in layer:
                continue
            if label != _INVENTORY:
                found.append(Layer(label, layer[variable], place))
            elif not traced:
                traced = True
                there = self.inventory.trace(name, variable)
                found += there or (Layer(label, layer[variable], place),)
        return [dataclasses.replace(layer, wins=not i) for i, layer in enumerate(found)]

    # -- the order ---------------------------------------------------------------------------

    def _layers(
        self,
        name: str,
        play: Play | None,
        task: Task | None,
        loop: Variable | None,
        include: Variable | None,
    ) -> tuple[Variable | None, ...]:
        """Strongest first. What is not there is None or empty."""
        state = self._states.get(name) or self.state(name)
        host = self._hosts.get(name) or self._host(name)
        of_task = self._task_parts(task)
        if play is None:
            return (
                loop, of_task.magic, None, host.magic, self._magic, self._extra, include,
                *of_task.params, state.registered, state.included, *of_task.vars,
                None, None, None, None, None,
                state.facts, *host.vars, *of_task.defaults, None, None, _NO_FACTS,
            )  # fmt: skip
        place = play.source
        magic = self._play_magic.get(place) or self._magic_of(play)
        return (
            loop, of_task.magic, magic.on(name), host.magic, self._magic, self._extra, include,
            *of_task.params, state.registered, state.included, *of_task.vars,
            state.role_vars.get(place), play.role_vars, state.vars_files.get(place),
            self._prompts.get(place), play.vars,
            state.facts, *host.vars, *of_task.defaults,
            state.role_defaults.get(place), play.role_defaults, _NO_FACTS,
        )  # fmt: skip

    def _labels(
        self, name: str, play: Play | None, task: Task | None
    ) -> tuple[tuple[str, Source | None], ...]:
        """What each of ``_layers`` is called, and where it is written as far as that is known."""
        at_play = play.source if play else None
        at_task = task.source if task else None
        roles = roles_of(task)
        return (
            ("loop", at_task), *[("magic", None)] * 4, ("extra vars (-e)", None),
            ("include params", at_task),
            *((f"params of role '{role.name}'", at_task) for role in roles),
            ("set_fact or register", None), ("include_vars", None),
            *((("task vars", at_task),) if task else ()),
            *((f"vars of role '{role.name}'", at_task) for role in roles),
            ("vars of included roles", at_play), ("vars of the play's roles", at_play),
            ("vars_files", at_play), ("vars_prompt", at_play), ("play vars", at_play),
            ("facts", None), *((_INVENTORY, None) for _ in self._host(name).vars),
            *((f"defaults of role '{role.name}'", at_task) for role in roles),
            ("defaults of included roles", at_play), ("defaults of the play's roles", at_play),
            ("facts", None),
        )  # fmt: skip

    def _host(self, name: str) -> HostParts:
        found = self._hosts.get(name)
        if found is None:
            found = self._hosts[name] = host_parts(self.inventory.host(name), self._as_data)
        return found

    def _task_parts(self, task: Task | None) -> TaskParts:
        if task is None:
            return NO_TASK
        found = self._tasks.get(id(task))
        if found is None or found.task is not task:
            if len(self._tasks) >= _KEPT:
                self._tasks.clear()  # includes may make new tasks on every host
            found = self._tasks[id(task)] = parts_of(task)
        return found

    def batch_of(self, play: Play, host: str) -> tuple[str, ...]:
        """All hosts of the batch in which this one takes the play."""
        return self._magic_of(play).batch_of(host)

    def _magic_of(self, play: Play) -> PlayMagic:
        found = self._play_magic.get(play.source)
        if found is None:
            hosts = self._play_hosts.get(play.source, ())
            made = PlayMagic(play, hosts, self._batches.get(play.source) or (hosts,), self._as_data)
            found = self._play_magic.setdefault(play.source, made)
        return found

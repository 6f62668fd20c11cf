"""Module: one kind of task, one file, no connection.

The engine drives it: probe -> plan -> (journal) -> apply -> probe -> compare. A dry run calls
``probe`` and ``plan`` only. Rollback calls ``undo`` with the recorded change.

Adding a module means adding ``runner/modules/NAME.py`` with a class ``Module`` derived from one
of the bases here; the file name is the YAML key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from runner.interfaces.exchange import Output, Query, Reply, Request
from runner.interfaces.guide import Guide
from runner.interfaces.touching import Reach
from runner.model.inventory import Addition
from runner.model.state import Change

Decrypt: TypeAlias = Callable[[bytes, Path], bytes]
"""Opens the content of a file that is encrypted; the path is for what is said about it."""

Facts: TypeAlias = Mapping[str, Any]
"""What is known of the host, under Ansible's fact names without the ``ansible_`` prefix."""


class Params(BaseModel):
    """Base of every module's parameters: frozen, unknown names refused, Ansible's aliases."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    FREE_FORM: ClassVar[str | None] = None
    """The field that takes a free-form argument string, if the module has one."""

    HIDDEN: ClassVar[frozenset[str]] = frozenset()
    """Fields that the engine fills in; in a playbook they are unknown."""

    def secrets_for_undo(self) -> Mapping[str, str]:
        """Parameters that are secrets, and without which a change cannot be taken back.

        They are kept apart from the others, encrypted, and given back to ``undo``.
        """
        return {}

    def with_secrets(self, secrets: Mapping[str, str]) -> Self:
        """These parameters as they were before the journal kept them, with their secrets."""
        return self


class NoParams(Params):
    """For modules without parameters."""


ParamsT = TypeVar("ParamsT", bound=Params)
StateT = TypeVar("StateT")


class Effect(StrEnum):
    """What kind of task a module is; the engine's visits differ by it."""

    STATE = "state"
    """Brings a subject from one state to another; can be predicted, verified and undone."""
    COMMAND = "command"
    """Runs what the user wrote; predictable only by ``creates``, ``removes`` or ``check``."""
    READ = "read"
    """Only looks."""
    LOCAL = "local"
    """Happens on the controller and touches no host."""


@dataclass(frozen=True, slots=True)
class Restoring:
    """A task that brings something back: its arguments, and its module where that is another."""

    arguments: Mapping[str, Any]
    module: str = ""


class Module(ABC, Generic[ParamsT, StateT]):
    """What every kind of task has. Stateless: the same object serves many threads.

    Class attributes: ``params`` (the Params class), ``state`` (the state's dataclass; its fields
    hold only None, bool, int, float, str, tuples and dataclasses of those, so that it survives
    JSON), ``effect``, ``needs_facts`` (whether verbs must be given gathered facts).
    """

    params: ClassVar[type[Params]]
    state: ClassVar[type[Any]]
    effect: ClassVar[Effect] = Effect.STATE
    needs_facts: ClassVar[bool] = False
    settles: ClassVar[bool] = False
    """Whether this module makes pending changes take effect (a restart). It has nothing to take
    back itself; a rollback repeats it after the last undo on a host, if one of them returned
    ``reboot_required``."""
    doc_url: ClassVar[str] = ""
    """The page whose parameters and return values this module follows."""
    guide: ClassVar[Guide | None] = None
    """Where it works and with which tools, and an example, for people."""

    ahead: ClassVar[bool] = False
    """Whether a probe may be asked together with those of earlier tasks, because it is quick: it
    reads with native tools, and waits for nothing. Of a LOCAL module: whether deciding takes no
    time."""
    redoable: ClassVar[bool] = False
    """Whether an ``undo`` of the module's own also takes back what a rollback did by it."""
    straight: ClassVar[bool] = False
    """Whether an ``apply`` that only writes may travel together with others: the exit code of each
    command alone decides on its success, and no command depends on what an earlier one printed.
    What ``reach`` does not know of is sent alone all the same."""

    shares: ClassVar[str] = ""
    """Modules with the same word here have the same state: in a dry run each sees what the others
    would leave of a subject."""
    controller_files: ClassVar[Mapping[str, str]] = {}
    """Parameters that name a file of the controller -> the folder where such files are kept
    (``files``, ``templates``). The module is given the absolute path."""
    renders: ClassVar[Mapping[str, str]] = {}
    """Those of them that name a template -> the hidden parameter that takes what it gives."""

    def controller_file(self, parameter: str, args: Mapping[str, Any]) -> str | None:
        """What a task names there, by its rendered arguments; None for a file of the host."""
        found = args.get(parameter)
        return found if isinstance(found, str) and found else None

    def filled_in(self, args: Mapping[str, Any], decrypt: Decrypt) -> Mapping[str, Any]:
        """Hidden parameters that say what the controller's files are, once these are found.

        ``args`` are the rendered arguments, paths absolute. Raises InputError for a file that
        cannot be read.
        """
        return {}

    @abstractmethod
    def subject(self, params: ParamsT) -> str:
        """The one thing on the host that this task manages, e.g. ``service lanmanserver``."""

    @abstractmethod
    def probe(self, params: ParamsT, facts: Facts) -> Generator[Query, Reply, StateT]:
        """Find the present state. Reads only. Raises ModuleError when it cannot be read."""

    @abstractmethod
    def plan(self, params: ParamsT, before: StateT, facts: Facts) -> StateT:
        """The wanted state. Pure. Raises Refused when a precondition forbids the change."""

    def reach(self, params: ParamsT, change: Change[StateT], facts: Facts) -> Reach | None:
        """What this change, or having found that none is needed, has to do with; None when not
        all of it can be named, or when it must be sent alone (it cuts the connection, takes long).
        """
        return None

    def apply(
        self, params: ParamsT, change: Change[StateT], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """Bring the host from ``change.before`` to ``change.after``.

        Returns what only the doing can tell (exit code, output) for ``result``.
        """
        raise NotImplementedError
        yield  # pragma: no cover

    def undo(
        self, params: ParamsT, change: Change[StateT], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """Take ``change`` (as recorded: before -> after) back; by default, apply it reversed."""
        return (yield from self.apply(params, change.reversed(), facts))

    def sweep(
        self, params: ParamsT, change: Change[StateT], facts: Facts
    ) -> Generator[Request, Reply, None]:
        """Take away what ``change`` made beside its subject, where its end or that of its undo was
        not seen: a folder above, a helper's task. The subject is as before; nothing else is sure.
        """
        return
        yield  # pragma: no cover

    def restore(self, params: ParamsT, change: Change[StateT]) -> tuple[Restoring, ...]:
        """Tasks that bring ``change.before`` back, in their order, for a rollback that is written
        down as a playbook; none where tasks cannot say it. ``change.after`` is as it was left."""
        return ()

    def irreversible(self, params: ParamsT, change: Change[StateT], facts: Facts) -> str:
        """Why this change cannot be taken back; an empty string when it can."""
        return ""

    def irreversible_back(self, params: ParamsT, change: Change[StateT], facts: Facts) -> str:
        """Why a rollback of ``change`` cannot be taken back in its turn, or an empty string."""
        if type(self).undo is not Module.undo and not self.redoable:
            return "what the run had made is not kept: run the task again"
        return self.irreversible(params, change.reversed(), facts)

    def result(
        self, params: ParamsT, change: Change[StateT], facts: Facts, applied: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Ansible's return values, beside ``changed`` and ``failed`` which the engine adds.

        Called in a dry run too, with the predicted change and an empty ``applied``; a value that
        is not known then is UNKNOWN.
        """
        return {}

    def failure(self, applied: Mapping[str, Any]) -> str:
        """One line for people about a failure that ``applied`` tells of (``failed: True``)."""
        return str(applied.get("msg", ""))

    def message(self, params: ParamsT, change: Change[StateT], facts: Facts) -> str:
        """One line for people about this outcome where the differences do not say it all."""
        return ""


@dataclass(frozen=True, slots=True)
class CommandState:
    """The state of a command task: whether its work is already done, where that can be told.

    ``done`` None means that nothing tells it. ``because`` names what told it.
    """

    done: bool | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The state of a module that manages nothing."""


class Decision(BaseModel):
    """What a LOCAL module decided: pure data, the engine carries it out."""

    model_config = ConfigDict(frozen=True)

    changed: bool = False
    failed: bool = False
    message: str = ""
    said: bool = False
    """The message is what the task is there for."""
    result: Mapping[str, Any] = {}
    facts: Mapping[str, Any] = {}
    """Variables to set on the host (set_fact)."""
    pause_seconds: float = 0.0
    prompt: str | None = None
    """A question to ask at the terminal before going on."""
    meta: str | None = None
    """A word for the engine: noop, end_host, end_play, clear_facts, reset_connection..."""
    adds: Addition | None = None
    """What to add to the inventory of this run; without a host, the task's own. Whether that
    changes anything, the engine finds out."""


class LocalModule(Module[ParamsT, Nothing]):
    """A task that touches no host: debug, set_fact, assert, fail, pause, meta."""

    effect = Effect.LOCAL
    state = Nothing

    def subject(self, params: ParamsT) -> str:
        return ""

    def probe(self, params: ParamsT, facts: Facts) -> Generator[Query, Reply, Nothing]:
        return Nothing()
        yield  # pragma: no cover

    def plan(self, params: ParamsT, before: Nothing, facts: Facts) -> Nothing:
        return before

    @abstractmethod
    def decide(self, params: ParamsT, evaluate: Evaluate) -> Decision:
        """What to do. ``evaluate`` tests an expression or looks up a variable of the host."""


class Evaluate(ABC):
    """What a LOCAL module may ask about the host's variables (assert, debug var=)."""

    @abstractmethod
    def condition(self, expression: str) -> bool:
        """Whether a bare Jinja expression holds."""

    @abstractmethod
    def value(self, expression: str) -> Any:
        """The value of a bare Jinja expression."""


def require(output: Output, *codes: int) -> Output:
    """The output itself when its exit code is one of these (0 alone if none is given).

    Raises ModuleError with the code and the text otherwise.
    """
    from runner.errors import ModuleError

    if output.code in (codes or (0,)):
        return output
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()
    detail = f": {said[0].strip()}" if said else ""
    raise ModuleError(f"exit code {output.signed}{detail}")

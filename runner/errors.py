"""Every exception that runner raises on purpose.

::

    RunnerError                     exit code 1: the runner itself could not go on
    +-- InputError                  exit code 5: something a person wrote is wrong
    |   +-- PlaybookError           a playbook, role or variable file
    |   |   `-- UnknownModule       a task calls a module that is not here
    |   +-- InventoryError            an inventory
    |   +-- PatternError            a host pattern or limit that is wrong or matches nobody
    |   +-- ParamsError             a module's parameters
    |   +-- TemplateError           a template or condition
    |   +-- GraphError              jobs that wait for each other in a circle, or for an unknown id
    |   +-- UsageError              a word on the command line
    |   `-- InputErrors             several of these at once
    +-- JournalError                the durable record
    |   +-- RunNotFound             exit code 5
    |   `-- HostsBusy               another run works on these hosts
    `-- HostError                   becomes the outcome of one job, never leaves the walk
        +-- ModuleError             the host answered, and the answer is no
        |   `-- Refused             a precondition makes the change unsafe or impossible
        |       +-- RestartFirst    the host must restart before this can be done
        |       `-- Drifted         the host is not as the plan found it
        +-- DependsOnUnknown        a dry run cannot know this value
        `-- TransportError          the way to the host; says whether a command may have started
            +-- Unreachable         nobody answers there
            +-- AuthenticationFailed  never sent again: it would lock the account
            +-- AuthorizationFailed logged in, but has no right
            +-- TlsFailed           certificate or TLS settings
            +-- ProtocolFailed      something answers that is not what we expect
            +-- PolicyRefused       the host, or our own safety rule, forbids it
            +-- QuotaExceeded       the host's limit of shells or operations
            +-- DeadlineExceeded    our own clock ran out
            `-- ConnectionLost      the connection or the shell went away under a command

Errors carry data and derive their text from it. ``hint`` says what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from runner.model.source import Source
    from runner.model.state import Difference


_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def printable(text: str) -> str:
    """A text that a terminal only shows: control characters, marks that turn the direction of
    writing and broken characters appear as escapes."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


class RunnerError(Exception):
    """The root: ``message`` says what happened, ``hint`` what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class InputError(RunnerError):
    """Something a person wrote is wrong; ``source`` points at it."""

    exit_code = 5

    def __init__(self, message: str, *, source: Source | None = None, hint: str = "") -> None:
        super().__init__(printable(message), hint=printable(hint))
        self.source = source

    def __str__(self) -> str:
        parts = [f"{printable(str(self.source))}: {self.message}" if self.source else self.message]
        if self.source:
            parts.append(printable(self.source.excerpt()))
        if self.hint:
            parts.append(f"  {self.hint}")
        return "\n".join(parts)


class PlaybookError(InputError):
    """A playbook, role or variable file."""


class UnknownModule(PlaybookError):
    """A task calls a module that is not here; ``name`` is the module as it is written."""

    def __init__(self, name: str, *, source: Source | None = None, hint: str = "") -> None:
        super().__init__(f"there is no module '{name}'", source=source, hint=hint)
        self.name = name


class InventoryError(InputError):
    """An inventory file or directory."""


class PatternError(InputError):
    """A host pattern or limit that is wrong, or that matches nobody."""


class ParamsError(InputError):
    """A module's parameters: unknown, missing, or of the wrong kind."""


class TemplateError(InputError):
    """A template or condition that cannot be read or evaluated."""


class GraphError(InputError):
    """Jobs that wait for each other in a circle, or for an id that nobody has."""


class UsageError(InputError):
    """A word on the command line."""


class InputErrors(InputError):
    """Several mistakes, found in one go; ``errors`` in the order in which they were found."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__(f"{len(errors)} mistakes were found", source=errors[0].source)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class JournalError(RunnerError):
    """The durable record cannot be read or written; nothing was sent because of it."""


class RunNotFound(JournalError):
    """No recorded run has that id."""

    exit_code = 5


class HostsBusy(JournalError):
    """Another run of this controller works on some of these hosts."""


class HostError(RunnerError):
    """What one host did or did not do; the walk turns it into that job's outcome."""


class ModuleError(HostError):
    """The host answered, and the answer is no."""


class Refused(ModuleError):
    """A precondition makes the change unsafe or impossible; nothing was sent."""


class RestartFirst(Refused):
    """The host must restart before this can be done; it did nothing."""


class Drifted(Refused):
    """The host is not as the plan found it, or the task is not in the plan; nothing was sent.

    ``fields`` are the differences, recorded -> found.
    """

    def __init__(self, message: str, *, hint: str = "", fields: Sequence[Difference] = ()) -> None:
        super().__init__(message, hint=hint)
        self.fields = tuple(fields)


class LeaseHeld(Refused):
    """A run of another controller works on the host; nothing was sent but the question."""


class DependsOnUnknown(HostError):
    """A dry run met a value that only the real run can settle."""

    def __init__(self, what: str) -> None:
        super().__init__(f"depends on {what}")
        self.what = what


class TransportError(HostError):
    """The way to the host failed.

    ``may_have_started`` is the only question that decides whether a command can be sent
    again: False means that it surely never started. ``ended``: what had started surely does not
    go on.
    """

    category: ClassVar[str] = "transport"
    unreachable: ClassVar[bool] = True
    ended: bool = False

    def __init__(self, message: str, *, hint: str = "", may_have_started: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.may_have_started = may_have_started


class Unreachable(TransportError):
    """Nobody answers there: name, route, port, service."""

    category = "unreachable"


class AuthenticationFailed(TransportError):
    """The host refuses who we say we are. Never repeated: it would lock the account."""

    category = "authentication"


class AuthorizationFailed(TransportError):
    """Logged in, but without the right to do this."""

    category = "authorization"


class TlsFailed(TransportError):
    """Certificate, name or TLS settings."""

    category = "tls"


class ProtocolFailed(TransportError):
    """Something answers that is not what the protocol promises."""

    category = "protocol"


class PolicyRefused(TransportError):
    """The host's policy, or our own rule (no clear text), forbids it."""

    category = "policy"


class QuotaExceeded(TransportError):
    """The host's limit of shells, operations or memory."""

    category = "quota"


class DeadlineExceeded(TransportError):
    """Our own clock ran out; the command was signalled and its shell deleted."""

    category = "timeout"


class ConnectionLost(TransportError):
    """The connection or the shell went away under a command."""

    category = "connection lost"

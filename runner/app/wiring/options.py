"""What a person asked for on the command line, as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for a verb that reads no playbook
    from runner.engine.undoing.undo import Doubt
    from runner.loading.playbook.prompts import Question

FORKS_CAP = 100
"""The most hosts worked on at once unless ``-f`` says otherwise: beyond that one process only
queues, and as many logons at once are hard on domain controllers."""


@dataclass(frozen=True, slots=True)
class View:
    """How to show it."""

    verbosity: int = 0
    diff: bool = False
    json_file: str | None = None
    terminal: bool = False
    proposes: bool = True
    """Whether it ends with the commands that usually come next."""

    @property
    def shows_results(self) -> bool:
        """Whether anything shows what ``register`` sees."""
        return self.verbosity > 1 or self.json_file is not None


@dataclass(frozen=True, slots=True)
class VaultOptions:
    """Where vault passwords come from: ``LABEL@SOURCE``, files or scripts, a person."""

    ids: tuple[str, ...] = ()
    password_files: tuple[str, ...] = ()
    ask: bool = False


NO_VAULT = VaultOptions()
"""Nothing about vault passwords was said; the environment may name a file all the same."""


@dataclass(frozen=True, slots=True)
class Locking:
    """What the command line says about keeping other runs off: whether a lease is left on hosts,
    and on which hosts (names, or ``all``) those of others are broken, with the reason."""

    lease: bool = True
    broken: tuple[str, ...] = ()
    reason: str = ""


LOCKING = Locking()
"""Nothing was said about it."""


@dataclass(frozen=True, slots=True)
class Approach:
    """What the command line says about connecting. ``rate`` in connections a second, 0 is without
    limit, None leaves it to the inventory; ``keep_trying``: a password that one host refused is
    tried on the others, too."""

    rate: float | None = None
    keep_trying: bool = False


DEFAULT_APPROACH = Approach()
"""Nothing was said: as the inventory has it."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """``runner run``: which playbook, on which hosts, with what."""

    playbook: Path
    inventory: tuple[Path, ...]
    limit: str | None = None
    extra: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    start_at_task: str | None = None
    forks: int | None = None
    check: bool = False
    detailed_exitcode: bool = False
    force_handlers: bool = False
    password: str | None = None
    vault: VaultOptions = NO_VAULT
    view: View = View()
    approach: Approach = DEFAULT_APPROACH
    locking: Locking = LOCKING
    deadline: float | None = None
    """Seconds after which the run stops."""
    keep_trying: float | None = None
    """Seconds for which hosts that did not answer are tried again, after the first sweep."""
    fuse: bool = True
    """Whether what may travel together does, instead of one by one."""
    processes: int = 1
    """How many processes share out the hosts."""
    question: Question | None = None
    """Asks a person for what ``vars_prompt`` wants; None: there is nobody to ask."""


@dataclass(frozen=True, slots=True)
class RollbackOptions:
    """``runner rollback``: which run, on which of its hosts."""

    run: str
    inventory: tuple[Path, ...] = ()
    limit: str | None = None
    extra: tuple[str, ...] = ()
    forks: int | None = None
    check: bool = False
    detailed_exitcode: bool = False
    irreversible: bool = False
    restart: bool = False
    password: str | None = None
    vault: VaultOptions = NO_VAULT
    view: View = View()
    approach: Approach = DEFAULT_APPROACH
    locking: Locking = LOCKING
    deadline: float | None = None
    """Seconds after which the rollback stops."""
    tasks: tuple[str, ...] = ()
    """Only these tasks: names or ids."""
    since: float | None = None
    """Only what was changed then or later, in seconds since the epoch."""
    force: bool = False
    """Put back even what somebody changed since."""
    yes: bool = False
    """Without asking for each."""
    ask: Callable[[str, Callable[[], bool]], str | None] | None = None
    """Puts a question to a person; needed to force without ``yes``."""
    fuse: bool = True
    """Whether what may travel together does, instead of one by one."""
    output: Path | None = None
    """Write the way back there as a playbook, and contact nobody."""
    doubt: Doubt | None = None
    """What to do about commands of ``undo:`` of which nobody saw the end; None leaves them."""

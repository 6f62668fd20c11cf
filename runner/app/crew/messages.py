"""What a crew's processes tell each other. Frozen values over one socket for each mate.

They have no slots: what has, pickle takes apart field by field in Python, which costs a run more
than all else that its processes tell each other. The nouns among them get a quicker way (``wire``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from runner.engine.hosts.pacing import PaceSettings
from runner.engine.stop import StopLevel
from runner.events import Event
from runner.interfaces.access import Credential
from runner.journal.rows import Announced, Ended
from runner.journal.trail import Breaking

# -- said by either side --------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What the question of that number comes to."""

    number: int
    value: Any


@dataclass(frozen=True)
class Refusal:
    """Why the question of that number has no answer."""

    number: int
    error: Exception


@dataclass(frozen=True)
class Learn:
    """A question: mask these secrets from now on. The answer says that everybody does."""

    number: int
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """A host failed and is out of a play (by number)."""

    play: int
    host: str


@dataclass(frozen=True)
class StateOf:
    """A question: what has the run learned about this host so far?"""

    number: int
    host: str


# -- said by a mate -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """An event."""

    event: Event


@dataclass(frozen=True)
class Became:
    """An outcome for the journal, as it is written there."""

    values: dict[str, Any]


@dataclass(frozen=True)
class Settled:
    """What became of a change, as it is written."""

    ended: Ended


@dataclass(frozen=True)
class Intend:
    """A question: the ids of these intents, once they are on the disk."""

    number: int
    intents: tuple[Announced, ...]


@dataclass(frozen=True)
class Call:
    """A question to one of the services that a run has one of; see ``desk.Desk``."""

    number: int
    service: str
    words: tuple[Any, ...]


@dataclass(frozen=True)
class Note:
    """The same, where nobody waits for an answer."""

    service: str
    words: tuple[Any, ...]


@dataclass(frozen=True)
class Trial:
    """May this host be shown this password? ``Reach`` and then ``Go`` are said, or a refusal."""

    number: int
    host: str
    credential: Credential
    keep_trying: bool


@dataclass(frozen=True)
class Reached:
    """What connecting for a trial came to."""

    number: int
    error: Exception | None


@dataclass(frozen=True)
class Tried:
    """What the logon of a trial came to. ``refused``: the host looked at the password."""

    number: int
    worked: bool
    refused: bool


@dataclass(frozen=True)
class Walked:
    """Each job of this mate has its outcome; its links are being closed."""


@dataclass(frozen=True)
class Finished:
    """The links are closed, after so many exchanges."""

    exchanges: int


@dataclass(frozen=True)
class Broke:
    """The mate cannot go on: a mistake of the runner, or the journal cannot be written."""

    error: Exception


# -- said to a mate -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begin:
    """Begin to walk. ``run`` is empty for a preview, which has no journal."""

    run: str
    journal: Path | None
    owner: str
    breaking: Breaking | None
    pace: PaceSettings
    threads: int


@dataclass(frozen=True)
class Halt:
    """The run is to stop."""

    level: StopLevel


@dataclass(frozen=True)
class Reach:
    """For a trial: connect now."""

    number: int


@dataclass(frozen=True)
class Go:
    """For a trial: log on now."""

    number: int


@dataclass(frozen=True)
class End:
    """Nothing more is wanted of the mate."""


Message: TypeAlias = (
    Answer | Refusal | Learn | Left | StateOf
    | Told | Became | Settled | Intend | Call | Note | Trial | Reached | Tried
    | Walked | Finished | Broke
    | Begin | Halt | Reach | Go | End
)  # fmt: skip
Batch: TypeAlias = Sequence[Message]

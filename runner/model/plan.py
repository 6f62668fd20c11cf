"""Plan: a dry run on record, to be approved by people and applied exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

JSON: TypeAlias = Any
"""A value that JSON can hold."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one task, or one element of its loop, is to do to a subject.

    ``params`` are the module's parameters, rendered; ``before`` and ``after`` the fields of its
    state: what the prediction rests on, and what is to be. All three are None where nobody may see
    them (``no_log``, or they hold a secret); ``hidden`` says so. ``target`` is the host on which it
    is done, when that is not the job's own.
    """

    subject: str
    item: str = ""
    target: str = ""
    params: JSON = None
    before: JSON = None
    after: JSON = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """One job as the dry run saw it. ``status`` and ``differences`` (field, before, after) are
    those of its outcome; ``commands`` what would be sent, secrets masked."""

    step: str
    title: str
    status: str
    message: str = ""
    module: str = ""
    differences: tuple[tuple[str, JSON, JSON], ...] = ()
    commands: tuple[str, ...] = ()
    irreversible: str = ""
    forecasts: tuple[Forecast, ...] = ()
    unforeseen: tuple[str, ...] = ()
    """The elements of its loop that were not predictable; of a task without one, the empty text."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A frozen dry run.

    Times are seconds since the epoch; ``expires`` None: never. ``inputs`` are digests of playbook
    and inventory; ``variables`` are those of the command line that are no secrets, ``secrets`` the
    names of those that are: they must be given again. ``options`` is what else was asked for.
    ``hosts`` are all that the plan covers, each with its jobs; ``unreachable`` are those that did
    not answer: they are not part of it.
    """

    playbook: str
    inventory: tuple[str, ...]
    inputs: Mapping[str, str]
    created: float
    user: str
    version: str
    hosts: Mapping[str, tuple[PlannedJob, ...]]
    expires: float | None = None
    variables: Mapping[str, JSON] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    options: Mapping[str, JSON] = field(default_factory=dict)
    unreachable: tuple[str, ...] = ()
    coverage: Mapping[str, int] = field(default_factory=dict)
    """How many jobs there are, and how many of them were predicted."""

"""Packages of a host as ``apt``, ``dnf``, ``yum`` and ``package`` see them."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.posix.debian import Move


@dataclass(frozen=True, slots=True)
class Package:
    """One package that a task names, with what the repositories offer.

    ``spec`` is what the task says. ``version`` is the installed one, ``candidate`` the one that
    would be installed, ``offered`` all that can be had. ``residual``: only configuration files are
    left. ``virtual``: others provide it. ``file`` is the package file that a task gives.
    """

    spec: str
    name: str
    version: str | None = None
    candidate: str | None = None
    offered: tuple[str, ...] = ()
    residual: bool = False
    virtual: bool = False
    file: str = ""

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.name}={self.version}"
        return f"{self.name} ({'configuration files' if self.residual else 'absent'})"


PROVIDED = "provided by another package"
"""The ``version`` of a virtual package that is there."""


@dataclass(frozen=True, slots=True)
class PackagesState:
    """The packages of a task.

    ``packages`` are the named ones with their versions; ``automatic`` those of them that count as
    installed for others' sake. ``pending`` is what an upgrade of everything, or the removal of what
    nobody needs, would do. ``cache`` and ``cleaned`` are never read: a plan that updates the lists
    or deletes downloaded files says that it will be known.

    The rest tells no difference. ``asked`` is what the package manager was asked to simulate,
    ``moves`` and ``problem`` what it answered; ``lost`` are versions that a way back would need and
    that the repositories no longer have; ``kept_automatic`` what of ``moves`` is automatic now.
    ``mark`` names the transaction to come in the manager's own log.
    """

    packages: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    cache: str | None = None
    cleaned: str | None = None
    manager: str = field(default="", compare=False)
    found: tuple[Package, ...] = field(default=(), compare=False)
    asked: tuple[str, ...] = field(default=(), compare=False)
    moves: tuple[Move, ...] = field(default=(), compare=False)
    problem: str = field(default="", compare=False)
    lost: tuple[str, ...] = field(default=(), compare=False)
    kept_automatic: tuple[str, ...] = field(default=(), compare=False)
    cache_time: int = field(default=0, compare=False)
    clock: int = field(default=0, compare=False)
    mark: str = field(default="", compare=False)

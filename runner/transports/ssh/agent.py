"""The agent that holds keys: the environment's (SSH_AUTH_SOCK), or the one of IdentityAgent."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko

from runner.transports.ssh.config import Target


class _Agent(paramiko.Agent):
    """An agent at another place than the environment says."""

    def __init__(self, place: str) -> None:
        super(paramiko.Agent, self).__init__()
        if place.startswith("$"):
            place = os.environ.get(place[1:].strip("{}"), "")
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.connect(place)
        except OSError:
            link.close()
            return
        self._connect(link)  # type: ignore[attr-defined]


@contextmanager
def agent_keys(target: Target) -> Iterator[tuple[paramiko.AgentKey, ...]]:
    """The keys of this target's agent, usable inside the block; none where no agent answers."""
    if not target.use_agent:
        yield ()
        return
    agent: paramiko.Agent | None = None
    try:
        with contextlib.suppress(paramiko.SSHException, OSError):
            agent = _Agent(target.agent) if target.agent else paramiko.Agent()
        yield tuple(agent.get_keys()) if agent is not None else ()
    finally:
        if agent is not None:
            agent.close()


def agent_blobs(target: Target) -> frozenset[bytes]:
    """The public halves of the agent's keys."""
    with agent_keys(target) as keys:
        return frozenset(bytes(key.blob) for key in keys)

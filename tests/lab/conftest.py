"""Fronts on real sockets, and real clients for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from runner.lab.control.control import LabHost
from runner.lab.ports.loop import Loop
from runner.lab.spec import HostSpec
from runner.lab.winrm.front import Front
from runner.lab.winrm.options import FrontOptions
from tests.lab.front_fake import FakeMachine

USER = "admin"
PASSWORD = "S3cret:with:colons"

Serve = Callable[..., Front]
Connect = Callable[..., Protocol]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a fake machine: ``serve(os=, options=, scheme=, user=, password=, machine=)``."""
    with contextlib.ExitStack() as stack:

        def start(
            machine: FakeMachine | None = None,
            *,
            os: str = "2016",
            options: FrontOptions | None = None,
            **changes: Any,
        ) -> Front:
            values = {"name": "web01", "port": 0, "user": USER, "password": PASSWORD, "os": os}
            spec = HostSpec.model_validate({**values, **changes})
            return stack.enter_context(Front(machine or FakeMachine(os), spec, options))

        yield start


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A loop for timers, ended afterwards."""
    made = Loop()
    yield made
    made.stop()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """A pywinrm Protocol for a front, sealed by NTLM over http; closed at the end."""
    opened: list[Protocol] = []

    def protocol(
        front: Front | LabHost, user: str = USER, password: str = PASSWORD, **more: Any
    ) -> Protocol:
        if isinstance(front, Front) and front.scheme == "https":
            authority = tmp_path / f"{front.port}.pem"
            authority.write_bytes(front.ca_pem)
            more.setdefault("ca_trust_path", str(authority))
        more.setdefault("ca_trust_path", None)
        more.setdefault("transport", "ntlm")
        more.setdefault("message_encryption", "auto" if front.scheme == "https" else "always")
        more.setdefault("proxy", None)
        made = Protocol(front.url, username=user, password=password, **more)
        opened.append(made)
        return made

    yield protocol
    for made in opened:
        made.transport.close_session()


@pytest.fixture
def remote() -> Iterator[Callable[..., WSMan]]:
    """A pypsrp WSMan for a front; closed at the end."""
    with contextlib.ExitStack() as stack:

        def wsman(front: Front, auth: str = "ntlm", **more: Any) -> WSMan:
            settings = {"username": USER, "password": PASSWORD, "encryption": "always", **more}
            made = WSMan(
                front.address,
                port=front.port,
                ssl=front.scheme == "https",
                auth=auth,
                no_proxy=True,
                **settings,
            )
            return stack.enter_context(made)

        yield wsman


def run(protocol: Protocol, line: str, *, shell: str | None = None) -> tuple[bytes, bytes, int]:
    """One command in a shell of its own, or in the given one."""
    used = shell or protocol.open_shell(codepage=65001)
    command = protocol.run_command(used, line)
    try:
        stdout, stderr, code = protocol.get_command_output(used, command)
    finally:
        protocol.cleanup_command(used, command)
        if shell is None:
            protocol.close_shell(used, close_session=False)
    return stdout, stderr, code

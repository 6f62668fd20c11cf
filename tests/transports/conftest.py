"""A real WinRM front with a machine behind it, and connections of our own transport to it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.lab.spec import HostSpec
from runner.lab.winrm.front import Front
from runner.lab.winrm.options import FrontOptions
from runner.transports.winrm import again, clock, kerberos
from runner.transports.winrm.kerberos_tickets import Tickets
from runner.transports.winrm.transport import Transport
from tests.transports import kdc
from tests.transports.kdc import HOST, Kdc, need_kerberos
from tests.transports.machine import Machine
from tests.transports.sshd import IN_CI

USER = "admin"
PASSWORD = "S3cret:with:colons"

TRANSPORT = Transport()


class Site:
    """One served host: its machine, its front, and how to reach it."""

    def __init__(self, machine: Machine, front: Front, folder: Path) -> None:
        self.machine = machine
        self.front = front
        self.folder = folder

    def variables(self, **more: Any) -> dict[str, Any]:
        """The inventory variables of this host; None takes one away."""
        values: dict[str, Any] = {
            "ansible_host": self.front.address,
            "ansible_port": self.front.port,
            "ansible_winrm_scheme": self.front.scheme,
            "ansible_user": USER,
            "ansible_password": PASSWORD,
        }
        if self.front.scheme == "https":
            authority = self.folder / f"{self.front.port}.pem"
            authority.write_bytes(self.front.ca_pem)
            values["ansible_winrm_ca_trust_path"] = str(authority)
        values.update(more)
        return {name: value for name, value in values.items() if value is not None}

    def connect(self, timeout: float = 10.0, **more: Any) -> Connection:
        """An open connection."""
        options = TRANSPORT.options("web01", self.variables(**more))
        return TRANSPORT.connect(options, timeout=timeout)

    def count(self, what: str) -> int:
        """One of the front's counters."""
        return self.front.counters()[what]


Serve = Callable[..., Site]


def hello(link: Connection) -> bytes:
    """What the machine says to a simple command."""
    return link.run(Invocation("out hello"), timeout=5).stdout


def until(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    """Whether the condition becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.005)
    return condition()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter pauses than in production."""
    monkeypatch.setattr(clock, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(again, "RETRY_PAUSE", 0.01)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serve a machine; at the end no message may have come in clear text over http."""
    sites: list[Site] = []
    with contextlib.ExitStack() as stack:

        def start(os: str = "2016", *, options: FrontOptions | None = None, **changes: Any) -> Site:
            values = {"name": "web01", "port": 0, "user": USER, "password": PASSWORD, "os": os}
            spec = HostSpec.model_validate({**values, **changes})
            machine = Machine(os)
            front = stack.enter_context(Front(machine, spec, options))
            sites.append(Site(machine, front, tmp_path))
            return sites[-1]

        yield start
        clear = [site.count("clear_bodies") for site in sites]
    assert not any(clear), "a message left in clear text"


@pytest.fixture
def site(serve: Serve) -> Site:
    """A host with the defaults of Windows, over http."""
    return serve()


@pytest.fixture
def link(site: Site) -> Iterator[Connection]:
    """An open connection to that host."""
    opened = site.connect()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Kdc:
    """A realm whose KDC is not running yet."""
    need_kerberos()
    made = Kdc(tmp_path_factory.mktemp("realm"))
    made.add_user("bob", kdc.PASSWORD)
    made.add_user("eve", kdc.PASSWORD)
    return made


@pytest.fixture(scope="module")
def running(realm: Kdc) -> Iterator[Kdc]:
    """The same with a running KDC."""
    with realm.running():
        yield realm


@pytest.fixture
def alone(realm: Kdc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This test's own caches; nothing of the machine's Kerberos."""
    for name, value in realm.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'ccache'}")
    monkeypatch.setattr(kerberos, "TICKETS", Tickets())


@pytest.fixture
def cache(tmp_path: Path) -> str:
    """The name of the cache that this test's KRB5CCNAME names."""
    return f"FILE:{tmp_path / 'ccache'}"


@pytest.fixture
def host(realm: Kdc, alone: None, serve: Serve) -> Callable[..., Site]:
    """Serve a host that takes tickets for its keytab."""
    del alone
    keytab = realm.keytab(f"HTTP/{HOST}", f"WSMAN/{HOST}", "HTTP/localhost")

    def start(**more: Any) -> Site:
        scheme = more.pop("scheme", "http")
        user = more.pop("user", kdc.USER)
        options = FrontOptions(**{"keytab": keytab, **more})
        return serve("2019", scheme=scheme, user=user, password=kdc.PASSWORD, options=options)

    return start


@pytest.fixture
def account() -> Iterator[tuple[str, str]]:
    """A user with a password, for as long as the test runs."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        if IN_CI:
            pytest.fail("these tests make a user: run them as root")
        pytest.skip("needs root, to make a user with a password")
    name, password = f"rt{secrets.token_hex(3)}", secrets.token_hex(8)
    subprocess.run(["useradd", "-m", "-s", "/bin/sh", name], check=True, timeout=20)
    subprocess.run(["chpasswd"], input=f"{name}:{password}", text=True, check=True, timeout=20)
    yield name, password
    subprocess.run(["userdel", "-r", "-f", name], check=False, timeout=20, capture_output=True)

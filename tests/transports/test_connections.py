"""How many connections hosts see: one each, and none that carries no request."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from runner.engine.hosts import credentials
from runner.engine.hosts.access import Access, Place
from runner.engine.stop import Stop
from runner.errors import AuthenticationFailed, TransportError
from runner.lab.winrm.options import FrontOptions
from tests.e2e.fleet import TestFleet
from tests.transports.conftest import TRANSPORT, Serve, Site

HOSTS = 12
PLAY = """
- hosts: all
  gather_facts: false
  strategy: linear
  tasks:
    - {win_ping: {}}
    - {win_service: {name: Spooler, state: stopped, start_mode: disabled}}
    - {win_ping: {}}
"""


def test_a_run_connects_to_each_host_once(tmp_path: Path) -> None:
    with TestFleet(tmp_path, {f"web{n:02}": {"lab_os": "2019"} for n in range(HOSTS)}) as fleet:
        before = {name: fleet.lab.counters(name)["connections"] for name in fleet.names}
        done = fleet.play(PLAY)
        assert done.code == 0, done.out + done.err
        found = [fleet.lab.counters(name)["connections"] - before[name] for name in fleet.names]
    assert found == [1] * HOSTS


class Crowd:
    """Connects to all hosts at the same moment, as the workers of a run do."""

    def __init__(self, sites: list[Site], **variables: Any) -> None:
        self.access = Access(Stop())
        self.errors: dict[int, TransportError] = {}
        self._links: list[Any] = []
        self._sites = sites
        self._variables = variables

    def meet(self) -> None:
        """Until all have got in, or have been sent away."""
        threads = [threading.Thread(target=self._one, args=(n,)) for n in range(len(self._sites))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()
        for link in self._links:
            link.close()

    def _one(self, number: int) -> None:
        options = TRANSPORT.options("web01", self._sites[number].variables(**self._variables))
        place = Place(f"web{number:02}", TRANSPORT, options)
        try:
            self._links.append(self.access.connect(place, 60)[0])
        except TransportError as error:
            self.errors[number] = error


@pytest.fixture
def one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, the first host is waited for."""
    monkeypatch.setattr(credentials, "REACHING", 600.0)
    monkeypatch.setattr(credentials, "PATIENCE", 600.0)


@pytest.mark.usefixtures("one_after_the_other")
@pytest.mark.parametrize(("logon", "connections"), [("ntlm", 1), ("basic", 1), ("credssp", 2)])
def test_no_connection_goes_unused(serve: Serve, logon: str, connections: int) -> None:
    """requests-credssp asks for what is offered first, and Windows closes when it has said that."""
    options = FrontOptions(credssp="1.2" if logon == "credssp" else None)
    sites = [serve(name=f"web{n:02}", scheme="https", options=options) for n in range(3)]
    crowd = Crowd(sites, ansible_winrm_transport=logon)
    crowd.meet()
    assert not crowd.errors
    assert [site.count("connections") for site in sites] == [connections] * len(sites)
    assert not any(site.count("failed_logons") for site in sites)


@pytest.mark.usefixtures("one_after_the_other")
def test_a_wrong_password_takes_one_connection_in_all(serve: Serve) -> None:
    sites = [serve(name=f"web{n:02}") for n in range(HOSTS)]
    crowd = Crowd(sites, ansible_password="wrong")
    crowd.meet()
    assert len(crowd.errors) == HOSTS
    assert all(isinstance(error, AuthenticationFailed) for error in crowd.errors.values())
    assert sum(site.count("connections") for site in sites) == 1
    assert sum(site.count("failed_logons") for site in sites) == 1


@pytest.mark.usefixtures("one_after_the_other")
def test_a_host_that_was_reached_too_late_to_be_the_first_uses_its_connection(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are connected to side by side, as it is where the first ones do not answer."""
    monkeypatch.setattr(credentials, "REACHING", 0.0)
    sites = [serve(name=f"web{n:02}") for n in range(HOSTS)]
    crowd = Crowd(sites)
    crowd.meet()
    assert not crowd.errors
    assert [site.count("connections") for site in sites] == [1] * HOSTS

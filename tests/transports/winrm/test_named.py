"""Ids that we choose: a command whose start is in doubt can be asked for."""

from __future__ import annotations

import pytest

from runner.errors import TransportError
from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.lab.ports.host import Profile
from runner.lab.winrm.wsman import faults as wsman_faults
from runner.lab.winrm.wsman import opening as wsman_open
from runner.lab.winrm.wsman.request import Request
from tests.transports.conftest import Serve, Site, hello, until

LOST = ["reset_on_command", "garbage_200"]


@pytest.mark.parametrize("fault", LOST)
def test_a_command_whose_answer_is_lost_is_asked_for_by_its_name(
    site: Site, link: Connection, fault: str
) -> None:
    site.front.inject(fault)
    assert hello(link) == b"hello\r\n"
    assert hello(link) == b"hello\r\n"
    assert site.machine.ran == ["out hello"] * 2
    assert site.count("commands") == 2
    assert site.count("creates") == 1
    link.close()
    assert site.count("open_shells") == 0


def test_a_program_that_waits_for_its_input_gets_it_although_its_start_was_in_doubt(
    site: Site, link: Connection
) -> None:
    site.front.inject("reset_on_command")
    assert link.run(Invocation("cat", b"some input"), timeout=15).stdout == b"some input"
    assert site.machine.ran == ["cat"]


@pytest.mark.parametrize("fault", LOST)
def test_a_host_that_chooses_its_own_ids_cannot_be_asked(serve: Serve, fault: str) -> None:
    site = serve("2008r2-sp1")
    link = site.connect()
    site.front.inject(fault)
    with pytest.raises(TransportError, match="does not go on") as caught:
        hello(link)
    assert caught.value.may_have_started
    assert until(lambda: site.machine.ran == ["out hello"])
    assert site.count("commands") == 1
    assert site.count("open_shells") == 0


def test_a_host_that_refuses_our_names_is_left_to_choose_its_own(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old host may take an attribute that it does not know for a mistake."""
    chosen = wsman_open._chosen_id

    def refuse(request: Request, attribute: str, profile: Profile) -> str:
        if request.content is not None and request.content.get(attribute):
            raise wsman_faults.bad_schema()
        return chosen(request, attribute, profile)

    monkeypatch.setattr(wsman_open, "_chosen_id", refuse)
    link = site.connect()
    assert [hello(link) for _ in range(3)] == [b"hello\r\n"] * 3
    assert site.count("creates") == 2
    assert site.count("commands") == 3
    assert site.count("soap_faults") == 1
    link.close()
    assert site.count("open_shells") == 0

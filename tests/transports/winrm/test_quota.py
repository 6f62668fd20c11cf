"""Quotas of a host: shells are replaced before they are used up, and what is refused is learned."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import Mock

import pytest

from runner.errors import AuthorizationFailed, QuotaExceeded, TransportError
from runner.interfaces.access import Keeper
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.wsman.limits import Limits
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.config import read_quotas
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.named import NamedLink
from runner.transports.winrm.transport import Transport
from tests.transports.conftest import TRANSPORT, Serve, Site, hello


class Notes(Keeper):
    """What a connection tells the run."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.ever = 0
        self.admitted = 0

    def admit(self, seconds: float) -> None:
        self.admitted += 1

    def opened(self, held: str) -> None:
        self.open.append(held)
        self.ever += 1

    def closed(self, held: str) -> None:
        self.open.remove(held)


def limited(operations: int, shells: int = 30) -> FrontOptions:
    """A new host with quotas of its own: its idle timeout says 3.0, so we expect 1500."""
    return FrontOptions(limits=Limits(shells, operations, 25, 7200.0, 500 * 1024))


def test_a_limit_that_was_lowered_is_read_before_it_matters(serve: Serve) -> None:
    site = serve(options=limited(20))
    link = site.connect()
    for _ in range(70):
        assert hello(link) == b"hello\r\n"
    assert site.count("quota_refusals") == 0
    assert site.count("creates") == 5
    link.close()
    assert site.count("open_shells") == 0


def test_a_limit_that_may_not_be_read_is_met_once_and_then_known(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = LinkFailure(AuthorizationFailed("access is denied"))
    monkeypatch.setattr(NamedLink, "configuration", Mock(side_effect=denied))
    site = serve(options=limited(20))
    link = site.connect()
    for _ in range(70):
        assert hello(link) == b"hello\r\n"
    assert site.count("quota_refusals") == 1
    assert site.count("creates") == 4
    assert len(site.machine.ran) == 70
    link.close()
    assert site.count("open_shells") == 0


@pytest.mark.parametrize("os", ["2008r2-sp1", "2003-sp2"])
def test_two_connections_of_one_user_share_the_operations_of_an_old_host(
    serve: Serve, os: str
) -> None:
    site = serve(os)
    links = [site.connect(), site.connect()]
    for _ in range(30):
        for link in links:
            assert hello(link) == b"hello\r\n"
    assert site.machine.ran.count("out hello") == 60, (
        "what was refused was sent again, what ran was not"
    )
    for link in links:
        link.close()
    assert site.count("open_shells") == 0


def test_shells_of_other_sessions_take_the_last_one(serve: Serve) -> None:
    site = serve("2008r2-sp1")
    links = [site.connect() for _ in range(5)]
    with pytest.raises(QuotaExceeded, match="2150859173") as caught:
        site.connect()
    assert "MaxShellsPerUser" in caught.value.hint
    links.pop().close()
    site.connect().close()
    for link in links:
        link.close()
    assert site.count("open_shells") == 0


def open_link(site: Site) -> NamedLink:
    link = NamedLink(TRANSPORT.options("web01", site.variables()))
    link.logon(Deadline(5))
    return link


def test_the_configuration_tells_the_quotas_where_it_may_be_read(serve: Serve) -> None:
    link = open_link(serve(options=limited(77, 9)))
    quotas = read_quotas(link, Deadline(5))
    assert quotas["MaxConcurrentOperationsPerUser"] == 77
    assert quotas["MaxShellsPerUser"] == 9
    assert quotas["MaxEnvelopeSizekb"] == 500
    assert quotas["IdleTimeout"] == 7200000
    link.close()


def test_a_host_below_2012_does_not_tell(serve: Serve) -> None:
    link = open_link(serve("2008r2-sp1"))
    with pytest.raises(LinkFailure) as caught:
        read_quotas(link, Deadline(5))
    assert isinstance(caught.value.error, AuthorizationFailed)
    link.close()


def kept(site: Site, notes: Notes, timeout: float = 10) -> tuple[Transport, object]:
    options = TRANSPORT.options("web01", site.variables())
    return TRANSPORT, TRANSPORT.open(options, timeout=timeout, keeper=notes)


@pytest.mark.parametrize("os", ["2016", "2008r2-sp1", "2003-sp2"])
def test_every_shell_is_on_record_before_a_command_runs_in_it_and_struck_when_it_is_gone(
    serve: Serve, os: str
) -> None:
    site, notes = serve(os), Notes()
    options = TRANSPORT.options("web01", site.variables())
    link = TRANSPORT.open(options, timeout=10, keeper=notes)
    for _ in range(30):
        assert len(notes.open) == 1
        hello(link)
    link.close()
    assert notes.open == []
    assert site.count("creates") <= notes.ever
    assert site.count("open_shells") == 0


@pytest.mark.usefixtures("impatient")
def test_a_shell_whose_create_went_unanswered_is_deleted_by_the_name_that_we_gave_it(
    site: Site,
) -> None:
    notes = Notes()
    options = TRANSPORT.options("web01", site.variables())
    site.front.inject("garbage_200")
    with pytest.raises(Exception, match="not sealed"):
        TRANSPORT.open(options, timeout=10, keeper=notes)
    assert site.count("creates") == 1
    assert site.count("open_shells") == 0
    assert notes.open == []


def shells_of(site: Site) -> Sequence[str]:
    return tuple(site.front._served.service.shells._shells)


class Heir(Notes):
    """Comes after runs that left shells behind."""

    def __init__(self, *left: str) -> None:
        super().__init__()
        self.left = list(left)

    def left_over(self) -> Sequence[str]:
        return list(self.left)

    def gone(self, held: Sequence[str]) -> None:
        self.left = [shell for shell in self.left if shell not in held]


def test_what_earlier_runs_left_is_deleted_and_what_is_not_ours_stays(site: Site) -> None:
    options = TRANSPORT.options("web01", site.variables())
    left = TRANSPORT.open(options, timeout=10, keeper=Keeper())
    (orphan,) = shells_of(site)
    heir = Heir(orphan, "4F1B4B1C-8F0B-4A0A-9C56-0123456789AB")
    later = TRANSPORT.open(options, timeout=10, keeper=heir)
    assert heir.left == [], "what was not there is gone, too"
    assert site.count("open_shells") == 1
    assert hello(later) == b"hello\r\n"
    service = site.front._served.service
    shell = service.shells._shells[shells_of(site)[0]]
    owner, shell.owner = shell.owner, "somebody else"
    other_heir = Heir(shell.id)
    other = TRANSPORT.open(options, timeout=10, keeper=other_heir)
    assert other_heir.left == [shell.id], "it stays on record"
    assert hello(other) == b"hello\r\n"
    shell.owner = owner
    for link in (left, later, other):
        link.close()
    assert site.count("open_shells") == 0


@pytest.mark.parametrize("os", ["2008r2-sp1", "2003-sp2"])
def test_shells_of_dead_runs_that_use_up_the_quota_are_deleted_before_a_new_one_is_opened(
    serve: Serve, os: str
) -> None:
    site = serve(os)
    options = TRANSPORT.options("web01", site.variables())
    dead = [TRANSPORT.open(options, timeout=10, keeper=Keeper()) for _ in range(5)]
    with pytest.raises(QuotaExceeded):
        TRANSPORT.open(options, timeout=10, keeper=Keeper())
    heir = Heir(*shells_of(site))
    link = TRANSPORT.open(options, timeout=10, keeper=heir)
    assert hello(link) == b"hello\r\n"
    assert heir.left == []
    assert site.count("open_shells") == 1
    link.close()
    for each in dead:
        each.close()


def test_a_connection_that_breaks_while_clearing_up_is_made_anew(site: Site) -> None:
    options = TRANSPORT.options("web01", site.variables())
    TRANSPORT.open(options, timeout=10, keeper=Keeper())
    heir = Heir(*shells_of(site))
    site.front.inject("idle_close")
    site.front.inject("garbage_200")
    link = TRANSPORT.open(options, timeout=10, keeper=heir)
    try:
        assert hello(link) == b"hello\r\n"
    except TransportError:
        # The host closes a moment after it answered: now and then one command later.
        link = TRANSPORT.open(options, timeout=10, keeper=heir)
        assert hello(link) == b"hello\r\n"
        heir.left = ["unknown"]
    link.close()
    assert heir.left, "nobody knows whether it was deleted: it stays on record"

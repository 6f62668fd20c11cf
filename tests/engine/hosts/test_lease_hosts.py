"""The commands of leases, on simulated Windows hosts of several ages and on a real POSIX shell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from runner.engine.hosts.leasing import Leasing
from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader
from runner.engine.stop import Stop
from runner.errors import LeaseHeld
from runner.interfaces.exchange import Command, Output, read
from runner.interfaces.lease import Lease, Leases
from runner.interfaces.setting import Setting
from runner.posix.lease import PosixLeases
from runner.shells import load as load_shell
from runner.shells.posix import Shell as Posix
from runner.transports.local.transport import Transport as Local
from runner.windows.lease import KEY, WindowsLeases
from tests.engine.hosts.lease_world import Book, World, foreign
from tests.modules.labhost import LabHost


class Nearby(Local):
    """This machine as if it were another one, which more than one controller may reach."""

    shared: ClassVar[bool] = True


def nearby(directory: Path) -> Link:
    class Shell(Posix):
        def leases(self) -> Leases:
            return PosixLeases(str(directory))

    transport = Nearby()
    return Link(
        host="web01",
        transport=transport,
        options=transport.options("web01", {}),
        shells=lambda name: Shell(),
        login_shell="posix",
        stop=Stop(),
    )


def lab(os: str, login: str = "cmd") -> Link:
    link = LabHost(os).link
    link.login_shell = login
    return link


Host = Callable[[Path], Link]
HOSTS: Mapping[str, Host] = {
    "2003": lambda _: lab("2003-sp2"),
    "2012r2": lambda _: lab("2012r2"),
    "2025": lambda _: lab("2025"),
    "posix": lambda tmp: nearby(tmp / "leases"),
}


@pytest.fixture(params=list(HOSTS.values()), ids=list(HOSTS))
def link(request: Any, tmp_path: Path) -> Link:
    found: Link = request.param(tmp_path)
    return found


def said(link: Link, command: Command) -> Output:
    def ask() -> Any:
        return (yield from read(command))

    (output,) = Reader(link).drive(ask())
    assert isinstance(output, Output)
    return output


def listed(link: Link) -> list[Lease]:
    """What is there, seen by somebody who only looks."""
    leases = link.leases()
    assert leases is not None
    probe = foreign("20990101-0000-zzzz")
    found = leases.read(said(link, leases.take(probe)))
    said(link, leases.withdraw(probe))
    return [entry for entry in found.entries if entry != probe]


def leasing(run: str = "20260513-0730-bcdf", book: Book | None = None) -> Leasing:
    return Leasing(run, "anna@here:1", book or Book())


class TestOnHosts:
    def test_it_is_taken_once_seen_and_gone_at_the_end(self, link: Link) -> None:
        link.lease = leasing().of("web01")
        link.hold(Setting())
        (mine,) = listed(link)
        before = link.exchanges
        link.hold(Setting(), 100.0)
        assert link.exchanges == before
        assert mine.run == "20260513-0730-bcdf"
        assert mine.owner == "anna@here:1"
        link.release()
        assert listed(link) == []

    def test_it_takes_one_exchange_and_one_to_give_it_back(self, link: Link) -> None:
        link.lease = leasing().of("web01")
        link.open()
        before = link.exchanges
        link.hold(Setting())
        link.release()
        assert link.exchanges == before + 2

    def test_another_run_is_kept_off(self, link: Link) -> None:
        link.lease = leasing().of("web01")
        link.hold(Setting())
        link.lease = leasing("20260513-0731-bcdf").of("web01")
        with pytest.raises(LeaseHeld, match="run 20260513-0730-bcdf of anna@here"):
            link.hold(Setting())
        assert [entry.run for entry in listed(link)] == ["20260513-0730-bcdf"]

    def test_it_is_renewed_for_what_takes_long(self, link: Link) -> None:
        link.lease = leasing().of("web01")
        link.hold(Setting())
        (before,) = listed(link)
        link.hold(Setting(), 7200.0)
        (after,) = listed(link)
        assert (before.seconds, after.seconds) == (1800, 7320)
        assert before.beat != after.beat

    def test_the_dead_make_room(self, link: Link) -> None:
        leases = link.leases()
        assert leases is not None
        said(link, leases.take(foreign()))
        world = World(dead={"20260513-0700-wxyz"})
        link.lease = leasing(book=Book(world)).of("web01")
        link.hold(Setting())
        assert [entry.run for entry in listed(link)] == ["20260513-0730-bcdf"]

    def test_one_that_was_removed_is_not_written_anew(self, link: Link) -> None:
        leases = link.leases()
        assert leases is not None
        link.lease = leasing().of("web01")
        link.hold(Setting())
        (mine,) = listed(link)
        said(link, leases.withdraw(mine))
        with pytest.raises(LeaseHeld, match="was removed"):
            link.hold(Setting(), 7200.0)
        assert listed(link) == []

    def test_two_names_of_one_host_do_not_keep_each_other_off(self, link: Link) -> None:
        both = leasing()
        first, second = both.of("web01"), both.of("10.0.0.1")
        assert first is not None
        assert second is not None
        first.hold(link, 0.0, Setting())
        second.hold(link, 0.0, Setting())
        assert len(listed(link)) == 2
        first.release(link)
        assert len(listed(link)) == 1
        second.release(link)
        assert listed(link) == []


@pytest.mark.parametrize("os", ["2003-sp2", "2012r2", "2025"])
def test_a_windows_host_is_as_before(os: str) -> None:
    host = LabHost(os)
    before = host.state
    host.link.lease = leasing().of("web01")
    host.link.hold(Setting())
    assert host.state != before
    host.link.release()
    assert host.state == before


def test_a_posix_host_is_as_before(tmp_path: Path) -> None:
    link = nearby(tmp_path / "leases")
    link.lease = leasing().of("web01")
    link.hold(Setting())
    assert (tmp_path / "leases").is_dir()
    link.release()
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_is_told_once_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "leases").write_text("a file, where the directory should be")
    book = Book()
    link = nearby(tmp_path / "leases")
    link.lease = leasing(book=book).of("web01")
    link.hold(Setting())
    link.hold(Setting())
    assert [text.partition(":")[0] for text in book.notices] == [
        f"no lease can be written to {tmp_path}/leases of web01"
    ]


def test_this_machine_itself_takes_none(tmp_path: Path) -> None:
    link = nearby(tmp_path / "leases")
    link.transport = Local()
    link.lease = leasing().of("web01")
    link.hold(Setting())
    assert list(tmp_path.iterdir()) == []


def test_powershell_is_handed_the_same_line_for_cmd() -> None:
    lease = foreign()
    command = WindowsLeases("powershell").withdraw(lease)
    line = load_shell("powershell").render(command).text
    assert f"cmd /d /c '<nul reg delete {KEY} /v {lease.name} /f >nul 2>nul'" in line


def test_a_name_from_elsewhere_never_becomes_part_of_a_line() -> None:
    strange = Lease.read("a&calc", "v1,1,a,1,b")
    for command in (WindowsLeases().withdraw, PosixLeases().withdraw):
        with pytest.raises(Exception, match="not the name of a lease"):
            command(strange)


def test_an_owner_is_written_in_letters_that_no_shell_interprets() -> None:
    lease = Lease.make("run.00000000", seconds=1, beat="a", since=1, owner='DOM\\an"na&%x%@h:1')
    assert lease.owner == "DOM_an_na__x_@h:1"

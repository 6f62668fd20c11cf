"""win_hosts: the file before and after, as data; and that every byte of it is known."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ParamsError
from runner.lab.state.files import Entry
from runner.windows.hosts_file import Wanted, absent, parse, present
from tests.modules.labhost import LabHost
from tests.modules.scripted import task

HOSTS = r"C:\Windows\System32\drivers\etc\hosts"


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("", Wanted("a", "10.0.0.1"), "10.0.0.1 a\r\n"),
        ("# x", Wanted("a", "10.0.0.1"), "# x\r\n10.0.0.1 a\r\n"),
        ("# x\n", Wanted("a", "::1", ("b", "c")), "# x\n::1 a b c\n"),
        ("10.0.0.1  a\tb\r\n", Wanted("A", "10.0.0.1", ("b",)), "10.0.0.1  a\tb\r\n"),
        ("10.0.0.1 a b # y\n", Wanted("a", "10.0.0.2", ("b",)), "10.0.0.2 a b # y\n"),
        ("10.0.0.1 a b\n", Wanted("a", "10.0.0.1", ("c",), "add"), "10.0.0.1 a b c\n"),
        ("10.0.0.1 a b c\n", Wanted("a", "10.0.0.1", ("B",), "remove"), "10.0.0.1 a c\n"),
        ("10.0.0.1 a b\n", Wanted("a", "10.0.0.1", (), "add"), "10.0.0.1 a b\n"),
        ("10.0.0.1 a\n", Wanted("a", "::1"), "10.0.0.1 a\n::1 a\n"),  # another family
        ("::0001 a\n", Wanted("a", "::1"), "::0001 a\n"),
        ("#10.0.0.1 a\n", Wanted("a", "10.0.0.1"), "#10.0.0.1 a\n10.0.0.1 a\n"),
    ],
)
def test_an_entry_is_there_afterwards(before: str, wanted: Wanted, after: str) -> None:
    assert present(before, wanted) == after
    assert present(after, wanted) == after


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("10.0.0.1 a\n10.0.0.2 A b\nx\n", Wanted("a"), "x\n"),
        ("10.0.0.1 a\r\n10.0.0.1 b\r\n", Wanted(address="10.0.0.1"), ""),
        ("10.0.0.1 a\n10.0.0.2 a\n", Wanted("a", "10.0.0.2"), "10.0.0.1 a\n"),
        ("# 1\n10.0.0.1 a\n\n::1 b\n", Wanted(), "# 1\n\n"),
        ("10.0.0.1 a b\n", Wanted("b"), "10.0.0.1 a b\n"),  # an alias is no entry
    ],
)
def test_entries_are_gone_afterwards(before: str, wanted: Wanted, after: str) -> None:
    assert absent(before, wanted) == after


def test_what_is_no_entry_is_none() -> None:
    for line in ("", "#", "10.0.0.1", "a b", "# 10.0.0.1 a", "10.0.0.1 # a"):
        assert parse(line) is None


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"canonical_name": "a"}, "needs 'canonical_name' and 'ip_address'"),
        ({"canonical_name": "a b", "ip_address": "::1"}, "not the name of a host"),
        ({"canonical_name": "a", "ip_address": "10.0.0"}, "neither an IPv4 nor"),
        ({"state": "absent", "aliases": "b"}, "go with state: present"),
    ],
)
def test_what_makes_no_sense_is_refused(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        task("win_hosts", **raw)


@pytest.mark.parametrize(
    "content",
    [
        "# 打印\r\n10.0.0.1 a\r\n".encode("gbk"),
        "# caf\u00e9\r\n".encode(),
        b"# \xff\xfe broken\r\n",
        b"mixed\nends\r\n",
        b"",
    ],
)
def test_every_byte_of_the_file_stays(content: bytes) -> None:
    host = LabHost("2019", language="chs")
    files = host.machine._host.files
    old = files.find(HOSTS)
    assert old is not None
    files.put(Entry(HOSTS, content=content, size=len(content)))
    work = host.task("win_hosts", canonical_name="b.example", ip_address="10.0.0.9")
    work.apply(work.plan())
    entry = files.find(HOSTS)
    assert entry is not None
    assert entry.content is not None
    assert entry.content.startswith(content)
    assert entry.content[len(content) :].strip() == b"10.0.0.9 b.example"
    assert not work.plan().differences()


def test_people_see_the_lines() -> None:
    work = LabHost("2012").task("win_hosts", canonical_name="b.example", ip_address="10.0.0.9")
    assert work.module.message(work.params, work.plan(), {}) == "+ 10.0.0.9 b.example"

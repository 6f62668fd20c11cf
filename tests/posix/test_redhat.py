"""Versions as rpm orders them, and what yum prints that dnf does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.posix import redhat
from runner.posix.debian import Move
from runner.posix.redhat import Rpm

VERSIONS = st.from_regex(r"(?:[0-9]:)?[0-9a-z.~^_]{1,6}(?:-[0-9a-z.]{1,4})?", fullmatch=True)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        # rpm-version(7), and the examples of rpm's own documentation
        ("1.0", "1.1"), ("1.9", "1.10"), ("1.0~rc1", "1.0"), ("1.0", "1.0^git1"),
        ("1.0^git1", "1.0.1"), ("1.a", "1.1"), ("1.0-1", "1.0-2"), ("9.9", "1:0.1"),
        ("1.0", "1.0a"), ("2.0.1", "2.0.1a"), ("1.0~rc1^a", "1.0"), ("5.5p1", "5.5p2"),
        ("10abc", "10.1abc"), ("9.a", "0009.9"), ("1.0~1", "1.0~2"),
    ],
)  # fmt: skip
def test_order(left: str, right: str) -> None:
    assert redhat.compare(left, right) < 0 < redhat.compare(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.0", "1_0"), ("1.0", "0:1.0-5.el9"), ("1.05", "1.5"), ("1.0-1", "1.0-1")],
)
def test_the_same(left: str, right: str) -> None:
    assert redhat.compare(left, right) == 0


@given(VERSIONS, VERSIONS)
def test_it_is_an_order(left: str, right: str) -> None:
    assert redhat.compare(left, right) == -redhat.compare(right, left)
    assert redhat.compare(left, left) == 0


def test_what_rpm_says() -> None:
    text = (
        "spec\tfoo\nrow\tfoo\t0\t1.0\t2.el9\tx86_64\nspec\tnope\nspec\t/a/b.rpm\n"
        "row\tb\t3\t2.0\t1\tnoarch\ninstalled\nrow\tb\t3\t1.0\t1\tnoarch\n"
        "spec\t/a/c.rpm\nrow\tc\t(none)\t1\t1\tnoarch\n"
    )
    assert list(redhat.specs(text)) == [
        ("foo", (Rpm("foo", "1.0-2.el9", "x86_64"),), ()),
        ("nope", (), ()),
        ("/a/b.rpm", (Rpm("b", "3:1.0-1", "noarch"),), (Rpm("b", "3:2.0-1", "noarch"),)),
        ("/a/c.rpm", (), (Rpm("c", "1-1", "noarch"),)),
    ]


def test_yums_table_and_lists() -> None:
    table = """\
Resolving Dependencies
================================================================================
 Package          Arch             Version                 Repository      Size
================================================================================
Installing:
 httpd            x86_64           2.4.6-99.el7.centos     updates        2.7 M
     replacing  old-httpd.x86_64 1.0-1
Installing for dependencies:
 apr              x86_64           1.4.8-7.el7             base           104 k
Updating:
 mailcap          noarch           2.1.41-2.el7            base            31 k

Transaction Summary
================================================================================
Install  1 Package (+1 Dependent package)
"""
    assert redhat.transaction(table) == (
        Move("httpd", None, "2.4.6-99.el7.centos"),
        Move("apr", None, "1.4.8-7.el7"),
        Move("mailcap", "?", "2.1.41-2.el7"),
    )
    listed = "Loaded plugins: fastestmirror\nAvailable Packages\nhttpd.x86_64   2.4.6-99 updates\n"
    assert redhat.listed(listed) == (Rpm("httpd", "2.4.6-99", "x86_64"),)
    history = "ID  | Login user | Date\n-----\n    12 | root <root> | 2026\n     9 | x | y\n"
    assert redhat.last_transaction(history) == 12
    assert redhat.last_transaction("") == 0


def test_whose_transaction_it_is() -> None:
    info = (
        "User : root\nCommand Line   : -y --comment runner::after=7\n               : install a\n"
    )
    assert redhat.is_ours(info, ["--comment", "runner::after=7"])
    assert redhat.is_ours(info, ["runner::after=7", "install"])
    assert not redhat.is_ours(info, ["runner::after=8"])
    assert not redhat.is_ours("", ["a"])

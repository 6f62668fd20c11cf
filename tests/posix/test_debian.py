"""Versions as dpkg orders them, and what dpkg and apt print."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.posix import debian
from runner.posix.debian import Move, Policy, Spec

VERSIONS = st.from_regex(r"(?:[0-9]:)?[0-9][0-9a-zA-Z.+~]{0,6}(?:-[0-9a-z+.~]{1,4})?",
                         fullmatch=True)  # fmt: skip
HAS_DPKG = shutil.which("dpkg") is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.0~rc1", "1.0"), ("1.0", "1.0-1"), ("1.0-1", "1:0.1"), ("1.9", "1.10"), ("1.0a", "1.0+"),
     ("1.0-1", "1.0-1+deb12u1"), ("2.0-9", "2.0-10"), ("1.0~~", "1.0~")],
)  # fmt: skip
def test_order(left: str, right: str) -> None:
    assert debian.compare(left, right) < 0 < debian.compare(right, left)


def test_the_same() -> None:
    assert debian.compare("1.0", "0:1.00-0") == 0
    assert debian.newest(("1.9", "1.10", "1.2")) == "1.10"
    assert debian.newest(()) is None


@pytest.mark.skipif(not HAS_DPKG, reason="this machine has no dpkg to compare with")
@settings(max_examples=60, deadline=None)
@given(VERSIONS, VERSIONS)
def test_dpkg_agrees(left: str, right: str) -> None:
    wanted = "lt" if (order := debian.compare(left, right)) < 0 else "gt" if order else "eq"
    done = subprocess.run(["dpkg", "--compare-versions", left, wanted, right], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("text", "name", "sign", "version"),
    [("foo", "foo", "", None), ("foo=1.0*", "foo", "=", "1.0*"), ("a >= 2", "a", ">=", "2")],
)
def test_specs(text: str, name: str, sign: str, version: str | None) -> None:
    assert Spec.of(text) == Spec(text, name, sign, version)


def test_what_specs_fit() -> None:
    assert Spec.of("foo=1.*").fits("1.9-2")
    assert not Spec.of("foo=1.*").fits("2.1")
    assert Spec.of("foo>=1.9").fits("1.10")
    with pytest.raises(ValueError, match="no package with a version"):
        Spec.of("foo=1=2")


POLICY = """\
curl:
  Installed: 7.88.1-10+deb12u14
  Candidate: 7.88.1-10+deb12u15
  Version table:
     7.88.1-10+deb12u15 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
 *** 7.88.1-10+deb12u14 100
        100 /var/lib/dpkg/status
awk:
  Installed: (none)
  Candidate: (none)
  Version table:
libc6:i386:
  Installed: 2.36
  Candidate: 2.36
  Version table:
 *** 2.36 -1
        -1 http://x Packages
        100 /var/lib/dpkg/status
"""


def test_policies() -> None:
    assert debian.policies(POLICY) == {
        "curl": Policy("7.88.1-10+deb12u15", ("7.88.1-10+deb12u15",)),
        "awk": Policy(None, ()),
        "libc6:i386": Policy("2.36", ("2.36",)),
    }
    assert debian.policies("") == {}


def test_what_is_installed() -> None:
    found = debian.installed(
        "libc6\tamd64\tinstalled\t2.36\nlibc6\ti386\tinstalled\t2.35\ntzdata\tall\tinstalled\t1\n"
        "old\tamd64\tconfig-files\t9\nnone\t\tnot-installed\t\nhalf\tamd64\thalf-configured\t1\n"
    )
    versions = {name: one and one.version for name in ("libc6", "libc6:i386", "tzdata", "old",
                "none", "half") for one in [debian.find(found, name, "amd64")]}  # fmt: skip
    assert versions == {"libc6": "2.36", "libc6:i386": "2.35", "tzdata": "1", "old": None,
                        "none": None, "half": None}  # fmt: skip


def test_simulations() -> None:
    text = (
        "Reading package lists...\nInst lib [1.0] (2.0 Debian:12/stable [amd64])\n"
        "Inst app:i386 (3 x [i386]) []\nConf lib (2.0 x [amd64])\nRemv old [1.0]\nPurg old2 [2]\n"
    )
    assert debian.simulated(text) == (
        Move("lib", "1.0", "2.0"), Move("app:i386", None, "3"), Move("old", "1.0", None),
        Move("old2", "2", None),
    )  # fmt: skip


def test_history() -> None:
    text = """
Start-Date: 2026-11-22  05:37:03
Commandline: apt-get -y -o runner::change=5.1 install a
Requested-By: x (1)
Install: a:amd64 (1:2-3), b:amd64 (4, automatic)
Upgrade: c:amd64 (1, 2), d:amd64 (1, 2)
Downgrade: e:amd64 (2, 1)
Remove: f:amd64 (1)
End-Date: 2026-11-22  05:37:18

Start-Date: 2026-11-22  05:38:03
Commandline: apt-get -o runner::change=5.12 install z
Install: z:amd64 (1)
End-Date: 2026-11-22  05:38:18
"""
    assert debian.logged(text, "runner::change=5.1") == (
        Move("a:amd64", None, "1:2-3"), Move("b:amd64", None, "4"), Move("c:amd64", "1", "2"),
        Move("d:amd64", "1", "2"), Move("e:amd64", "2", "1"), Move("f:amd64", "1", None),
    )  # fmt: skip
    assert debian.logged(text, "runner::change=9") == ()


def test_moves_for_people() -> None:
    moves = [Move("a", None, "1"), Move("a", "1", "2"), Move("a", "1", None)]
    assert [str(move) for move in moves] == ["a 1 (new)", "a 1 -> 2", "a 1 -> removed"]

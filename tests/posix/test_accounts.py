"""Lines of the user databases; of a hash nothing but a digest."""

from __future__ import annotations

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.posix import accounts


@pytest.mark.parametrize(
    ("field", "password", "locked", "literal"),
    [
        ("", "none", False, ""), ("!", "none", True, "!"), ("!!", "none", True, "!!"),
        ("*", "*", False, "*"), ("!*", "*", True, "!*"),
        ("$6$a$b", "hash 4ba8d2d5", False, None), ("!$6$a$b", "hash 4ba8d2d5", True, None),
    ],
)  # fmt: skip
def test_password_fields(field: str, password: str, locked: bool, literal: str | None) -> None:
    found = accounts.shadow(Output(0, f"x:{field}:20000:0:99999:7:-1::\n"), "x")
    assert found is not None
    assert (found.password.partition(" ")[0], found.locked, found.literal) == (
        password.partition(" ")[0], locked, literal)  # fmt: skip
    assert "$6$" not in repr(found)
    assert (found.last_changed, found.least, found.most, found.warn) == (20000, 0, 99999, 7)
    assert (found.inactive, found.expires) == (None, None)


def test_digests_tell_hashes_apart() -> None:
    assert accounts.marker("$6$a") == accounts.marker("!$6$a") != accounts.marker("$6$b")
    assert len(accounts.marker("$6$" + "x" * 90)) == len("hash ") + 8


def test_users() -> None:
    found = accounts.passwd(Output(0, "x:x:5:6:A, B:/h:/bin/sh\n"), "x")
    assert found == accounts.Passwd("x", 5, 6, "A, B", "/h", "/bin/sh")
    assert accounts.passwd(Output(2), "x") is None
    with pytest.raises(ModuleError, match="damaged line"):
        accounts.passwd(Output(0, "x:x:5\n"), "x")
    with pytest.raises(ModuleError, match="cannot look x up in passwd: ldap is down"):
        accounts.passwd(Output(1, "", "ldap is down"), "x")
    assert accounts.shadow(Output(0, ""), "x") is None


def test_groups() -> None:
    found = accounts.groups("a:x:1:b,a\nbroken\nc:x:2:\n+::\n")
    assert found == (accounts.Group("a", 1, ("b", "a")), accounts.Group("c", 2, ()))

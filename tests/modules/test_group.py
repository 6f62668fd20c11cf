"""Groups: real ones of this machine, each with a name of its own."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError
from tests.modules.scripted import Scripted, task
from tests.modules.unix import ROOT, Task, needs, obeys_contract

# The next free id depends on who else makes accounts at that moment.
pytestmark = pytest.mark.xdist_group("accounts")


def run(*argv: str, check: bool = True) -> str:
    return subprocess.run(argv, check=check, capture_output=True, text=True).stdout


@pytest.fixture
def name() -> Iterator[str]:
    needs(ROOT and shutil.which("groupadd"), "root and groupadd")
    name = f"wr{uuid.uuid4().hex[:10]}"
    yield name
    run("userdel", "-rf", f"{name}u", check=False)
    run("groupdel", "-f", name, check=False)


def entries(name: str) -> tuple[str, str]:
    return (
        run("getent", "group", name, check=False).strip(),
        run("getent", "gshadow", name, check=False).strip(),
    )


CHANGES: list[tuple[str, list[list[str]], dict[str, Any]]] = [
    ("create", [], {"gid": 64123, "non_unique": True}),
    ("create-system", [], {"system": True}),
    ("renumber", [["groupadd", "-g", "64124", "-o", "NAME"]], {"gid": 64125}),
    ("delete", [["groupadd", "NAME"]], {"state": "absent"}),
    (
        "delete-with-members",
        [
            ["groupadd", "-g", "64126", "-o", "NAME"],
            ["gpasswd", "-M", "root,games", "NAME"],
            ["gpasswd", "-A", "root", "NAME"],
        ],
        {"state": "absent"},
    ),
]


@pytest.mark.parametrize(("before", "raw"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_the_contract(name: str, before: list[list[str]], raw: dict[str, Any]) -> None:
    def fresh() -> None:
        run("groupdel", name, check=False)
        for argv in before:
            run(*(name if word == "NAME" else word for word in argv))

    obeys_contract(fresh, lambda: Task("group", name=name, **raw), lambda: entries(name))


def test_what_it_returns(name: str) -> None:
    new = Task("group", name=name, system=True)
    change = new.run()
    gid = int(entries(name)[0].split(":")[2])
    assert new.result(change) == {"name": name, "state": "present", "gid": gid, "system": True}
    assert gid < 1000
    Task("group", name=name, state="absent").run()
    Task("group", name=name, state="absent").ok()


def test_a_users_primary_group_stays_unless_forced(name: str) -> None:
    run("useradd", "-M", "-U", f"{name}u")
    with pytest.raises(ModuleError, match="primary group"):
        Task("group", name=f"{name}u", state="absent").run()


def test_a_password_cannot_be_brought_back(name: str) -> None:
    run("groupadd", "-p", "$6$salt$hash", name)
    gone = Task("group", name=name, state="absent")
    change = gone.run()
    assert "secret" in gone.why_not(change)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"name": "x", "non_unique": True}, "non_unique needs gid"),
        ({"name": "-f"}, "no name of a user or group"),
        ({"name": "x", "local": True}, "not supported"),
        ({"name": "x", "gid": -1}, "at least 0"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        task("group", **raw)


def test_windows_is_told_apart() -> None:
    module, params = task("group", name="x")
    with pytest.raises(ModuleError, match="win_group"):
        Scripted().drive(module.probe(params, {"shell_type": "cmd"}))

"""Users: real accounts of this machine, each with a name of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.codec import to_json
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN
from tests.modules.posix_host import FACTS
from tests.modules.scripted import Scripted, task
from tests.modules.unix import ROOT, Task, needs, obeys_contract

HASH = "$6$salt$" + "x" * 86
OTHER = "$6$salt$" + "y" * 86

pytestmark = pytest.mark.xdist_group("accounts")


def run(*argv: str, check: bool = True) -> str:
    return subprocess.run(argv, check=check, capture_output=True, text=True).stdout


@pytest.fixture
def name() -> Iterator[str]:
    needs(ROOT and shutil.which("useradd"), "root and useradd")
    name = f"wr{uuid.uuid4().hex[:10]}"
    yield name
    for user in (name, f"{name}b"):
        run("userdel", "-rf", user, check=False)
    for group in (name, f"{name}g", f"{name}h"):
        run("groupdel", "-f", group, check=False)
    shutil.rmtree(f"/home/{name}", ignore_errors=True)


def entry(name: str) -> list[str]:
    return run("getent", "passwd", name, check=False).strip().split(":")


def shadow(name: str) -> list[str]:
    return run("getent", "shadow", name, check=False).strip().split(":")


def groups(name: str) -> set[str]:
    lines = run("getent", "group").splitlines()
    return {line.split(":")[0] for line in lines if name in line.split(":")[3].split(",")}


def everything(name: str) -> dict[str, Any]:
    home = Path(entry(name)[5]) if len(entry(name)) > 5 else Path(f"/home/{name}")
    return {
        "passwd": entry(name),
        "shadow": shadow(name),
        "groups": groups(name),
        "own group": run("getent", "group", name, check=False),
        "home": sorted(str(p) for p in home.rglob("*")) if home.is_dir() else None,
    }


def without_free_ids(seen: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """Which id is the next free one depends on who else makes accounts at that moment."""
    passwd, own = list(seen["passwd"]), seen["own group"].split(":")
    if len(passwd) > 3:
        passwd[2] = passwd[2] if "uid" in raw else "free"
        passwd[3] = "own" if len(own) > 2 and passwd[3] == own[2] else passwd[3]
    if len(own) > 2:
        own[2] = "free"
    return {**seen, "passwd": passwd, "own group": ":".join(own)}


def create(name: str, *options: str) -> None:
    run("userdel", "-rf", name, check=False)
    run("groupdel", "-f", name, check=False)
    run("useradd", *options, name)


def test_a_new_user_with_everything_and_back(name: str) -> None:
    run("groupadd", f"{name}g")
    new = Task(
        "user", name=name, password=HASH, comment="Jörg & 'Co'", shell="/bin/bash",
        groups=f"{name}g", expires=1422403387.9, uid=54321, non_unique=True,
        password_expire_max=90, password_expire_account_disable=5,
    )  # fmt: skip
    before = everything(name)
    change = new.run()
    assert entry(name)[2] == "54321"
    assert entry(name)[4:] == ["Jörg & 'Co'", f"/home/{name}", "/bin/bash"]
    assert shadow(name)[1] == HASH
    assert shadow(name)[4] == "90"
    assert shadow(name)[6:8] == ["5", "16463"]
    assert groups(name) == {f"{name}g"}
    assert Path(f"/home/{name}").is_dir()
    result = new.result(change)
    assert result["uid"] == 54321
    assert result["password"] == "NOT_LOGGING_PASSWORD"
    assert result["home"] == f"/home/{name}"
    assert result["group"] == int(entry(name)[3])
    new.ok()
    new.roll_back(change)
    assert everything(name) == before


def test_a_hash_is_neither_sent_nor_recorded_in_the_clear(name: str) -> None:
    new = Task("user", name=name, password=HASH, create_home=False)
    change = new.run()
    texts = [*new.sent, repr(new.params), str(change.differences()), json.dumps(
        to_json(change.before)), json.dumps(to_json(change.after)), json.dumps(
        to_json(new.params))]  # fmt: skip
    assert not [text for text in texts if "salt" in text or "x" * 20 in text]
    assert shadow(name)[1] == HASH


CHANGES: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ("create", (), {"shell": "/bin/sh"}),
    ("create-without-home", (), {"create_home": False, "system": True}),
    ("comment", ("-m",), {"comment": "x y", "shell": "/bin/bash"}),
    ("groups", ("-m", "-G", "games"), {"groups": "users"}),
    ("append", ("-m", "-G", "games"), {"groups": ["users"], "append": True}),
    ("no-groups", ("-m", "-G", "games,users"), {"groups": []}),
    ("lock", ("-m", "-p", HASH), {"password_lock": True}),
    ("unlock", ("-m", "-p", f"!{HASH}"), {"password_lock": False}),
    ("lock-without-password", ("-m", "-p", ""), {"password_lock": True}),
    ("set-password", ("-m", "-p", "!!"), {"password": HASH}),
    ("disable-password", ("-m", "-p", "*"), {"password": "!"}),
    ("ages", ("-m",), {"password_expire_max": 30, "password_expire_min": 1,
                       "password_expire_warn": 3, "expires": 1e9}),
    ("never", ("-m", "-e", "2030-01-01", "-f", "7"),
     {"expires": -1, "password_expire_account_disable": -1}),
    ("missing-home", ("-M",), {}),
    ("remove", ("-m", "-c", "a b", "-G", "games", "-s", "/bin/bash"), {"state": "absent"}),
    ("remove-aged", ("-M", "-e", "2030-01-01", "-p", "*"), {"state": "absent"}),
]  # fmt: skip


@pytest.mark.parametrize(("options", "raw"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_the_contract(name: str, options: tuple[str, ...], raw: dict[str, Any]) -> None:
    absent = not options

    def fresh() -> None:
        create(name, *options)
        if absent:
            run("userdel", "-r", name, check=False)

    def look() -> Any:
        seen = everything(name)
        if raw.get("state") == "absent":
            seen.pop("home")
        return without_free_ids(seen, raw)

    obeys_contract(fresh, lambda: Task("user", name=name, **raw), look)


def test_moving_a_home_and_back(name: str, tmp_path: Path) -> None:
    create(name, "-m")
    Path(f"/home/{name}/kept").write_text("x")
    move = Task("user", name=name, home=str(tmp_path / "new"), move_home=True)
    before = everything(name)
    change = move.run()
    assert (tmp_path / "new" / "kept").read_text() == "x"
    move.roll_back(change)
    assert everything(name) == before


def test_somebodys_files_keep_an_account_from_being_taken_back(name: str) -> None:
    new = Task("user", name=name)
    change = new.run()
    work = Path(f"/home/{name}/thesis")
    work.write_text("years of work")
    with pytest.raises(Refused, match="thesis"):
        new.roll_back(change)
    assert work.exists()
    assert entry(name)[0] == name
    work.unlink()
    new.roll_back(change)
    assert entry(name) == [""]


def test_a_group_that_was_there_before_stays_when_its_user_is_taken_back(name: str) -> None:
    run("groupadd", "-g", "65432", "-o", name)
    new = Task("user", name=name, group=name)
    change = new.run()
    new.roll_back(change)
    assert run("getent", "group", name).split(":")[2] == "65432"


@pytest.mark.parametrize(
    ("options", "raw"),
    [
        (("-m", "-p", HASH), {"password": OTHER}),
        (("-m", "-p", HASH), {"state": "absent"}),
        (("-m",), {"state": "absent", "remove": True}),
    ],
)
def test_what_nobody_can_take_back(
    name: str, options: tuple[str, ...], raw: dict[str, Any]
) -> None:
    create(name, *options)
    gone = Task("user", name=name, **raw)
    change = gone.run()
    assert gone.why_not(change)
    gone.ok()


def test_a_password_of_a_user_that_exists_stays_with_on_create(name: str) -> None:
    create(name, "-m", "-p", HASH)
    Task("user", name=name, password=OTHER, update_password="on_create").ok()
    assert shadow(name)[1] == HASH


def test_setting_a_password_unlocks_or_stays_locked_as_asked(name: str) -> None:
    create(name, "-m", "-p", f"!{HASH}")
    Task("user", name=name, password=HASH).ok()  # the lock is not part of the hash
    Task("user", name=name, password=OTHER).run()
    assert shadow(name)[1] == OTHER
    Task("user", name=name, password=HASH, password_lock=True).run()
    assert shadow(name)[1] == f"!{HASH}"


def test_unlocking_a_user_without_a_password_lets_nobody_in(name: str) -> None:
    create(name, "-m")
    unlock = Task("user", name=name, password_lock=False)
    unlock.ok()
    assert "nothing to unlock" in unlock.message(unlock.plan())


def test_groups_may_be_given_by_number(name: str) -> None:
    run("groupadd", "-g", "65431", "-o", f"{name}g")
    create(name, "-m")
    by_number = Task("user", name=name, groups=["65431"])
    by_number.run()
    by_number.ok()
    assert groups(name) == {f"{name}g"}


def test_a_group_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(ModuleError, match=f"'{name}h' does not exist"):
        Task("user", name=name, groups=f"{name}h").run()


def test_absent_twice(name: str) -> None:
    Task("user", name=name, state="absent").ok()


def test_a_dry_run_says_what_only_useradd_knows() -> None:
    module, params = task("user", name="wrnew", shell="/bin/sh")
    host = Scripted({"LC_ALL": Output(2), "LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin "
                     "getent group": Output(0, "games:x:5:\n")})  # fmt: skip
    before = host.drive(module.probe(params, FACTS))
    after = module.plan(params, before, FACTS)
    assert after.uid is UNKNOWN
    assert after.home is UNKNOWN
    assert after.shell == "/bin/sh"
    assert not host.sent


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"name": "x", "generate_ssh_key": True}, "not supported"),
        ({"name": "x", "local": True}, "not supported"),
        ({"name": "-x"}, "no name of a user"),
        ({"name": "a:b"}, "no name of a user"),
        ({"name": "x", "append": True}, "append needs groups"),
        ({"name": "x", "comment": "a:b"}, "colon"),
        ({"name": "x", "password": "a:b"}, "colon"),
        ({"name": "x", "groups": "a,-b"}, "no name of a user"),
        ({"name": "x", "sate": "absent"}, "no parameter 'sate'"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message) as error:
        task("user", **raw)
    assert "a:b" not in error.value.message or "password" not in raw


def test_windows_is_told_apart() -> None:
    module, params = task("user", name="x")
    with pytest.raises(ModuleError, match="win_user"):
        Scripted().drive(module.probe(params, {"shell_type": "cmd"}))


def test_a_plain_password_is_pointed_out() -> None:
    module, params = task("user", name="x", password="plain")
    state = module.state()
    change: Any = type("C", (), {"before": state, "after": state})
    assert "does not look like a hash" in module.message(params, change, FACTS)

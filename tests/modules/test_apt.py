"""apt: real transactions on this machine, with packages that the test builds."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN
from tests.modules.debian_host import Debian, build_packages, debian, run
from tests.modules.posix_host import FACTS
from tests.modules.scripted import Scripted, task
from tests.modules.unix import Task, obeys_contract


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_packages(tmp_path_factory.mktemp("packages"))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packages: Path) -> Debian:
    return debian(tmp_path, monkeypatch, packages)


def named(host: Debian, raw: dict[str, Any]) -> dict[str, Any]:
    """The task with the full names."""
    return {k: host.names(v) if isinstance(v, str) else v for k, v in raw.items()}


CASES: list[tuple[str, tuple[str, ...], dict[str, Any], list[str]]] = [
    ("install", (), {"name": "%app"}, ["+lib=2.0", "app=2.0"]),
    ("install-version", (), {"name": "%app=1*,%lib=1.0"}, ["app=1.0", "lib=1.0"]),
    ("latest", ("%app=1.0", "+%lib=1.0"), {"name": "%app", "state": "latest"},
     ["+lib=2.0", "app=2.0"]),
    ("at-least", ("%app=1.0", "+%lib=1.0"), {"pkg": "%app>=1.5"}, ["+lib=2.0", "app=2.0"]),
    ("downgrade", ("%lib=2.0",), {"name": "%lib=1.0", "allow-downgrades": True}, ["lib=1.0"]),
    ("remove", ("%app=1.0", "+%lib=1.0"), {"name": "%lib", "state": "absent"}, []),
    ("by-hand", ("%app=1.0", "+%lib=1.0"), {"name": "%lib"}, ["app=1.0", "lib=1.0"]),
    ("unneeded", ("+%app=1.0", "+%lib=1.0"), {"autoremove": True}, []),
    ("remove-with-unneeded", ("%app=1.0", "+%lib=1.0"),
     {"name": "%app", "state": "absent", "autoremove": True}, []),
    ("everything", ("%app=1.0", "+%lib=1.0"), {"upgrade": "dist"}, ["+lib=2.0", "app=2.0"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "raw", "after"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_there_and_back(
    host: Debian, before: tuple[str, ...], raw: dict[str, Any], after: list[str]
) -> None:
    host.install(*before)
    was = host.look()
    done = Task("apt", **named(host, raw))
    change = done.run()
    assert host.look() == after
    done.ok()
    done.roll_back(change)
    assert host.look() == was


def test_the_contract(host: Debian) -> None:
    raw = {"name": host.names("%app,%mta"), "state": "latest"}
    obeys_contract(
        lambda: host.install("%app=1.0", "+%lib=1.0"), lambda: Task("apt", **raw), host.look
    )


def test_what_comes_along_is_told_beforehand(host: Debian) -> None:
    new = Task("apt", name=host.name("app"))
    change = new.plan()
    app, lib = host.name("app"), host.name("lib")
    assert change.after.packages == (f"{app}=2.0",)
    assert new.message(change) == f"with it: {lib} 2.0 (new)"
    gone = Task("apt", name=lib, state="absent")
    host.install("%app=1.0")
    assert gone.message(gone.plan()) == f"with it: {app} 1.0 -> removed"


def test_nothing_is_upgraded_that_is_just_to_be_present(host: Debian) -> None:
    host.install("%lib=1.0")
    Task("apt", name=host.name("lib")).ok()
    Task("apt", name=host.names("%lib>=1.0")).ok()
    Task("apt", name=[host.names("%app"), host.names("%l*")], only_upgrade=True).ok()


def test_a_virtual_package(host: Debian) -> None:
    new = Task("apt", name=host.name("mail"))
    change = new.run()
    assert host.look() == ["mta=1"]
    new.ok()
    new.roll_back(change)
    assert host.look() == []


def test_package_files(host: Debian) -> None:
    path = host.build("local", "3", "Depends: %lib")
    new = Task("apt", deb=str(path))
    change = new.run()
    assert host.look() == ["+lib=2.0", "local=3"]
    new.ok()
    new.roll_back(change)
    assert host.look() == []
    with pytest.raises(Refused, match="there is no file"):
        Task("apt", deb="/nowhere/x.deb").plan()


def test_patterns(host: Debian) -> None:
    host.install("%app=1.0", "%other=1")
    gone = Task("apt", name=host.names("%*"), state="absent")
    change = gone.run()
    assert host.look() == []
    gone.ok()
    gone.roll_back(change)
    assert host.look() == ["+lib=2.0", "app=1.0", "other=1"]
    newest = Task("apt", name=host.names("%a??"), state="latest")
    newest.run()
    assert "app=2.0" in host.look()
    with pytest.raises(ModuleError, match="no package matches"):
        Task("apt", name=host.names("%zz*")).plan()


def test_purge_deletes_configuration_and_cannot_be_taken_back(host: Debian) -> None:
    host.install("%mta")
    run("apt-get", "remove", "-y", host.name("mta"))
    Task("apt", name=host.name("mta"), state="absent").ok()
    purge = Task("apt", name=host.name("mta"), state="absent", purge=True)
    assert "configuration files" in purge.plan().before.packages[0]
    change = purge.run()
    assert not (host.root / f"etc/{host.name('mta')}.conf").exists()
    assert "purge" in purge.why_not(change)
    purge.ok()


def test_what_the_repositories_no_longer_have_cannot_be_taken_back(host: Debian) -> None:
    path = host.build("old", "1.0")
    host.publish()
    host.update()
    host.install("%old")
    host.build("old", "2.0")
    host.publish(path)
    host.update()
    newer = Task("apt", name=host.name("old"), state="latest")
    change = newer.run()
    assert newer.why_not(change) == f"the repositories no longer have {host.name('old')} 1.0"


def test_the_lists_are_updated_when_they_are_due(host: Debian) -> None:
    host.build("new", "1")
    host.publish()
    name = host.name("new")
    with pytest.raises(Refused, match=f"no package '{name}' can be had"):
        Task("apt", name=name).plan()
    os.utime(host.lists, (time.time() - 9000, time.time() - 9000))  # its times are whole seconds
    fresh = Task("apt", name=name, update_cache=True)
    plan = fresh.plan()
    assert plan.after.packages is UNKNOWN
    change = fresh.run()
    assert host.look() == ["new=1"]
    assert fresh.result(change)["cache_updated"] is True
    fresh.roll_back(change)
    assert host.look() == []
    Task("apt", cache_valid_time=3600).ok()


def test_an_update_alone(host: Debian) -> None:
    os.utime(host.lists, (time.time() - 9000, time.time() - 9000))
    Task("apt", cache_valid_time=86400).ok()
    due = Task("apt", update_cache=True, cache_valid_time=3600)
    due.run()
    assert "changed" not in due.applied
    host.install("%lib")
    both = Task("apt", name=host.name("lib"), update_cache=True)
    both.run()
    assert both.applied["changed"] is False


def test_an_update_that_fails_says_so(host: Debian, tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb [trusted=yes] file:/nowhere ./\n")
    broken = Task("apt", update_cache=True, update_cache_retries=1)
    with pytest.raises(ModuleError, match=r"update the package lists.*nowhere"):
        broken.run()


def test_what_is_needed_by_others_now_is_not_taken_away(host: Debian) -> None:
    new = Task("apt", name=host.name("app"))
    change = new.run()
    run("apt-get", "install", "-y", host.name("other"))
    new.roll_back(change)
    assert host.look() == ["+lib=2.0", "other=1"]
    lib = Task("apt", name=host.name("lib"))
    host.purge()
    change = lib.run()
    run("apt-get", "install", "-y", host.name("other"))
    with pytest.raises(Refused, match=f"need what was installed: {host.name('other')}"):
        lib.roll_back(change)
    assert "other=1" in host.look()


@pytest.mark.parametrize(
    ("before", "raw", "message"),
    [
        ((), {"name": "%nope"}, "no package '.*nope' can be had"),
        ((), {"name": "%lib=9"}, r"there are: 2\.0, 1\.0"),
        (("%lib=2.0",), {"name": "%lib=1.0"}, "is 2.0 on this host, which is newer"),
        ((), {"name": "%lib,%enemy"}, "apt-get cannot do it: .*held broken"),
        (("%lib=1.0",), {"name": "%enemy", "fail_on_autoremove": True}, "apt-get cannot do it"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    host: Debian, before: tuple[str, ...], raw: dict[str, Any], message: str
) -> None:
    host.install(*before)
    with pytest.raises(Refused, match=message):
        Task("apt", **named(host, raw)).plan()


def test_clean_alone_always_changes(host: Debian) -> None:
    clean = Task("apt", clean=True)
    clean.run()
    assert "changed" not in clean.applied


def sent(**raw: Any) -> str:
    """The command line of a task's transaction on a host with nothing."""
    module, params = task("apt", **raw)
    prefix = "LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin"
    policy = "xx:\n  Candidate: 2\n  Version table:\n     2 500\n        500 http://y Packages\n"
    host = Scripted(
        {
            "LC_ALL": Output(0),
            f"{prefix} dpkg --print": Output(0, "amd64\n"),
            f"{prefix} apt-cache": Output(0, policy),
            f"{prefix} DEBIAN": Output(0, "Inst xx (2 y [amd64])\n"),
        }
    )
    before = host.drive(module.probe(params, FACTS))
    change: Any = type("C", (), {})()
    change.before, change.after = before, module.plan(params, before, FACTS)
    change.touches = lambda _name: True
    host.drive(module.apply(params, change, FACTS))
    return next(text for text in host.sent if "runner::change" in text).partition("apt-get ")[2]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"name": "xx"}, ["install -- xx=2", "-o DPkg::Lock::Timeout=60",
                         "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"]),
        ({"name": "xx", "dpkg_options": "force-confnew", "lock_timeout": 5},
         ["DPkg::Lock::Timeout=5 -o Dpkg::Options::=--force-confnew -o runner::change="]),
        ({"name": "xx", "default_release": "sid", "install_recommends": False},
         ["-t sid", "-o APT::Install-Recommends=no"]),
        ({"name": "xx", "allow_unauthenticated": True, "allow_change_held_packages": True,
          "autoremove": True, "fail_on_autoremove": True},
         ["--allow-unauthenticated", "--allow-change-held-packages", "--auto-remove",
          "--no-remove"]),
        ({"upgrade": "yes"}, ["--with-new-pkgs upgrade"]),
        ({"upgrade": "full", "autoremove": True}, ["--auto-remove dist-upgrade"]),
        ({"name": "*", "state": "latest"}, ["upgrade"]),
        ({"autoremove": True, "purge": True}, ["--purge autoremove"]),
    ],
)  # fmt: skip
def test_options(raw: dict[str, Any], words: list[str]) -> None:
    line = sent(**raw)
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "give name, deb"),
        ({"name": "aa", "deb": "/x.deb"}, "exclude each other"),
        ({"name": "-y"}, "no name of a Debian package"),
        ({"name": "foo-"}, "no name of a Debian package"),
        ({"name": "foo=1=2"}, "no package with a version"),
        ({"name": "foo=$(x)"}, "no version of a Debian package"),
        ({"name": "*"}, "'*' is for state latest"),
        ({"deb": "/x.deb", "state": "absent"}, "deb is for state present"),
        ({"name": "aa", "state": "build-dep"}, "must be one of"),
        ({"name": "aa", "force": True}, "not supported"),
        ({"name": "aa", "dpkg_options": "x; rm"}, "no option of dpkg"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError) as error:
        task("apt", **raw)
    assert message in str(error.value)


def test_windows_is_told_apart() -> None:
    found, params = task("apt", name="xx", state="present")
    with pytest.raises(ModuleError, match="win_package"):
        Scripted().drive(found.probe(params, {"shell_type": "cmd"}))

"""dnf and yum, by recorded answers."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN
from tests.modules.posix_host import FACTS
from tests.modules.redhat_host import INFO, NOTHING, REMOVE, UPGRADE, plan, redhat, rpms, words
from tests.modules.scripted import Scripted, task


def test_installing() -> None:
    host = redhat()
    module, params, change = plan(host, name="wrx-app")
    assert change.after.packages == ("wrx-app=2.0-1",)
    assert change.before.packages == ("wrx-app (absent)",)
    long = "wrx-a-package-with-a-name-so-long-that-it-wraps"
    told = module.message(params, change, FACTS)
    assert told == f"with it: wrx-lib 2.0-1 (new), {long} 1:3.5-2.el9 (new)"
    assert not host.sent
    applied = host.drive(module.apply(params, change, FACTS))
    assert words(host) == ["dnf -y --comment runner::after=7 install wrx-app-2.0-1"]
    result = module.result(params, change, FACTS, applied)
    assert result["results"][0] == "wrx-app 2.0-1 (new)"


@pytest.mark.parametrize(
    ("raw", "after"),
    [
        ({"name": "wrx-app"}, "wrx-app=1.0-1"),
        ({"name": "wrx-app", "state": "latest"}, "wrx-app=2.0-1"),
        ({"name": "wrx-app >= 1.0"}, "wrx-app=1.0-1"),
        ({"name": "wrx-app >= 1.5"}, "wrx-app=2.0-1"),
        ({"name": "wrx-app < 2", "state": "latest"}, "wrx-app=1.0-1"),
        ({"name": "wrx-app", "state": "absent"}, "wrx-app (absent)"),
        ({"name": "wrx-app", "state": "removed"}, "wrx-app (absent)"),
    ],
)
def test_versions(raw: dict[str, Any], after: str) -> None:
    host = redhat(**{"--whatprovides": rpms(wrx_app="1.0"), "--assumeno": NOTHING})
    assert plan(host, **raw)[2].after.packages == (after,)


def test_a_newer_one_stays_unless_a_downgrade_is_allowed() -> None:
    asked = Output(0, "spec\twrx-app-1.0\n")
    answers: Any = {"--whatprovides": [asked, rpms(wrx_app="2.0")], "--assumeno": NOTHING}
    change = plan(redhat(**answers), name="wrx-app-1.0")[2]
    assert change.after.packages == ("wrx-app=2.0-1",)
    assert not change.differences()
    change = plan(redhat(**answers), name="wrx-app-1.0", allow_downgrade=True)[2]
    assert change.after.packages == ("wrx-app=1.0-1",)


def test_everything() -> None:
    host = redhat(**{"--whatprovides": [Output(0), rpms(wrx_app="1.0", wrx_lib="1.0")],
                     "--assumeno": UPGRADE})  # fmt: skip
    module, params, change = plan(host, name="*", state="latest", security=True)
    assert change.before.pending == ("wrx-app 1.0-1 -> 2.0-1", "wrx-lib 1.0-1 -> 2.0-1")
    assert change.after.pending == ()
    assert change.before.kept_automatic == ("wrx-lib",)
    assert module.irreversible(params, change, FACTS) == ""
    host.answers = {**host.answers, "--security --comment": Output(0)}
    host.drive(module.apply(params, change, FACTS))
    assert words(host) == ["dnf -y --security --comment runner::after=7 upgrade"]


def test_versions_that_nobody_has_any_more() -> None:
    answers: Any = {"--whatprovides": [Output(0), rpms(wrx_app="0.9", wrx_lib="1.0")],
                    "--assumeno": UPGRADE}  # fmt: skip
    module, params, change = plan(redhat(**answers), name="*", state="latest")
    why = module.irreversible(params, change, FACTS)
    assert why == "the repositories no longer have wrx-app 0.9-1"


def test_taking_back_by_the_history() -> None:
    host = redhat(
        **{
            "--whatprovides": [rpms(wrx_lib="2.0"), rpms(wrx_lib="2.0", wrx_app="1.0")],
            "--assumeno": REMOVE,
            "history info 8": Output(0, INFO.format(8, "-y install other")),
            "history info 9": Output(
                0, INFO.format(9, "-y --comment runner::after=7 remove\n               : wrx-lib")
            ),
        }
    )
    module, params, change = plan(host, name="wrx-lib", state="absent")
    assert module.message(params, change, FACTS) == "with it: wrx-app 1.0-1 -> removed"
    host.drive(module.undo(params, change, FACTS))
    marks = ["dnf -y mark install wrx-app", "dnf -y mark remove wrx-lib"]
    assert words(host) == ["dnf -y history undo 9", *marks]
    host.sent.clear()
    # A rollback that was cut behind the transaction: the next one finds the packages as before.
    host.drive(module.sweep(params, change, FACTS))
    assert words(host) == marks


def test_a_history_without_our_transaction() -> None:
    host = redhat(**{"history info": Output(0, INFO.format(8, "-y install other"))})
    module, params, change = plan(host, name="wrx-app")
    with pytest.raises(Refused, match="no longer tells"):
        host.drive(module.undo(params, change, FACTS))
    assert not host.sent


def test_yum_is_used_where_there_is_no_dnf() -> None:
    old = Output(0, INFO.format(8, "-y install wrx-app-2.0-1").replace("Comment ", "Other "))
    host = redhat(
        **{"uname -m": Output(0, "machine x86_64\nyum\n"), "yum -y install": Output(0),
           "history info 8": old}
    )  # fmt: skip
    module, params, change = plan(host, "yum", name="wrx-app")
    assert change.before.manager == "yum"
    host.drive(module.apply(params, change, FACTS))
    host.drive(module.undo(params, change, FACTS))
    assert words(host) == ["yum -y install wrx-app-2.0-1", "yum -y history undo 8"]


def test_lists_are_read_again_first() -> None:
    after = rpms(wrx_app="2.0")
    host = redhat(**{"--whatprovides": [rpms(wrx_app=None)] * 2 + [after], "makecache": Output(0)})
    module, params, change = plan(host, name="wrx-app", update_cache=True)
    assert change.after.packages is UNKNOWN
    host.drive(module.apply(params, change, FACTS))
    assert words(host) == [
        "dnf -y makecache --refresh",
        "dnf -y --comment runner::after=7 install wrx-app-2.0-1",
    ]
    alone = redhat(**{"--whatprovides": Output(0), "makecache": Output(0)})
    module, params, change = plan(alone, update_cache=True)
    assert alone.drive(module.apply(params, change, FACTS))["changed"] is False


@pytest.mark.parametrize(
    ("answers", "raw", "message"),
    [
        ({"list available": Output(1, "", "Error: No matching Packages to list")},
         {"name": "nosuch"}, "no package 'nosuch' can be had"),
        ({"--assumeno": Output(1, "", "Error: \n Problem: conflicting requests")},
         {"name": "wrx-app"}, "dnf cannot do it: Error:"),
        ({"uname -m": Output(0, "machine x86_64\n")}, {"name": "wrx-app"}, "neither dnf nor yum"),
        ({"uname -m": Output(0, "machine x86_64\ndnf\ndnf5 version 5.2\n")},
         {"name": "wrx-app"}, "dnf5"),
        ({"uname -m": Output(0, "machine x86_64\nyum\n")},
         {"name": "wrx-app", "use_backend": "dnf4"}, "no dnf on this host"),
    ],
)  # fmt: skip
def test_what_cannot_be(answers: dict[str, Any], raw: dict[str, Any], message: str) -> None:
    blocks = Output(0, f"spec\t{raw['name']}\n")
    with pytest.raises(ModuleError, match=message):
        plan(redhat(**{"--whatprovides": blocks, **answers}), **raw)


def test_options_reach_the_program() -> None:
    host = redhat()
    plan(
        host, name="wrx-app", enablerepo="a,b", disablerepo=["*"], exclude="x", conf_file="/c",
        disable_gpg_check=True, installroot="/r", releasever=9, skip_broken=True, sslverify=False,
        install_weak_deps=False, allowerasing=True, nobest=True, cacheonly=True,
        enable_plugin="p", disable_plugin="q", disable_excludes="all",
    )  # fmt: skip
    listed = next(text for text in host.asked if "list available" in text)
    for option in (
        "--enablerepo=a,b", "'--disablerepo=*'", "--exclude=x", "--config=/c", "--nogpgcheck",
        "--installroot=/r", "--releasever=9", "--skip-broken", "--setopt=sslverify=0",
        "--setopt=install_weak_deps=False", "--allowerasing", "--nobest", "--cacheonly",
        "--enableplugin=p", "--disableplugin=q", "--disableexcludes=all",
    ):  # fmt: skip
        assert option in listed


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "give name, update_cache"),
        ({"name": "@Development tools"}, "group or module"),
        ({"name": "https://x/y.rpm"}, "is a URL"),
        ({"name": "-x"}, "is no package"),
        ({"name": "a b"}, "is no package"),
        ({"name": "a*"}, "is a pattern"),
        ({"name": "*"}, "'*' is for state latest"),
        ({"name": "a", "security": True}, "security and bugfix"),
        ({"name": "a", "autoremove": True, "state": "present"}, "autoremove is for state absent"),
        ({"name": "a", "best": True, "nobest": True}, "exclude each other"),
        ({"list": "installed"}, "not supported"),
        ({"name": "a", "download_only": True}, "not supported"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError) as error:
        task("dnf", **raw)
    assert message in str(error.value)


def test_windows_is_told_apart() -> None:
    module, params = task("dnf", name="x")
    with pytest.raises(ModuleError, match="win_package"):
        Scripted().drive(module.probe(params, {"shell_type": "cmd"}))

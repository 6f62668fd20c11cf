"""win_chocolatey as a table: what is there, what a source has, what is sent and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules import load
from runner.windows import choco
from tests.modules.scripted import Scripted, task

WORDS = "--yes --limit-output --no-progress --timeout=2700"
LIST = "7zip|19.0.0\r\nGit|2.40.0\r\n"


def host(
    installed: str = LIST, offers: str = "", pins: str = "", version: str = "2.2.2"
) -> Scripted:
    listing = "choco list --limit-output" if version[0] != "1" else "choco list --local-only"
    answers: dict[str, Any] = {
        "choco --version": Output(0, f"{version}\r\n"),
        listing: Output(0, installed),
        "choco pin list": Output(0, pins),
        "choco search": Output(0, offers),
        "choco outdated": Output(2, "7zip|19.0.0|22.1.0|false\r\ngit|2.40.0|3.0|true\r\n"),
        "choco": Output(0),
        "choco list": Output(1, "Invalid argument"),
    }
    return Scripted(answers)


# parameters, what the source has, pins, what is sent, what is sent to undo it
ROWS: list[tuple[str, dict[str, Any], str, str, list[str], list[str]]] = [
    ("new", {"name": "nano", "source": r"C:\p q"}, "nano|7.2.0", "",
     [rf"install nano {WORDS} --version=7.2.0 --source=C:\p q"], [f"uninstall nano {WORDS}"]),
    ("there", {"name": "7zip,git"}, "", "", [], []),
    ("newest", {"name": "7ZIP", "state": "latest"}, "7zip|22.1.0|", "",
     [f"upgrade 7zip {WORDS} --version=22.1.0"],
     [f"upgrade 7zip {WORDS} --version=19.0.0 --allow-downgrade"]),
    ("no newer one", {"name": "7zip", "state": "upgrade"}, "7zip|19.0.0-beta", "", [], []),
    ("older", {"name": "git", "state": "downgrade", "version": "2.9.0"}, "git|2.9.0", "git|2.40.0",
     ["pin remove --name=git --limit-output",
      f"upgrade git {WORDS} --version=2.9.0 --allow-downgrade",
      "pin add --name=git --limit-output"],
     ["pin remove --name=git --limit-output", f"upgrade git {WORDS} --version=2.40.0",
      "pin add --name=git --limit-output"]),
    ("gone", {"name": "git", "state": "absent", "remove_dependencies": True}, "", "",
     [f"uninstall git {WORDS} --remove-dependencies"], [f"install git {WORDS} --version=2.40.0"]),
    ("pinned", {"name": "7zip", "pinned": True}, "", "",
     ["pin add --name=7zip --limit-output"], ["pin remove --name=7zip --limit-output"]),
    ("all options",
     {"name": "a", "params": "/x:1", "install_args": "/S", "override_args": True, "force": True,
      "architecture": "x86", "ignore_checksums": True, "ignore_dependencies": True,
      "allow_prerelease": True, "skip_scripts": True, "execution_timeout": 60},
     "a|1.0.0-rc1", "",
     [("install a --yes --limit-output --no-progress --timeout=60 --version=1.0.0-rc1 "
      "--package-parameters=/x:1 --install-arguments=/S --override-arguments --forcex86 --force "
      "--ignore-checksums --ignore-dependencies --prerelease --skip-automation-scripts")],
     ["uninstall a --yes --limit-output --no-progress --timeout=60 --skip-automation-scripts"]),
    ("ways", {"name": "nano", "proxy_url": "http://p:8", "allow_empty_checksums": True,
              "licensed_args": ["--debug", "--trace"], "checksum": "0AF", "checksum_type": "sha256",
              "checksum64": "bE", "checksum_type64": "sha512"}, "nano|7.2.0", "",
     [(f"install nano {WORDS} --version=7.2.0 --proxy=http://p:8 --download-checksum=0AF "
       "--download-checksum-type=sha256 --download-checksum-x64=bE "
       "--download-checksum-type-x64=sha512 --allow-empty-checksums --debug --trace")],
     [f"uninstall nano {WORDS}"]),
    ("once more", {"name": "git", "state": "reinstalled"}, "", "",
     [f"install git {WORDS} --force --version=2.40.0"], []),
    ("once more, another", {"name": "git", "state": "reinstalled", "version": "2.41.0"},
     "git|2.41.0", "", [f"install git {WORDS} --force --version=2.41.0"],
     [f"upgrade git {WORDS} --version=2.40.0 --allow-downgrade"]),
    ("not there once more", {"name": "nano", "state": "reinstalled"}, "nano|7.2.0", "",
     [f"install nano {WORDS} --version=7.2.0"], [f"uninstall nano {WORDS}"]),
    ("everything", {"name": "all", "state": "latest"}, "", "git|2.40.0",
     [f"upgrade 7zip {WORDS} --version=22.1.0"],
     [f"upgrade 7zip {WORDS} --version=19.0.0 --allow-downgrade"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "offers", "pins", "sends", "undoes"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_table(
    raw: dict[str, Any], offers: str, pins: str, sends: list[str], undoes: list[str]
) -> None:
    module, params = task("win_chocolatey", **raw)
    machine = host(offers=offers, pins=pins)
    before = machine.drive(module.probe(params, {}))
    change = Change("", before, module.plan(params, before, {}))
    assert bool(change.differences()) == bool(sends)
    applied = machine.drive(module.apply(params, change, {})) if sends else {}
    assert machine.sent == [f"choco {line}" for line in sends]
    machine.sent.clear()
    machine.drive(module.undo(params, change, {}))
    assert machine.sent == [f"choco {line}" for line in undoes]
    waits = module.result(params, change, {}, applied)["reboot_required"]
    assert waits is False
    if sends:
        assert module.result(params, change, {}, {})["reboot_required"] is UNKNOWN


def test_version_1_lists_the_host_only_when_told_so() -> None:
    module, params = task("win_chocolatey", name="git")
    found = host(version="1.4.0").drive(module.probe(params, {}))
    assert found.installed == ("git 2.40.0",)
    assert found.choco == 1


def test_a_restart_is_told() -> None:
    module, params = task("win_chocolatey", name="git", state="absent")
    machine = host()
    before = machine.drive(module.probe(params, {}))
    change = Change("", before, module.plan(params, before, {}))
    machine.answers = {**machine.answers, "choco uninstall": Output(3010)}
    assert machine.drive(module.apply(params, change, {})) == {"reboot_required": True}
    machine.answers = {**machine.answers, "choco uninstall": Output(1, "ERROR: no rights")}
    with pytest.raises(ModuleError, match="ERROR: no rights"):
        machine.drive(module.apply(params, change, {}))


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "nix"}, "no source has the package nix", "source"),
    ({"name": "git", "version": "1.0", "state": "downgrade"}, "git in version 1.0", "source"),
    ({"name": "git", "version": "1.0"}, "in version 2.40.0, not 1.0", "downgrade"),
]


@pytest.mark.parametrize(("raw", "says", "hint"), REFUSED)
def test_refusals(raw: dict[str, Any], says: str, hint: str) -> None:
    module, params = task("win_chocolatey", **raw)
    before = host().drive(module.probe(params, {}))
    with pytest.raises(Refused, match=says) as refused:
        module.plan(params, before, {})
    assert hint in refused.value.hint


def test_a_host_without_chocolatey() -> None:
    module, params = task("win_chocolatey", name="git")
    with pytest.raises(Refused, match="no choco"):
        Scripted({"choco": Output(9009)}).drive(module.probe(params, {}))
    with pytest.raises(ModuleError, match="did not tell its version"):
        Scripted({"choco": Output(0, "hello")}).drive(module.probe(params, {}))


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9", "1.10"), ("1.0.0-rc1", "1.0.0"), ("1.0.0-a", "1.0.0-b"), ("2", "2.0.1")],
)
def test_versions_are_compared_as_numbers(older: str, newer: str) -> None:
    assert choco.ordered(older) < choco.ordered(newer)
    assert choco.ordered("1.0") == choco.ordered("1.0.0+build")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"name": "all"}, "is for state: latest"),
        ({"name": "all,git", "state": "latest"}, "stands alone"),
        ({"name": "all", "state": "latest", "version": "1"}, "for one package"),
        ({"name": "--yes"}, "not the name of a package"),
        ({"name": "a,b", "version": "1"}, "for one package"),
        ({"name": "a", "version": "new"}, "not a version"),
        ({"name": "a", "state": "downgrade"}, "needs 'version'"),
        ({"name": "a", "source_password": "x"}, "not supported here"),
        ({"name": "a", "tls_version": "tls12"}, "installing Chocolatey itself"),
        ({"name": "a,b", "checksum": "0a"}, "for one package"),
        ({"name": "a", "checksum_type64": "md5", "checksum": "0a"}, "needs 'checksum64'"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_chocolatey", **raw)


def test_its_collections_name_is_known() -> None:
    assert load("chocolatey.chocolatey.win_chocolatey") is load("win_chocolatey")

"""package: whichever package manager is there does the work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Output
from tests.modules.debian_host import build_packages, debian
from tests.modules.posix_host import FACTS
from tests.modules.redhat_host import plan, redhat, words
from tests.modules.scripted import Scripted, task
from tests.modules.unix import Task


def test_apt_on_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = debian(tmp_path / "host", monkeypatch, build_packages(tmp_path / "packages"))
    new = Task("package", name=host.name("mta"), state="present")
    change = new.run()
    assert host.look() == ["mta=1"]
    assert change.before.manager == "apt"
    new.ok()
    new.roll_back(change)
    assert host.look() == []
    Task("package", name=host.name("mta"), state="removed", use="apt").ok()


def test_package_finds_dnf() -> None:
    host = redhat(**{"for p in dnf yum apt-get": Output(0, "dnf\nyum\n")})
    module, params, change = plan(host, "package", name="wrx-app", state="installed")
    assert change.before.manager == "dnf"
    host.drive(module.apply(params, change, FACTS))
    assert words(host) == ["dnf -y --comment runner::after=7 install wrx-app-2.0-1"]


def test_what_belongs_to_the_package_manager_goes_to_its_module() -> None:
    there = {"for p in dnf yum apt-get": Output(0, "dnf\nyum\n"), "dnf -y": Output(0)}
    host = redhat(**there)
    raw = {"name": "wrx-app", "state": "present", "disablerepo": "updates"}
    module, params, change = plan(host, "package", **raw)
    host.drive(module.apply(params, change, FACTS))
    (line,) = words(host)
    assert "--disablerepo=updates" in line
    assert from_json(module.params, json.loads(json.dumps(to_json(params)))) == params


def test_package_goes_by_the_facts() -> None:
    module, params = task("package", name="wrx-app", state="present")
    host = redhat()
    before = host.drive(module.probe(params, {**FACTS, "pkg_mgr": "dnf"}))
    assert before.manager == "dnf"


@pytest.mark.parametrize(
    ("answers", "raw", "error", "message"),
    [
        ({"for p in": Output(0, "apk\n")}, {}, ModuleError, "no package manager.*apk"),
        ({"for p in": Output(0, "apt-get\n")}, {"name": "Foo"}, ModuleError, "does not take"),
        ({}, {"use": "pacman"}, ParamsError, "'pacman' is not supported"),
        ({}, {"colour": "red"}, ParamsError, "nor apt and dnf have a parameter 'colour'"),
        (
            {"for p in": Output(0, "dnf\n")},
            {"install_recommends": False},
            ModuleError,
            "has dnf, which has no parameter install_recommends",
        ),
    ],
)
def test_what_package_cannot(
    answers: dict[str, Output], raw: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan(redhat(**answers), "package", **{"name": "wrx-app", "state": "present", **raw})


def test_windows_is_told_apart() -> None:
    module, params = task("package", name="xx", state="present")
    with pytest.raises(ModuleError, match="win_package"):
        Scripted().drive(module.probe(params, {"shell_type": "cmd"}))

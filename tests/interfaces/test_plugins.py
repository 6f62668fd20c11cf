"""Plug-ins are found by file name, and by entry point for third parties."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

import runner.shells
from runner.errors import InventoryError
from runner.interfaces import plugins
from runner.interfaces.plugins import Plugins
from runner.interfaces.shell import Shell


def shells() -> Plugins[Shell]:
    return Plugins(
        "runner.shells",
        runner.shells.__path__,
        Shell,
        error=InventoryError,
        is_plugin=lambda name: "_" not in name,
    )


def with_entry(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    def entries(group: str) -> Any:
        assert group == "runner.shells"
        return [EntryPoint("extra", value, group)]

    monkeypatch.setattr(plugins, "entry_points", entries)


def test_files_are_plugins_and_helpers_are_not() -> None:
    assert shells().names == ("cmd", "posix", "powershell", "raw", "sh")
    assert shells().load("cmd").name == "cmd"


def test_the_same_object_serves_everybody() -> None:
    found = shells()
    assert found.load("cmd") is found.load("cmd")


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(InventoryError) as caught:
        shells().load("pwershell")
    assert caught.value.message == "there is no shell 'pwershell'"
    assert caught.value.hint == "did you mean 'powershell'?"


@pytest.mark.parametrize("value", ["runner.shells.raw", "runner.shells.raw:Shell"])
def test_third_parties_add_theirs(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    with_entry(monkeypatch, value)
    assert "extra" in shells().names
    assert shells().load("extra").name == "raw"


def test_a_broken_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with_entry(monkeypatch, "runner.errors")
    with pytest.raises(InventoryError, match="shell 'extra' is broken"):
        shells().load("extra")

"""Shells and transports are found by file name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner import shells, transports
from runner.errors import InventoryError


def test_names() -> None:
    assert {"cmd", "powershell", "raw"} <= set(shells.names())
    assert "winrm" in transports.names()
    assert not [name for name in (*shells.names(), *transports.names()) if "_" in name]


@pytest.mark.parametrize("name", shells.names())
def test_every_shell_loads_once_and_knows_its_name(name: str) -> None:
    assert shells.load(name).name == name
    assert shells.load(name) is shells.load(name)


@pytest.mark.parametrize(("load", "wrong", "near"), [
    (shells.load, "powershel", "powershell"),
    (transports.load, "winrn", "winrm"),
    (transports.load, "winrm_wire", "winrm"),
])  # fmt: skip
def test_an_unknown_name_gets_the_nearest(
    load: Callable[[str], object], wrong: str, near: str
) -> None:
    with pytest.raises(InventoryError, match=near):
        load(wrong)

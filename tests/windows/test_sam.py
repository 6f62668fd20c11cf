"""The accounts of a host: who lists them, where wmic is gone, and identifiers of services."""

from __future__ import annotations

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.windows import sam
from tests.modules.scripted import Scripted

USERS = "Domain=WEB01\r\nName=bob\r\nSID=S-1-5-21-1-2-3-1001\r\nPasswordExpires=TRUE\r\n"
GROUPS = "Name=Users\r\nSID=S-1-5-32-545\r\n"


def test_powershell_lists_accounts_where_wmic_is_gone() -> None:
    host = Scripted({"wmic": Output(9009), "$c=": [Output(0, USERS), Output(0, GROUPS), Output(0)]})
    found = host.drive(sam.find())
    assert found.users[0].name == "bob"
    assert found.group("users") is not None
    assert [script.params["kind"] for script in host.scripts] == ["u", "g", "s"]


def test_nobody_answers() -> None:
    with pytest.raises(ModuleError, match="cannot be listed: gone"):
        Scripted({"wmic": Output(9009), "$c=": Output(1, "", "gone")}).drive(sam.find())


def test_a_flag_without_wmic() -> None:
    host = Scripted({"wmic": Output(9009), "$u=": Output(0)})
    host.drive(sam.set_flag("S-1-5-21-1", "Lockout", False))
    assert host.scripts[0].params == {"sid": "S-1-5-21-1", "name": "Lockout", "value": False}
    with pytest.raises(ModuleError, match="set Lockout of S-1-5-21-1"):
        Scripted().drive(sam.set_flag("S-1-5-21-1", "Lockout", False))
    with pytest.raises(ModuleError, match="not an identifier"):
        host.drive(sam.set_flag("S-1' or 'x", "Lockout", False))


def test_the_identifier_of_a_service() -> None:
    trusted = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    assert sam.service_sid("TrustedInstaller") == trusted
    assert sam.service_sid("ALL SERVICES") == "S-1-5-80-0"

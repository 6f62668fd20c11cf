"""win_net_adapter_feature: what is bound to a host's network adapters."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

BOUND = "ms_server\t1\tEthernet\r\nms_tcpip\t1\tEthernet\r\nms_server\t0\t以太网 2\r\n"
FIND = "foreach($b in @(Get-NetAdapterBinding"


def adapters(**raw: Any) -> tuple[Any, Any, Scripted, Change[Any]]:
    module, params = task("win_net_adapter_feature", **raw)
    host = Scripted({FIND: Output(0, BOUND), "$n=": Output(0)})
    before = host.drive(module.probe(params, facts("2016")))
    return module, params, host, Change("", before, module.plan(params, before, facts("2016")))


def test_file_sharing_is_taken_off_where_it_is_bound() -> None:
    module, params, host, change = adapters(
        interface="*", component_id="MS_Server", state="disabled"
    )
    host.drive(module.apply(params, change, {}))
    host.drive(module.undo(params, change, {}))
    assert [script.params for script in host.scripts[1:]] == [
        {"adapter": "Ethernet", "component": "ms_server", "enabled": False},
        {"adapter": "Ethernet", "component": "ms_server", "enabled": True},
    ]
    assert module.message(params, change, {}) == ""


def test_what_is_bound_already() -> None:
    *_, change = adapters(interface="ethernet", component_id="ms_server")
    assert not change.differences()


def test_an_adapter_without_ip_is_warned_of() -> None:
    module, params, _, change = adapters(
        interface=["Ethernet"], component_id=["ms_tcpip"], state="disabled"
    )
    assert "ms_tcpip" in module.message(params, change, {})


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"interface": "nix", "component_id": "ms_server"}, "no network adapter called nix"),
        ({"interface": "*", "component_id": "ms_nix"}, "nothing called ms_nix"),
        ({"interface": "以太网 2", "component_id": "ms_tcpip"}, "nothing called ms_tcpip"),
    ],
)
def test_bindings_that_are_not_there(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        adapters(**raw)


def test_before_windows_8_there_is_no_command_for_it() -> None:
    work = LabHost("2008r2-sp1").task(
        "win_net_adapter_feature", interface="*", component_id="ms_server"
    )
    with pytest.raises(Refused, match="no command that binds"):
        work.probe()


def test_what_powershell_does_not_do_is_an_error() -> None:
    module, params, host, change = adapters(
        interface="*", component_id="ms_server", state="disabled"
    )
    host.answers = {"$n=": Output(1, "", "Access denied\r\n")}
    with pytest.raises(ModuleError, match="unbind ms_server at Ethernet: Access denied"):
        host.drive(module.apply(params, change, {}))
    host.answers = {FIND: Output(1, "", "gone")}
    with pytest.raises(ModuleError, match="cannot be read: gone"):
        host.drive(module.probe(params, facts("2016")))

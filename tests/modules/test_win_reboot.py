"""win_reboot: the proof that a host really restarted."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, Unreachable
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.modules._parts.win_restart import Restart
from tests.modules.scripted import Answers, Scripted, task

WMIC = "wmic os get"
SHUTDOWN = "shutdown /r /f /t 2 /c WR"


def times(boot: str, now: str = "100000") -> Output:
    text = f"LastBootUpTime=20170515{boot}.500000+480\nLocalDateTime=20170515{now}.000000+480\n"
    return Output(0, text)


FIRST = times("080000")
AGAIN = times("100030")


def run(answers: Answers, **raw: Any) -> tuple[Scripted, dict[str, Any]]:
    module, params = task("win_reboot", **{"msg": "WR", **raw})
    host = Scripted({"shutdown": Output(0), **answers})
    before = host.drive(module.probe(params, {}))
    change = Change("", before, module.plan(params, before, {}))
    assert change.differences()
    return host, dict(host.drive(module.apply(params, change, {})))


def test_restarts_and_proves_it() -> None:
    host, applied = run({WMIC: [FIRST, AGAIN]})
    assert host.sent == [SHUTDOWN]
    assert host.reconnects == 1
    assert applied["rebooted"] is True


def test_waits_while_the_old_boot_still_answers() -> None:
    host, _ = run({WMIC: [FIRST, FIRST, times("080001"), AGAIN]})
    assert host.reconnects == 1


def test_a_host_that_goes_away_again_is_waited_for() -> None:
    host, _ = run({WMIC: [FIRST, Unreachable("gone"), FIRST, Unreachable("gone"), AGAIN]})
    assert host.reconnects == 3


def test_a_clock_that_was_set_back_does_not_hide_the_restart() -> None:
    run({WMIC: [times("080000", "100000"), times("075000", "075100")]})


def test_a_host_that_never_restarts_is_a_failure() -> None:
    with pytest.raises(ModuleError, match="answers, but did not restart"):
        run({WMIC: FIRST})


def test_a_shutdown_that_was_scheduled_before_is_replaced() -> None:
    restart = [Output(1190), Output(0)]
    host, _ = run({WMIC: [FIRST, AGAIN], "shutdown /r": restart, "shutdown /a": Output(0)})
    assert host.sent == [SHUTDOWN, "shutdown /a", SHUTDOWN]


def test_a_denied_shutdown_is_told() -> None:
    with pytest.raises(ModuleError, match=r"restart the host: shutdown answered 5 \(access denied"):
        run({WMIC: FIRST, "shutdown": Output(5)})


def test_powershell_tells_the_boot_time_where_wmic_is_gone() -> None:
    host, _ = run({WMIC: Output(9009), "$o=Get-WmiObject": [FIRST, AGAIN]})
    assert host.sent == [SHUTDOWN]


def test_without_both_the_workstation_service_tells_it() -> None:
    def since(text: str) -> Output:
        return Output(0, f"Statistik für \\\\WEB01\n\n\nStatistik seit 15.05.2017 {text}\n\n")

    run({"net statistics": [since("08:00:00"), since("10:00:30")]})
    with pytest.raises(ModuleError, match="did not restart"):
        run({"net statistics": since("08:00:00")})


def test_without_any_source_nothing_is_restarted() -> None:
    module, params = task("win_reboot")
    host = Scripted()
    with pytest.raises(ModuleError, match="does not tell when it booted"):
        host.drive(module.probe(params, {}))
    assert host.sent == []


def test_own_commands_for_boot_time_and_readiness() -> None:
    answers = {
        "boot-id": [Output(0, "1\n"), Output(0, "2\n")],
        "test-ready": [Output(1), Output(1), Output(0)],
    }
    host, _ = run(answers, boot_time_command="boot-id", test_command="test-ready")
    assert [script.text for script in host.scripts].count("test-ready") == 3


def test_a_host_that_does_not_get_ready_is_a_failure() -> None:
    with pytest.raises(ModuleError, match="test_command did not succeed"):
        run({WMIC: [FIRST, AGAIN], "test-ready": Output(1)}, test_command="test-ready")


def active(*found: tuple[str, str]) -> Output:
    blocks = (
        f"SERVICE_NAME: {name}\nDISPLAY_NAME: x\n"
        f"        TYPE               : 20  WIN32_SHARE_PROCESS\n"
        f"        STATE              : {state}\n"
        for name, state in found
    )
    return Output(0, "\n" + "\n".join(blocks))


UP = ("Dnscache", "4  RUNNING")
LIST = "sc query bufsize="


def test_services_that_are_starting_are_waited_for() -> None:
    starting = active(UP, ("Netlogon", "2  START_PENDING"))
    stopping = active(UP, ("gone", "3  STOP_PENDING"))
    answers = {WMIC: [FIRST, AGAIN], LIST: [starting, starting, stopping]}
    host, applied = run(answers)
    assert applied["settled"] is True
    assert host._used[LIST] == 3


def test_the_installer_of_updates_is_waited_for() -> None:
    busy = active(UP, ("TrustedInstaller", "4  RUNNING"))
    host, applied = run({WMIC: [FIRST, AGAIN], LIST: [busy, Unreachable("gone"), busy, active(UP)]})
    assert applied["settled"] is True
    assert host.reconnects == 2, "it restarted once more to finish its updates"


def test_a_service_that_never_starts_does_not_make_the_restart_fail() -> None:
    hanging = active(("Spooler", "2  START_PENDING"))
    host, applied = run({WMIC: [FIRST, AGAIN], LIST: hanging})
    assert (applied["rebooted"], applied["settled"]) == (True, False)
    host, applied = run({WMIC: [FIRST, AGAIN], LIST: hanging}, settle_timeout=0)
    assert applied["settled"] is False
    assert LIST not in host._used, "it did not ask"


def test_delays() -> None:
    host, _ = run({WMIC: [FIRST, AGAIN]}, pre_reboot_delay=60, post_reboot_delay="30")
    assert host.sent == ["shutdown /r /f /t 60 /c WR"]
    assert host.slept == 30


def test_undo_sends_nothing() -> None:
    module, params = task("win_reboot")
    host = Scripted()
    host.drive(module.undo(params, Change("", Restart(), Restart()), {}))
    assert host.sent == []
    assert module.settles


def test_less_than_no_time_is_none() -> None:
    _, params = task("win_reboot", pre_reboot_delay=-0.5, post_reboot_delay_sec="-61")
    given = params.model_dump()
    assert (given["pre_reboot_delay"], given["post_reboot_delay"]) == (0.0, 0.0)

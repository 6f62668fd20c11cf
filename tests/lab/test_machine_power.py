"""Power: restarts with a real down time, shutdowns, crashes, and what running commands see."""

from __future__ import annotations

import threading
import time

import pytest

from runner.lab.machine import Machine, Power, PoweredOff
from tests.lab.machine_bench import Bench, bench, wait_until


def watch(lab: Bench) -> list[Power]:
    """The states of power that a subscriber is told."""
    seen: list[Power] = []
    lab.machine.subscribe_power(lambda machine: seen.append(machine.power))
    return seen


def test_a_restart_takes_its_time_and_tells_subscribers() -> None:
    lab = bench(reboot_seconds=0.15)
    seen = watch(lab)
    boot = lab.machine.snapshot()["volatile"]["boot_time"]
    assert lab.run("shutdown /r /f /t 0").code == 0
    wait_until(lambda: lab.machine.power is Power.RESTARTING)
    start = time.monotonic()
    with pytest.raises(PoweredOff):
        lab.run("echo a")
    wait_until(lambda: lab.machine.power is Power.ON)
    assert time.monotonic() - start >= 0.1
    wait_until(lambda: seen == [Power.RESTARTING, Power.ON])
    assert lab.ok("echo a") == "a\n"
    assert lab.machine.snapshot()["volatile"]["boot_time"] - boot > 86400


def test_a_shutdown_stays_down_until_power_on() -> None:
    lab = bench()
    seen = watch(lab)
    lab.ok("shutdown /s /t 0")
    wait_until(lambda: lab.machine.power is Power.OFF)
    time.sleep(0.05)
    assert lab.machine.power is Power.OFF
    lab.machine.power_on()
    lab.machine.power_on()
    assert seen == [Power.OFF, Power.ON]


CODES: list[tuple[str, list[tuple[str, int]]]] = [
    ("2016", [("shutdown /a", 1116), ("shutdown /r /t 60", 0), ("shutdown /r /t 60", 1190),
              ("shutdown /a", 0), ("shutdown /a", 1116)]),
    ("2003-sp2", [("shutdown /r /t 60", 0), ("shutdown /r /t 60", 1115), ("shutdown /a", 0)]),
    ("2016", [("shutdown /r /t never", 87), ("shutdown /f", 1), ("shutdown /h", 9999)]),
]  # fmt: skip


@pytest.mark.parametrize(("os", "steps"), CODES)
def test_codes(os: str, steps: list[tuple[str, int]]) -> None:
    lab = bench(os)
    for line, code in steps:
        assert lab.run(line).code == code, line
    assert lab.machine.power is Power.ON


def running(lab: Bench, line: str) -> tuple[threading.Thread, list[object], threading.Event]:
    """Start a command that goes on for long; what came of it is put into the list."""
    results: list[object] = []
    cancelled = threading.Event()

    def work() -> None:
        try:
            results.append(lab.run(line, cancelled=cancelled).code)
        except PoweredOff as fault:
            results.append(fault)

    before = lab.machine.counters.runs
    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: lab.machine.counters.runs > before)
    return thread, results, cancelled


@pytest.mark.parametrize("how", ["crash", "power_off"])
def test_a_command_ends_when_the_power_does(how: str) -> None:
    lab = bench()
    thread, results, _ = running(lab, "ping -n 60 127.0.0.1 >nul&echo never>C:\\never.txt")
    getattr(lab.machine, how)()
    thread.join(5)
    assert isinstance(results[0], PoweredOff)
    lab.machine.power_on()
    assert lab.run("type C:\\never.txt").code == 1


def test_a_command_does_not_go_on_after_a_restart() -> None:
    lab = bench()
    thread, results, _ = running(lab, "ping -n 60 127.0.0.1 >nul&echo never>C:\\never.txt")
    lab.reboot()
    thread.join(5)
    assert isinstance(results[0], PoweredOff)
    assert lab.run("type C:\\never.txt").code == 1


def test_cancel_ends_a_command_soon() -> None:
    lab = bench()
    thread, results, cancelled = running(lab, "ping -n 60 127.0.0.1 >nul&echo x>C:\\never.txt")
    start = time.monotonic()
    cancelled.set()
    thread.join(5)
    assert time.monotonic() - start < 1
    assert results == [0xC000013A - (1 << 32)]
    assert lab.run("type C:\\never.txt").code == 1


def test_commands_run_side_by_side() -> None:
    lab = bench()
    thread, results, cancelled = running(lab, "ping -n 3 127.0.0.1 >nul")
    assert lab.ok("sc query spooler")
    assert thread.is_alive()
    cancelled.set()
    thread.join(5)
    assert results


def test_many_writers_lose_nothing() -> None:
    lab = bench()

    def work(number: int) -> None:
        for n in range(20):
            lab.ok(rf"reg add HKLM\SOFTWARE\W /v v{number}_{n} /d {n} /f")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(lab.state["registry"][r"HKEY_LOCAL_MACHINE\SOFTWARE\W"]) == 120
    assert lab.writes == 120


def test_a_machine_may_begin_switched_off() -> None:
    lab = bench(powered=False)
    assert lab.machine.power is Power.OFF
    with pytest.raises(PoweredOff):
        lab.run("echo a")
    lab.machine.power_on()
    assert lab.ok("echo a") == "a\n"


def test_latency_is_added_to_each_command() -> None:
    lab = bench(latency=0.05)
    start = time.monotonic()
    lab.ok("echo a")
    assert time.monotonic() - start >= 0.05


def test_a_subscriber_may_ask_the_machine() -> None:
    lab = bench()
    seen: list[str] = []

    def callback(machine: Machine) -> None:
        seen.append(machine.snapshot()["volatile"]["power"])

    lab.machine.subscribe_power(callback)
    lab.machine.crash()
    lab.machine.power_on()
    assert seen == ["off", "on"]

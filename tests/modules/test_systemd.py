"""systemd and service on systemd: real unit files and links, and a fake only of what runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN
from tests.modules import systemd_host
from tests.modules.posix_host import FACTS
from tests.modules.scripted import Scripted, task
from tests.modules.systemd_host import BROKEN, ONESHOT, RELOADABLE, STATIC, UNIT, Systemd
from tests.modules.unix import Task, obeys_contract

W = "w.service"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    return systemd_host.install(tmp_path, monkeypatch)


CASES: list[tuple[str, str, dict[str, Any], str, bool, bool, bool]] = [
    # id, module, task, unit file, enabled, running, masked
    ("start", "systemd", {"state": "started", "enabled": True}, UNIT, False, False, False),
    ("stop", "systemd_service", {"state": "stopped", "enabled": False}, UNIT, True, True, False),
    ("mask", "systemd", {"masked": True}, UNIT, True, False, False),
    (
        "close",
        "systemd",
        {"masked": True, "state": "stopped", "enabled": False},
        UNIT, True, True, False,
    ),
    (
        "open",
        "systemd",
        {"masked": False, "state": "started", "enabled": True},
        UNIT, False, False, True,
    ),
    ("unmask", "systemd", {"masked": False}, UNIT, True, False, True),
    ("static", "systemd", {"state": "started", "enabled": True}, STATIC, False, False, False),
    ("service", "service", {"state": "started", "enabled": True, "use": "systemd"},
     UNIT, False, False, False),
    ("service-off", "service", {"state": "stopped", "enabled": False, "use": "systemd"},
     UNIT, True, True, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "raw", "text", "enabled", "running", "masked"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_the_contract(
    host: Systemd, module: str, raw: dict[str, Any], text: str, enabled: bool, running: bool,
    masked: bool,
) -> None:  # fmt: skip
    def fresh() -> None:
        host.fresh({W: text, "other.service": UNIT})
        host.enable("other.service")
        host.start("other.service", *([W] if running else []))
        if enabled:
            host.enable(W)
        if masked:
            host.mask(W)

    def look() -> Any:
        links = host.links()
        # Under a mask nobody sees whether a unit is enabled, so a task that unmasks and enables
        # cannot put that back.
        if masked and raw.get("enabled"):
            links.pop("etc/systemd/system/multi-user.target.wants/w.service", None)
        return links, host.running()

    obeys_contract(fresh, lambda: Task(module, name="w", **raw), look)


@pytest.mark.parametrize("module", ["systemd", "service"])
@pytest.mark.parametrize(("state", "verb"), [("restarted", "restart"), ("reloaded", "reload")])
def test_actions_happen_every_time(host: Systemd, module: str, state: str, verb: str) -> None:
    host.fresh({W: RELOADABLE})
    host.start(W)
    use = {"use": "systemd"} if module == "service" else {}
    for times in (1, 2):
        again = Task(module, name=W, state=state, **use)
        change = again.run()
        assert again.result(change)["state"] == "started"
        assert host.actions() == [f"{verb} {W}"] * times
        again.roll_back(change)
    assert host.running() == [W]


@pytest.mark.parametrize("state", ["restarted", "reloaded"])
def test_what_does_not_run_is_just_started(host: Systemd, state: str) -> None:
    host.fresh({W: RELOADABLE})
    start = Task("systemd", name="w", state=state)
    change = start.run()
    assert host.running() == [W]
    assert host.actions() == []
    start.roll_back(change)
    assert host.running() == []


def test_daemon_reload_alone_is_done_and_is_no_change(host: Systemd) -> None:
    host.fresh({})
    both = Task("systemd", daemon_reload=True, daemon_reexec=True)
    both.run()
    assert host.actions() == ["daemon-reload", "daemon-reexec"]
    assert both.applied["changed"] is False
    with_unit = Task("systemd", name="w", state="started", **{"daemon-reload": True})
    host.fresh({W: UNIT})
    with_unit.run()
    assert host.actions() == ["daemon-reload"]
    assert "changed" not in with_unit.applied


def test_a_unit_that_ends_by_itself(host: Systemd) -> None:
    host.fresh({W: ONESHOT})
    once = Task("systemd", name="w", state="started")
    assert once.plan().after.state is UNKNOWN
    once.run()
    assert host.actions() == [f"start {W}"]


def test_enabled_for_this_boot_only_and_back(host: Systemd) -> None:
    host.fresh({W: UNIT})
    wants = host.root / "run/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / W).symlink_to(f"/usr/lib/systemd/system/{W}")
    before = host.links()
    for wanted in (True, False):
        change_it = Task("systemd", name="w", enabled=wanted)
        change = change_it.run()
        assert change.before.enabled == "enabled-runtime"
        assert change.after.enabled == ("enabled" if wanted else "disabled")
        change_it.roll_back(change)
        assert host.links() == before


def test_no_block_does_not_wait(host: Systemd) -> None:
    host.fresh({W: UNIT})
    start = Task("systemd", name="w", state="started", no_block=True)
    change = start.plan()
    assert change.after.state is UNKNOWN
    start.run()
    assert "--no-block" in start.sent[0]


@pytest.mark.parametrize(
    ("text", "masked", "raw", "error", "message"),
    [
        (None, False, {"state": "started"}, Refused, "knows no unit w"),
        (None, False, {"enabled": False}, Refused, "knows no unit w"),
        (UNIT, True, {"state": "started"}, Refused, "masked"),
        (UNIT, True, {"enabled": True}, Refused, "masked"),
        (BROKEN, False, {"state": "started"}, ModuleError, "Job for w.service failed"),
    ],
)
def test_what_cannot_be(
    host: Systemd, text: str | None, masked: bool, raw: dict[str, Any], error: type[Exception],
    message: str,
) -> None:  # fmt: skip
    host.fresh({} if text is None else {W: text})
    if masked:
        host.mask(W)
    with pytest.raises(error, match=message):
        Task("systemd", name="w", **raw).run()


def test_reloading_what_cannot_reload_is_refused_before_anything_is_sent(host: Systemd) -> None:
    host.fresh({W: UNIT})
    host.start(W)
    with pytest.raises(Refused, match="no way to reload"):
        Task("systemd", name="w", state="reloaded").plan()


def test_a_mask_may_come_before_the_unit(host: Systemd) -> None:
    host.fresh({})
    obeys_contract(
        lambda: host.fresh({}), lambda: Task("systemd", name="w", masked=True), host.links
    )


def test_status_is_what_systemctl_shows(host: Systemd) -> None:
    host.fresh({W: UNIT})
    host.enable(W)
    look = Task("systemd", name="w", enabled=True)
    result = look.result(look.plan())
    assert result["enabled"] is True
    assert result["status"]["ActiveState"] == "inactive"
    assert result["status"]["ExecStart"].endswith("second=line }")
    assert result["status"]["Description"] == "{ not closed"


def test_what_is_not_used_with_systemd_is_said(host: Systemd) -> None:
    host.fresh({W: UNIT})
    both = Task("service", name="w", state="started", sleep=3, pattern="x", use="systemd")
    assert both.message(both.plan()) == "systemd has no use for: sleep, pattern"


def test_a_container_without_systemd_is_told() -> None:
    module, params = task("systemd", name="w", state="started")
    said = "System has not been booted with systemd as init system (PID 1). Can't operate."
    with pytest.raises(ModuleError, match="not been booted with systemd"):
        Scripted({"LC_ALL": Output(1, "", said)}).drive(module.probe(params, FACTS))


def test_scopes() -> None:
    module, params = task("systemd", name="w", enabled=True, scope="global")
    host = Scripted({"LC_ALL": Output(1, "disabled\n")})
    before = host.drive(module.probe(params, FACTS))
    assert before.enabled == "disabled"
    assert host.asked[0].endswith("systemctl --global is-enabled -- w")
    module, params = task("systemd", name="w", state="started", scope="user")
    host = Scripted({"LC_ALL": Output(0, "ActiveState=active\nLoadState=loaded\n")})
    assert host.drive(module.probe(params, FACTS)).state == "started"
    assert "XDG_RUNTIME_DIR" in host.asked[0]
    assert "systemctl --user is-enabled -- w" in host.asked[0]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "give at least one of"),
        ({"scope": "user"}, "give at least one of"),
        ({"state": "started"}, "state needs name"),
        ({"name": "x*", "state": "started"}, "pattern"),
        ({"name": "-x", "state": "started"}, "no name of a service"),
        ({"name": "x", "state": "started", "scope": "global"}, "scope global"),
        ({"name": "x", "state": "up"}, "must be one of"),
        ({"name": "x", "enable": True}, "did you mean 'enabled'"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError) as error:
        task("systemd", **raw)
    assert message in str(error.value)

"""reboot: proof by the boot id, hosts that come back late or not at all, and never this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConnectionLost, ModuleError, ParamsError, Refused, Unreachable
from runner.interfaces.exchange import Command, Output
from runner.model.state import UNKNOWN, Change
from runner.posix import boot
from tests.modules.posix_host import FACTS, link, read
from tests.modules.scripted import Scripted, line, task
from tests.modules.unix import Task

OLD, NEW = Output(0, "1111-old\n"), Output(0, "2222-new\n")


class Host(Scripted):
    """Knows the commands of a restart by what is in them."""

    def _answer(self, command: Command) -> Output:
        text = line(command)
        kind = "boot" if "boot_id" in text else "find" if 'for d in "$@"' in text else "test"
        kind = "shutdown" if text.startswith(("exec ", "/sbin")) else kind
        answers = self.answers[kind]
        assert not isinstance(answers, Output | Exception)
        at = self._used.get(kind, 0)
        self._used[kind] = at + 1
        found = answers[min(at, len(answers) - 1)]
        if isinstance(found, Exception):
            raise found
        return found


def host(**changes: list[Any]) -> Host:
    usual: dict[str, Any] = {
        "boot": [OLD, OLD, NEW],
        "find": [Output(0, "/sbin/shutdown\n")],
        "shutdown": [Output(0)],
        "test": [Output(0, "root\n")],
    }
    return Host({**usual, **changes})


def restart(there: Host, **raw: Any) -> dict[str, Any]:
    module, params = task("reboot", **raw)
    before = there.drive(module.probe(params, FACTS))
    change = Change("restart", before, module.plan(params, before, FACTS))
    applied = there.drive(module.apply(params, change, FACTS))
    return dict(module.result(params, change, FACTS, applied))


def test_it_restarts_and_proves_it() -> None:
    there = host()
    assert restart(there, msg="it's time") == {"rebooted": True, "elapsed": 0}
    assert there.sent == ["/sbin/shutdown -r +0 it's time"]
    assert there.reconnects == 1


@pytest.mark.parametrize(
    ("raw", "found", "sent"),
    [
        ({"pre_reboot_delay": 59}, "/sbin/shutdown", "/sbin/shutdown -r +0 "),
        ({"pre_reboot_delay_sec": 150}, "/sbin/shutdown", "/sbin/shutdown -r +2 "),
        ({}, "/sbin/reboot", "/sbin/reboot"),
        ({"reboot_command": "systemctl  reboot -i"}, "/bin/systemctl",
         "exec /bin/systemctl reboot -i"),
        ({"reboot_command": "/x/y now"}, "", "exec /x/y now"),
    ],
)  # fmt: skip
def test_what_is_sent(raw: dict[str, Any], found: str, sent: str) -> None:
    there = host(find=[Output(0, f"{found}\n")])
    restart(there, **raw)
    assert there.sent[0].startswith(sent)


def test_post_reboot_delay_waits_before_looking() -> None:
    there = host()
    restart(there, post_reboot_delay=7)
    assert there.slept == 7


def test_a_host_that_goes_away_again_is_waited_for() -> None:
    gone = ConnectionLost("gone", may_have_started=True)
    there = host(boot=[OLD, OLD, OLD, gone, OLD, gone, NEW], test=[gone, Output(1), Output(0)])
    restart(there)
    assert there.reconnects == 4


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"boot": [OLD]}, ModuleError, "did not restart"),
        ({"boot": [Output(1, "", "no such file")]}, ModuleError, "ask when the host booted"),
        ({"boot": [Output(0, " ")]}, ModuleError, "could not be proved"),
        ({"find": [Output(1)]}, ModuleError, "no shutdown or reboot in /sbin"),
        ({"shutdown": [Output(1, "", "must be root.")]}, ModuleError, "must be root"),
        ({"test": [Output(1)]}, ModuleError, "test_command did not succeed"),
        ({"boot": [OLD, OLD, Unreachable("no"), ConnectionLost("x")]}, ModuleError, "over and"),
    ],
)
def test_failures(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as found:
        restart(host(**changes))
    assert message in str(found.value)


def test_this_machine_is_never_restarted() -> None:
    if not boot.controllers_boot():
        pytest.skip("this machine has no boot id")
    with pytest.raises(Refused, match="the machine that the runner runs on"):
        Task("reboot").plan()


def test_a_restart_as_a_real_session_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file stands for a boot id; what "restarts" writes another one."""
    monkeypatch.setattr(boot, "controllers_boot", lambda: "elsewhere")
    (tmp_path / "boot").write_text("1\n")
    program = tmp_path / "restart"
    program.write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/called\necho 2 >{tmp_path}/boot\n')
    program.chmod(0o755)
    again = Task(
        "reboot", reboot_command=f"{program} now 'a b'", boot_time_command=f"cat {tmp_path}/boot",
        test_command=f"test -f {tmp_path}/called",
    )  # fmt: skip
    change = again.run()
    assert (tmp_path / "called").read_text() == "now a b\n"
    assert again.result(change)["rebooted"] is True
    assert again.plan().after.restarted is UNKNOWN
    again.roll_back(change)  # there is nothing to take back
    assert (tmp_path / "boot").read_text() == "2\n"


def test_programs_are_found_in_the_folders_given(tmp_path: Path) -> None:
    program = tmp_path / "b" / "reboot"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)

    def found(*folders: str) -> str:
        query = boot.find("shutdown reboot", folders)
        return link().shell_of(query).decode(
            link().open().run(link().shell_of(query).render(query), timeout=10), "utf-8"
        ).stdout  # fmt: skip

    assert found(str(tmp_path / "a"), str(program.parent)) == f"{program}\n"
    assert found(str(tmp_path / "a")) == ""


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"reboot_timeout": -1}, "at least 0"),
        ({"reboot_command": " "}, "must name a program"),
        ({"message": "x"}, "no parameter 'message'"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        task("reboot", **raw)


def test_windows_is_told_apart() -> None:
    module, params = task("reboot")
    with pytest.raises(ModuleError, match="win_reboot"):
        read(module.probe(params, {"shell_type": "cmd"}))

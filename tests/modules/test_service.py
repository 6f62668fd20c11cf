"""service: real init scripts of this machine, and recorded answers of other managers."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Command, Output
from tests.modules.posix_host import FACTS
from tests.modules.scripted import Scripted, line, task
from tests.modules.unix import ROOT, Task, needs, obeys_contract

SCRIPT = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          NAME
# Required-Start:
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: test
### END INIT INFO
p=DIR/pid
up() { [ -f $p ] && kill -0 "$(cat $p)" 2>/dev/null; }
echo "$*" >>DIR/calls
case $1 in
start) up || { sleep 600 & echo $! >$p; echo "started with $2"; } ;;
stop) up && kill "$(cat $p)"; rm -f $p ;;
reload) up || exit 7 ;;
status) up && echo running && exit 0; echo down; exit 3 ;;
*) exit 2 ;;
esac
"""


@dataclass
class InitScript:
    """One script in /etc/init.d, whose daemon really runs."""

    name: str
    folder: Path

    def fresh(self, *, enabled: bool | None, running: bool) -> None:
        """Enabled, disabled or without any links (None)."""
        self.call("stop")
        subprocess.run(["update-rc.d", "-f", self.name, "remove"], check=True, capture_output=True)
        if enabled is not None:
            for verb in ("defaults", "enable" if enabled else "disable"):
                subprocess.run(["update-rc.d", self.name, verb], check=True, capture_output=True)
        if running:
            self.call("start")
        (self.folder / "calls").unlink(missing_ok=True)

    def call(self, verb: str) -> int:
        return subprocess.run(
            [f"/etc/init.d/{self.name}", verb], check=False, stdout=subprocess.DEVNULL
        ).returncode

    def look(self) -> tuple[list[str], bool]:
        links = sorted(str(p) for p in Path("/etc").glob(f"rc?.d/[SK]??{self.name}"))
        return links, self.call("status") == 0

    def calls(self) -> list[str]:
        lines = (self.folder / "calls").read_text().splitlines()
        return [text for text in lines if not text.startswith("status")]


@pytest.fixture
def script(tmp_path: Path) -> Iterator[InitScript]:
    needs(ROOT and shutil.which("update-rc.d"), "root and update-rc.d")
    needs(not Path("/run/systemd/system").exists(), "an init system other than systemd")
    name = f"wr{uuid.uuid4().hex[:10]}"
    path = Path(f"/etc/init.d/{name}")
    path.write_text(SCRIPT.replace("NAME", name).replace("DIR", str(tmp_path)))
    path.chmod(0o755)
    script = InitScript(name, tmp_path)
    yield script
    script.fresh(enabled=None, running=False)
    path.unlink()


@pytest.mark.parametrize(
    ("raw", "enabled", "running"),
    [
        ({"state": "started"}, False, False),
        ({"state": "started", "enabled": True}, False, False),
        ({"state": "stopped", "enabled": False}, True, True),
        ({"enabled": True}, None, False),
        ({"state": "restarted"}, None, False),
        ({"state": "reloaded"}, None, False),
        ({"state": "started", "arguments": "'a b'"}, None, False),
    ],
)
def test_the_contract_with_real_init_scripts(
    script: InitScript, raw: dict[str, Any], enabled: bool | None, running: bool
) -> None:
    obeys_contract(
        lambda: script.fresh(enabled=enabled, running=running),
        lambda: Task("service", name=script.name, **{**raw, **_settled(raw)}),
        script.look,
    )


def _settled(raw: dict[str, Any]) -> dict[str, Any]:
    """restarted and reloaded act every time; that they start what is down is the contract's."""
    return {"state": "started"} if raw.get("state") in ("restarted", "reloaded") else {}


def test_restarting_stops_and_starts(script: InitScript) -> None:
    script.fresh(enabled=None, running=True)
    Task("service", name=script.name, state="restarted", args="x 'y z'", sleep=0).run()
    assert script.calls() == ["stop x y z", "start x y z"]
    assert script.look()[1]


def test_reloading(script: InitScript) -> None:
    script.fresh(enabled=None, running=True)
    Task("service", name=script.name, state="reloaded").run()
    assert script.calls() == ["reload"]


def test_what_a_script_says_is_told_when_it_fails(script: InitScript) -> None:
    path = Path(f"/etc/init.d/{script.name}")
    path.write_text("#!/bin/sh\n[ $1 = status ] && exit 3\necho 'port 80 is taken' >&2\nexit 1\n")
    with pytest.raises(ModuleError, match=r"start service .*port 80 is taken"):
        Task("service", name=script.name, state="started").run()


def test_a_script_that_tells_nothing_needs_a_pattern(script: InitScript) -> None:
    path = Path(f"/etc/init.d/{script.name}")
    path.write_text("#!/bin/sh\nexit 111\n")
    with pytest.raises(ModuleError, match="does not tell whether"):
        Task("service", name=script.name, state="started").plan()
    Task("service", name=script.name, state="stopped", pattern=f"none-{script.name}").ok()
    Task("service", name=script.name, state="started", pattern="pytest").ok()


def test_a_service_that_is_not_there() -> None:
    needs(not Path("/run/systemd/system").exists(), "an init system other than systemd")
    with pytest.raises(Refused, match="there is no service wr-nope"):
        Task("service", name="wr-nope", state="started").plan()


class Host(Scripted):
    """Answers by the longest key that is somewhere in the command."""

    def _answer(self, command: Command) -> Output:
        text = line(command)
        keys = [key for key in self.answers if key in text]
        found = self.answers[max(keys, key=len)] if keys else Output(127)
        assert isinstance(found, Output)
        return found


def probe(look: str, answers: dict[str, Output], **raw: Any) -> tuple[Any, Host]:
    module, params = task("service", name="w", **raw)
    host = Host({"command -v $p": Output(0, look), **answers})
    return host.drive(module.probe(params, FACTS)), host


CHKCONFIG = "w              \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off\n"
OPENRC = "                    w |      default                 \n              devfs |  sysinit\n"


@pytest.mark.parametrize(
    ("look", "answers", "manager", "state", "enabled"),
    [
        (
            "chkconfig\nservice\nscript\n",
            {"chkconfig --list": Output(0, CHKCONFIG), "status": Output(0, "w (pid 1) is running")},
            "sysvinit with chkconfig", "started", "enabled",
        ),
        (
            "chkconfig\nservice\nscript\n",
            {
                "chkconfig --list": Output(0, CHKCONFIG.replace("5:on", "5:off")),
                "status": Output(0, "w is stopped"),
            },
            "sysvinit with chkconfig", "stopped", "disabled",
        ),
        (
            "rc-service\n",
            {"--exists": Output(0), "rc-service w status": Output(0, " * status: started"),
             "rc-update show": Output(0, OPENRC)},
            "openrc", "started", "enabled",
        ),
        (
            "rc-service\n",
            {"--exists": Output(0), "rc-service w status": Output(32, " * status: crashed"),
             "rc-update show": Output(0, "")},
            "openrc", "stopped", "disabled",
        ),
    ],
)  # fmt: skip
def test_other_managers(
    look: str, answers: dict[str, Output], manager: str, state: str, enabled: str
) -> None:
    found, _ = probe(look, answers, state="started")
    assert (found.manager, found.state, found.enabled) == (manager, state, enabled)


def test_what_is_sent_to_openrc_for_a_crashed_service() -> None:
    answers = {"--exists": Output(0), "rc-service w status": Output(32), "rc-update show":
               Output(0, "")}  # fmt: skip
    found, host = probe("rc-service\n", answers, state="started", enabled=True, runlevel="boot")
    module, params = task("service", name="w", state="started", enabled=True, runlevel="boot")
    host.answers = {"": Output(0)}
    change: Any = type("C", (), {"before": found, "after": module.plan(params, found, FACTS)})
    host.drive(module.apply(params, change, FACTS))
    scripts = [text.partition("set -- ")[2] or text for text in host.sent]
    assert [text.splitlines()[0].rpartition("/sbin ")[2] for text in scripts] == [
        "rc-update add w boot", "rc-service w zap", "rc-service w start",
    ]  # fmt: skip


def test_upstart_is_refused() -> None:
    with pytest.raises(ModuleError, match="upstart"):
        probe("upstart\nservice\n", {}, state="started")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "give state or enabled"),
        ({"state": "started", "use": "launchd"}, "must be one of"),
        ({"state": "started", "args": "'"}, "No closing quotation"),
        ({"state": "running"}, "must be one of"),
        ({"state": "started", "start_mode": "auto"}, "no parameter"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        task("service", name="w", **raw)


def test_windows_is_told_apart() -> None:
    module, params = task("service", name="w", state="started")
    with pytest.raises(ModuleError, match="win_service"):
        Scripted().drive(module.probe(params, {"shell_type": "powershell"}))

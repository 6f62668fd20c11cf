"""What init scripts and their managers answer."""

from __future__ import annotations

import pytest

from runner.interfaces.exchange import Output
from runner.posix import sysv


@pytest.mark.parametrize(
    ("code", "text", "running"),
    [
        (0, "nginx is running.", True),
        (0, "", True),
        (0, "nginx is stopped", False),
        (0, "stopwatch is running", True),
        (0, "dead but subsys locked", False),
        (0, "several lines\nnothing was stopped", True),
        (3, "", False),
        (1, "running", False),
        (69, "", False),
        (111, "running", None),
    ],
)
def test_status(code: int, text: str, running: bool | None) -> None:
    assert sysv.is_running(Output(code, text), "stopwatch") is running


def test_links() -> None:
    found, links = sysv.words(Output(0, "update-rc.d\nscript\nlink /etc/rc2.d/S01x\n"))
    assert found == {"update-rc.d", "script"}
    assert sysv.starts_at_boot(links)
    assert not sysv.starts_at_boot(("/etc/rc0.d/K01x", "/etc/rc3.d/K01x", "/etc/rcS.d/S01x"))


def test_other_managers() -> None:
    assert sysv.chkconfig_on("x 0:off 1:off 2:on 3:on 4:on 5:on 6:off") is True
    assert sysv.chkconfig_on("x 0:off 3:on 5:off") is False
    assert sysv.chkconfig_on("error reading information on service x") is None
    assert sysv.rc_levels("  sshd | default boot\n x |\n", "sshd") == ("default", "boot")
    assert sysv.rc_levels("  sshd | default\n", "ssh") == ()

"""Services by number and token, in any language."""

from __future__ import annotations

import pytest

from runner.windows import services
from runner.windows.services import Status

ENGLISH = """
SERVICE_NAME: lanmanserver
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : 4  RUNNING
                                (STOPPABLE, PAUSABLE, IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
"""
SPANISH = """
NOMBRE_SERVICIO: lanmanserver
        TIPO               : 20  WIN32_SHARE_PROCESS
        ESTADO             : 1  STOPPED
                                (NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)
        CÓD_SALIDA_WIN32   : 0  (0x0)
"""
GERMAN_2003 = """
SERVICE_NAME: lanmanserver
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATUS             : 3  STOP_PENDING
                                (NOT_STOPPABLE,NOT_PAUSABLE,IGNORES_SHUTDOWN))
"""
DEPENDENTS = """Enum: entriesRead  = 2

SERVICE_NAME: Netlogon
DISPLAY_NAME: Net: Logon
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : 4  RUNNING
                                (STOPPABLE, PAUSABLE, IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)

SERVICE_NAME: Browser
DISPLAY_NAME: 计算机浏览器
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : 1  STOPPED
        WIN32_EXIT_CODE    : 1077  (0x435)
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ENGLISH, (Status("lanmanserver", "running", can_pause=True),)),
        (SPANISH, (Status("lanmanserver", "stopped"),)),
        (GERMAN_2003, (Status("lanmanserver", "stop_pending"),)),
        (DEPENDENTS, (Status("Netlogon", "running", can_pause=True), Status("Browser", "stopped"))),
        ("Enum: entriesRead  = 0\n", ()),
        ("[SC] EnumQueryServicesStatus:OpenService FAILED 1060:\n", ()),
    ],
)
def test_reads_states(text: str, found: tuple[Status, ...]) -> None:
    assert services.parse(text) == found


def test_asks_for_all_dependents() -> None:
    assert services.dependents("x").argv == ("sc", "enumdepend", "x", "65536")

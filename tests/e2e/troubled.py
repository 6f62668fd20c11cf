"""What the tests of trouble share: small playbooks, and how to look at a fleet."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.e2e.fleet import TestFleet

Make = Callable[..., TestFleet]
"""Makes a fleet: its hosts, and variables for all of them."""

STOP = """
- hosts: all
  gather_facts: false
  tasks:
    - name: stop
      id: stop
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - name: after
      id: after
      debug: {msg: fine}
"""

SLOW = """
- hosts: all
  gather_facts: false
  tasks:
    - name: slow
      id: slow
      win_shell: ping -n 6 127.0.0.1
      args: {executable: cmd}
    - name: change
      id: change
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Test', name: a, data: b}
"""


def until_pinging(fleet: TestFleet) -> None:
    """Wait until the slow command of SLOW runs on the host."""
    end = time.monotonic() + 120
    while not any("ping" in line for line in fleet.lab.state("web01")["volatile"]["commands"]):
        assert time.monotonic() < end, "the slow command never began"
        time.sleep(0.1)


def shells(fleet: TestFleet) -> int:
    """How many remote shells are open on all hosts."""
    return sum(fleet.lab.counters(name)["open_shells"] for name in fleet.names)


def until_no_shell(fleet: TestFleet, seconds: float = 5.0) -> bool:
    """Whether the last shell is gone in time."""
    end = time.monotonic() + seconds
    while shells(fleet) and time.monotonic() < end:
        time.sleep(0.05)
    return shells(fleet) == 0

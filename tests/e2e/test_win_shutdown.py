"""win_shutdown from the command line: changed when the host is gone, and nothing to take back."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.fleet import TestFleet

PLAY = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_shutdown: {delay: 0, msg: bye}
"""


def test_a_host_is_shut_down_and_a_rollback_knows(tmp_path: Path) -> None:
    settings = {"ansible_winrm_connection_timeout": 2}
    with TestFleet(tmp_path, {"web01": {"lab_os": "2016"}}, **settings) as fleet:
        seen = fleet.play(PLAY, "--check")
        assert "cannot be switched on from here" in seen.out
        done = fleet.play(PLAY)
        assert done.code == 0, done.out + done.err
        assert "power: on true -> false" in done.out
        assert fleet.lab.state("web01")["volatile"]["power"] == "off"
        back = fleet.run("rollback", "last")
        assert "cannot be switched on from here" in back.out + back.err
        again = fleet.play(PLAY)
        assert again.code == 4, again.out

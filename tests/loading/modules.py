"""Module names that the tests' playbooks may use, and whether each takes free text."""

from typing import Final

MODULES: Final = {
    "assert": False,
    "debug": False,
    "fail": False,
    "include_vars": True,
    "meta": True,
    "set_fact": False,
    "win_command": True,
    "win_file": False,
    "win_firewall_rule": False,
    "win_ping": False,
    "win_reboot": False,
    "win_service": False,
    "win_shell": True,
}

"""What a campaign has its hosts do, and how it is seen on them that they did it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TASK_SECONDS: Final = 12
STEPS: Final = ("first", "service", "registry", "one", "two", "three", "second", "last")
VALUES: Final = ("round", "one", "two", "three", "last")
"""What the steps leave in the registry."""

_PLAY: Final = """
- hosts: all
  gather_facts: false
  tasks:
    - {{name: first, id: first, timeout: {seconds}, win_shell: 'echo first>>{log}',
       args: {{executable: cmd}}}}
    - {{name: service, id: service, timeout: {seconds},
       win_service: {{name: Spooler, state: {state}, start_mode: {mode}}}}}
    - {{name: registry, id: registry, timeout: {seconds},
       win_regedit: {{path: 'HKLM:\\SOFTWARE\\Campaign', name: round, data: '{number}'}}}}
    - {{name: one, id: one,
       win_regedit: {{path: 'HKLM:\\SOFTWARE\\Campaign', name: one, data: '{number}'}}}}
    - {{name: two, id: two,
       win_regedit: {{path: 'HKLM:\\SOFTWARE\\Campaign', name: two, data: '{number}'}}}}
    - {{name: three, id: three,
       win_regedit: {{path: 'HKLM:\\SOFTWARE\\Campaign', name: three, data: '{number}'}}}}
    - {{name: second, id: second, timeout: {seconds}, win_shell: 'echo second>>{log}',
       args: {{executable: cmd}}}}
    - {{name: last, id: last, timeout: {seconds},
       win_regedit: {{path: 'HKLM:\\SOFTWARE\\Campaign', name: last, data: '{number}'}}}}
"""
"""Those without a timeout of their own travel together, as one script."""


def play(number: int) -> str:
    """The playbook of a round."""
    state, mode = (("stopped", "disabled"), ("started", "auto"))[number % 2]
    return _PLAY.format(
        seconds=TASK_SECONDS, log=log(number), state=state, mode=mode, number=number
    )


def log(number: int) -> str:
    """The file to which each echo of a round adds a line."""
    return f"C:\\campaign{number}.txt"


def wanted(number: int) -> tuple[str, int]:
    """The service behind a round; see ``service``."""
    return (("stopped", 4), ("running", 2))[number % 2]


def service(state: Mapping[str, Any]) -> tuple[str, int]:
    """The service on a host: whether it runs, and how it starts."""
    found = state["services"]["Spooler"]
    return found["state"], found["start"]


def value(state: Mapping[str, Any], name: str) -> str:
    """A value that a step leaves in the registry."""
    registry = state["registry"]
    for path, values in registry.items():
        if path.casefold().endswith("software\\campaign"):
            for key, found in values.items():
                if key.casefold() == name:
                    return str(found["data"] if isinstance(found, Mapping) else found[-1])
    return ""

"""sh: Ansible's name (``ansible_shell_type: sh``) of the language that we call posix."""

from __future__ import annotations

from typing import ClassVar

from runner.shells.posix import Shell as Posix


class Shell(Posix):
    """The posix shell under its other name."""

    name: ClassVar[str] = "sh"

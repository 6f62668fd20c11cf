"""Options that several verbs share, with the meaning that ansible-playbook gives them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path)


_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}
_DURATION: Final = re.compile(r"(?:\d+(?:\.\d+)?[hms])+|\d+(?:\.\d+)?")


def duration(text: str) -> float:
    """Seconds of ``90``, ``90s``, ``30m``, ``1h30m``. Raises BadParameter; zero is none."""
    wanted = text.strip().lower()
    known = _DURATION.fullmatch(wanted) is not None
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", wanted) if known else []
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not seconds:
        raise click.BadParameter(f"'{text}' is not a length of time such as 90s, 30m or 1h30m")
    return seconds


def inventory_option(*, required: bool) -> Callable[[F], F]:
    """``-i``: where the hosts are; RUNNER_INVENTORY when it is left out."""
    return click.option(
        "-i",
        "--inventory",
        multiple=True,
        required=required,
        type=_PATH,
        envvar="RUNNER_INVENTORY",
        help="Inventory file or directory; may be repeated.",
    )


APPROACH = (
    click.option(
        "--connect-rate", type=click.FloatRange(0), metavar="N",
        help="New connections a second (default: 20; 0: no limit).",
    ),
    click.option(
        "--keep-trying-credentials", "keep_trying", is_flag=True,
        help="Try a password on other hosts although one refused it (accounts of their own).",
    ),
)  # fmt: skip


def approach_options(command: F) -> F:
    """How hosts are connected to, for verbs that do not walk."""
    for option in reversed(APPROACH):
        command = option(command)
    return command


def approach(rate: float | None, keep_trying: bool) -> Any:
    """What the command line says about connecting."""
    from runner.app.wiring.options import Approach

    return Approach(rate, keep_trying)


def extra_option(command: F) -> F:
    """``-e`` for verbs that do not visit hosts."""
    return click.option(
        "-e",
        "--extra-vars",
        "extra",
        multiple=True,
        metavar="K=V|@FILE",
        help="Variables that win over all others.",
    )(command)


def vault_options(command: F) -> F:
    """Where vault passwords come from."""
    for option in reversed(
        [
            click.option(
                "--vault-id", "vault_id", multiple=True, metavar="LABEL@SOURCE",
                help="Vault password: of a file, of a script, or 'prompt'.",
            ),
            click.option(
                "--vault-password-file", "--vault-pass-file", "vault_password_file", multiple=True,
                metavar="FILE", help="File with the vault password, or script that prints it.",
            ),
            click.option(
                "-J", "--ask-vault-pass", "--ask-vault-password", "ask_vault_pass", is_flag=True,
                help="Ask for the vault password.",
            ),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def vault(ids: tuple[str, ...], files: tuple[str, ...], ask: bool) -> Any:
    """What the command line says about vault passwords."""
    from runner.app.wiring.options import VaultOptions

    return VaultOptions(ids, files, ask)


def ask_password(wanted: bool) -> str | None:
    """The password from the terminal, never echoed."""
    if not wanted:
        return None
    password: str = click.prompt("Password", hide_input=True, err=True)
    return password


def ask_person(text: str, private: bool, default: str | None, confirm: bool) -> str | None:
    """Put a question of ``vars_prompt`` to the terminal; None when there is nobody there."""
    if not sys.stdin.isatty():
        return None
    from runner.app.wiring.asking import ask_line

    def typed(question: str) -> str | None:
        return ask_line(f"{question}:", lambda: False, echo=not private)

    shown = f" [{default}]" if default and not private else ""
    while True:
        answer = typed(f"{text.rstrip(': ')}{shown}")
        if answer is None:  # the terminal was closed
            raise click.Abort
        if not answer and default is not None:
            return default
        if answer and (not confirm or typed("Repeat for confirmation") == answer):
            return answer
        if answer:
            click.echo("the two are not the same", err=True)


def words(values: tuple[str, ...]) -> tuple[str, ...]:
    """The words of an option that may be repeated, and takes several separated by commas."""
    return tuple(w.strip() for v in values for w in v.split(",") if w.strip())

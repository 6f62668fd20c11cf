"""The ``runner`` command.

Each verb lives in its own module, which is imported only when that verb is used: ``--help`` must
answer at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from runner import __version__
from runner.app.wiring import garbage
from runner.errors import RunnerError, UsageError

_VERBS: dict[str, str] = {
    "run": "Run a playbook on hosts, or preview it (--check).",
    "rehearse": "Run a playbook on simulated twins of the hosts; contact none of them.",
    "plan": "Preview a playbook and freeze that into a file.",
    "approve": "Sign such a file.",
    "apply": "Do exactly what such a file says.",
    "resume": "Go on with a run that was cut off.",
    "rollback": "Take back what a run did.",
    "runs": "List recorded runs.",
    "show": "Show a recorded run, or a plan.",
    "report": "Write a recorded run as HTML page, JUnit XML, JSON or CSV.",
    "audit": "Check that the journal is as it was written.",
    "graph": "Show what waits for what, as text or SVG.",
    "ping": "See which hosts answer, and why others do not.",
    "doctor": "Look at each step of the way to one host.",
    "inventory": "Show hosts, groups and variables.",
    "vault": "Encrypt, view and edit files and values as ansible-vault does.",
    "lint": "Look for mistakes and for what a dry run or a rollback cannot know.",
    "schema": "Print the JSON Schema of playbooks or inventories, for editors.",
    "modules": "List modules, or show the parameters of one.",
    "serve-files": "Offer the files of a folder to hosts over HTTP for a while.",
    "lab": "Serve a simulated Windows fleet on this machine.",
}


class _LazyGroup(click.Group):
    """Knows its verbs by name and one line of help; imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = _module(cmd_name).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            raise UsageError(f"no verb '{args[0]}'", hint=_nearest(args[0]))
        return super().resolve_command(ctx, args)


def _module(verb: str) -> Any:
    return importlib.import_module(f"runner.cli.{verb.replace('-', '_')}")


def _nearest(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, _VERBS, n=1)
    return f"did you mean '{near[0]}'?" if near else f"the verbs are: {', '.join(_VERBS)}"


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runner")
def cli() -> None:
    """Remediation playbooks for Windows fleets: preview, run in parallel, take everything back.

    Exit codes: 0 all well, 1 the runner itself failed, 2 a host failed, 3 a host is not as recorded
    (rollback, apply), 4 a host was unreachable, 5 the input is wrong, 10 something would change
    (--check --detailed-exitcode), 130 interrupted.
    """


def main(args: list[str] | None = None) -> None:
    """Entry point: never shows a traceback for what a person can mend."""
    garbage.put_off()
    # Else pydantic reads the metadata of every package of the environment, for plug-ins of its own:
    # a tenth of the start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    code = invoke(args)
    garbage.leaving()
    sys.exit(code)


def invoke(args: list[str] | None = None) -> int:
    """Run one command line; gives the exit code."""
    _forget_secrets()
    try:
        result: Any = cli.main(args=args, prog_name="runner", standalone_mode=False)
    except RunnerError as error:
        _say(f"ERROR: {error}")
        return error.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        _say(f"ERROR: {error.format_message()}")
        if isinstance(error, click.UsageError) and error.ctx is not None:
            _say(f"  try: {error.ctx.command_path} --help")
        return 5
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader went away (a pager): no more can be said, and nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _say(text: str) -> None:
    from runner.app.wiring.masking import masked

    click.echo(masked(text), err=True)


def _forget_secrets() -> None:
    """What another command line of this process knew; nothing when there was none."""
    if "runner.app.wiring.masking" in sys.modules:
        sys.modules["runner.app.wiring.masking"].forget()


if __name__ == "__main__":
    main()

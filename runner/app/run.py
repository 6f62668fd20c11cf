"""``runner run``: carry a playbook out, or (``--check``) preview it."""

from __future__ import annotations

from runner.app.carry_out import run_prepared
from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import prepare


def run(options: RunOptions) -> int:
    """Run or preview a playbook; gives the exit code."""
    prepared = prepare(options)
    if options.processes > 1:
        from runner.app.crew.going import run_in_processes

        return run_in_processes(options, prepared)
    return run_prepared(options, prepared)

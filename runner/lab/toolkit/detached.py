"""Processes that a management call starts: they belong to no remote shell."""

from __future__ import annotations

import threading

from runner.lab.cmd.launch import find_program
from runner.lab.faults import LabFault
from runner.lab.state.process import Process, split_arguments

__all__ = ["start_detached"]


def start_detached(process: Process, command: str, folder: str | None = None) -> int:
    """Run a command line beside everything else; its process number, 0 if there is no program.

    It has a console of its own and lives on when the shell that asked for it is gone.
    """
    host = process.host
    argv = split_arguments(command)
    entry = find_program(process.session, argv[0]) if command.strip() else None
    if entry is None:
        return 0
    cancelled = threading.Event()
    running = host.processes.add(command, entry.path, now=host.clock.now(), cancelled=cancelled)
    user = process.session.user

    def work() -> None:
        try:
            host.run_detached(command, user=user, cancelled=cancelled, cwd=folder)
        except LabFault:
            return  # it was ended, or the machine went down and the process with it
        finally:
            with host.lock:
                if host.processes.find(running.pid) is running:
                    host.processes.ended(running.pid)

    host.spawn(work)
    return running.pid

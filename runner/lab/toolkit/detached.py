"""Processes that a management call starts: they belong to no remote shell."""

from __future__ import annotations

import threading

from runner.lab.cmd.launch import find_program
from runner.lab.faults import LabFault
from runner.lab.process import Process, split_arguments

__all__ = ["start_detached"]


def start_detached(process: Process, command: str) -> int:
    """Run a command line beside everything else; its process number, 0 if there is no program."""
    host = process.host
    argv = split_arguments(command)
    entry = find_program(process.session, argv[0]) if command.strip() else None
    if entry is None:
        return 0
    running = host.processes.add(command, entry.path, now=host.clock.now())
    cancelled = threading.Event()

    def work() -> None:
        try:
            host.run_detached(command, is_system=False, cancelled=cancelled)
        except LabFault:
            return  # the machine went down, and the process with it
        finally:
            with host.lock:
                if host.processes.find(running.pid) is running:
                    host.processes.ended(running.pid)

    host.spawn(work)
    return running.pid

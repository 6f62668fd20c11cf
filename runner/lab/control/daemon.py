"""The process of a lab: serves every host of a spec until it is told to stop."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from pydantic import ValidationError

from runner.lab.control.server import Control
from runner.lab.control_files import (
    AUTHORITY,
    KNOWN_HOSTS,
    RECORD,
    USERS,
    DirectoryLock,
    LabError,
    clean,
    write_private,
)
from runner.lab.fleet import Fleet
from runner.lab.spec import LabSpec

_log = logging.getLogger(__name__)


def load_spec(path: Path) -> LabSpec:
    """Read a spec. Raises LabError for a file that cannot be read or is not a spec."""
    try:
        return LabSpec.model_validate_json(path.read_bytes())
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise LabError(f"{path} is not the spec of a lab: {problems}") from error


def serve(spec_path: Path, directory: Path) -> None:
    """Serve until SIGTERM, SIGINT or a ``stop`` of the control port.

    ``directory/lab.json`` appears once every host with power accepts connections, and goes away
    at the end. Must run on the main thread. Raises LabError.
    """
    spec = load_spec(spec_path)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        lock = DirectoryLock(directory)
        stack.callback(lock.release)
        clean(directory)  # what a lab that was killed left behind
        stack.callback(clean, directory)
        users = directory / USERS
        users.mkdir(mode=0o700)
        fleet = stack.enter_context(Fleet(spec, users))
        control = Control(fleet, stop.set)
        control.start()
        stack.callback(control.stop)
        _publish(directory, fleet, control)
        _log.info("%d hosts, control on %s", len(fleet.members), control.address)
        stop.wait()
        _log.info("stopping")


def _publish(directory: Path, fleet: Fleet, control: Control) -> None:
    authority: str | None = None
    if fleet.authority is not None:
        path = directory / AUTHORITY
        path.write_bytes(fleet.authority.pem)
        authority = str(path)
    (directory / KNOWN_HOSTS).write_text(fleet.known_hosts, encoding="ascii")
    record = {
        "pid": os.getpid(),
        "control": {"address": control.address, "token": control.token},
        "ca": authority,
        "hosts": [
            {
                "name": member.spec.name,
                "address": member.front.address,
                "port": member.front.port,
                "scheme": member.front.scheme,
                "user": member.spec.user,
                "os": member.spec.os,
            }
            for member in fleet.members
        ],
    }
    write_private(directory / RECORD, json.dumps(record, indent=1))


def main(spec_path: Path, directory: Path) -> int:
    """``serve`` for a command line: errors become one line, the result an exit code."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s"
    )
    logging.getLogger("spnego").setLevel(logging.WARNING)  # it prints tokens below that
    try:
        serve(spec_path, directory.absolute())
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0

"""Processor seconds from a playbook and an inventory to the checked graph."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import prepare


def main() -> None:
    """The process: PLAYBOOK DIRECTORY."""
    playbook, directory = map(Path, sys.argv[1:])
    began = time.process_time()
    prepared = prepare(RunOptions(playbook, (directory / "inventory.yml",)))
    seconds = time.process_time() - began
    if not prepared.graph.steps:
        raise SystemExit("the graph is empty")
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main()

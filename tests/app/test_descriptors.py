"""A fleet larger than the soft limit of open files."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
from runner.app.descriptors import allow_many
allow_many()
pipes = [os.pipe() for _ in range(100)]
print(len(pipes))
"""


def test_more_files_than_the_soft_limit_can_be_open() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "100"

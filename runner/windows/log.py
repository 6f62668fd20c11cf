"""Logs that Ansible's modules keep on the host (``log_path``): lines are added at the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from runner.interfaces.exchange import Script
from runner.windows.paths import quoted
from runner.windows.put_lines import SYSTEM


def added(path: str, lines: Iterable[str]) -> Script:
    """The script that adds lines, each with the time; the log's folder must be there."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    text = "".join(f"{now} {' '.join(line.split())}\r\n" for line in lines)
    return Script("cmd", f'{SYSTEM}\\findstr.exe "^">>{quoted(path)}', stdin=text)

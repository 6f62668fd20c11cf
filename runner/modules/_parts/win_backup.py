"""The name of the copy that ``backup: true`` leaves beside a file."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def backup_path(path: str) -> str:
    """As Ansible names them: the file, a number, the date and time, ``.bak``; in UTC here."""
    return f"{path}.{os.getpid()}.{datetime.now(UTC):%Y%m%d-%H%M%S}.bak"

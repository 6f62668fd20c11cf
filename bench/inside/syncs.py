"""How often a second this disk brings a small write to safety: the floor under a journal."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def rate(path: Path, seconds: float) -> float:
    """Appends of 4 KiB with fsync, for about so many seconds."""
    count = 0
    with path.open("wb", buffering=0) as file:
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            count += 1
        return count / (time.monotonic() - began)


def main() -> None:
    """The process: SECONDS DIRECTORY."""
    sys.stdout.write(json.dumps(rate(Path(sys.argv[2]) / "sync", float(sys.argv[1]))))


if __name__ == "__main__":
    main()

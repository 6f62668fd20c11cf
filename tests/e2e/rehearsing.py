"""``runner`` under audit: every connection, look-up of a name and program is written down.

python -m tests.e2e.rehearsing LOG runner-words...
"""

from __future__ import annotations

import json
import sys
from typing import Any

WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen")


def main(log: str, words: list[str]) -> int:
    """Run the words; the log has a line of JSON for each thing that was watched."""
    with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123 - open at once, for the hook

        def note(event: str, args: tuple[Any, ...]) -> None:
            if event in WATCHED:
                said = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
                if event == "subprocess.Popen":
                    said = args[1]
                file.write(json.dumps([event, said], default=str) + "\n")
                file.flush()

        sys.addaudithook(note)
        from runner.cli.main import invoke

        return invoke(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

"""Asks ansible-core what it makes of the cases and writes it down.

``RUNNER_TEST_ANSIBLE=ENV/bin python -m tests.conformance.record [TOPIC...]``
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.conformance.case import ASKED, EXPECTED, question, read_cases
from tests.conformance.theirs import run_cases


def main() -> None:
    """Write ``expected/TOPIC.json`` for these topics, or for all."""
    wanted = set(sys.argv[1:])
    cases = [case for case in read_cases() if not wanted or case.topic in wanted]
    with tempfile.TemporaryDirectory() as folder:
        made = run_cases(cases, Path(folder))
    EXPECTED.mkdir(exist_ok=True)
    for topic in sorted({case.topic for case in cases}):
        found: dict[str, Any] = {c.id: made[c.id].json() for c in cases if c.topic == topic}
        found[ASKED] = question(topic)
        text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
        (EXPECTED / f"{topic}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{topic}: {len(found)}")


if __name__ == "__main__":
    main()

"""Regular expressions within bounds: no pattern holds up the run, whatever text a host gives.

Python's ``re`` cannot be interrupted, and a pattern like ``(a+)+$`` can take years. What might
take long is therefore evaluated in a process of its own, which is ended when its time is over.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from runner.loading.templates.regex_worker import evaluate

SECONDS: Final = 10.0
"""How long one regular expression may take."""
LARGEST: Final = 16_000_000
"""Characters that a replacement may give, or matches that may be found."""
_CHEAP: Final = 1e9
"""Steps that are taken here: some seconds at most."""
_ELEMENT: Final = re.compile(
    r"""\\. | \[\^?\]?(?:\\.|[^]\\])*\] | \( | \) |
    (?P<repeat>(?:[*+?]|\{\d*,(?P<most>\d*)\}|\{(?P<times>\d+)\})[?+]?) | .""",
    re.VERBOSE | re.DOTALL,
)
"""One element of a pattern: an escape, a set, a bracket, a repetition, or any other character."""
_MANY: Final = 16
"""A repetition up to more than this often counts as one without end."""


def run_regex(action: str, pattern: str, flags: int, text: str, more: Iterable[Any] = ()) -> Any:
    """What a regular expression gives; see regex_worker.evaluate.

    Raises re.error for a wrong pattern, and ValueError for one that takes too long or gives too
    much.
    """
    arguments: dict[str, Any] = {
        "action": action,
        "pattern": pattern,
        "flags": flags,
        "text": text,
        "more": list(more),
        "limit": LARGEST,
    }
    if len(text) ** min(_exponent(pattern), 60) <= _CHEAP:
        return evaluate(**arguments)
    return _WORKER.ask(arguments)


@lru_cache(1024)
def _exponent(pattern: str) -> int:
    """With which power of the length of the text the worst case grows; 40 is: without end."""
    nested, count = _repeats(pattern)
    return 40 if nested > 1 else 1 + count


def _repeats(pattern: str) -> tuple[int, int]:
    """How deep repetitions and choices are nested, and how many repetitions are without end."""
    depths = [0]  # of the groups that are open here
    last = count = 0  # the depth of what a repetition would repeat
    for element in _ELEMENT.finditer(pattern):
        text = element.group()
        if text == "(":
            depths.append(0)
        elif text == ")":
            last = depths.pop() if len(depths) > 1 else depths[0]
            depths[-1] = max(depths[-1], last)
        elif text == "|":
            depths[-1] = max(depths[-1], 1)  # two ways to say the same, perhaps
            last = 0
        elif element["repeat"]:
            endless = _is_endless(element)
            last += 1 if endless or not last else 0
            count += endless
            depths[-1] = max(depths[-1], last)
        else:
            last = 0
    return (max(depths) if count else 0), count


def _is_endless(element: re.Match[str]) -> bool:
    """Whether a repetition is without end, or as good as that."""
    if element["repeat"][0] != "{":
        return element["repeat"][0] in "*+"
    most = element["most"] or element["times"]
    return not most or int(most) > _MANY


class _Worker:
    """The process for expensive patterns: started when first needed, shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def ask(self, arguments: dict[str, Any]) -> Any:
        """The answer. Raises what ``evaluate`` raises, and ValueError when time is over."""
        line = json.dumps(arguments).encode() + b"\n"
        with self._lock:
            try:
                answer = self._answer(line)
            except OSError as error:
                self.stop()
                raise ValueError(f"the process for regular expressions ended: {error}") from None
        if answer is None:
            raise ValueError(f"this regular expression takes more than {SECONDS:g} seconds")
        if "error" in answer:
            kind = {"error": re.error, "IndexError": IndexError}.get(answer["error"], ValueError)
            raise kind(answer["message"])
        return answer["value"]

    def _answer(self, line: bytes) -> dict[str, Any] | None:
        process = self._process
        if process is None or process.poll() is not None:
            self.stop()
            process = self._process = self._start()
        assert process.stdin is not None
        deadline = time.monotonic() + SECONDS
        process.stdin.write(line)
        process.stdin.flush()
        received = self._received(process, deadline)
        if received is None:
            self.stop()
            return None
        answer: dict[str, Any] = json.loads(received)
        return answer

    @staticmethod
    def _received(process: subprocess.Popen[bytes], deadline: float) -> bytes | None:
        assert process.stdout is not None
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not parts or not parts[-1].endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return None
                part = os.read(process.stdout.fileno(), 1 << 20)
                if not part:
                    raise OSError("it gave no answer")
                parts.append(part)
        return b"".join(parts)

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        program = str(Path(__file__).with_name("regex_worker.py"))
        return subprocess.Popen(
            [sys.executable, "-I", "-S", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


_WORKER: Final = _Worker()

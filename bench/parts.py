"""Three smaller questions: when the first result shows, how long a plan takes, what the journal
takes a second."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.cases import ANSIBLE_50, RUNNER, Case
from bench.compare import scratch, tell
from bench.contenders import CONTENDERS, ROOT, write_files
from bench.far_end import FarEnd
from bench.measure import Failed, kill_group

_RESULT: Final = re.compile(rb"\bchanged\b")
_FLEETS: Final = (10, 230, 1000)
_PLANNED: Final = ((230, 20), (1000, 20), (10_000, 20))
_WRITERS: Final = (1, 8, 50, 100)


@dataclass(frozen=True, slots=True)
class Question:
    """Something to measure; ``ask`` gives one sample."""

    what: str
    unit: str
    digits: int
    ask: Callable[[], float]


def measure(rounds: int) -> list[dict[str, Any]]:
    """One row a question."""
    rows = []
    with FarEnd() as far_end:
        for question in _questions(far_end):
            tell(question.what)
            samples = [round(question.ask(), 4) for _ in range(rounds)]
            rows.append(
                {
                    "what": question.what,
                    "unit": question.unit,
                    "digits": question.digits,
                    "median": median(samples),
                    "samples": samples,
                }
            )
    return rows


def _questions(far_end: FarEnd) -> Iterator[Question]:
    for client in (RUNNER, ANSIBLE_50):
        if CONTENDERS[client].missing():
            continue
        for hosts in _FLEETS:
            case = Case(client, hosts, 1)
            what = f"first result of {client}, {hosts:,} hosts"
            yield Question(what, "s", 2, partial(first_result, case, far_end))
    for hosts, tasks in _PLANNED:
        case = Case(RUNNER, hosts, tasks)
        what = f"from YAML to the checked graph, {hosts:,} hosts, {tasks} tasks"
        yield Question(what, "s", 2, partial(compile_seconds, case))
    for threads in _WRITERS:
        what = f"durable intents in the journal, {threads} at once"
        yield Question(what, "a second", 0, partial(intents_a_second, threads))
    yield Question("fsync of a small file, for comparison", "a second", 0, syncs_a_second)


def first_result(case: Case, far_end: FarEnd) -> float:
    """Seconds from the start of the process to the first line with a result."""
    with scratch() as directory:
        write_files(case, far_end.begin(case.hosts, 0), directory)
        start = CONTENDERS[case.client].start(case, directory)
        begun = time.monotonic()
        process = subprocess.Popen(
            start.argv,
            env=dict(start.environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return _until_result(process, begun)
        finally:
            # The hosts are simulated: what is left of the run is of no interest.
            kill_group(process.pid)
            process.communicate()


def _until_result(process: subprocess.Popen[bytes], begun: float) -> float:
    said = []
    for line in process.stdout or ():
        if _RESULT.search(line):
            return time.monotonic() - begun
        said.append(line)
    raise Failed("no result was shown:\n" + b"".join(said).decode("utf-8", "replace"))


def compile_seconds(case: Case) -> float:
    """Processor seconds from YAML to the checked graph."""
    with scratch() as directory:
        write_files(case, [("127.0.0.1", 5985)] * case.hosts, directory)
        return _child("bench.inside.compile", str(directory / "command.yml"), directory)


def intents_a_second(threads: int) -> float:
    """Changes that a journal on this disk takes, each on the disk before it would be sent."""
    with scratch() as directory:
        return _child("bench.inside.intents", str(threads), directory)


def syncs_a_second(seconds: float = 1.0) -> float:
    """How often this disk brings a small write to safety."""
    with scratch() as directory:
        return _child("bench.inside.syncs", str(seconds), directory)


def _child(module: str, argument: str, directory: Path) -> float:
    argv = [sys.executable, "-m", module, argument, str(directory)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr}")
    return float(json.loads(done.stdout))

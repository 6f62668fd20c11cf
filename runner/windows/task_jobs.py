"""Jobs that a host's task scheduler runs as another account, each in a folder of its own.

The folder is in the profile of the account that we log on with, which is open to that account,
administrators and SYSTEM only; another account that a job runs as is let into the job's own
folder. ``run.cmd`` is what runs, the folder ``begun`` says that it does, ``out`` and ``err`` take
what it prints, ``rc`` its exit code once it ended. While it runs it holds ``out`` open, so nobody
else can open that for writing.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.detached import Jobs, JobState, JobStatus, checked
from runner.interfaces.exchange import Command, Query, Reply, Script, Sleep, read

PLACE: Final = "%USERPROFILE%\\.runner_become"
"""For lines of cmd, which puts the profile's path in its place."""

_SAID: Final = re.compile(r"^(code)=(-?\d+)\s*$|^(waiting|running|ended|absent)\s*$", re.MULTILINE)
_LOOKS: Final = 3
"""How often a job must be seen without an exit code and without a process before it is dead."""


def folder(job: str) -> str:
    """The job's folder, for lines of cmd."""
    return f"{PLACE}\\{checked(job)}"


def task_name(job: str) -> str:
    """The name of the job's scheduled task."""
    return f"runner-{checked(job)}"


class TaskJobs(Jobs):
    """Jobs of the task scheduler."""

    def status(self, job: str) -> Generator[Query, Reply, JobStatus]:
        for _ in range(_LOOKS - 1):
            word, code = yield from _look(job)
            if word != "ended":
                return _STATES.get(word) or JobStatus(JobState.FINISHED, code=code)
            yield Sleep(0.3)  # its exit code is written right after its end
        word, code = yield from _look(job)
        return _STATES.get(word) or JobStatus(JobState.FINISHED, code=code)

    def output(self, job: str) -> Command:
        files = folder(job)
        return Script("cmd", f'type "{files}\\out"&type "{files}\\err">&2')

    def kill(self, job: str, status: JobStatus) -> Command:
        # Without its task nothing can start it any more; then what runs is ended.
        name = task_name(job)
        return Script("cmd", f"<nul schtasks /end /tn {name}&<nul schtasks /delete /tn {name} /f")

    def clean(self, job: str) -> Command:
        task = f"(<nul schtasks /delete /tn {task_name(job)} /f >nul 2>nul)"
        # The folder above goes with the last job in it.
        return Script("cmd", f'{task}&rmdir /s /q "{folder(job)}"&(rmdir "{PLACE}" 2>nul)')

    def place(self, job: str) -> str:
        return folder(job)


_STATES: Final = {
    "waiting": JobStatus(JobState.WAITING),
    "running": JobStatus(JobState.RUNNING),
    "ended": JobStatus(JobState.DIED),
    "absent": JobStatus(JobState.ABSENT),
}


def _look(job: str) -> Generator[Query, Reply, tuple[str, int]]:
    files = folder(job)
    alive = f'(type nul>>"{files}\\out"&&echo ended||echo running)'
    looks = (
        f'if exist "{files}\\rc" (type "{files}\\rc")',
        f'if exist "{files}\\out" {alive}',
        f'if exist "{files}\\begun" (echo running)',
        f'if exist "{files}\\run.cmd" (echo waiting) else (echo absent)',
    )
    (answer,) = yield from read(Script("cmd", " else ".join(looks)))
    said = _SAID.search(answer.stdout)
    if said is None:
        text = answer.stderr.strip() or answer.stdout.strip() or f"exit code {answer.signed}"
        raise ModuleError(f"cannot see how far the job {job} is: {text}")
    return said[1] or said[3], int(said[2] or 0) & 0xFFFFFFFF

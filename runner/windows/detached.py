"""Detached jobs of a Windows host: files in ``%USERPROFILE%\\.ansible_async`` (Ansible's folder).

A profile is closed to other users. ``JOB.cmd`` is what runs, ``JOB.run`` says that it began,
``JOB.pid`` holds its process, ``JOB.rc`` its exit code once it ended, ``JOB.out`` and ``JOB.err``
what it printed.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.detached import Jobs, JobState, JobStatus, checked
from runner.interfaces.exchange import Command, Exec, Output, Query, Reply, Script, read

FOLDER: Final = "%USERPROFILE%\\.ansible_async"
"""For lines of cmd, which puts the profile's path in its place."""

_SAID: Final = re.compile(r"^(code|pid)=(-?\d+)\s*$", re.MULTILINE)


class WindowsJobs(Jobs):
    """Jobs whose files are in the profile of the user that asks."""

    def status(self, job: str) -> Generator[Query, Reply, JobStatus]:
        """One look at the files; where the job runs, a second one at its process."""
        found = yield from self._files(job)
        if found.state is not JobState.RUNNING or not found.pid:
            return found
        (running,) = yield from read(
            Exec("tasklist", "/fi", f"pid eq {found.pid}", "/fo", "csv", "/nh")
        )
        # A number is soon used again: it must still be a cmd.
        if running.code != 0 or f'"cmd.exe","{found.pid}"' in running.stdout.lower():
            return found
        again = yield from self._files(job)  # it may have ended between the two looks
        return JobStatus(JobState.DIED) if again.state is JobState.RUNNING else again

    def _files(self, job: str) -> Generator[Query, Reply, JobStatus]:
        files = _files(job)
        looks = [f'if exist "{files}.{end}" (type "{files}.{end}")' for end in ("rc", "pid")]
        began = f'if exist "{files}.run" (echo pid=0) else (echo absent)'
        (answer,) = yield from read(Script("cmd", " else ".join([*looks, began])))
        if answer.code == 0 and answer.stdout.strip() == "absent":
            return JobStatus(JobState.ABSENT)
        said = _SAID.search(answer.stdout)
        if said is None:
            raise _unclear(job, answer)
        if said[1] == "code":
            return JobStatus(JobState.FINISHED, code=int(said[2]) & 0xFFFFFFFF)
        return JobStatus(JobState.RUNNING, pid=int(said[2]))

    def output(self, job: str) -> Command:
        files = _files(job)
        return Script("cmd", f'type "{files}.out"&type "{files}.err">&2')

    def kill(self, job: str, status: JobStatus) -> Command:
        return Exec("taskkill", "/f", "/t", "/pid", str(status.pid))

    def clean(self, job: str) -> Command:
        return Script("cmd", f'del /q "{_files(job)}.*"')

    def place(self, job: str) -> str:
        return f"{FOLDER}\\{job}"


def _files(job: str) -> str:
    return f"{FOLDER}\\{checked(job)}"


def _unclear(job: str, answer: Output) -> ModuleError:
    said = answer.stderr.strip() or answer.stdout.strip() or f"exit code {answer.signed}"
    return ModuleError(f"cannot see how far the detached job {job} is: {said}")

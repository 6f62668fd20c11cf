"""Detached jobs of a POSIX host: files in ``~/.ansible_async`` (Ansible's folder), mode 0700.

``JOB.pid`` holds the process that leads the job's group, ``JOB.rc`` the exit code once it ended,
``JOB.out`` and ``JOB.err`` what it printed. Where the home cannot be written, the folder is
``/tmp/.runner-UID``, which must be ours.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.detached import Jobs, JobState, JobStatus, checked
from runner.interfaces.exchange import Query, Reply, Script, read

_FOLDER: Final = """\
d=${HOME:-/nonexistent}/.ansible_async
[ -d "$d" ] && [ -w "$d" ] || d=/tmp/.runner-$(id -u)
"""
MAKE_FOLDER: Final = f"""\
umask 077
[ -z "$HOME" ] || mkdir "$HOME/.ansible_async" 2>/dev/null
{_FOLDER}mkdir "$d" 2>/dev/null
[ -d "$d" ] && [ ! -L "$d" ] && [ -O "$d" ] && chmod 700 "$d" || {{
echo "no folder of our own for detached jobs: $d" >&2
exit 1
}}
"""
"""Makes the folder and leaves its name in ``$d``; ends the script when there can be none."""

_STATUS: Final = """\
said() { [ -f "$p.rc" ] && echo "finished $(cat "$p.rc")"; }
if said; then :
elif [ -f "$p.pid" ]; then
n=$(cat "$p.pid")
if kill -0 "$n" 2>/dev/null; then echo "running $n"
else said || echo "died $n"
fi
else echo 'absent 0'
fi
"""

# The leader of the group is the shell that waits for the command: with it gone nobody writes an
# exit code. Without setsid on the host there is no group, and only the leader is found.
_KILL: Final = """\
n=$(cat "$p.pid") || exit 1
all() { kill "-$1" "-$n" 2>/dev/null || kill "-$1" "$n" 2>/dev/null; }
all TERM || exit 0
i=0
while kill -0 "$n" 2>/dev/null && [ "$i" -lt 3 ]; do
sleep 1
i=$((i + 1))
done
all KILL
exit 0
"""


class PosixJobs(Jobs):
    """Jobs whose files are in the home of the user that asks."""

    def status(self, job: str) -> Generator[Query, Reply, JobStatus]:
        (answer,) = yield from read(_script(job, _STATUS))
        word, _, number = answer.stdout.strip().partition(" ")
        if answer.code != 0 or word not in set(JobState) or not (number or "0").isdigit():
            said = answer.stderr.strip() or answer.stdout.strip() or f"exit code {answer.code}"
            raise ModuleError(f"cannot see how far the detached job {job} is: {said}")
        state = JobState(word)
        value = int(number or 0)
        if state is JobState.FINISHED:
            return JobStatus(state, code=value)
        return JobStatus(state, pid=value)

    def output(self, job: str) -> Script:
        return _script(job, 'cat "$p.out"\ncat "$p.err" >&2\n')

    def kill(self, job: str, status: JobStatus) -> Script:
        return _script(job, _KILL)

    def clean(self, job: str) -> Script:
        return _script(job, 'rm -f "$p".*\n')

    def place(self, job: str) -> str:
        return f"~/.ansible_async/{job}"


def _script(job: str, text: str) -> Script:
    return Script("posix", f'{_FOLDER}p="$d"/{checked(job)}\n{text}')

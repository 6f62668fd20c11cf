"""The script that detaches a command on a POSIX host; see ``runner.posix.detached`` for its files.

The command runs under a shell that leads a session of its own, so neither the end of the
connection nor a terminal's hang-up reaches it. That shell waits for it and keeps its exit code.
"""

from __future__ import annotations

from typing import Final

from runner.interfaces.detached import checked
from runner.posix.detached import MAKE_FOLDER
from runner.posix.quoting import quote

# $1 is the path of the job's files without an ending, $2 the umask of the user.
_LEADER: Final = """\
p=$1
trap '' HUP
echo $$ >"$p.tmp" && mv "$p.tmp" "$p.pid"
( umask "$2"; trap - HUP; exec %s ) >"$p.out" 2>"$p.err"
echo $? >"$p.tmp"
mv "$p.tmp" "$p.rc"
"""
_LAUNCH: Final = """\
u=$(umask)
%(folder)sp="$d"/%(job)s
if [ -e "$p.pid" ] || [ -e "$p.rc" ]; then
echo 'a detached job of that id is there already' >&2
exit 1
fi
%(input)s
s=nohup
command -v setsid >/dev/null && s=setsid
$s /bin/sh -c %(leader)s runner "$p" "$u" <%(from)s >/dev/null 2>&1 &
i=0
until [ -s "$p.pid" ]; do
[ "$i" -lt 10 ] || { echo 'it did not start within 10 s' >&2; exit 1; }
i=$((i + 1))
sleep 0.05 2>/dev/null || sleep 1
[ "$i" -lt 5 ] || sleep 1
done
"""


def launch(body: str, job: str, *, has_input: bool) -> str:
    """The script that starts ``body``, a simple command, as that job.

    Its own standard input is kept in a file first where the command has one.
    """
    return _LAUNCH % {
        "folder": MAKE_FOLDER,
        "job": checked(job),
        "input": 'cat >"$p.in" || exit 1' if has_input else ":",
        "leader": quote(_LEADER % body),
        "from": '"$p.in"' if has_input else "/dev/null",
    }

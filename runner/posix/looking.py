"""One look at a port or a file of a Unix host, with what is there to look with.

Python does it where there is one (2.7 will do), since the regular expressions of playbooks are
Python's. Without it, ports are tried with bash or nc, and what is read is matched here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output, Script
from runner.posix import tools

MOST_BYTES: Final = 1_048_576
"""Of a file or a port that no Python can search on the host, so much is read and searched here."""
_MET: Final = 0
_NOT_MET: Final = 1
_NO_TOOL: Final = 3
_PROBLEM: Final = 4

_PYTHON: Final = r"""
import errno, json, os, re, select, socket, sys, time
kind, where, port, seconds, wanted = sys.argv[1:6]
if isinstance(wanted, bytes):
    wanted = wanted.decode('utf-8')
wanted = re.compile(wanted, re.M | re.U) if wanted else None
def search(data):
    found = wanted.search(data.decode('utf-8', 'replace'))
    if found:
        print(json.dumps([found.groups(), found.groupdict()]))
        sys.exit(0)
def fail(text):
    sys.stderr.write(text + '\n')
    sys.exit(4)
if kind == 'file':
    try:
        os.stat(where)
    except OSError as error:
        if error.errno != errno.ENOENT:
            fail(str(error))
        sys.exit(1)
    if wanted is None:
        sys.exit(0)
    try:
        with open(where, 'rb') as data:
            search(data.read())
    except (IOError, OSError):
        pass
    sys.exit(1)
try:
    link = socket.create_connection((where, int(port)), float(seconds))
except Exception:
    sys.exit(1)
if wanted is None:
    link.close()
    sys.exit(0)
said, end = b'', time.time() + float(seconds)
while time.time() < end and select.select([link], [], [], max(0, end - time.time()))[0]:
    try:
        more = link.recv(4096)
    except (IOError, OSError):
        break
    said += more
    search(said)
    if not more:
        break
sys.exit(1)
"""

_SHELL: Final = """\
for p in /usr/bin/python3 /usr/libexec/platform-python python3 python python2; do
command -v "$p" >/dev/null 2>&1 || continue
"$p" -c 'import json, select, socket' 2>/dev/null || continue
look=$1; shift
exec "$p" -c "$look" "$@"
done
shift
if [ "$1" = file ]; then
[ -e "$2" ] || exit 1
[ -z "$5" ] && exit 0
[ "$(wc -c <"$2")" -le "$6" ] || { echo "$2 is too long to be searched without Python" >&2; exit 4; }
cat "$2" 2>/dev/null
exit 2
fi
if command -v bash >/dev/null && command -v timeout >/dev/null; then
try='exec 3<>"/dev/tcp/$1/$2" || exit 1; [ -z "$3" ] || cat <&3'
if [ -z "$5" ]; then
timeout "$4" bash -c "$try" bash "$2" "$3" '' 2>/dev/null || exit 1
exit 0
fi
timeout "$4" bash -c "$try" bash "$2" "$3" read 2>/dev/null | head -c "$6"
exit 2
fi
if command -v nc >/dev/null; then
if [ -z "$5" ]; then nc -z -w "$4" "$2" "$3" 2>/dev/null || exit 1; exit 0; fi
nc -w "$4" "$2" "$3" </dev/null 2>/dev/null | head -c "$6"
exit 2
fi
echo 'there is neither Python nor bash with timeout nor nc to try the port with' >&2
exit 3
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether it is there (and matches), and what the expression caught."""

    there: bool
    groups: tuple[str | None, ...] = ()
    named: tuple[tuple[str, str | None], ...] = ()


def at_file(path: str, wanted: str) -> Script:
    """Whether a file is there and, with ``wanted``, holds a match of it.

    ``~`` and ``$NAME`` in the path are the host's.
    """
    return _look("file", tools.Expanded(path), "0", 1, wanted)


def at_port(host: str, port: int, seconds: int, wanted: str) -> Script:
    """Whether a TCP port accepts connections and, with ``wanted``, says something that matches."""
    return _look("port", host, str(port), seconds, wanted)


def _look(kind: str, where: str, port: str, seconds: int, wanted: str) -> Script:
    values = (_PYTHON, kind, where, port, str(seconds), wanted, str(MOST_BYTES))
    return tools.script(_SHELL, *values, timeout=3.0 * seconds + 30)


def seen(output: Output, wanted: str, *, gone: bool = False) -> Seen:
    """What a look found. Raises ModuleError when it could not look at all.

    With ``gone`` a path that may not be looked at is none, as for Ansible.
    """
    if output.code == _PROBLEM and gone:
        return Seen(False)
    if output.code == _MET:
        if not output.stdout.strip():
            return Seen(True)
        groups, named = json.loads(output.stdout)
        return Seen(True, tuple(groups), tuple(named.items()))
    if output.code == _NOT_MET:
        return Seen(False)
    if output.code not in (2, _NO_TOOL, _PROBLEM):
        tools.expect(output, "look for it")
    if output.code != 2:
        raise ModuleError(
            f"could not look for it: {tools.complaint(output)}",
            hint="install python3 there" if output.code == _NO_TOOL else "",
        )
    found = re.search(wanted, output.stdout, re.MULTILINE)
    if found is None:
        return Seen(False)
    return Seen(True, found.groups(), tuple(found.groupdict().items()))

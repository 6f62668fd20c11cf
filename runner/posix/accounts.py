"""Users and groups of a Unix host: the lines of passwd(5), shadow(5) and group(5).

A password's hash is a secret: of one only a short digest leaves this file, enough to see that it
is another one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output

NO_PASSWORD: Final = "none"
HASHED: Final = "hash "
_DISABLED: Final = frozenset({"*", "x", "NP", "*NP*"})

LOOK_USER: Final = """\
h=$2
[ -n "$h" ] || h=$(getent passwd "$1" | cut -d: -f6)
[ -n "$h" ] || h=$(useradd -D 2>/dev/null | sed -n 's/^HOME=//p')/$1
[ -d "$h" ] && echo home
getent group "$1"
exit 0
"""
"""Whether the home folder of user ``$1`` (``$2``, or else its own or what useradd would make) is
there, and the group with the user's name."""

# A file that is not one of the skeleton's, or no longer the same, is somebody's work.
FOREIGN: Final = """\
[ -d "$1" ] || exit 0
find "$1" ! -type d -exec sh -c '
home=$1 skeleton=$2; shift 2
for f; do
cmp -s "$f" "$skeleton/${f#"$home"/}" || echo "$f"
done' sh "$1" "$2" {} + | head -n 5
for m in /var/mail/"$3" /var/spool/mail/"$3"; do
[ -s "$m" ] && echo "$m"
done
exit 0
"""
"""What the home ``$1`` and the mailbox of user ``$3`` hold beside the skeleton ``$2``."""

MAKE_HOME: Final = """\
[ -d "$1" ] && exit 0
mkdir -p "$1" || exit 1
[ ! -d "$2" ] || cp -R "$2"/. "$1"/ || exit 1
chown -hR "$3" "$1" || exit 1
m=$(sed -n 's/^[[:space:]]*HOME_MODE[[:space:]]*//p' /etc/login.defs 2>/dev/null)
u=$4
[ -n "$u" ] || u=$(sed -n 's/^[[:space:]]*UMASK[[:space:]]*//p' /etc/login.defs 2>/dev/null)
[ -n "$m" ] || m=$(printf %o $((0777 & ~0${u:-22})))
chmod "$m" "$1"
"""
"""Make the home ``$1`` from the skeleton ``$2`` for the owner ``$3``; ``$4`` may be a umask."""


@dataclass(frozen=True, slots=True)
class Passwd:
    """A line of passwd(5)."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """A line of shadow(5); days since 1970, and None for what is empty.

    ``password`` is ``none``, ``*``, or a digest of the hash. ``literal`` is the field itself where
    it holds no hash.
    """

    password: str
    locked: bool
    literal: str | None
    last_changed: int | None
    least: int | None
    most: int | None
    warn: int | None
    inactive: int | None
    expires: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A line of group(5)."""

    name: str
    gid: int
    members: tuple[str, ...]


def passwd(output: Output, name: str) -> Passwd | None:
    """What ``getent passwd NAME`` says; None when there is no such user."""
    fields = _line(output, "passwd", name)
    if fields is None:
        return None
    if len(fields) < 7:
        raise ModuleError(f"the user database has a damaged line for {name}")
    return Passwd(fields[0], int(fields[2]), int(fields[3]), fields[4], fields[5], fields[6])


def shadow(output: Output, name: str) -> Shadow | None:
    """What ``getent shadow NAME`` says; None for an account that may not ask, or is not there."""
    fields = _line(output, "shadow", name)
    if fields is None or len(fields) < 8:
        return None
    days = [int(text) if text.lstrip("-").isdigit() else None for text in fields[2:8]]
    field = fields[1]
    password, locked = marker(field), field.startswith("!")
    literal = None if password.startswith(HASHED) else field
    return Shadow(password, locked, literal, *(None if day == -1 else day for day in days))


def marker(field: str) -> str:
    """What may be told of a password field, a lock left aside."""
    body = field.lstrip("!")
    if not body:
        return NO_PASSWORD
    if body in _DISABLED:
        return body
    return f"{HASHED}{hashlib.sha256(body.encode()).hexdigest()[:8]}"


def groups(text: str) -> tuple[Group, ...]:
    """The lines of ``getent group``."""
    found = []
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= 4 and fields[2].isdigit():
            members = tuple(filter(None, fields[3].split(",")))
            found.append(Group(fields[0], int(fields[2]), members))
    return tuple(found)


def _line(output: Output, database: str, name: str) -> list[str] | None:
    """The fields of the only line; exit code 2 says that there is none (getent(1))."""
    if output.code == 2:
        return None
    if output.code != 0:
        said = output.stderr.strip() or f"exit code {output.code}"
        raise ModuleError(f"cannot look {name} up in {database}: {said}")
    lines = output.stdout.splitlines()
    return lines[0].split(":") if lines else None

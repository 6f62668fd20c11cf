"""Whether this computer can simulate Linux hosts."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from typing import Final

SPACES: Final = ("--mount", "--uts", "--ipc", "--net", "--pid")
USER: Final = ("--user", "--map-root-user")
_PROGRAMS: Final = ("unshare", "nsenter", "setpriv", "mount", "pivot_root")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TRY: Final = """\
mount --make-rprivate /
mount -t tmpfs probe /mnt
mkdir /mnt/p
mount -t proc proc /mnt/p
exec setpriv --bounding-set -all,+chown true
"""
"""The mounts and the restricted set of rights of every simulated host."""


@cache
def missing() -> str:
    """What keeps it from that, as a sentence without an end; empty when nothing does."""
    absent = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    if absent:
        return f"this machine has no {', '.join(absent)} (util-linux)"
    probe = [
        "unshare", *space_of_users(), *SPACES, "--fork", "sh", "-ec",
        _TRY,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            probe, capture_output=True, text=True, check=False, timeout=30,
            env={"PATH": _PATH},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"this machine does not let a process have namespaces of its own: {error}"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or ["unshare failed"])[-1]
    return f"this machine does not let a process have namespaces of its own: {said}"


def space_of_users() -> tuple[str, ...]:
    """A namespace for users as well, unless we are root."""
    return () if os.geteuid() == 0 else USER

"""When the controller itself has run out of file descriptors, and its hosts are not to blame."""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

try:
    import resource
except ImportError:  # no Unix: there is no such limit
    resource = None  # type: ignore[assignment]

_SHORT: Final = frozenset({errno.EMFILE, errno.ENFILE})
ADVICE: Final = (
    "the host is not to blame: allow this process more open files (ulimit -n 4096, systemd: "
    "LimitNOFILE=), or work on fewer hosts at once (--forks)"
)


def in_words() -> str:
    """What has happened, with the limit."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if resource is not None else 0
    return "this controller cannot open any more files" + (f" (limit {limit})" if limit else "")


def is_behind(error: BaseException) -> bool:
    """Whether the error, or one that led to it, came of it: EMFILE or ENFILE (open(2)).

    A name that is not found and code that cannot be loaded may come of it, too, without saying so:
    then it is seen whether there are none left now.
    """
    seen: set[int] = set()
    each: BaseException | None = error
    unsure = False
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        if isinstance(each, socket.gaierror | ImportError):
            unsure = True
        elif isinstance(each, OSError) and each.errno in _SHORT:
            return True
        each = each.__cause__ or each.__context__
    return unsure and _none_left()


def _none_left() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in _SHORT
    return False


def runs_low(number: int) -> bool:
    """Whether a descriptor that was just made, which is always the lowest free one, shows that half
    of those that there may be are taken."""
    if resource is None:
        return False
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return limit != resource.RLIM_INFINITY and number * 2 > limit

r"""Hives out of files: loaded under ``HKLM\ANSIBLE``, and unloaded whatever happens.

Source: Microsoft, "reg load", "reg unload", "RegLoadKey" (a file that is not there would be made,
so it is looked for first), "Registry Hives" (``hivelist`` says from which file a hive comes).
A look loads and unloads in one exchange. A change keeps it loaded from its first command to its
last; if the connection is lost in between, the hive stays loaded, which the next look finds.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, Final, TypeVar, cast

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Exec, Output, Query, Read, Reply, Request, Sleep, read, write
from runner.windows import registry
from runner.windows.looking import FILE, look

ROOT: Final = r"HKLM\ANSIBLE"
"""Where a hive is loaded; Ansible's name."""

_LIST: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\hivelist"
_NAME: Final = r"\REGISTRY\MACHINE\ANSIBLE"
_VOLUME: Final = re.compile(r"^\\(?:Device\\[^\\]+|\?\?\\[A-Za-z]:)")
_LOADED: Final = registry.query(_LIST, _NAME)
_UNLOAD: Final = Exec("reg", "unload", ROOT)
_IN_USE: Final = (
    "somebody may be logged on whose profile it is: then it is loaded already, as HKU:\\ and the "
    "user's SID; or another program holds it"
)

_BY_HAND: Final = f"another program may hold a key in it open; do it by hand: reg unload {ROOT}"
_TRIES: Final = 5
_PAUSE: Final = 1.0
"""Seconds: a scanner that looks at what was written lets go of it soon."""

T = TypeVar("T")


def is_in(path: str) -> bool:
    """Whether a key is in the hive that is loaded."""
    return f"{path}\\".casefold().startswith(f"{ROOT}\\".casefold())


def is_loaded(file: str) -> Generator[Query, Reply, bool]:
    """Whether this file is what is loaded, which somebody must have left so.

    Raises Refused where the file is not there, or where another one is loaded.
    """
    (seen,) = yield from look([file])
    if seen.kind != FILE:
        raise Refused(f"there is no hive {file}", hint="give the file, such as NTUSER.DAT, whole")
    (listed,) = yield from read(_LOADED)
    other = _loaded_from(listed)
    if other and not _same(other, file):
        raise Refused(
            f"another hive is loaded as {ROOT}: {other}",
            hint=f"unload it first: reg unload {ROOT}",
        )
    return bool(other)


def _loaded_from(listed: Output) -> str:
    return registry.text(listed, _NAME)


def _same(listed: str, file: str) -> bool:
    """Windows writes the volume as a device; which drive that is, no tool of cmd tells."""
    return _VOLUME.sub("", listed).casefold() == file[2:].casefold()


def looking(file: str, work: Generator[Query, Reply, T]) -> Generator[Query, Reply, T]:
    """Drive a look with the hive loaded around each of its exchanges. Raises ModuleError."""
    try:
        request: Any = next(work)
        while True:
            try:
                reply = yield _around(request, file)
                if isinstance(request, Read):
                    _check(reply[0], f"load the hive {file}", _IN_USE)
                    tries = _TRIES
                    while (unloaded := reply[-1]).code != 0 and (tries := tries - 1):
                        yield Sleep(_PAUSE)
                        reply = (*reply[:-1], *(yield Read((_UNLOAD,))))
                    _check(unloaded, f"unload the hive {file}", _BY_HAND)
                    reply = reply[1:-1]
            except Exception as error:  # noqa: BLE001 - what the host did is the work's business
                request = work.throw(error)
            else:
                request = work.send(reply)
    except StopIteration as stop:
        return cast(T, stop.value)


def _around(request: Any, file: str) -> Any:
    if isinstance(request, Read):
        return Read((_load(file), *request.commands, _UNLOAD))
    return request


def _load(file: str) -> Exec:
    return Exec("reg", "load", ROOT, file)


def _check(output: Output, doing: str, hint: str) -> None:
    if output.code != 0:
        said = (output.stderr.strip() or output.stdout.strip()).splitlines()
        detail = said[0].strip() if said else f"exit code {output.signed}"
        raise ModuleError(f"could not {doing}: {detail}", hint=hint)


def within(
    file: str, work: Generator[Request, Reply, T], *, loaded: bool, stays: bool
) -> Generator[Request, Reply, T]:
    """Drive a change with the hive loaded from its first command to its last.

    ``loaded`` says that it is loaded already, ``stays`` that it shall be afterwards. After a
    failure that the host told of it is unloaded all the same.
    """
    if not loaded:
        output = yield from write(_load(file))
        if output.code != 0:
            listed = (yield from read(_LOADED))[0]
            if not _same(_loaded_from(listed), file):
                _check(output, f"load the hive {file}", _IN_USE)
    try:
        done = yield from work
    except ModuleError:
        if not stays:
            yield from write(_UNLOAD)
        raise
    if not stays:
        yield from _unload(file)
    return done


def left(file: str) -> Generator[Request, Reply, None]:
    """Unload a hive that a change left loaded, because its end was not seen. Raises ModuleError."""
    (listed,) = yield from read(_LOADED)
    if _same(_loaded_from(listed), file):
        yield from _unload(file)


def _unload(file: str) -> Generator[Request, Reply, None]:
    output = yield from write(_UNLOAD)
    for _ in range(_TRIES - 1):
        if output.code != 0:
            yield Sleep(_PAUSE)
            output = yield from write(_UNLOAD)
    _check(output, f"unload the hive {file}", _BY_HAND)

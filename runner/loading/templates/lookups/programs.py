"""Lookups that do something on the controller: run a program, keep a password in a file.

They do it whenever a template is rendered. In a dry run nothing is run and nothing is written:
what only they can tell is then not known.
"""

from __future__ import annotations

import fcntl
import os
import random
import selectors
import signal
import string
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from jinja2.utils import missing

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates.filters.encodings import password_hash
from runner.loading.templates.filters.numbers import to_bool
from runner.loading.templates.lookups.variables import only, text_of
from runner.loading.templates.plain import plain
from runner.loading.templates.scope import Scope
from runner.loading.templates.search_path import LARGEST, base_folder
from runner.loading.text.arguments import parse_arguments

SECONDS: Final = 60.0
"""How long a program may run."""
_NOWHERE: Final = "/dev/null"
_PASSWORD: Final = ("length", "encrypt", "chars", "ident", "seed")
_LONGEST_PASSWORD: Final = 10_000
_SALT: Final = string.ascii_letters + string.digits + "./"
_SALT_SIZES: Final = {"md5_crypt": 8, "bcrypt": 22, "sha256_crypt": 16, "sha512_crypt": 16}
_WRITING: Final = threading.Lock()


def refuse_dry_run(scope: Scope, what: str) -> None:
    """Nor in a rehearsal, unless it may do what the playbook does on this machine."""
    here = _is_set(scope, "runner_rehearsal_with_local")
    if _is_set(scope, "ansible_check_mode") or (_is_set(scope, "runner_rehearsal") and not here):
        raise DependsOnUnknown(what)


def _is_set(scope: Scope, name: str) -> bool:
    value = scope.lookup(name)
    return value is not missing and to_bool(plain(value))


def _pipe(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The output of commands of the controller's shell."""
    only(options)
    refuse_dry_run(scope, "the output of a program on the controller (lookup 'pipe')")
    return [_output(scope, str(term)).decode("utf-8").rstrip() for term in terms]


def _lines(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The same, as lines."""
    only(options)
    refuse_dry_run(scope, "the output of a program on the controller (lookup 'lines')")
    return [
        line.decode("utf-8") for term in terms for line in _output(scope, str(term)).splitlines()
    ]


def _output(scope: Scope, command: str) -> bytes:
    """What a command prints. Raises TemplateError when it fails, takes too long, says too much."""
    process = subprocess.Popen(
        command,
        cwd=base_folder(scope),
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        with process.stdout as stream:
            output = _read(stream.fileno(), command)
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        raise TemplateError(f"'{command}' closed its output and did not end") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code:
        raise TemplateError(f"'{command}' ended with exit code {code}")
    return output


def _read(descriptor: int, command: str) -> bytes:
    deadline = time.monotonic() + SECONDS
    parts: list[bytes] = []
    size = 0
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if not selector.select(max(deadline - time.monotonic(), 0)):
                raise TemplateError(f"'{command}' takes more than {SECONDS:g} seconds")
            part = os.read(descriptor, 1 << 16)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise TemplateError(f"'{command}' prints more than {LARGEST:,} bytes")


def _password(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The password in a file, which is made when it is not there (not for /dev/null)."""
    only(options, *_PASSWORD)
    found: list[Any] = []
    for term in terms:
        name, _, rest = text_of(term).partition(" ")
        given = parse_arguments(rest, command=False)
        if given.free:
            name = f"{name} {given.free}"
        only(given.values, *_PASSWORD)
        found.append(_one_password(scope, name, {**options, **given.values}))
    return found


def _one_password(scope: Scope, name: str, settings: Mapping[str, Any]) -> str:
    path = base_folder(scope) / Path(name).expanduser()
    with _WRITING, _alone(path):
        stored = "" if name == _NOWHERE or not path.exists() else path.read_text("utf-8").rstrip()
        keep = name != _NOWHERE and not path.exists()
        if keep:
            refuse_dry_run(scope, f"the password that the real run keeps in {path}")
        password, salt, ident = _parsed(stored)
        if name == _NOWHERE or keep:
            password = _new_password(settings)
        scheme = settings.get("encrypt")
        wanted = settings.get("ident")
        if ident and wanted and ident != wanted:
            raise ValueError(f"ident is {wanted}, but {path} was made with {ident}")
        ident = ident or wanted or ("2b" if scheme == "bcrypt" else None)
        if scheme and not salt:
            salt = _chosen(_SALT, _SALT_SIZES.get(str(scheme), 8), None)
            keep = name != _NOWHERE
            refuse_dry_run(scope, f"the salt that the real run keeps in {path}")
        if keep:
            _store(path, password, salt, ident if scheme == "bcrypt" else None)
    scope.templates.saw_secret(password)
    if not scheme:
        return password
    return scope.templates.saw_secret(password_hash(password, str(scheme), salt, ident=ident))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from making the same password meanwhile: two would make two."""
    handle = _lock(next((one for one in path.parents if one.is_dir()), path))
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(folder: Path) -> int | None:
    """A lock on a folder, which closing gives back; None where there can be none."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    with suppress(OSError):  # a file system without locks
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _parsed(stored: str) -> tuple[str, str | None, str | None]:
    """The password, salt and version of bcrypt that a file holds."""
    password, found, rest = stored.rpartition(" salt=")
    if not found:
        return stored, None, None
    salt, found, ident = rest.rpartition(" ident=")
    return (password, salt, ident) if found else (password, rest, None)


def _new_password(settings: Mapping[str, Any]) -> str:
    length = int(settings.get("length", 20))
    if not 0 <= length <= _LONGEST_PASSWORD:
        raise ValueError(f"length is between 0 and {_LONGEST_PASSWORD}, not {length}")
    sets = settings.get("chars", ["ascii_letters", "digits", ".,:-_"])
    if isinstance(sets, str):
        comma = [","] if ",," in sets else []
        sets = comma + [part for part in sets.replace(",,", ",").split(",") if part]
    named = {
        name: getattr(string, name)
        for name in dir(string)
        if not name.startswith("_") and isinstance(getattr(string, name), str)
    }
    chars = "".join(named.get(str(entry), str(entry)) for entry in sets)
    return _chosen(chars.replace('"', "").replace("'", ""), length, settings.get("seed"))


def _chosen(chars: str, length: int, seed: Any) -> str:
    chance = random.SystemRandom() if seed is None else random.Random(seed)
    return "".join(chance.choice(chars) for _ in range(length))


def _store(path: Path, password: str, salt: str | None, ident: str | None) -> None:
    """Write the file, for its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = password + (f" salt={salt}" if salt else "") + (f" ident={ident}" if ident else "")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        path.chmod(0o600)
        stream.write(content + "\n")


LOOKUPS: Final[dict[str, Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]]] = {
    "pipe": _pipe,
    "lines": _lines,
    "password": _password,
}

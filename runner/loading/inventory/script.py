"""Inventories that a program prints: ``--list`` gives JSON, ``--host NAME`` one host's variables.

The format is Ansible's ("Developing dynamic inventory", docs.ansible.com). Texts in variables may
hold templates, as in ansible-core 2.19; what stands under ``__ansible_unsafe`` is only data.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from runner.errors import InventoryError
from runner.loading.inventory.assembly import Assembly, Where
from runner.loading.inventory.tree import ALL
from runner.loading.text.data import as_data
from runner.loading.text.files import place
from runner.loading.text.problems import Problems
from runner.loading.text.words import suggestion
from runner.model.source import Source

TIMEOUT: Final = 120.0
"""Seconds that a script may take for one answer."""
_KEYS: Final = ("hosts", "children", "vars")
_META: Final = "_meta"
_SHOWN: Final = 2000
"""Characters of a script's error output that are shown."""


def is_script(path: Path, content: bytes) -> bool:
    """Whether a file is a program: executable, and beginning as one."""
    return content.startswith((b"#!", b"\x7fELF")) and os.access(path, os.X_OK)


class Scripts:
    """Runs each script once for each question and remembers what it answered."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self.answers: dict[str, str] = {}

    def ask(self, path: Path, *words: str) -> str:
        """What the script prints. Raises InventoryError when it fails or takes too long."""
        key = "\0".join((str(path), *words))
        if key not in self.answers:
            self.answers[key] = self._run(path, words)
        return self.answers[key]

    def _run(self, path: Path, words: tuple[str, ...]) -> str:
        said = f"the inventory script {path.name} {' '.join(words)}"
        start = _start(path)
        try:
            process = subprocess.Popen(
                [str(path.absolute()), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"{said} cannot be started: {reason}"
            hint = "look at the program that its first line names"
            raise InventoryError(message, source=start, hint=hint) from None
        try:
            out, err = process.communicate(timeout=self._timeout)
        except subprocess.TimeoutExpired:
            message = f"{said} did not answer within {self._timeout:g} seconds"
            raise InventoryError(message, source=start) from None
        finally:
            _end(process)
        errors = _last(err)
        if process.returncode:
            message = f"{said} ended with exit code {process.returncode}"
            raise InventoryError(message, source=start, hint=errors or "it printed no error")
        try:
            return out.decode("utf-8")
        except UnicodeDecodeError:
            message = f"{said} printed something that is not UTF-8"
            raise InventoryError(message, source=start, hint=errors) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """A script that did not come to an end takes everything that it started with it."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def _last(output: bytes) -> str:
    text = output.decode("utf-8", "replace").strip()
    if not text:
        return ""
    shown = text if len(text) <= _SHOWN else f"...{text[-_SHOWN:]}"
    return "its error output:\n" + "\n".join(f"    {line}" for line in shown.splitlines())


def _start(path: Path) -> Source:
    return place(str(path), 1, 1, "")


def read_script(
    path: Path, scripts: Scripts, assembly: Assembly, unlock: Callable[[str, Source], Any]
) -> None:
    """Run a script and add what it prints. ``unlock`` opens ``__ansible_vault`` texts.

    Raises InventoryError, or InputErrors for several mistakes.
    """
    answer = _Answer(path, "--list", unlock)
    data = answer.parse(scripts.ask(path, "--list"))
    problems = Problems()
    hosts: dict[str, None] = {}
    for group, content in data.items():
        if group != _META:
            with problems.collect():
                _group(answer, group, content, assembly, hosts)
    with problems.collect():
        listed = _hostvars(answer, data)
        for host in hosts:
            if listed is None:
                one = _Answer(path, f"--host {host}", unlock)
                text = scripts.ask(path, "--host", host)
                found = one.values(one.parse(text) if text.strip() else {})
                assembly.add_host(host, None, found, one.where)
            else:
                there = (_META, "hostvars", host)
                found = answer.values(answer.mapping(listed.get(host, {}), *there))
                assembly.add_host(host, None, found, answer.below(*there))
        for host in listed or ():
            if host not in hosts:
                text = f"{path}: '{_META}' has variables of '{host}', which is in no group"
                assembly.warn(text)
    problems.raise_if_any()


def _hostvars(answer: _Answer, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    meta = answer.mapping(data.get(_META, {}), _META)
    return answer.mapping(meta["hostvars"], _META, "hostvars") if "hostvars" in meta else None


def _group(
    answer: _Answer, name: str, content: Any, assembly: Assembly, hosts: dict[str, None]
) -> None:
    assembly.group(name)
    if isinstance(content, list):
        content = {"hosts": content}
    content = answer.mapping(content, name)
    if content and not any(key in content for key in _KEYS):
        assembly.warn(
            f"{answer.path}: '{name}' has none of {', '.join(_KEYS)}: it is read as a host with"
            " these variables, as in Ansible"
        )
        content = {"hosts": [name], "vars": content}
    for key in content:
        if key not in _KEYS:
            hint = suggestion(key, _KEYS)
            message = f"{answer.path}: '{key}' is no part of the group '{name}' and is ignored"
            assembly.warn(f"{message}; {hint}" if hint else message)
    for host in answer.names(content.get("hosts", []), name, "hosts"):
        hosts[host] = None
        assembly.add_host(host, name, {})
    variables = answer.values(answer.mapping(content.get("vars", {}), name, "vars"))
    assembly.add_group_vars(name, variables, answer.below(name, "vars"))
    for child in answer.names(content.get("children", []), name, "children"):
        if child == ALL:
            message = "'all' contains every group: it cannot be inside one"
            raise answer.error(message, name, "children", child)
        assembly.group(child)
        assembly.add_child(name, child, partial(answer.where, name, "children", child))


class _Answer:
    """What a script printed, taken apart; its errors say where in the answer they are."""

    def __init__(self, path: Path, words: str, unlock: Callable[[str, Source], Any]) -> None:
        self.path = path
        self._file = f"{path} {words}"
        self._unlock = unlock
        self._text = ""

    def parse(self, text: str) -> Mapping[str, Any]:
        self._text = text
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            what = f"not JSON: {error.msg.lower()}" if text.strip() else "it printed nothing"
            raise InventoryError(what, source=self._place(error.pos)) from None
        except RecursionError:
            raise self.error("this is nested too deeply") from None
        return self.mapping(data)

    def where(self, *path: str) -> Source:
        """The place of what stands below these keys, as far as they are found in the text."""
        found = 0
        for word in path:
            spellings = {json.dumps(word), json.dumps(word, ensure_ascii=False)}
            there = [at for s in spellings if (at := self._text.find(s, found)) >= 0]
            found = min(there, default=found)
        return self._place(found)

    def below(self, *path: str) -> Where:
        """Gives the place of a key below these."""
        return lambda word: self.where(*path, word)

    def _place(self, position: int) -> Source:
        before = self._text[:position]
        line = before.count("\n")
        column = position - (before.rfind("\n") + 1)
        rows = self._text.split("\n")
        return place(self._file, line + 1, column + 1, rows[line])

    def error(self, message: str, *path: str) -> InventoryError:
        return InventoryError(message, source=self.where(*path))

    def mapping(self, value: Any, *path: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        what = ".".join(path) or "the answer"
        raise self.error(f"{what} is an object, found {_kind(value)}", *path)

    def names(self, value: Any, *path: str) -> list[str]:
        what = ".".join(path)
        if not isinstance(value, list):
            raise self.error(f"{what} is a list of names, found {_kind(value)}", *path)
        for name in value:
            if not isinstance(name, str) or not name.strip():
                message = f"{what} is a list of names, found {_kind(name)} in it"
                raise self.error(message, *path)
        return value

    def values(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._value(value, name) for name, value in variables.items()}

    def _value(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"__ansible_unsafe"}:
                return as_data(value["__ansible_unsafe"])
            if value.keys() == {"__ansible_vault"}:
                return self._unlock(str(value["__ansible_vault"]), self.where(name))
            return {key: self._value(item, name) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, name) for item in value]
        return value


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "nothing" if value is None else kinds.get(type(value), "a number")

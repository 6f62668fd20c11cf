"""Rows of tables for what no machine of the lab can do: the row itself says what the host answers.

``answers`` of a row is what the host says, by the words with which a command begins: a text, a
mapping of ``code``, ``out``, ``err``, ``unreachable`` or ``lost``, or a list of those, one after
the other and the last for ever. ``<<text>>`` in it is sent as base64. A script is asked for by the
name of its text, where it has one: ``_updates_scripts._SEARCH``. ``after`` are the answers from the
first write on, where they differ. ``controller`` are files of the controller, in ``{d}``.

What comes of a row: what it ``asks``, ``found`` (the state that the answers tell), ``becomes``
(what the task makes of it, field by field), the ``commands``, what the task ``returns``, and the
``undo``. With ``after``, the host is asked once more, and must be found as it was to become.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from runner.errors import ConnectionLost, ModuleError, Refused, Unreachable
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Command, Exec, Output, Script
from runner.interfaces.module import Effect, Module
from runner.interfaces.params import parse
from runner.model.source import Source
from runner.model.state import UNKNOWN, Change, differences
from runner.modules import load
from runner.modules.win_powershell import wrapper
from runner.shells import load as load_shell
from tests.modules.facts import facts
from tests.modules.scripted import Answer, Scripted

GIVEN: Final = frozenset(
    {"case", "os", "shell", "facts", "controller", "parameters", "answers", "after"}
)
_SHORT: Final = 400
"""Characters of a script that a table shows; of a longer one it shows the name."""
_BASE64: Final = re.compile("<<(.*?)>>", re.DOTALL)
_TIMES: Final = frozenset({"elapsed", "start", "end", "delta"})
_WHERE: Final = ("runner.modules.", "runner.windows.", "runner.posix.")


class Told(Scripted):
    """A host that is a row; ``did`` are its writes, ``looked`` its reads, as tables have them."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        super().__init__(_answers(row["answers"]))
        self._shell = row.get("shell", "cmd")
        self._after = _answers(row["after"]) if "after" in row else None
        self.changes = "after" in row
        self.did: list[Any] = []
        self.looked: list[Any] = []

    def _reply(self, request: Any) -> Any:
        writes = hasattr(request, "command")
        commands = (request.command,) if writes else getattr(request, "commands", ())
        if writes and self._after is not None:
            self.answers, self._after = {**self.answers, **self._after}, None
            self._used.clear()
        noted = self.did if writes else self.looked
        noted += [shown(command, self._shell) for command in commands]
        return super()._reply(request)

    def _answer(self, command: Command) -> Output:
        if isinstance(command, Script) and (name := _name_of(command.text)):
            command = dataclasses.replace(command, text=name)
        return super()._answer(command)


def shown(command: Command, shell: str) -> Any:
    """A command as the host gets it; of PowerShell the text, and what goes with it."""
    if isinstance(command, Script) and command.shell in ("powershell", "raw"):
        found: dict[str, Any] = {command.shell: _named(command.text)}
        if command.params:
            given = to_json(dict(command.params))
            found["params"] = {key: _named(value) for key, value in given.items()}
    else:
        language = command.shell if isinstance(command, Script) else shell
        line = load_shell(language).render(command).line
        if isinstance(command, Exec) or (command.stdin, command.chdir) == (None, None):
            return line
        found = {language: line}
    if command.stdin is not None:
        found["stdin"] = command.stdin
    if command.chdir is not None:
        found["chdir"] = command.chdir
    return found


def _named(value: Any) -> Any:
    """A long text by its name."""
    return value if len(str(value)) <= _SHORT else _name_of(value) or value


def outcome(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What comes of a row. The undo is given what a rollback has: what is on record."""
    with TemporaryDirectory() as folder:
        for file, text in row.get("controller", {}).items():
            Path(folder, file).write_text(text, encoding="utf-8", newline="")
        given = json.loads(json.dumps(row.get("parameters", {})).replace("{d}", folder))
        return _outcome(load(name), given, row)


def _outcome(
    module: Module[Any, Any], given: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[str, Any]:
    host, known = Told(row), _known(row)
    params = parse(module, given, {}, Source("play.yml", 1, 1))
    came: dict[str, Any] = {}
    try:
        before = host.drive(module.probe(params, known))
        if host.looked:
            came["asks"] = list(host.looked)
        if found := _filled(before):
            came["found"] = found
        after = module.plan(params, before, known)
    except (Refused, ModuleError, Unreachable) as error:
        return came | {"refused": _said(error)}
    change = Change(module.subject(params), before, after)
    if becomes := {d.field: _plain(d.after) for d in change.differences()}:
        came["becomes"] = becomes
    if module.effect is Effect.READ:
        return came | {"returns": _returned(module.result(params, change, known, {}))}
    return came | _done(module, params, change, known, host)


def _done(
    module: Module[Any, Any], params: Any, change: Change[Any], known: Mapping[str, Any], host: Told
) -> dict[str, Any]:
    """What it sends, what it returns, and what takes it back."""
    if why := module.irreversible(params, change, known):
        came: dict[str, Any] = {"irreversible": why}
    else:
        came = {}
    applied: Mapping[str, Any] = {}
    looks = len(host.looked)
    acts = module.effect is Effect.COMMAND and not getattr(change.before, "done", False)
    if acts or change.differences():
        try:
            applied = host.drive(module.apply(params, change, known)) or {}
        except (ModuleError, Refused) as error:
            return came | {"commands": host.did, "fails": _said(error)}
    came["commands"] = list(host.did)
    if host.looked[looks:]:
        came["watches"] = list(host.looked[looks:])
    came["returns"] = _returned(module.result(params, change, known, applied))
    if module.effect is Effect.STATE and not came.get("irreversible"):
        found = change.after
        if host.changes:
            found = host.drive(module.probe(params, known))
            wrong = differences(change.after, found)
            assert not [d for d in wrong if d.before is not UNKNOWN], wrong
        host.did.clear()
        kept = json.loads(json.dumps(to_json(change.before)))
        recorded = json.loads(json.dumps(to_json(params)))
        back = Change(change.subject, from_json(module.state, kept), found)
        host.drive(module.undo(from_json(module.params, recorded), back, known))
        came["undo"] = list(host.did)
    return came


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    if row.get("shell") == "posix":
        return {"shell_type": "posix", **row.get("facts", {})}
    changes = dict(row.get("facts", {}))
    about = {key: changes.pop(key) for key in ("powershell_version",) if key in changes}
    return {**facts(row["os"], **changes), "shell_type": "cmd", **about}


def _answers(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: [_answer(one) for one in said] if isinstance(said, list) else _answer(said)
        for key, said in given.items()
    }


def _answer(given: Any) -> Answer:
    if isinstance(given, str):
        return Output(0, _BASE64.sub(_encoded, given))
    if "unreachable" in given:
        return Unreachable(given["unreachable"])
    if "lost" in given:
        return ConnectionLost(given["lost"], may_have_started=True)
    said = _BASE64.sub(_encoded, given.get("out", ""))
    return Output(given.get("code", 0), said, given.get("err", ""))


def _encoded(text: re.Match[str]) -> str:
    return base64.b64encode(text[1].encode()).decode()


def _filled(state: Any) -> dict[str, Any]:
    """The fields of a state that are not as they are in an empty one."""
    whole = _plain(state)
    empty = {
        f.name: _plain(f.default) for f in dataclasses.fields(state)
        if f.default is not dataclasses.MISSING
    }  # fmt: skip
    return {key: value for key, value in whole.items() if key not in empty or value != empty[key]}


def _returned(result: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a clock says."""
    whole = _plain(dict(result))
    found: dict[str, Any] = {key: value for key, value in whole.items() if key not in _TIMES}
    return found


def _plain(value: Any) -> Any:
    text = json.dumps(to_json(value), ensure_ascii=False)
    return json.loads(text.replace(json.dumps(to_json(UNKNOWN)), '"(unknown)"'))


def _said(error: ModuleError | Refused | Unreachable) -> str:
    hint = getattr(error, "hint", "")
    return f"{error.message}; {hint}" if hint else error.message


def _name_of(text: str) -> str:
    """The name of a script's text: of the constant that it is, or of its file."""
    if text == wrapper():
        return "win_powershell.ps1"
    found = {value: name for name, value in _texts() if value == text}
    return found.get(text, "")


def _texts() -> Iterator[tuple[str, str]]:
    for name, module in list(sys.modules.items()):
        if name.startswith(_WHERE):
            short = name.rpartition(".")[2]
            yield from ((f"{short}.{key}", value) for key, value in _constants(name, module))


@cache
def _constants(name: str, module: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (key, value) for key, value in vars(module).items()
        if isinstance(value, str) and key.startswith("_") and not key.startswith("__")
        and len(value) > 40
    )  # fmt: skip

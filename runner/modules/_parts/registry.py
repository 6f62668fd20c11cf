"""A registry key or value as win_regedit sees it: its state, and how it is found."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces import touching
from runner.interfaces.exchange import Output, Query, Reply, Request, Script, read, write
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.windows import registry
from runner.windows.exit_codes import expect

MOST_VALUES: Final = 500
"""How many values of a deleted key are recorded; above that it cannot be taken back."""

# The name of a default value is localized in reg.exe's output, and an unset one is printed with
# localized text as its data. PowerShell 2.0 tells it exactly, in words of ours.
_READ_DEFAULT: Final = """\
$k=Get-Item -LiteralPath ('Registry::'+$params.path) -ErrorAction SilentlyContinue
if($params.wide -and [IntPtr]::Size -lt 8){throw 'this PowerShell is a 32-bit one'}
if($k -eq $null -or @($k.GetValueNames()) -notcontains ''){'unset'}else{
$v=$k.GetValue('',$null,'DoNotExpandEnvironmentNames')
$k.GetValueKind('').ToString()
[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]$v))}
"""
_DEFAULT_KINDS: Final = {"String": "string", "ExpandString": "expandstring"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a key that is to be deleted; ``name`` None stands for the key itself."""

    path: str
    name: str | None = None
    type: str = ""
    data: int | str | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RegistryState:
    """A key, and one value of it where a task names one.

    ``type`` is Ansible's name. ``data`` is a number, text, the items of a multi-string, or the hex
    digits of binary data. ``tree`` is all that stands below a key that a task deletes. ``nearest``
    is the deepest key of the path that exists: what a task created below it is removed by undo.
    ``hive_loaded`` says that the task's hive was left loaded, ``way`` how ``reg`` is told the view.
    """

    key_present: bool = False
    value_present: bool = False
    type: str = ""
    data: int | str | tuple[str, ...] | None = None
    tree: tuple[Entry, ...] = ()
    hive_loaded: bool = False
    nearest: str = field(default="", compare=False)
    way: str = field(default="", compare=False)


def find_value(path: str, name: str | None) -> Generator[Query, Reply, RegistryState]:
    """The key and the named value of it; no value is looked for when ``name`` is None."""
    (output,) = yield from read(registry.query(path))
    if output.code != 0:
        return RegistryState(nearest=(yield from _nearest(path)))
    found = _own(path, output).get(name) if name else None
    if found is None:
        return RegistryState(key_present=True, nearest=path)
    return RegistryState(
        key_present=True, value_present=True, type=found.type, data=found.data, nearest=path
    )


def find_default(
    path: str, kept: str = "", way: str = ""
) -> Generator[Query, Reply, RegistryState]:
    """The key and its default value; ``kept`` is where a 64-bit program finds the key.

    With a ``way`` (of a view) only a 64-bit PowerShell tells it.
    """
    state = yield from find_value(path, None)
    if not state.key_present:
        return state
    hive, rest = registry.split_path(kept or path)
    full = f"{registry.HIVES[hive]}\\{rest}"
    values = {"path": full, "wide": True} if way else {"path": full}
    (output,) = yield from read(Script("powershell", _READ_DEFAULT, params=values))
    expect(output, "powershell", f"read the default value of {path}", hint=_NEEDS_POWERSHELL)
    lines = output.stdout.split()
    if lines[:1] == ["unset"]:
        return state
    if len(lines) not in (1, 2) or lines[0] not in _DEFAULT_KINDS:
        raise ModuleError(f"the default value of {path} is no text: {' '.join(lines[:1])}")
    try:
        data = base64.b64decode("".join(lines[1:]), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ModuleError(f"the default value of {path} came back garbled") from None
    return RegistryState(
        key_present=True,
        value_present=True,
        type=_DEFAULT_KINDS[lines[0]],
        data=data,
        nearest=path,
    )


_NEEDS_POWERSHELL: Final = "a key's default value can be told exactly only with PowerShell"


def find_tree(path: str) -> Generator[Query, Reply, RegistryState]:
    """The key with all that stands below it."""
    (output,) = yield from read(registry.query(path, None, "/s"))
    if output.code != 0:
        return RegistryState(nearest=(yield from _nearest(path)))
    entries: list[Entry] = []
    for key in registry.parse(output.stdout):
        short = _short(key.path)
        entries.append(Entry(short))
        entries += [Entry(short, v.name, v.type, v.data) for v in key.values]
    return RegistryState(key_present=True, tree=tuple(entries), nearest=path)


def _nearest(path: str) -> Generator[Query, Reply, str]:
    """The deepest key above this path that exists."""
    above = registry.ancestors(path)
    if above:
        outputs = yield from read(*(registry.query(key) for key in above))
        for key, output in zip(above, outputs, strict=True):
            if output.code == 0:
                return key
    return path.partition("\\")[0]


def _own(path: str, output: Output) -> registry.Key:
    keys = registry.parse(output.stdout)
    wanted = path.casefold()
    found = next((key for key in keys if _short(key.path).casefold() == wanted), None)
    # A key without values is printed only through its subkeys, if at all.
    return found or registry.Key(path)


def _short(path: str) -> str:
    hive, rest = registry.split_path(path)
    return f"{hive}\\{rest}"


def reach(
    path: str, name: str, change: Change[RegistryState], *, tree: bool = False
) -> Reach | None:
    """What a task about a key, or about the value of that name, has to do with."""
    before, after = change.before, change.after
    comes_or_goes = before.key_present != after.key_present
    stays = (before if after.key_present else after).nearest if comes_or_goes else None
    return _reach(path, name, stays, differs=before != after, tree=tree)


@lru_cache(maxsize=1024)
def _reach(path: str, name: str, stays: str | None, *, differs: bool, tree: bool) -> Reach | None:
    """Often asked. ``stays`` is the key above that stays, where the key itself comes or goes."""
    if not registry.is_plain(path):
        return None
    keys = (path, *registry.ancestors(path))
    value = (registry.value_path(path, name),) if name else ()
    writes: tuple[str, ...] = ()
    if stays is not None:
        # The keys above it that come or go with it, from the topmost on.
        above = stays.casefold() + "\\"
        writes = tuple(k for k in keys if k.casefold().startswith(above))[-1:] or (path,)
    elif differs:
        writes = value or (path,)
    return touching.reach(reads=(*keys, *value), below=(path,) if tree else (), writes=writes)


def remove_empty(
    path: str, nearest: str, *, strict: bool = True
) -> Generator[Request, Reply, None]:
    """Remove the key and those above it, up to the one that was there before; only empty ones.
    Raises ModuleError where one is not, unless it is to be left then without a word.

    By one command, which takes the topmost: were they removed one by one, a run that dies between
    two would leave a key of which nobody knows any more that the run had created it.
    """
    made: list[str] = []
    for key in (path, *registry.ancestors(path)):
        if key.casefold() == nearest.casefold():
            break
        made.append(key)
    outputs = (yield from read(*map(registry.query, made))) if made else ()
    top, other = "", ""
    for key, output in zip(made, outputs, strict=True):
        if output.code != 0:
            continue
        if not _holds_only(output, key, top):
            other = key
            break
        top = key
    if top:
        out = yield from write(registry.delete_key(top))
        expect(out, "reg", f"delete the empty key {top}")
    if other and strict:
        raise ModuleError(
            f"the key {other} was created by the run, but now holds something else as well",
            hint="it is left in place; look at it and delete it by hand if it can go",
        )


def _holds_only(output: Output, path: str, below: str) -> bool:
    """Whether ``reg query`` of a key shows no values, and no key but the one that goes with it."""
    for key in registry.parse(output.stdout):
        if any(not value.may_be_default or value.data for value in key.values):
            return False
        # A key without values is printed only through its subkeys, if at all.
        if _short(key.path).casefold() not in (path.casefold(), below.casefold()):
            return False
    return True


def unrestorable(tree: Sequence[Entry]) -> str:
    """Why a deleted key could not be written back exactly; empty when it could."""
    named = [entry for entry in tree if entry.name is not None]
    if len(named) > MOST_VALUES:
        return f"the key holds {len(named)} values; up to {MOST_VALUES} are recorded"
    for entry in named:
        assert entry.name is not None
        value = registry.Value(entry.name, entry.type, entry.data)
        if value.may_be_default:
            return f"{entry.path} has a default value, which reg.exe does not show exactly"
        if problem := unwritable(entry.type, entry.data):
            return f"{entry.path} {entry.name}: {problem}"
    return ""


def unwritable(kind: str, data: registry.Data) -> str:
    """Why ``reg add`` could not write this value exactly; empty when it could."""
    if kind not in registry.TYPES:
        return f"reg.exe cannot write the type {kind}"
    return registry.no_text(data) if kind == "none" else registry.unwritable(data)


def normal(kind: str, data: Any) -> registry.Data:
    """A playbook's data as the state holds it. Raises ValueError for data that does not fit."""
    match kind:
        case "binary" | "none":
            return _hex(data) or ("0000" if kind == "none" else "")  # what reg.exe writes
        case "dword" | "qword":
            return _integer(data, 32 if kind == "dword" else 64)
        case "multistring":
            items = data if isinstance(data, list | tuple) else () if data is None else (data,)
            return tuple(_text(item) for item in items)
    return _text(data)


def _text(data: Any) -> str:
    if isinstance(data, list | tuple | dict):
        raise ValueError(f"text is wanted, not {data!r}; for a list use type: multistring")  # noqa: TRY004 - pydantic's
    return "" if data is None else str(data)


def _integer(data: Any, bits: int) -> int:
    if data is None:
        return 0
    text = str(data).strip().lower()
    try:
        number = int(text, 16) if text.startswith("0x") else int(text)
    except ValueError:
        raise ValueError(f"a number is wanted, such as 1 or 0xff, not {data!r}") from None
    if not -(1 << (bits - 1)) <= number < 1 << bits:
        raise ValueError(f"{data} does not fit in {bits} bits")
    return number & ((1 << bits) - 1)


def _hex(data: Any) -> str:
    if data is None:
        return ""
    if isinstance(data, int) and not isinstance(data, bool):
        data = [data]
    if isinstance(data, list | tuple):
        parts = [item if isinstance(item, int) else int(str(item), 16) for item in data]
    else:
        text = str(data).lower().strip().removeprefix("hex:")
        text = text.replace("\\", "").replace("\n", "")
        words = text.replace(",", " ").replace(":", " ").split()
        if len(words) == 1 and len(words[0]) % 2 == 0:
            words = [words[0][i : i + 2] for i in range(0, len(words[0]), 2)]
        try:
            parts = [int(word, 16) for word in words]
        except ValueError:
            raise ValueError(f"hex bytes are wanted, such as hex:be,ef, not {data!r}") from None
    if not all(0 <= part <= 255 for part in parts):
        raise ValueError("a byte is a number from 0 to 255")
    return bytes(parts).hex()

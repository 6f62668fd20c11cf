"""reg.exe: query, add, delete, copy, compare, export, import, load, unload; 1 if it fails."""

from __future__ import annotations

from collections.abc import Callable

from runner.lab.state.process import Process
from runner.lab.state.registry import Key, Value
from runner.lab.toolkit import regfile, reghive
from runner.lab.toolkit.regtree import flat, merge
from runner.lab.toolkit.regvalue import TYPES, ValueFault, parse_data, shown_data
from runner.lab.toolkit.regwords import (
    NOT_FOUND,
    VIEWS,
    Options,
    RegFault,
    as_asked,
    key_path,
    open_key,
    parse_words,
)


def main(process: Process) -> int:
    """Dispatch on the operation."""
    args = process.args
    if not args or args[0] in ("/?", "-?"):
        process.out("REG Operation [Parameter List]\n")
        return 0 if args else 1
    verb = _VERBS.get(args[0].lower())
    if verb is None:
        process.not_simulated(f"reg {args[0]}")
    try:
        return verb(process, args[1:])
    except (RegFault, ValueFault) as fault:
        if process.host.profile.legacy:
            return process.fail(1, f"\nError:  {fault}\n")
        return process.fail(1, f"ERROR: {fault}\n")


def _query(process: Process, args: list[str]) -> int:
    options = parse_words(process, "query", args, f"s ve {VIEWS}", "v")
    path, key = open_key(process, options.operands[0], options)
    if process.host.profile.legacy:
        process.out("\n! REG.EXE VERSION 3.0\n")
    wanted = "" if "ve" in options.flags else options.values.get("v")
    if wanted is None:
        _print_all(process, path, key, options)
        return 0
    found = False
    places = process.host.registry.walk(path) if "s" in options.flags else iter([(path, key)])
    for place, entry in places:
        value = entry.get(wanted)
        if value is not None:
            found = True
            process.out(f"\n{as_asked(place, options)}\n{_line(process, value)}")
    if wanted == "" and not found:
        gap = _gap(process)
        name = "<NO NAME>" if process.host.profile.legacy else "(Default)"
        shown = as_asked(path, options)
        process.out(f"\n{shown}\n{gap}{name}{gap}REG_SZ{gap}(value not set)\n")
        found = True
    if not found:
        raise RegFault(NOT_FOUND)
    process.out("\n")
    return 0


def _gap(process: Process) -> str:
    return "\t" if process.host.profile.legacy else "    "


def _line(process: Process, value: Value) -> str:
    default = "<NO NAME>" if process.host.profile.legacy else "(Default)"
    gap = _gap(process)
    return f"    {value.name or default}{gap}{value.type}{gap}{shown_data(value)}\n"


def _print_all(process: Process, path: str, key: Key, options: Options) -> None:
    lines = [_line(process, value) for value in key.values.values()]
    if "s" in options.flags:
        for place, entry in process.host.registry.walk(path):
            block = "".join(_line(process, value) for value in entry.values.values())
            process.out(f"\n{as_asked(place, options)}\n{block}")
        process.out("\n")
        return
    path = as_asked(path, options)
    if lines or process.host.profile.legacy:
        process.out(f"\n{path}\n{''.join(lines)}\n")
    else:
        process.out("\n")
    process.out("".join(f"{path}\\{child.name}\n" for child in key.children()))


def _done(process: Process) -> int:
    if process.host.profile.legacy:
        process.out("\nThe operation completed successfully\n")
    else:
        process.out("The operation completed successfully.\n\n")
    return 0


def _confirmed(process: Process, question: str) -> bool:
    """Ask; the end of input is a no."""
    process.out(question)
    answer = process.read_line().strip().lower()
    if answer[:1] == "y":
        return True
    if not process.host.profile.legacy:
        process.err("ERROR: The operation was cancelled by the user.\n")
    return False


def _add(process: Process, args: list[str]) -> int:
    options = parse_words(process, "add", args, f"ve f {VIEWS}", "v t d s")
    process.mutates()
    path = key_path(process, options.operands[0], options)
    if "\\" not in path:
        raise RegFault("Access is denied.")
    registry = process.host.registry
    names_value = "v" in options.values or "ve" in options.flags
    if not names_value:
        if {"t", "d", "s"} & set(options.values):
            raise RegFault('Invalid syntax.\nType "REG ADD /?" for usage.')
        registry.create(path)
        return _done(process)
    name = "" if "ve" in options.flags else options.values["v"]
    type_ = options.values.get("t", "REG_SZ").upper()
    if type_ not in TYPES or (type_ == "REG_QWORD" and process.host.profile.nt < (6, 0)):
        raise RegFault("Invalid syntax. Specify valid value for '/t'.")
    separator = options.values.get("s", "\\0")
    stored, data = parse_data(type_, options.values.get("d"), separator)
    old = registry.get(path, name)
    if old is not None and "f" not in options.flags:
        shown = name or "(Default)"
        if not _confirmed(process, f"Value {shown} exists, overwrite(Yes/No)? "):
            return 1
    registry.set(path, name, data, stored)
    return _done(process)


def _delete(process: Process, args: list[str]) -> int:
    options = parse_words(process, "delete", args, f"ve va f {VIEWS}", "v")
    process.mutates()
    path, key = open_key(process, options.operands[0], options)
    name = "" if "ve" in options.flags else options.values.get("v")
    if name is not None and key.get(name) is None:
        raise RegFault(NOT_FOUND)
    what = f"the registry value {name}" if name is not None else f"the registry key {path}"
    if "va" in options.flags:
        what = f"all values under the registry key {path}"
    if "f" not in options.flags and not _confirmed(process, f"Delete {what} (Yes/No)? "):
        return 1
    if "va" in options.flags:
        key.values.clear()
    elif name is not None:
        del key.values[name.lower()]
    else:
        if "\\" not in path:
            raise RegFault("Access is denied.")
        process.host.registry.delete_key(path)
    return _done(process)


def _copy(process: Process, args: list[str]) -> int:
    options = parse_words(process, "copy", args, f"s f {VIEWS}", "")
    if len(options.operands) != 2:
        raise RegFault('Invalid syntax.\nType "REG COPY /?" for usage.')
    process.mutates()
    _, source = open_key(process, options.operands[0], options)
    target = process.host.registry.create(key_path(process, options.operands[1], options))
    merge(source.clone(), target, deep="s" in options.flags)
    return _done(process)


def _compare(process: Process, args: list[str]) -> int:
    options = parse_words(process, "compare", args, f"s oa od os on ve {VIEWS}", "v")
    if len(options.operands) != 2:
        raise RegFault('Invalid syntax.\nType "REG COMPARE /?" for usage.')
    if options.flags & {"oa", "os"}:
        process.not_simulated("reg compare /oa /os")
    left, right = (open_key(process, text, options) for text in options.operands)
    name = "" if "ve" in options.flags else options.values.get("v")
    first = flat(left[1], name, deep="s" in options.flags)
    second = flat(right[1], name, deep="s" in options.flags)
    if "on" not in options.flags:
        for mark, path, mine, other in (("<", left[0], first, second),
                                        (">", right[0], second, first)):  # fmt: skip
            for (place, key), value in mine.items():
                if other.get((place, key)) != value:
                    line = "" if value is None else _line(process, value).strip()
                    process.out(f"{mark} {'Value' if value else 'Key'}:  {path}{place}  {line}\n")
    same = first == second
    process.out(f"\nResult Compared: {'Identical' if same else 'Different'}\n\n")
    _done(process)
    return 0 if same else 2


def _export(process: Process, args: list[str]) -> int:
    options = parse_words(process, "export", args, f"y {VIEWS}", "")
    if len(options.operands) != 2 or (process.host.profile.legacy and "y" in options.flags):
        raise RegFault('Invalid syntax.\nType "REG EXPORT /?" for usage.')
    process.mutates()
    path, _ = open_key(process, options.operands[0], options)
    target = process.absolute(options.operands[1])
    host = process.host
    question = f"File {options.operands[1]} already exists. Do you want to overwrite it (Yes/No)? "
    asks = "y" not in options.flags and not host.profile.legacy
    if asks and host.files.find(target) is not None and not _confirmed(process, question):
        return 1
    text = regfile.export(list(host.registry.walk(path)))
    try:
        host.files.write(target, b"\xff\xfe" + text.encode("utf-16-le"), host.clock.now())
    except OSError:
        raise RegFault(
            "Unable to write to the file. There may be a disk or file system error."
        ) from None
    return _done(process)


def _import(process: Process, args: list[str]) -> int:
    options = parse_words(process, "import", args, VIEWS, "")
    process.mutates()
    entry = process.host.files.find(process.absolute(options.operands[0]))
    if entry is None or entry.content is None:
        raise RegFault("Error opening the file. There may be a disk or file system error.")
    ansi = process.host.profile.language.ansi
    try:
        regfile.load(process.host.registry, entry.content, ansi)
    except ValueError:
        raise RegFault("Error accessing the registry.") from None
    process.err("The operation completed successfully.\n\n")
    return 0


def _load(process: Process, args: list[str]) -> int:
    options = parse_words(process, "load", args, VIEWS, "")
    if len(options.operands) != 2:
        raise RegFault('Invalid syntax.\nType "REG LOAD /?" for usage.')
    reghive.load(process, options)
    return _done(process)


def _unload(process: Process, args: list[str]) -> int:
    reghive.unload(process, parse_words(process, "unload", args, "", ""))
    return _done(process)


_VERBS: dict[str, Callable[[Process, list[str]], int]] = {
    "query": _query, "add": _add, "delete": _delete, "copy": _copy, "compare": _compare,
    "export": _export, "import": _import, "load": _load, "unload": _unload,
}  # fmt: skip

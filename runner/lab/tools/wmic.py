r"""wmic.exe: `wmic ALIAS [where ...] get ... [/value]` and a few methods.

To a pipe it writes the console code page with `\r\r\n`, to a file UTF-16 with a byte order mark.
Before 6.1 it first reads standard input to its end: without `<nul` it hangs in a remote shell.
"""

from __future__ import annotations

import re

from runner.lab.state.process import Process
from runner.lab.state.shadows import MOST
from runner.lab.state.streams import encode
from runner.lab.toolkit.detached import start_detached
from runner.lab.toolkit.wmiassoc import associated
from runner.lab.toolkit.wmiclasses import ALIASES, NETBT, Row, property_names, rows_in, rows_of
from runner.lab.toolkit.wmiquery import QueryFault, parse_where

WBEM_E_NOT_FOUND = 0x80041002
INVALID_QUERY = 0x80041017
INVALID_NAMESPACE = 0x8004100E
GENERIC_FAILURE = 0x80041001

_WORD = re.compile(
    r'\s*(/[a-z]+(?::"[^"]*"|:\S+)?|"[^"]*"|\([^)]*\)'
    r'|(?:[^\s",]|"[^"]*")+(?:\s*,\s*[^\s",/]+)*)',
    re.IGNORECASE,
)


def main(process: Process) -> int:
    """Run one query or method call."""
    if process.host.profile.nt < (6, 1):
        process.read()
    words = [match[1] for match in _WORD.finditer(process.tail)]
    space = ""
    while words and words[0].lower().startswith(("/namespace:", "/output:", "/node:")):
        option, _, space = words.pop(0).partition(":")
        if option.lower() != "/namespace":
            process.not_simulated(f"wmic {option}")
    if not words:
        process.not_simulated("wmic without a command")
    alias = words.pop(0).lower()
    if alias == "path" and words:
        alias = words.pop(0).lower()
    if space:
        return _elsewhere(process, space.strip('"').lower(), alias, words)
    where = _where_text(words) if words and words[0].lower() == "where" and len(words) > 1 else ""
    if words and words[0].lower() == "assoc":
        return _associated(process, alias, where, words[1:])
    class_name = ALIASES.get(alias, alias if alias in ALIASES.values() else "")
    if not class_name:
        process.not_simulated(f"wmic {alias}")
    verb = words.pop(0).lower() if words else ""
    try:
        test = parse_where(where)
    except QueryFault:
        return _error(process, INVALID_QUERY, "Invalid query")
    if verb == "call" and class_name == "win32_networkadapterconfiguration":
        rows = [row for row in rows_of(process, class_name, where) if test(row)]
        return _set_netbios(process, rows, words)
    if verb == "call":
        return _call(process, class_name, words)
    if verb == "set":
        rows = [row for row in rows_of(process, class_name, where) if test(row)]
        return _set(process, class_name, rows, words)
    if verb != "get":
        process.not_simulated(f"wmic {alias} {verb}".rstrip())
    found = [row for row in rows_of(process, class_name, where) if test(row)]
    return _get(process, class_name, found, words)


def _associated(process: Process, class_name: str, where: str, words: list[str]) -> int:
    found = associated(process, class_name, where, words)
    if found is None:
        return _error(process, WBEM_E_NOT_FOUND, "Not found")
    _write(process, found)
    return 0


def _elsewhere(process: Process, space: str, class_name: str, words: list[str]) -> int:
    """A query in another namespace than root\\cimv2."""
    rows = rows_in(process, space, class_name)
    if rows is None:
        return _error(process, INVALID_NAMESPACE, "Invalid namespace")
    if not words or words.pop(0).lower() != "get":
        process.not_simulated(f"wmic {class_name} in {space}")
    return _get(process, class_name, rows, words)


def _where_text(words: list[str]) -> str:
    """The condition: quoted or bracketed it is one word, else it goes on up to the verb."""
    words.pop(0)
    first = words.pop(0)
    if first[0] in '"(':
        return first[1:-1]
    parts = [first]
    while words and words[0].lower() not in ("get", "call", "list", "delete", "assoc"):
        parts.append(words.pop(0))
    return " ".join(parts)


def _error(process: Process, code: int, text: str) -> int:
    process.stderr.write(
        encode(f"Node - {process.host.name.upper()}\r\r\nERROR:\r\r\n"
               f"Description = {text}\r\r\n\r\r\n", process.session.codepage)
    )  # fmt: skip
    return code


def _get(process: Process, class_name: str, rows: list[Row], words: list[str]) -> int:
    wanted: list[str] = []
    form = "table"
    for word in words:
        lower = word.lower()
        if lower in ("/value", "/format:list", '/format:"list"'):
            form = "value"
        elif lower in ("/format:csv", '/format:"csv"'):
            form = "csv"
        elif word.startswith("/"):
            process.not_simulated(f"wmic get {word}")
        else:
            wanted += [name.strip() for name in word.split(",") if name.strip()]
    if not wanted:
        process.not_simulated("wmic get without properties")
    known = {name.lower(): name for name in property_names(process, class_name)}
    if unknown := [name for name in wanted if name.lower() not in known]:
        if not _is_property(unknown[0]):
            return _error(process, INVALID_QUERY, "Invalid query")
        process.not_simulated(f"wmic property {class_name}.{unknown[0]}")
    names = sorted({known[name.lower()] for name in wanted}, key=str.lower)
    if not rows:
        process.err("No Instance(s) Available.\n")
        return 0
    _write(process, _formatted(process, rows, names, form))
    return 0


def _is_property(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None


def _formatted(process: Process, rows: list[Row], names: list[str], form: str) -> str:
    if form == "value":
        blocks = ["\n\n" + "".join(f"{name}={row[name]}\n" for name in names) for row in rows]
        return "".join(blocks) + "\n\n\n"
    if form == "csv":
        node = process.host.name.split(".")[0].upper()
        lines = [",".join(["Node", *names])]
        lines += [",".join([node, *(row[name] for name in names)]) for row in rows]
        return "\n" + "\n".join(lines) + "\n"
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) + 2 for name in names}
    lines = ["".join(name.ljust(widths[name]) for name in names)]
    lines += ["".join(row[name].ljust(widths[name]) for name in names) for row in rows]
    return "\n".join(lines) + "\n\n"


def _write(process: Process, text: str) -> None:
    if process.stdout.kind == "file":
        process.stdout.write(b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le"))
    else:
        process.stdout.write(encode(text.replace("\n", "\r\r\n"), process.session.codepage))


def _call(process: Process, class_name: str, words: list[str]) -> int:
    method = words.pop(0).lower() if words else ""
    if class_name == "win32_process" and method == "create" and words:
        command, *folder = (word.strip('"').replace('\\"', '"') for word in words)
        if len(folder) > 1:
            process.not_simulated("wmic process call create with start-up information")
        return _create(process, command, folder[0] if folder else None)
    if class_name == "win32_computersystem" and method == "rename" and len(words) == 1:
        return _rename(process, words[0])
    if class_name == "win32_shadowcopy" and method == "create" and len(words) == 1:
        return _shadow(process, words[0])
    return process.not_simulated(f"wmic {class_name} call {method}")


def _shadow(process: Process, word: str) -> int:
    r"""`create Volume='C:\'`: a copy of the volume that stays."""
    process.mutates()
    key, _, value = word.strip('"').partition("=")
    if key.lower() != "volume":
        process.not_simulated(f"wmic shadowcopy call create {word}")
    host = process.host
    code = 0 if value.strip("'\"").upper() == "C:\\" else 3
    if not code and len(host.shadows.all()) >= MOST:
        code = 8
    made = (
        ""
        if code
        else f'\tShadowID = "{host.shadows.add(host.new_guid(), host.clock.now()).id}";\n'
    )
    _write(
        process,
        "Executing (Win32_ShadowCopy)->create()\nMethod execution successful.\nOut Parameters:\n"
        f"instance of __PARAMETERS\n{{\n\tReturnValue = {code};\n{made}}};\n\n",
    )
    return 0


def _set_netbios(process: Process, rows: list[Row], words: list[str]) -> int:
    """`call SetTcpipNetbios 2`: 0 as DHCP says, 1 on, 2 off (Win32_NetworkAdapterConfiguration)."""
    process.mutates()
    if len(words) != 2 or words[0].lower() != "settcpipnetbios" or words[1] not in ("0", "1", "2"):
        process.not_simulated(f"wmic nicconfig call {' '.join(words)}")
    if not rows:
        process.err("No Instance(s) Available.\n")
        return 0
    for row in rows:
        key = rf"{NETBT}\Tcpip_{row['SettingID']}"
        process.host.registry.set(key, "NetbiosOptions", int(words[1]))
        _write(
            process,
            f"Executing (\\\\{process.host.name.upper()}\\ROOT\\CIMV2:"
            f"Win32_NetworkAdapterConfiguration.Index={row['Index']})->SetTcpipNetbios()\n"
            "Method execution successful.\nOut Parameters:\ninstance of __PARAMETERS\n"
            "{\n\tReturnValue = 0;\n};\n\n",
        )
    return 0


_USER_FLAGS = {"lockout": "locked", "disabled": "disabled",
               "passwordexpires": "password_expires",
               "passwordchangeable": "password_changeable"}  # fmt: skip


def _set(process: Process, class_name: str, rows: list[Row], words: list[str]) -> int:
    """`set PasswordExpires=FALSE` of a user. Lockout can only be taken away (Win32_UserAccount)."""
    process.mutates()
    key, _, value = "".join(words).partition("=")
    name = _USER_FLAGS.get(key.lower())
    if class_name != "win32_useraccount" or name is None or value.upper() not in ("TRUE", "FALSE"):
        process.not_simulated(f"wmic {class_name} set {' '.join(words)}")
    if not rows:
        process.err("No Instance(s) Available.\n")
        return 0
    for row in rows:
        user = process.host.security.accounts.user(row["Name"])
        if name == "locked" and value.upper() == "TRUE":
            return _error(process, GENERIC_FAILURE, "Generic failure")
        setattr(user, name, value.upper() == "TRUE")
        place = f'Domain="{row["Domain"]}",Name="{row["Name"]}"'
        _write(
            process,
            f"Updating property(s) of '\\\\{row['Domain']}\\ROOT\\CIMV2:"
            f"Win32_UserAccount.{place}'\nProperty(s) update successful.\n",
        )
    return 0


def _rename(process: Process, word: str) -> int:
    """`rename name="NEW"`: the name from the next start on."""
    process.mutates()
    key, _, value = word.partition("=")
    name = value.strip('"')
    if key.lower() != "name" or not value:
        process.not_simulated(f"wmic computersystem call rename {word}")
    valid = re.fullmatch(r"[A-Za-z0-9-]{1,63}", name) is not None
    if valid:
        control = r"HKLM\SYSTEM\CurrentControlSet"
        registry = process.host.registry
        short = name[:15].upper()
        registry.set(rf"{control}\Control\ComputerName\ComputerName", "ComputerName", short)
        registry.set(rf"{control}\Services\Tcpip\Parameters", "NV Hostname", name)
    _write(
        process,
        f'Executing (\\\\{process.host.name.upper()}\\ROOT\\CIMV2:Win32_ComputerSystem.Name="'
        f'{process.host.name.upper()}")->rename()\nMethod execution successful.\nOut Parameters:\n'
        f"instance of __PARAMETERS\n{{\n\tReturnValue = {0 if valid else 87};\n}};\n\n",
    )
    return 0


def _create(process: Process, command: str, folder: str | None) -> int:
    """Start a process that no connection owns: `create COMMANDLINE[,CURRENTDIRECTORY]`."""
    process.mutates()
    there = folder is None or process.host.files.is_dir(folder.rstrip("\\"))
    pid = start_detached(process, command, folder) if there else 0
    value = 0 if pid else 9
    _write(
        process,
        "Executing (Win32_Process)->Create()\nMethod execution successful.\nOut Parameters:\n"
        "instance of __PARAMETERS\n{\n"
        + (f"\tProcessId = {pid};\n" if pid else "")
        + f"\tReturnValue = {value};\n}};\n\n",
    )
    return 0

"""secedit.exe: /export and /configure. Its texts are in the language of the system.

Source: Microsoft, "secedit export", "secedit configure": /configure imports the template given by
/cfg into the database and applies it; exit code 0, 1 for a failure, 3 for warnings.
"""

from __future__ import annotations

from runner.lab.state.policy import AREAS
from runner.lab.state.process import Process

_LOG = "See log %windir%\\security\\logs\\scesrv.log for detail info.\n"
_DONE = f"The task has completed successfully.\n{_LOG}"
_FAILED = f"The task has completed with an error.\n{_LOG}"
_ALL = set(AREAS.values())


def main(process: Process) -> int:
    """Dispatch on the verb."""
    words = process.args
    verb = words[0].lower() if words else ""
    if verb not in ("/export", "/configure"):
        process.not_simulated(f"secedit {verb}")
    options: dict[str, str] = {}
    areas: set[str] = set()
    flags: set[str] = set()
    rest = words[1:]
    while rest:
        word = rest.pop(0).lower()
        if word in ("/cfg", "/db", "/log") and rest:
            options[word] = rest.pop(0)
        elif word == "/areas":
            while rest and not rest[0].startswith("/"):
                areas.add(rest.pop(0).upper())
        elif word in ("/quiet", "/overwrite"):
            flags.add(word)
        else:
            process.not_simulated(f"secedit {word}")
    if unknown := areas - _ALL:
        process.not_simulated(f"secedit /areas {' '.join(sorted(unknown))}")
    if "/cfg" not in options or (verb == "/configure" and "/db" not in options):
        process.out("The syntax of this command is:\n")
        return 1
    work = _export if verb == "/export" else _configure
    return _end(process, work(process, options, areas or _ALL), quiet="/quiet" in flags)


def _end(process: Process, code: int, *, quiet: bool) -> int:
    if not quiet:
        process.out(_FAILED if code else _DONE)
    return code


def _export(process: Process, options: dict[str, str], areas: set[str]) -> int:
    path = process.absolute(options["/cfg"])
    process.makes_file(path)
    host = process.host
    text = host.security.policy.exported(areas)
    try:
        host.files.write(path, b"\xff\xfe" + text.encode("utf-16-le"), host.clock.now())
    except OSError:
        return 1
    return 0


def _configure(process: Process, options: dict[str, str], areas: set[str]) -> int:
    process.mutates()
    host = process.host
    entry = host.files.find(process.absolute(options["/cfg"]))
    if entry is None or entry.content is None:
        return 1
    try:
        host.files.write(process.absolute(options["/db"]), b"JET", host.clock.now())
    except OSError:
        return 1
    data = entry.content
    text = data[2:].decode("utf-16-le") if data[:2] == b"\xff\xfe" else data.decode("cp1252")
    if '"$CHICAGO$"' not in text:
        return 1
    section, code = "", 0
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip()[1:-1]
        elif AREAS.get(section) in areas and "=" in line:
            key, _, value = (part.strip() for part in line.partition("="))
            if not host.security.policy.configure(section, key, value):
                code = 1
    return code

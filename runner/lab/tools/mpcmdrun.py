"""MpCmdRun.exe of Windows Defender: `-SignatureUpdate` and `-Scan`.

Exit codes: 0 clean, or cleaned; 2 something is left, or it failed (then with `hr = 0x...`).
Source: Microsoft, "mpcmdrun.exe command-line tool".
"""

from __future__ import annotations

from runner.lab.state.antivirus import KEY, NEWEST, TEST_FILE, Threat
from runner.lab.state.files import Entry
from runner.lab.state.process import Process
from runner.lab.state.services import RUNNING

_NO_SERVICE = "0x800106ba"
_NO_FILE = "0x80508023"


def main(process: Process) -> int:
    """Dispatch on the verb."""
    words = [word.lower() for word in process.args]
    if not words or words[0] not in ("-signatureupdate", "-scan"):
        process.not_simulated(f"MpCmdRun {' '.join(process.args)}")
    process.mutates()
    services = process.host.services
    if "WinDefend" not in services or services.find("WinDefend").state != RUNNING:
        return _failed(process, _NO_SERVICE)
    return _update(process, words) if words[0] == "-signatureupdate" else _scan(process, words)


def _failed(process: Process, code: str) -> int:
    process.out(f"CmdTool: Failed with hr = {code}. Check MpCmdRun.log for more information\n")
    return 2


def _update(process: Process, words: list[str]) -> int:
    if words[1:] not in ([], ["-mmpc"]) and (len(words) != 3 or words[1] != "-unc"):
        process.not_simulated(f"MpCmdRun {' '.join(process.args)}")
    process.out("Signature update started . . .\n")
    process.host.registry.set(rf"{KEY}\Signature Updates", "AVSignatureVersion", NEWEST)
    process.out("Signature update finished.\n")
    return 0


def _scan(process: Process, words: list[str]) -> int:
    place, clean = "", True
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word == "-scantype" and rest and rest[0] in ("1", "2", "3"):
            rest.pop(0)
        elif word == "-file" and rest:
            place = rest.pop(0)
        elif word == "-disableremediation" and place:
            clean = False
        else:
            process.not_simulated(f"MpCmdRun {' '.join(process.args)}")
    host = process.host
    if place and host.files.find(place) is None:
        return _failed(process, _NO_FILE)
    process.out("Scan starting...\n")
    found = [entry for entry in _under(process, place or "C:\\") if _infected(entry)]
    for entry in found:
        host.threats.append(Threat("Virus:DOS/EICAR_Test_File", entry.path, active=not clean))
        if clean:
            host.files.remove(entry.path)
    process.out("Scan finished.\n")
    process.out(f"Scanning {place or 'C:'} found {len(found) or 'no'} threats.\n")
    return 2 if found and not clean else 0


def _under(process: Process, place: str) -> list[Entry]:
    files = process.host.files
    entry = files.find(place)
    if entry is not None and not entry.is_dir:
        return [entry]
    found: list[Entry] = []
    for child in files.children(place):
        found += _under(process, child.path) if child.is_dir else [child]
    return found


def _infected(entry: Entry) -> bool:
    return entry.content is not None and TEST_FILE in entry.content

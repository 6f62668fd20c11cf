"""tar.exe of Windows 10 1803 and later, for ZIP archives: `-tf FILE`, `-xf FILE -C FOLDER`."""

from __future__ import annotations

import io
import zipfile

from runner.lab.state.paths import absolute
from runner.lab.state.process import Process


def main(process: Process) -> int:
    """List or unpack."""
    words = process.args
    if len(words) not in (2, 4) or words[0] not in ("-tf", "-xf") or words[2:3] not in ([], ["-C"]):
        process.not_simulated(f"tar {' '.join(words)}")
    entry = process.host.files.find(process.absolute(words[1]))
    if entry is None or entry.content is None:
        return process.fail(1, f"tar: Error opening archive: Failed to open '{words[1]}'\n")
    try:
        archive = zipfile.ZipFile(io.BytesIO(entry.content))
    except zipfile.BadZipFile:
        return process.fail(1, "tar: Error opening archive: Unrecognized archive format\n")
    if words[0] == "-tf":
        process.out("".join(f"{name}\n" for name in archive.namelist()))
        return 0
    target = process.absolute(words[3]) if len(words) == 4 else process.session.cwd
    process.mutates()
    if not process.host.files.is_dir(target):
        return process.fail(1, f"tar: could not chdir to '{words[3]}'\n")
    now = process.host.clock.now()
    for info in archive.infolist():
        path = absolute(info.filename, target)
        process.host.files.make_dirs(path if info.is_dir() else path.rpartition("\\")[0], now)
        if not info.is_dir():
            process.host.files.write(path, archive.read(info), now)
    return 0

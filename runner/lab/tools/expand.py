"""expand.exe: takes the files out of an .msu package."""

from __future__ import annotations

import hashlib

from runner.lab.state.files import Entry
from runner.lab.state.paths import absolute
from runner.lab.state.process import Process
from runner.lab.toolkit.installing import find_package


def main(process: Process) -> int:
    """`expand -F:* PACKAGE.msu DIRECTORY`: four files, the cab among them is the update."""
    words = process.args
    switches = [word.lower() for word in words if word[:1] in "-/"]
    files = [word for word in words if word[:1] not in "-/"]
    if switches not in (["-f:*"], ["/f:*"]) or len(files) != 2:
        process.not_simulated(f"expand {' '.join(words)}")
    process.mutates()
    host = process.host
    process.out("Microsoft (R) File Expansion Utility\n\n")
    if host.files.find(process.absolute(files[0])) is None:
        return process.fail(1, f"Can't open input file: {files[0]}.\n")
    name = find_package(process, files[0])
    if name is None or name.ending != "msu":
        process.not_simulated(f"expand {files[0]}: not an .msu that the lab knows")
    target = process.absolute(files[1])
    if not host.files.is_dir(target):
        return process.fail(1, f"Can't open output file: {files[1]}.\n")
    now = host.clock.now()
    made = {
        "WSUSSCAN.cab": None,
        f"{name.stem}.cab": f"{name.stem}.cab".lower(),
        f"{name.stem}.xml": None,
        f"{name.stem}-pkgProperties.txt": None,
    }
    for file, package in made.items():
        path = absolute(file, target)
        digest = hashlib.sha1(f"{name.stem}/{file}".lower().encode()).hexdigest()
        host.files.put(
            Entry(path, content=None, size=int(digest[:5], 16) + 4096, known_sha1=digest,
                  created=now, modified=now, package=package)
        )  # fmt: skip
        process.out(f"Adding {path} to Extraction Queue\n")
    process.out("\nExpanding Files ....\n\nExpanding Files Complete ...\n4 files total.\n")
    return 0

"""shutdown.exe: restart, shut down, or call it off. Exit codes are Win32 errors."""

from __future__ import annotations

from runner.lab import winerror
from runner.lab.state.process import Process
from runner.lab.winerror import WindowsError


def main(process: Process) -> int:
    """`shutdown /r|/s [/f] [/t SECONDS] [/c TEXT] [/d CODE]` or `shutdown /a`."""
    flags: set[str] = set()
    seconds = 30
    words = list(process.args)
    while words:
        word = words.pop(0)
        name = word[1:].lower() if word[:1] in "/-" else ""
        if name in ("r", "s", "a", "f", "p", "g"):
            flags.add(name)
        elif name == "t" and words:
            text = words.pop(0)
            if not text.isdigit() or int(text) > 315360000:
                return process.fail(87, "The parameter is incorrect.(87)\n")
            seconds = int(text)
        elif name in ("c", "d") and words:
            words.pop(0)
        elif name == "m":
            process.not_simulated("shutdown /m")
        else:
            process.not_simulated(f"shutdown {word}")
    if "p" in flags or "g" in flags:
        process.not_simulated("shutdown /p and /g")
    process.mutates()
    if "a" in flags:
        if not process.host.abort_shutdown():
            return _failed(process, winerror.NO_SHUTDOWN_IN_PROGRESS)
        process.host.note("shutdown called off")
        return 0
    if ("r" in flags) == ("s" in flags):
        return process.fail(1, "Usage: shutdown [/s | /r | /a] [/f] [/t xxx] [/c comment]\n")
    if not process.host.shutdown(float(seconds), "r" in flags):
        scheduled = winerror.SHUTDOWN_IS_SCHEDULED
        legacy = process.host.profile.legacy
        return _failed(process, winerror.SHUTDOWN_IN_PROGRESS if legacy else scheduled)
    process.host.note(f"shutdown in {seconds} s")
    return 0


def _failed(process: Process, code: int) -> int:
    return process.fail(code, f"{WindowsError(code).message}({code})\n")

"""ping.exe: in scripts a way to wait."""

from __future__ import annotations

from runner.lab.state.process import Process

_LOCAL = ("127.0.0.1", "localhost", "::1")


def main(process: Process) -> int:
    """Answer from this machine; other machines do not exist here and do not answer."""
    count, wait, target = 4, 4.0, ""
    words = list(process.args)
    while words:
        word = words.pop(0)
        name = word[1:].lower() if word[:1] in "/-" else ""
        if name in ("n", "w", "l", "i") and words and words[0].isdigit():
            value = int(words.pop(0))
            count = value if name == "n" else count
            wait = value / 1000 if name == "w" else wait
        elif name in ("4", "6", "a"):
            continue
        elif name or target:
            process.not_simulated(f"ping {word}")
        else:
            target = word
    if not target:
        return process.fail(1, "IP address must be specified.\n")
    local = target.lower() in (*_LOCAL, process.host.name.lower())
    process.out(f"\nPinging {target} with 32 bytes of data:\n")
    for number in range(count):
        if not local:
            process.sleep(wait)
            process.out("Request timed out.\n")
            continue
        process.out(f"Reply from {target}: bytes=32 time<1ms TTL=128\n")
        if number + 1 < count:
            process.sleep(1.0)
    got = count if local else 0
    lost = 100 if count and not got else 0
    process.out(
        f"\nPing statistics for {target}:\n    Packets: Sent = {count}, Received = {got}, "
        f"Lost = {count - got} ({lost}% loss),\n"
    )
    return 0 if local else 1

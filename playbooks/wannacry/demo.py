"""The demonstration behind ``make demo``: 24 simulated Windows servers and the WannaCry response.

It types the same commands that an operator would type, into a journal of its own, and at the end
compares every simulated host with what it was at the beginning, byte for byte.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RUNNER = [sys.executable, "-m", "runner"]

State = dict[str, Any]


def say(text: str) -> None:
    """A heading between the commands."""
    bar = "=" * 78
    print(f"\n{bar}\n{text}\n{bar}", flush=True)


class Demo:
    """Runs the commands, each shown before it runs, each with the exit codes that are right."""

    def __init__(self, home: Path) -> None:
        self._environment = {**os.environ, "RUNNER_HOME": str(home)}

    def runner(self, *words: str, codes: tuple[int, ...] = (0,)) -> None:
        """Run one ``runner`` command before the reader's eyes."""
        print(f"\n$ runner {' '.join(words)}", flush=True)
        done = subprocess.run([*RUNNER, *words], cwd=ROOT, env=self._environment, check=False)
        if done.returncode not in codes:
            raise SystemExit(
                f"runner {words[0]} ended with {done.returncode}, expected one of {codes}"
            )

    def states(self) -> dict[str, State]:
        """The whole state of every simulated host."""
        states: dict[str, State] = json.loads(self._output("lab", "state", "--json"))
        return states

    def runs(self) -> list[str]:
        """The ids of the recorded runs, newest first."""
        return [line.split()[0] for line in self._output("runs").splitlines()[1:]]

    def _output(self, *words: str) -> str:
        done = subprocess.run(
            [*RUNNER, *words], cwd=ROOT, env=self._environment, check=True,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return done.stdout


def differing(before: Any, after: Any, path: str = "") -> list[str]:
    """The places where two states differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for key in sorted({*before, *after})
            for place in differing(before.get(key), after.get(key), f"{path}/{key}")
        ]
    return [] if before == after else [path]


def compare(before: dict[str, State], after: dict[str, State], *, what: str) -> None:
    """Every host must be as it was, byte for byte."""
    changed = {h: differing(before[h], after[h]) for h in before if before[h] != after[h]}
    if changed:
        for host, places in changed.items():
            print(f"  {host}: {'; '.join(places[:6])}")
        raise SystemExit(f"{what}: {len(changed)} hosts are not as they were")
    print(f"  {what}: all {len(before)} simulated hosts are as they were, byte for byte.")


def play(demo: Demo) -> None:
    """The morning of WannaCry."""
    inventory = ("-i", "inventories/lab")
    contain, patch = "playbooks/wannacry/contain.yml", "playbooks/wannacry/patch.yml"
    before = demo.states()

    say("1. Preview: what would closing SMB change, host by host? Nothing is sent that writes.")
    demo.runner("run", contain, *inventory, "--check", "--diff", codes=(4,))
    compare(before, demo.states(), what="after the preview")

    say("2. Contain: the same on all hosts at once. Exit code 4: one host is powered off.")
    demo.runner("run", contain, *inventory, codes=(4,))

    say("3. Again: nothing is left to change.")
    demo.runner("run", contain, *inventory, codes=(4,))

    say("4. Patch MS17-010: each Windows gets its own package. One host lacks SP1 and says so.")
    demo.runner("run", patch, *inventory, codes=(2,))
    patch_run, _, contain_run = demo.runs()[:3]

    say("5. Verify: is every host safe now?")
    demo.runner("run", "playbooks/wannacry/verify.yml", *inventory, codes=(4,))

    say("6. Recovery: SMB back exactly as it was. The fixes stay: removing one must be asked for.")
    demo.runner("rollback", patch_run)
    demo.runner("rollback", contain_run, "--restart", "--diff")
    left = demo.states()
    kept = {h: differing(before[h], left[h]) for h in before if before[h] != left[h]}
    print(f"\n  What is still different is the fix itself, on {len(kept)} hosts:")
    for host, places in kept.items():
        print(f"    {host:<6} {len(places):>3} places, such as {places[0]}")

    say("7. And on request even that: remove the fixes again.")
    demo.runner("rollback", patch_run, "--irreversible", "--restart")
    compare(before, demo.states(), what="after the whole rollback")


def main() -> None:
    """Start the lab, play, stop the lab."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="runner-demo-") as home:
        demo = Demo(Path(home))
        say("24 simulated Windows servers, Server 2003 to 2022, over real WinRM on this machine")
        demo.runner("lab", "up", "-i", "inventories/lab")
        try:
            play(demo)
        finally:
            demo.runner("lab", "down")
    print(f"\nDone in {time.monotonic() - begun:.0f} s. The README says what to try next.")


if __name__ == "__main__":
    main()

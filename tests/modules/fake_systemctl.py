"""``systemctl`` for tests on a machine that systemd did not start: run as a program.

What unit files and links say is asked of the real systemctl, below the folder $WR_ROOT. What runs
is in the file $WR_ROOT/active, one unit a line; daemon-reload and other actions are noted in
$WR_ROOT/actions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ["WR_ROOT"])
REAL = "/usr/bin/systemctl"
FILES = ("enable", "disable", "mask", "unmask")


def main(argv: list[str]) -> int:
    options = [word for word in argv if word.startswith("--") and word != "--"]
    verb, *names = [word for word in argv if not word.startswith("--")]
    if verb in ("daemon-reload", "daemon-reexec"):
        return note(verb)
    (unit,) = names
    full = unit if "." in unit else f"{unit}.service"
    if verb == "is-enabled":
        return real(verb, full).returncode if show(real(verb, full)) else 1
    if verb in FILES:
        kept = [o for o in options if o in ("--runtime", "--force")]
        return real(verb, *kept, full, shows=True).returncode
    if verb == "show":
        return describe(full)
    return move(verb, full)


def real(*words: str, shows: bool = False) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [REAL, f"--root={ROOT}", *words], capture_output=True, text=True, check=False
    )
    if shows:
        show(done)
    return done


def show(done: subprocess.CompletedProcess[str]) -> bool:
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return True


def note(text: str) -> int:
    with (ROOT / "actions").open("a") as actions:
        actions.write(f"{text}\n")
    return 0


def running() -> list[str]:
    path = ROOT / "active"
    return path.read_text().split() if path.exists() else []


def file_of(unit: str) -> Path | None:
    folders = (ROOT / "etc/systemd/system", ROOT / "usr/lib/systemd/system")
    return next((f / unit for f in folders if (f / unit).is_file()), None)


def describe(unit: str) -> int:
    word = real("is-enabled", unit).stdout.strip()
    file = file_of(unit)
    text = file.read_text() if file else ""
    load = "masked" if word.startswith("masked") else "loaded" if file else "not-found"
    reload = "yes" if "ExecReload" in text else "no"
    kind = "oneshot" if "Type=oneshot" in text else "simple"
    active = "active" if unit in running() else "inactive"
    print(f"Type={kind}\nRemainAfterExit=no\nId={unit}\nLoadState={load}\nActiveState={active}")
    print(f"ExecStart={{ path=/bin/x ; argv[]=/bin/x\nsecond=line }}\nCanReload={reload}")
    print(f"UnitFileState={word}\nDescription={{ not closed")
    return 0


def move(verb: str, unit: str) -> int:
    word = real("is-enabled", unit).stdout.strip()
    file = file_of(unit)
    if verb != "stop" and (word.startswith("masked") or file is None):
        why = "is masked" if file or word else "not found"
        print(f"Failed to {verb} {unit}: Unit {unit} {why}.", file=sys.stderr)
        return 1 if file or word else 5
    if file and "ExecStart=/bin/false" in file.read_text():
        print(f"Job for {unit} failed.", file=sys.stderr)
        return 1
    oneshot = bool(file and "Type=oneshot" in file.read_text())
    others = [name for name in running() if name != unit]
    up = verb != "stop" and not oneshot
    (ROOT / "active").write_text("\n".join(sorted([*others, *([unit] if up else [])])))
    return note(f"{verb} {unit}") if verb in ("restart", "reload") or oneshot else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

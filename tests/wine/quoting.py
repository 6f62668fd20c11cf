"""Strings that try to break out of a command line, and a machine that says what it got."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import strategies as st

from runner.interfaces.exchange import Command
from runner.interfaces.shell import RawOutput
from runner.lab.wine.state import exported
from runner.shells import load
from tests.wine.wine import WineBench

PROGRAMS = ("args.exe", "unservice.exe")
KEY = r"HKLM\SOFTWARE\T"
ATTACKS = [
    r'" & reg add HKLM\SOFTWARE\Injected /f & "',
    r"& reg add HKLM\SOFTWARE\Injected /f",
    r'\" & echo x>C:\injected.txt & \"',
    r"a | reg add HKLM\SOFTWARE\Injected /f",
    r"a > C:\injected.txt",
    r'^" & echo x>C:\injected.txt & rem ^"',
    r"x) & echo x>C:\injected.txt & (y",
    '"', '""', '"""', "\\", "\\\\", '\\"', "a\\", "a b\\", 'a b\\"', "^", "^^", "^&", "%", "%%",
    "100%", "%1", "%*", "%~dp0", "!", "!a!", "!!", "a^!b", "(", ")", "<nul", "/f", "-x", "/?",
    "@x", " lead", "trail ", "a  b", "a,b;c=d", "'", "`", "路径 & 名", "中文\\", "\U0001f600",
    "誠\\誠|誠",
    "\u00a0", "e\u0301", "ａ", "*.*", "?", "~", "$x", "{}", "[a]", "#",
]  # fmt: skip
TEXT = st.text(
    st.one_of(
        st.sampled_from(list('"\\%!^&|<>() =,;:~*?/-@$路中誠\U0001f600\u00a0abZ019')),
        st.characters(
            exclude_categories=("Cc", "Cs", "Zl", "Zp"),
            exclude_characters="\ufeff\ufffe\uffff\uff02\uff3c\uff0f",
        ),
    ),
    max_size=20,
)
VALUE = st.one_of(
    TEXT, st.sampled_from(ATTACKS), st.tuples(TEXT, st.sampled_from(ATTACKS)).map("".join)
)
_REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff\uff02\uff3c\uff0f]"
)
_DYNAMIC = ("cd", "date", "time", "random", "errorlevel", "cmdcmdline", "cmdextversion")


class Quoted:
    """A machine with the programs, and the names of its variables."""

    def __init__(self, bench: WineBench, programs: Path) -> None:
        self.bench = bench
        for name in PROGRAMS:
            (bench.machine.drive / name).write_bytes((programs / name).read_bytes())
        names = [line.partition("=")[0] for line in bench.ok("set").splitlines() if "=" in line]
        words = "|".join(re.escape(name) for name in (*names, *_DYNAMIC))
        self._known = re.compile(rf"(?i)%\^?({words})[%:^]")

    def fits(self, value: str) -> bool:
        """Whether it can be sent at all, and Wine does not spoil it."""
        return not _REFUSED.search(value) and not self._known.search(value)

    def send(self, *commands: Command) -> None:
        """Run them, fused where the shell fuses them."""
        bundles = load("cmd").bundle(commands)
        assert bundles is not None
        for bundle in bundles:
            result = self.bench.run(bundle.invocation.line)
            code = result.code & 0xFFFFFFFF
            encoding = f"cp{self.bench.codepage}"
            outputs = bundle.outputs(RawOutput(code, result.raw, result.err.encode()), encoding)
            assert [output.code for output in outputs] == [0] * len(outputs), bundle.invocation.line

    def stored(self, key: str = KEY) -> dict[str, str]:
        """Value name -> text, as reg export wrote it."""
        self.bench.ok(rf"reg export {key} C:\q.reg /y")
        path = self.bench.machine.drive / "q.reg"
        keys = exported(path.read_bytes().decode("utf-16", "surrogatepass"))
        path.unlink()
        values = next(iter(keys.values()))
        return {
            text_of(name): text_of(data) for name, data in values.items() if data.startswith('"')
        }

    def clear(self) -> None:
        self.bench.run(f"reg delete {KEY} /f")


def text_of(quoted: str) -> str:
    """What a quoted string of a .reg file stands for."""
    return re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)

"""Several commands in one line, their codes and streams marked: what a fast client sends."""

from __future__ import annotations

import re
import string

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab.machine_bench import Bench, bench

MARK = "k7wqd2mzt4hxrb"
SENT = "k7wq^d2mzt4hxrb"
HEAD = (
    r'cd /d %SystemRoot%\System32&set "errorlevel="&echo ' + SENT + ".0.!OS!.&echo " + SENT
    + ".0.>&2"
)  # fmt: skip


def probe(*commands: str) -> str:
    """A line of read-only commands; every code and both streams are marked."""
    line = HEAD
    for number, command in enumerate(commands, 1):
        line += f"&<nul {command}&call echo {SENT}.{number}.%^errorlevel%."
        line += f"&echo {SENT}.{number}.>&2"
    return line


def change(*steps: tuple[str, tuple[int, ...]]) -> str:
    """A line of changes that stops at the first code that is not allowed."""
    line = HEAD + '&(if "!OS!"=="%OS%" exit)&set g=1'
    for number, (command, allowed) in enumerate(steps, 1):
        line += f"&(if defined g (set g=&<nul {command}"
        for code in allowed:
            line += f"&(if errorlevel {code} if not errorlevel {code + 1} set g={code})"
        line += f"&(if not defined g call echo {SENT}.{number}.%^errorlevel%.n.)"
        line += f"&(if defined g call echo {SENT}.{number}.%^g%.y.)"
        line += f"&echo {SENT}.{number}.>&2))"
    return line + f"&(if defined g echo {SENT}.end.)"


SMB = r"HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters"


def test_probe_line() -> None:
    result = bench().run(
        probe(
            "sc query LanmanServer",
            rf"reg query {SMB} /v SMB1",
            r'reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v CurrentBuildNumber',
        )
    )
    pieces = re.split(MARK + r"\.(\d)\.([^\n]*)\.\n", result.out)
    assert pieces[1:3] == ["0", "!OS!"]
    assert pieces[4:6] == ["1", "0"]
    assert "STATE              : 4  RUNNING" in pieces[3]
    assert pieces[6:9] == ["", "2", "1"]
    assert "    CurrentBuildNumber    REG_SZ    7601\n" in pieces[9]
    assert pieces[10:] == ["3", "0", ""]
    missing = "ERROR: The system was unable to find the specified registry key or value.\n"
    assert result.err == f"{MARK}.0.\n{MARK}.1.\n{missing}{MARK}.2.\n{MARK}.3.\n"


STEPS = (
    (rf"reg add {SMB} /v SMB1 /t REG_DWORD /d 0 /f", (0,)),
    ("sc stop Spooler", (0, 1060, 1062)),
    ("sc config Spooler start= disabled", (0, 1060)),
)


def marks(text: str) -> list[str]:
    """The marks of a change line, without their nonce."""
    return re.findall(MARK + r"\.(\S+)\.", text)


def test_change_line_runs_all_steps() -> None:
    lab = bench()
    result = lab.run(change(*STEPS))
    assert marks(result.out) == ["0.!OS!", "1.0.y", "2.0.y", "3.0.y", "end"]
    assert marks(result.err) == ["0", "1", "2", "3"]
    assert lab.state["services"]["Spooler"] == {"state": "stopped", "start": 4}


def test_change_line_reports_an_allowed_code_that_is_not_zero() -> None:
    lab = bench(services={"Spooler": {"state": "stopped"}})
    assert marks(lab.run(change(*STEPS)).out) == ["0.!OS!", "1.0.y", "2.1062.y", "3.0.y", "end"]


def test_change_line_stops_at_the_first_failure() -> None:
    lab = bench("2003-sp2")  # Computer Browser runs there and depends on the Server service
    steps = (("sc stop LanmanServer", (0, 1062)), ("sc config LanmanServer start= disabled", (0,)))
    result = lab.run(change(*steps))
    assert marks(result.out) == ["0.!OS!", "1.1051.n"]
    assert marks(result.err) == ["0", "1"]
    assert lab.state["services"]["LanmanServer"] == {"state": "running", "start": 2}


def test_delayed_expansion_shows_in_the_canary_and_stops_a_change_line() -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Command Processor"
    lab = bench(registry={key: {"DelayedExpansion": 1}})
    assert marks(lab.run(change(*STEPS)).out) == ["0.Windows_NT"]
    assert lab.writes == 0


SAFE = frozenset(string.ascii_letters + string.digits + "_-.:\\/=,+@$~")


def quote(text: str) -> str:
    """An argument by Microsoft's C rule, then every special character behind a caret."""
    if text and set(text) <= SAFE:
        return text
    out, slashes = '"', 0
    for char in text:
        if char == "\\":
            slashes += 1
            continue
        out += "\\" * (2 * slashes + 1 if char == '"' else slashes) + char
        slashes = 0
    raw = out + "\\" * (2 * slashes) + '"'
    escaped, previous = "", ""
    for char in raw:
        escaped += f"^{char}" if char in '"%^&|<>()!' or previous == "%" else char
        previous = char
    return escaped


NASTY = st.text(
    st.sampled_from(list('"\\%!^&|<>() =;,.aOS:~1中\u00a0\uff02')) | st.characters(
        min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=("Cs", "Cc", "Zl", "Zp")
    ),
    max_size=24,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(NASTY, min_size=1, max_size=3))
def test_quoted_data_arrives_unchanged(values: list[str]) -> None:
    """Whatever text is quoted for cmd arrives at the program and in the registry as it was."""
    lab = SHARED
    commands = [
        (rf"reg add HKLM\SOFTWARE\Data /v v{n} /d {quote(value)} /f", (0,))
        for n, value in enumerate(values)
    ]
    result = lab.run(change(*commands), codepage=65001)
    assert marks(result.out)[-1] == "end", result
    stored = lab.state["registry"][r"HKEY_LOCAL_MACHINE\SOFTWARE\Data"]
    assert [stored[f"v{n}"][1] for n in range(len(values))] == values


SHARED: Bench = bench()

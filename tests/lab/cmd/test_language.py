"""The command language: given this line, expect these texts and this exit code."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import Bench, bench

UNKNOWN = (
    "'{}' is not recognized as an internal or external command,\noperable program or batch file.\n"
)


@pytest.fixture
def lab() -> Bench:
    return bench()


CASES: list[tuple[str, int, str]] = [
    # for /f
    ("for /f \"tokens=1-2\" %a in ('echo one two three') do @echo %b-%a", 0, "two-one\n"),
    ("for /f \"tokens=1-3\" %a in ('echo one') do @echo [%a%b%c]", 0, "[one]\n"),
    (
        "for /f \"tokens=1-1\" %a in ('echo a^&echo.^&echo ;b^&echo c 1^>nul') do @echo %a",
        0,
        "a\n",
    ),
    ("for /f \"tokens=1-1\" %a in ('set z=1^&echo 2') do @if defined z echo %a", 0, ""),
    # operators
    ("echo a&echo b", 0, "a\nb\n"),
    ("echo a & echo b", 0, "a \nb\n"),
    ("echo a&&echo b", 0, "a\nb\n"),
    ("echo a||echo b", 0, "a\n"),
    ("cmd /c exit 3&&echo b", 3, ""),
    ("cmd /c exit 3||echo b", 0, "b\n"),
    ("cmd /c exit 1&&echo x||echo y", 0, "y\n"),
    ("cmd /c exit 1||echo x&&echo y", 0, "x\ny\n"),
    ("(echo a&echo b)&echo c", 0, "a\nb\nc\n"),
    ("((echo a))", 0, "a\n"),
    ("echo a&", 0, "a\n"),
    ("@echo a", 0, "a\n"),
    ("  ,;=echo a", 0, "a\n"),
    # quotes and carets
    ('echo "a&b"', 0, '"a&b"\n'),
    ("echo a^&b", 0, "a&b\n"),
    ("echo ^^", 0, "^\n"),
    ('echo "^"', 0, '"^"\n'),
    ('echo ^"a ^& b^"', 0, '"a & b"\n'),
    ("e^cho a", 0, "a\n"),
    ("echo a^|b^>c", 0, "a|b>c\n"),
    ("(echo a^))", 0, "a)\n"),
    ("echo (a)", 0, "(a)\n"),
    # echo
    ("echo", 0, "ECHO is on.\n"),
    ("echo.", 0, "\n"),
    ("echo.a  b ", 0, "a  b \n"),
    ("echo(a", 0, "a\n"),
    ("echo   two", 0, "  two\n"),
    ("echo off&echo", 0, "ECHO is off.\n"),
    ("echo !OS!", 0, "!OS!\n"),
    # variables on the command line
    ("echo %OS%", 0, "Windows_NT\n"),
    ("echo %os%%nope%", 0, "Windows_NT%nope%\n"),
    ("echo %%OS%%", 0, "%Windows_NT%\n"),
    ("echo 100%", 0, "100%\n"),
    ("echo a%^OS%b", 0, "a%OS%b\n"),
    ("echo ^%^OS^%", 0, "%OS%\n"),
    ("echo %OS:~0,3%", 0, "Win\n"),
    ("echo %OS:~-2%", 0, "NT\n"),
    ("echo %OS:~3,-3%", 0, "dows\n"),
    ("echo %OS:win=Lin%", 0, "Lindows_NT\n"),
    ("echo %OS:*_=x%", 0, "xNT\n"),
    ("echo %nope:~0,3%", 0, "%nope:~0,3%\n"),
    ("echo %OS:a%", 0, "%OS:a%\n"),
    ("echo %CD%", 0, "C:\\Users\\Administrator\n"),
    ("set x=1&echo %x%", 0, "%x%\n"),
    ("set x=1&call echo %^x%", 0, "1\n"),
    ("call echo a ^& echo b", 1, ""),
    ("call echo a^^b", 0, "a^b\n"),
    ('call echo "a^b"', 0, '"a^^b"\n'),
    ("call nosuch 2>nul&call echo %^errorlevel%", 0, "9009\n"),
    ('set "x=a b"&call echo [%^x%]', 0, "[a b]\n"),
    ("set x=1&set x", 0, "x=1\n"),
    ('set x=1&set "x="&if not defined x echo gone', 0, "gone\n"),
    # the error level: expanded when the line is read, or when call runs
    ("cmd /c exit 5&echo %errorlevel%", 0, "0\n"),
    ("cmd /c exit 5&call echo %^errorlevel%", 0, "5\n"),
    ("cmd /c exit 5&call echo X.%^errorlevel%.&call echo Y.%^errorlevel%.", 0, "X.5.\nY.0.\n"),
    ("cmd /c exit -1&call echo %^errorlevel%", 0, "-1\n"),
    ("cmd /c exit -1073741819&call echo %^errorlevel%", 0, "-1073741819\n"),
    ("cmd /c exit 4294967295&call echo %^errorlevel%", 0, "-1\n"),
    ("cmd /c exit 5&echo x>nul&call echo %^errorlevel%", 0, "5\n"),
    ("cmd /c exit 5&cd C:\\&call echo %^errorlevel%", 0, "0\n"),
    ("cmd /c exit 5&set y=1&call echo %^errorlevel%", 0, "5\n"),
    ("cmd /c exit 5&(call )&call echo %^errorlevel%", 0, "0\n"),
    ("set errorlevel=7&cmd /c exit 5&call echo %^errorlevel%", 0, "7\n"),
    # if
    ("if 1==1 echo y", 0, "y\n"),
    ("if 1==2 echo y", 0, ""),
    ("if 1==2 (echo y) else echo n", 0, "n\n"),
    ("if 1==2 (echo y) else (echo n)", 0, "n\n"),
    ("if 1==1 (echo y) else echo n", 0, "y\n"),
    ("if 1==2 echo a&echo b", 0, ""),
    ("(if 1==2 echo a)&echo b", 0, "b\n"),
    ("if not 1==2 echo y", 0, "y\n"),
    ("if /i A==a echo y", 0, "y\n"),
    ('if "a b"=="a b" echo y', 0, "y\n"),
    ("if 10 gtr 9 echo y", 0, "y\n"),
    ("if b lss c echo y", 0, "y\n"),
    ("if exist C:\\Windows echo y", 0, "y\n"),
    ("if exist C:\\Windows\\System32\\sc.exe\\ echo y", 0, ""),
    ("if exist C:\\Windows\\*.exe echo y", 0, "y\n"),
    ("if not exist C:\\nope echo y", 0, "y\n"),
    ("if defined OS echo y", 0, "y\n"),
    ("if defined nope echo y", 0, ""),
    ("cmd /c exit 5&if errorlevel 5 if not errorlevel 6 echo five", 0, "five\n"),
    ("cmd /c exit -5&if errorlevel -5 if not errorlevel -4 echo minus", 0, "minus\n"),
    ("cmd /c exit -5&if errorlevel 0 echo never", 0, ""),
    # redirections
    ("echo a>C:\\f.txt&type C:\\f.txt", 0, "a\n"),
    ("echo a>C:\\f.txt&echo b>>C:\\f.txt&type C:\\f.txt", 0, "a\nb\n"),
    ("(echo a&echo b)>C:\\f.txt&type C:\\f.txt", 0, "a\nb\n"),
    (">C:\\f.txt echo a&type C:\\f.txt", 0, "a\n"),
    ("echo a 2>nul", 0, "a \n"),
    ("echo a2>C:\\f.txt&type C:\\f.txt", 0, "a2\n"),
    ("nosuch 2>&1", 1, UNKNOWN.format("nosuch")),
    ("nosuch 2>nul", 1, ""),
    ("type C:\\nope >nul 2>&1||echo no", 0, "no\n"),
    ("sort<C:\\Windows\\nope.txt", 1, ""),
    ('echo b>"C:\\a b.txt"&type "C:\\a b.txt"', 0, "b\n"),
    # pipes
    ("echo b|sort", 0, "b\n"),
    ("(echo b&echo a)|sort", 0, "a\nb\n"),
    ("echo abc|find \"b\"", 0, "abc\n"),
    ("echo abc|find \"x\"", 1, ""),
    ("set z=1|more&if defined z echo leaked", 0, ""),
    ("cmd /c exit 4|more", 0, ""),
    # nested cmd
    ('cmd /c "echo a&echo b"', 0, "a\nb\n"),
    ('cmd /d /s /c "echo "a b""', 0, '"a b"\n'),
    ('cmd /c echo "a"', 0, '"a"\n'),
    ("cmd /c exit 1062", 1062, ""),
    ("cmd /c nosuch&call echo %^errorlevel%", 0, "1\n"),
    ("cmd /v:on /c echo !OS!", 0, "Windows_NT\n"),
    # leaving
    ("exit 7&echo no", 7, ""),
    ("exit /b 7&echo no", 7, ""),
    ("cmd /c exit 9&exit", 9, ""),
    ("(exit 3)&echo no", 3, ""),
    # small commands
    ("rem hidden & echo hidden", 0, ""),
    ("echo a&rem b", 0, "a\n"),
    ("title x&echo a", 0, "a\n"),
    ("ver", 0, "\nMicrosoft Windows [Version 6.1.7601]\n"),
    ("cd /d C:\\Windows&cd", 0, "C:\\Windows\n"),
    ("cd \\&cd", 0, "C:\\\n"),
    ("cd C:\\Windows&cd system32&cd ..&cd", 0, "C:\\Windows\n"),
    ("pushd C:\\Windows&popd&cd", 0, "C:\\Users\\Administrator\n"),
    ("pause", 0, "Press any key to continue . . . \n"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "out"), CASES, ids=[case[0] for case in CASES])
def test_line(lab: Bench, line: str, code: int, out: str) -> None:
    result = lab.run(line)
    assert (result.out, result.code) == (out, code), result.err


FAULTS: list[tuple[str, int, str]] = [
    ("nosuch", 1, UNKNOWN.format("nosuch")),
    ('"no such" a', 1, UNKNOWN.format("no")),
    ("&echo a", 255, "& was unexpected at this time.\n"),
    ("echo a&&", 255, "The syntax of the command is incorrect.\n"),
    ("echo a|", 255, "The syntax of the command is incorrect.\n"),
    ("(echo a", 255, "The syntax of the command is incorrect.\n"),
    ("if 1==1", 255, "The syntax of the command is incorrect.\n"),
    ("(echo a) b", 255, "b was unexpected at this time.\n"),
    ("cd C:\\nope", 1, "The system cannot find the path specified.\n"),
    ("type C:\\nope", 1, "The system cannot find the file specified.\n"),
    ("set nope", 1, "Environment variable nope not defined\n"),
    ("echo a>C:\\nope\\x", 1, "The system cannot find the path specified.\n"),
    ("echo a>C:\\Windows", 1, "Access is denied.\n"),
    ("mkdir C:\\Windows", 1, "A subdirectory or file C:\\Windows already exists.\n"),
    ("rd C:\\Windows", 145, "The directory is not empty.\n"),
    ("rd C:\\nope", 2, "The system cannot find the file specified.\n"),
    ("dir C:\\nope", 1, "File Not Found\n"),
    ("echo " + "x" * 8200, 1, "The command line is too long.\n"),
]


@pytest.mark.parametrize(("line", "code", "err"), FAULTS, ids=[case[0][:30] for case in FAULTS])
def test_fault(lab: Bench, line: str, code: int, err: str) -> None:
    result = lab.run(line)
    assert (result.err, result.code) == (err, code)


def test_a_syntax_fault_runs_nothing_of_the_line(lab: Bench) -> None:
    assert lab.run("echo a>C:\\f.txt&(echo b").code == 255
    assert "C:\\f.txt" not in lab.state["files"]


@pytest.mark.parametrize("length", [8191, 8192])
def test_longest_line(lab: Bench, length: int) -> None:
    line = "echo " + "x" * (length - 5)
    assert lab.run(line).code == (0 if length == 8191 else 1)


def test_a_missing_program_inside_a_line_is_9009(lab: Bench) -> None:
    assert lab.run("nosuch1&call echo X.%^errorlevel%.").out == "X.9009.\n"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("for %i in (1) do echo %i", "cmd: for without @ shows its commands"),
        ("for /l %i in (1,1,2) do @echo %i", "cmd: for /l"),
        ("for /f \"delims=,\" %i in ('hostname') do @echo %i", 'cmd: for /f "delims=,"'),
        ('for /f "tokens=1-2" %i in (a.txt) do @echo %i', "cmd: for /f of a file or a text"),
        ("set /a 1+1", "cmd: set /a"),
        ("assoc .txt", "cmd: assoc"),
        ("openfiles C:\\x", "openfiles.exe"),
        ("sc triggerinfo spooler", "sc triggerinfo"),
        ("dir /q C:\\", "cmd: dir /q"),
    ],
)
def test_what_is_not_simulated_is_loud(lab: Bench, line: str, what: str) -> None:
    result = lab.run(line)
    assert result.code == 9999
    assert result.err == f"lab: not simulated: {what}\n"
    assert lab.not_simulated == [what]


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("powershell -c 1", "lab: PowerShell scripts are not simulated\n"),
        ("cscript //nologo x.vbs", "lab: Windows Script Host scripts are not simulated\n"),
    ],
)
def test_script_languages(lab: Bench, program: str, text: str) -> None:
    result = lab.run(program)
    assert (result.code, result.err) == (1, text)
    assert lab.not_simulated


def test_delayed_expansion_and_autorun_of_the_registry() -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Command Processor"
    lab = bench(registry={key: {"DelayedExpansion": 1, "AutoRun": "echo auto"}})
    assert lab.run("echo !OS!&echo a^b").out == "auto\nWindows_NT\nab\n"


def test_prompts_read_standard_input(lab: Bench) -> None:
    assert lab.run("set /p x=Name? &call echo [%^x%]", stdin=b"Ann\r\n").out == "Name? [Ann]\n"
    assert lab.run("set /p x=Name? <nul&if not defined x echo none").out == "Name? none\n"


def test_code_pages() -> None:
    lab = bench(language="chs", registry={r"HKLM\SOFTWARE\测试": {"名": "中文\\0"}})
    query = r"reg query HKLM\SOFTWARE\测试 /v 名"
    for codepage in (936, 65001):
        assert "    名    REG_SZ    中文\\0\n" in lab.run(query, codepage=codepage).out
    assert "    ?    REG_SZ    ??\\0\n" in lab.run(query, codepage=437).out


def test_code_page_65001_is_silent_on_server_2003() -> None:
    result = bench("2003-sp2").run("echo a", codepage=65001)
    assert (result.code, result.out, result.err) == (0, "", "")

"""Files: built-in commands and the tools that look into files."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import Bench, bench

TEXT = "one\r\nTwo two\r\nthree\r\n"


@pytest.fixture
def lab() -> Bench:
    return bench(
        files={
            r"C:\d\a.txt": {"content": TEXT},
            r"C:\d\b.log": {"content": "x"},
            r"C:\d\sub\c.txt": {"content": "deep"},
            r"C:\g\hid den.txt": {"content": "h", "attributes": "AHR", "acl": "D:P(A;;FA;;;BA)"},
            r"C:\g\empty": {"content": ""},
            r"C:\d\tasksche.exe": {"sha1": "51e4307093f8ca8854359c0ac882ddca427a813c",
                                   "size": 3514368, "created": "2017-05-12 10:00:00"},
        }
    )  # fmt: skip


COPIED = "        1 file(s) copied.\n"
MOVED_DIRECTORY = "        1 dir(s) moved.\n"
DELETED = "Deleted file - C:\\d\\a.txt\nDeleted file - C:\\d\\sub\\c.txt\n"
DIGEST = """SHA1 hash of file C:\\d\\tasksche.exe:
51 e4 30 70 93 f8 ca 88 54 35 9c 0a c8 82 dd ca 42 7a 81 3c
CertUtil: -hashfile command completed successfully.
"""

EMPTY_FILE = (
    "CertUtil: -hashfile command FAILED: 0x800703ee (-2147023890)\n"
    "CertUtil: The volume for a file has been externally altered so that the opened file is no "
    "longer valid.\n"
)
SAVE_AND_RESTORE = (
    r'icacls "C:\g\hid den.txt" /save C:\d\acl /q&md C:\n&type nul>"C:\n\hid den.txt"&'
    r'icacls C:\n /restore C:\d\acl&icacls "C:\n\hid den.txt" /save C:\acl >nul&type C:\acl'
)
RESTORED = (
    "Successfully processed 1 files; Failed processing 0 files\n"
    "processed file: C:\\n\\hid den.txt\n"
    "Successfully processed 1 files; Failed processing 0 files\n"
    "h\0i\0d\0 \0d\0e\0n\0.\0t\0x\0t\0\r\0\n\0"
    "D\0:\0P\0(\0A\0;\0;\0F\0A\0;\0;\0;\0B\0A\0)\0\r\0\n\0"
)
CASES: list[tuple[str, int, str]] = [
    (r"dir /b C:\d", 0, "a.txt\nb.log\nsub\ntasksche.exe\n"),
    (r"dir /b /a-d C:\d", 0, "a.txt\nb.log\ntasksche.exe\n"),
    (r"dir /b /ad C:\d", 0, "sub\n"),
    (r"dir /s /b /a C:\d\*.txt", 0, "C:\\d\\a.txt\nC:\\d\\sub\\c.txt\n"),
    (r"dir/b C:\d\a.*", 0, "a.txt\n"),
    (r"dir /b C:\d\none*", 1, ""),
    (r"md C:\e&dir /b /a C:\e||echo empty", 0, "empty\n"),
    (r"md C:\e&dir /ad C:\e>nul&&echo there", 0, "there\n"),
    (r"dir /ad C:\d\a.txt>nul||echo no", 0, "no\n"),
    (r"dir /ad C:\nope\x>nul||echo no", 0, "no\n"),
    (r"copy C:\d\a.txt C:\d\n.txt&type C:\d\n.txt", 0,
     COPIED + TEXT.replace("\r", "")),
    (r"copy /b C:\d\b.log+C:\d\sub\c.txt C:\d\n&type C:\d\n", 0, COPIED + "xdeep"),
    (r"copy C:\d\nope C:\d\x", 1, "        0 file(s) copied.\n"),
    (r"copy C:\d\a.txt C:\d\b.log <nul", 1,
     "Overwrite C:\\d\\b.log? (Yes/No/All): \n        0 file(s) copied.\n"),
    (r"copy /y C:\d\a.txt C:\d\b.log", 0, "        1 file(s) copied.\n"),
    (r"copy /y C:\d\*.txt C:\d\sub", 0, "        1 file(s) copied.\n"),
    (r"move C:\d\a.txt C:\d\sub&dir /b C:\d\sub", 0, "        1 file(s) moved.\na.txt\nc.txt\n"),
    (r"move C:\d\sub C:\moved&dir /s /b C:\moved", 0, MOVED_DIRECTORY + "C:\\moved\\c.txt\n"),
    (r"move C:\d\nope C:\x", 1, ""),
    (r"ren C:\d\a.txt z.txt&dir /b C:\d\*.txt", 0, "z.txt\n"),
    (r"ren C:\d\a.txt b.log", 1, ""),
    (r"del C:\d\a.txt&if not exist C:\d\a.txt echo gone", 0, "gone\n"),
    (r"del C:\d\nope", 0, ""),
    (r"del /q C:\d\*.*&dir /b C:\d", 0, "sub\n"),
    (r"del /s /q C:\d\*.txt&dir /s /b /a-d C:\d", 0,
     DELETED + "C:\\d\\b.log\nC:\\d\\tasksche.exe\n"),
    (r"md C:\p\q\r&rd /s /q C:\p&if not exist C:\p echo gone", 0, "gone\n"),
    (r"attrib +r C:\d\a.txt&del C:\d\a.txt 2>nul&if exist C:\d\a.txt echo kept", 0, "kept\n"),
    (r"attrib +r C:\d\a.txt&del /f C:\d\a.txt&if not exist C:\d\a.txt echo gone", 0, "gone\n"),
    (r"attrib C:\d\a.txt", 0, "A            C:\\d\\a.txt\n"),
    (r'find "two" C:\d\a.txt', 0, "\n---------- C:\\D\\A.TXT\nTwo two\n"),
    (r'find /i /c "t" C:\d\a.txt', 0, "\n---------- C:\\D\\A.TXT: 2\n"),
    (r'type C:\d\a.txt|find /v "one"', 0, "Two two\nthree\n"),
    (r"findstr /i two C:\d\a.txt", 0, "Two two\n"),
    (r"findstr two$ C:\d\a.txt", 0, "Two two\n"),
    (r'findstr /b /c:"two" C:\d\a.txt', 1, ""),
    (r"findstr /n /r ^^t.*e C:\d\a.txt", 0, "3:three\n"),
    (r'findstr /l "one three" C:\d\a.txt', 0, "one\nthree\n"),
    (r"findstr /v /x /l one C:\d\a.txt", 0, "Two two\nthree\n"),
    (r"findstr x C:\nope", 1, ""),
    ("findstr", 2, ""),
    (r"certutil -hashfile C:\d\tasksche.exe", 0, DIGEST),
    (r"certutil -encode C:\d\b.log C:\d\e&certutil -f -decode C:\d\e C:\d\f>nul&type C:\d\f", 0,
     "Input Length = 1\nOutput Length = 62\nCertUtil: -encode command completed successfully.\nx"),
    (r"where sc", 0, "C:\\Windows\\System32\\sc.exe\n"),
    ("where nosuch", 1, ""),
    (r"more C:\d\b.log", 0, "x\n"),
    (r'for %i in ("C:\d\a.txt" C:\d\sub C:\no) do @echo =%~ai=%~zi=', 0,
     "=--a------=21=\n=d--------=0=\n===\n"),
    (r'for %i in ("C:\g\hid den.txt") do @(echo %~nxi&echo %~dpi&echo %i)', 0,
     'hid den.txt\nC:\\g\\\n"C:\\g\\hid den.txt"\n'),
    (r"for %i in (C:\d\*.txt) do @for %j in (1 2) do @echo %~ni%j", 0, "a1\na2\n"),
    (r'if 1==1 for %i in ("a)b" c) do @echo %~i&echo end', 0, "a)b\nend\nc\nend\n"),
    (r'copy /y "C:\g\hid den.txt" C:\d', 1, "        0 file(s) copied.\n"),
    (r'move "C:\g\hid den.txt" C:\d', 1, ""),
    (r'del "C:\g\hid den.txt"&dir /b /ah C:\g', 0, "hid den.txt\n"),
    (r'del /f /a "C:\g\hid den.txt"&dir /b /a C:\g', 0, "empty\n"),
    (r"certutil -hashfile C:\g\empty", -2147023890, EMPTY_FILE),
    (SAVE_AND_RESTORE, 0, RESTORED),
    (r"icacls C:\nope /save C:\x", 2, "Successfully processed 0 files; Failed processing 1 files\n"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "out"), CASES, ids=[case[0] for case in CASES])
def test_line(lab: Bench, line: str, code: int, out: str) -> None:
    result = lab.run(line)
    assert (result.out, result.code) == (out, code), result.err


def test_a_file_in_use_stays(lab: Bench) -> None:
    lab = bench(processes=[r"C:\d\x.exe"], files={r"C:\d\x.exe": {"content": "MZ"}})
    assert lab.run(r"del /f C:\d\x.exe").err == "C:\\d\\x.exe\nAccess is denied.\n"
    assert lab.run(r"move C:\d\x.exe C:\y").code == 1
    lab.ok("taskkill /f /im x.exe&del C:\\d\\x.exe")
    assert lab.run(r"if exist C:\d\x.exe exit 1").code == 0


def test_creation_time_of_the_spec(lab: Bench) -> None:
    out = lab.ok(r'wmic datafile where name="C:\\d\\tasksche.exe" get CreationDate,FileSize /value')
    assert "CreationDate=20170512" in out
    assert "FileSize=3514368" in out


def test_bytes_that_the_lab_does_not_hold_are_loud(lab: Bench) -> None:
    assert lab.run(r"type C:\d\tasksche.exe").code == 9999
    assert lab.run(r"certutil -hashfile C:\d\tasksche.exe SHA256").code == 9999
    assert lab.run(r"C:\d\tasksche.exe").code == 9999

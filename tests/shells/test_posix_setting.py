"""Variables and other users on a POSIX host: real shells, a real sudo where there is one."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Script
from runner.interfaces.setting import Setting
from runner.model.secret import Secret
from runner.shells import load
from tests.shells.posix_hosts import SHELLS, ask, ask_all, run

POSIX = load("posix")
LISTING = Script("posix", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; echo; cat")
SECRET = "hunter2 \\n '\"$(id)`id`"


@pytest.mark.parametrize("login", SHELLS)
def test_variables_reach_programs_scripts_and_bundles(login: str) -> None:
    variables: dict[str, str | Secret] = {
        "A": "1 '2' $HOME",
        "EMPTY": "",
        "S": Secret(SECRET),
        "M": Secret("a\n\\b\n\n"),
    }
    shell = POSIX.under(Setting(variables))
    script = Script("posix", 'printf "%s|" "$A" "${EMPTY-none}" "$S" "$M"; cat', stdin="data\n")
    assert ask(shell, script, login).stdout == f"1 '2' $HOME||{SECRET}|a\n\\b\n\n|data\n"
    assert ask(shell, Exec("printenv", "S"), login).stdout == f"{SECRET}\n"
    answers = ask_all(shell, Exec("printenv", "A"), Script("sh", "printenv S"), login=login)
    assert [out.stdout for out in answers] == ["1 '2' $HOME\n", f"{SECRET}\n"]


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@settings(max_examples=40, deadline=None)
@given(VALUES, VALUES)
def test_any_values(plain: str, secret: str) -> None:
    shell = POSIX.under(Setting({"A": plain, "B": Secret(secret)}))
    out = run(shell.render(Script("posix", 'printf "%s|%s" "$A" "$B"')))
    assert out.stdout.decode() == f"{plain}|{secret}"


def test_a_secret_is_neither_shown_nor_in_the_list_of_processes() -> None:
    shell = POSIX.under(Setting({"A": "plain-marker", "S": Secret("hunter2-marker")}))
    invocation = shell.render(LISTING)
    assert "hunter2" not in invocation.text
    assert invocation.text.startswith("A=plain-marker S=******** ")
    listing = run(invocation).stdout.decode("utf-8", "replace")
    assert "plain-marker" in listing, "else this test sees nothing"
    assert "hunter2" not in listing


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "A-B", "é", "A;id"])
def test_names_that_a_shell_cannot_export(name: str) -> None:
    with pytest.raises(ModuleError, match="not a name"):
        POSIX.under(Setting({name: "x"}))


def test_values_that_no_program_can_get() -> None:
    for value in ("a\0b", Secret("a\0b")):
        with pytest.raises(ModuleError):
            POSIX.under(Setting({"A": value})).render(Exec("true"))


def test_an_empty_setting_changes_nothing() -> None:
    assert POSIX.under(Setting()) is POSIX


# -- another user --------------------------------------------------------------------------------

# A sudo that reads one line at a time, asks as often as its like, and knows one password.
FAKE_SUDO = """\
#!/bin/bash
echo "$@" >>"$0.log"
validate= ask=yes stdin= user=root
while [ $# -gt 0 ]; do
case $1 in
-v) validate=yes;; -n) ask=;; -S) stdin=yes;; -H) ;; -p) shift;; -u) user=$2; shift;; --) break;;
*) echo "sudo: unknown option $1" >&2; exit 1;;
esac
shift
done
shift
tries=3
while [ -n "{needs}" ]; do
[ -n "$ask" ] || {{ echo "sudo: a password is required" >&2; exit 1; }}
[ -n "$stdin" ] || exit 99
echo -n "[sudo] password for me: " >&2
IFS= read -r given || {{ echo "sudo: no password was provided" >&2; exit 1; }}
echo try >>"$0.tries"
[ "$given" = "{password}" ] && break
echo "Sorry, try again." >&2
tries=$((tries - 1)); [ $tries -gt 0 ] || {{ echo "sudo: 3 incorrect attempts" >&2; exit 1; }}
done
[ -z "$validate" ] || exit 0
WHO=$user exec "$@"
"""


def fake_sudo(folder: Path, *, needs: str = "yes", password: str = "right") -> str:
    tool = folder / "sudo"
    tool.write_text(FAKE_SUDO.format(needs=needs, password=password))
    tool.chmod(0o755)
    return str(tool)


WHO = Script("posix", 'echo "$WHO"; echo problem >&2; cat; exit 3', stdin="in\n")


@pytest.mark.parametrize("needs", ["yes", ""])
@pytest.mark.parametrize("data", ["in\n", None, ""])
def test_the_password_never_mixes_with_the_input(
    tmp_path: Path, needs: str, data: str | None
) -> None:
    exe = fake_sudo(tmp_path, needs=needs)
    shell = POSIX.under(
        Setting({"S": Secret("s")}, "sudo", "app", password=Secret("right"), exe=exe)
    )
    out = ask(shell, Script("posix", 'echo "$WHO$S"; echo problem >&2; cat; exit 3', stdin=data))
    assert (out.code, out.stdout, out.stderr) == (3, "apps\n" + (data or ""), "problem\n")
    assert [o.stdout for o in ask_all(shell, Exec("printenv", "WHO"), Exec("echo", "2"))] == [
        "app\n", "2\n",
    ]  # fmt: skip


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    exe = fake_sudo(tmp_path)
    shell = POSIX.under(Setting(become="sudo", user="app", password=Secret("wrong"), exe=exe))
    invocation = shell.render(WHO)
    with pytest.raises(ModuleError, match=r"^incorrect become password") as caught:
        shell.decode(run(invocation), "utf-8")
    assert "ansible_become_password" in caught.value.hint
    assert "password for me" not in caught.value.message
    assert (tmp_path / "sudo.tries").read_text() == "try\n"
    (bundle,) = shell.bundle([Exec("true")]) or ()
    with pytest.raises(ModuleError, match=r"^incorrect become password"):
        bundle.outputs(run(bundle.invocation), "utf-8")


def test_a_missing_password_is_told_and_nothing_waits(tmp_path: Path) -> None:
    shell = POSIX.under(Setting(become="sudo", user="app", exe=fake_sudo(tmp_path)))
    with pytest.raises(ModuleError, match=r"^missing become password"):
        ask(shell, WHO)
    assert "-n" in (tmp_path / "sudo.log").read_text().split()


def test_no_sudo_is_told() -> None:
    for password in (None, Secret("x")):
        setting = Setting(become="sudo", password=password, exe="/no/such/sudo")
        with pytest.raises(ModuleError, match="there is no /no/such/sudo on the host"):
            ask(POSIX.under(setting), WHO)


def test_a_refusal_that_quotes_the_command_is_no_success(tmp_path: Path) -> None:
    tool = tmp_path / "sudo"
    tool.write_text('#!/bin/sh\necho "Sorry, user me is not allowed to execute $*" >&2\nexit 1\n')
    tool.chmod(0o755)
    setting = Setting(become="sudo", user="app", exe=str(tool))
    with pytest.raises(ModuleError, match="may not become app"):
        ask(POSIX.under(setting), WHO)


def test_the_password_is_neither_shown_nor_in_the_list_of_processes(tmp_path: Path) -> None:
    exe = fake_sudo(tmp_path, password="hunter2-marker")
    setting = Setting(become="sudo", user="app", password=Secret("hunter2-marker"), exe=exe)
    shell = POSIX.under(setting)
    invocation = shell.render(LISTING)
    assert invocation.text.startswith("sudo -u app cat ")
    assert "hunter2" not in invocation.line + invocation.text
    listing = shell.decode(run(invocation), "utf-8").stdout
    assert exe in listing
    assert "hunter2" not in listing
    assert "hunter2" not in (tmp_path / "sudo.log").read_text()


@pytest.mark.parametrize(
    ("flags", "password", "sent", "not_sent"),
    [
        ("", None, ["-H", "-n"], ["-S"]),
        ("", Secret("right"), ["-H", "-S"], ["-n"]),
        ("-H -S -n", Secret("right"), ["-H", "-S"], ["-n"]),
        ("-Hn", Secret("right"), ["-H"], ["-Hn", "-n"]),
    ],
)
def test_flags_take_the_place_of_ours(
    tmp_path: Path, flags: str, password: Secret | None, sent: list[str], not_sent: list[str]
) -> None:
    exe = fake_sudo(tmp_path, needs="yes" if password else "")
    ask(POSIX.under(Setting(become="sudo", password=password, flags=flags, exe=exe)), Exec("true"))
    words = (tmp_path / "sudo.log").read_text().splitlines()[-1].split()
    assert set(sent) <= set(words)
    assert not set(not_sent) & set(words)
    assert words[words.index("-u") + 1] == "root"


@pytest.mark.parametrize(
    "setting",
    [
        Setting(become="runas", user="SYSTEM"),
        Setting(become="doas"),
        Setting(become="sudo", user="-x"),
        Setting(become="sudo", flags="'"),
        Setting(become="sudo", password=Secret("a\nb")),
    ],
)
def test_what_cannot_be_done_is_refused(setting: Setting) -> None:
    with pytest.raises(ModuleError):
        POSIX.under(setting).render(Exec("true"))


FAKE_SU = """\
#!/bin/bash
echo -n "Password: " >&2
IFS= read -r given
[ "$given" = right ] || { echo "su: Authentication failure" >&2; exit 1; }
[ "$2" = -c ] || exit 99
WHO=$1 exec /bin/sh -c "$3"
"""


def test_su_reads_the_password_ahead_of_the_input(tmp_path: Path) -> None:
    tool = tmp_path / "su"
    tool.write_text(FAKE_SU)
    tool.chmod(0o755)
    for password, start in ((Secret("wrong"), "incorrect"), (None, "missing")):
        setting = Setting(become="su", user="app", password=password, exe=str(tool))
        with pytest.raises(ModuleError, match=f"^{start} become password") as caught:
            ask(POSIX.under(setting), WHO)
        assert "Password:" not in caught.value.message
    setting = Setting({"A": "1"}, "su", "app", password=Secret("right"), exe=str(tool))
    out = ask(POSIX.under(setting), WHO)
    assert (out.code, out.stdout, out.stderr) == (3, "app\nin\n", "problem\n")


def test_su_that_wants_a_terminal_is_told(tmp_path: Path) -> None:
    tool = tmp_path / "su"
    tool.write_text("#!/bin/sh\necho 'su: must be run from a terminal' >&2\nexit 1\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    setting = Setting(become="su", password=Secret("x"), exe=str(tool))
    with pytest.raises(ModuleError, match="su wants a terminal"):
        ask(POSIX.under(setting), WHO)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become others without a password")
@pytest.mark.parametrize("method", ["sudo", "su"])
@pytest.mark.parametrize("password", [None, Secret("whatever")])
def test_the_real_ones_as_root(method: str, password: Secret | None) -> None:
    if shutil.which(method) is None:
        pytest.skip(f"no {method} on this machine")
    flags = "-s /bin/sh" if method == "su" else ""
    setting = Setting({"A": "1", "S": Secret("s")}, method, "nobody", password, flags)
    shell = POSIX.under(setting)
    out = ask(shell, Script("posix", "id -un; echo $A$S; cat", stdin="in\n", chdir="/"))
    assert (out.code, out.stdout, out.stderr) == (0, "nobody\n1s\nin\n", "")
    assert ask_all(shell, Exec("id", "-un"), Exec("pwd"))[0].stdout == "nobody\n"

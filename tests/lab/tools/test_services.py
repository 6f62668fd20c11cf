"""sc and net: one truth with the registry, Win32 exit codes, dependents, pending states."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import Bench, bench, changes, wait_until

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"


def running(lab: Bench, name: str) -> bool:
    return "4  RUNNING" in lab.run(f"sc query {name}").out


CODES: list[tuple[str, int]] = [
    ("sc query nosuch", 1060),
    ("sc qc nosuch", 1060),
    ("sc stop nosuch", 1060),
    ("sc start nosuch", 1060),
    ("sc config nosuch start= auto", 1060),
    ("sc delete nosuch", 1060),
    ("sc enumdepend nosuch", 1060),
    ("sc start spooler", 1056),
    ("sc stop TrustedInstaller", 1062),
    ("sc start SharedAccess", 1058),
    ("sc stop rpcss", 1052),
    ("sc stop LanmanWorkstation", 1051),
    ("sc config spooler start=disabled", 1639),
    ("sc config spooler start= never", 1639),
    ("sc config spooler start=", 1639),
    ("sc create spooler binPath= C:\\x.exe", 1073),
    ("sc create x", 1639),
    ("sc failure nosuch reset= 0 actions= restart/1", 1060),
    ("sc failure spooler reset= 0", 1639),
    ("sc failure spooler reset= 0 actions= restart", 1639),
    ("sc failure spooler reset= 0 actions= explode/1", 1639),
    ("sc failureflag spooler 2", 1639),
    ("sc failureflag nosuch 1", 1060),
    ("sc sidtype spooler maybe", 1639),
    ("sc privs spooler backup", 1639),
    ("sc preshutdown spooler soon", 1639),
    ("sc preshutdown nosuch 1000", 1060),
    ("sc config spooler type= interact", 1639),
    ("net start nosuch", 2),
    ("net stop TrustedInstaller", 2),
    ("net start spooler", 2),
    ("net start SharedAccess", 2),
    ("net stop LanmanWorkstation", 2),
]


@pytest.mark.parametrize(("line", "code"), CODES, ids=[case[0] for case in CODES])
def test_refusals_change_nothing(line: str, code: int) -> None:
    lab = bench()
    before = lab.state
    assert lab.run(line).code == code
    assert changes(before, lab.state) == []


def test_query_prints_the_name_as_asked_and_the_numeric_state() -> None:
    assert bench().ok("sc query LANMANserver") == (
        "\nSERVICE_NAME: LANMANserver \n"
        "        TYPE               : 20  WIN32_SHARE_PROCESS  \n"
        "        STATE              : 4  RUNNING \n"
        "                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)\n"
        "        WIN32_EXIT_CODE    : 0  (0x0)\n"
        "        SERVICE_EXIT_CODE  : 0  (0x0)\n"
        "        CHECKPOINT         : 0x0\n"
        "        WAIT_HINT          : 0x0\n"
    )


def test_failures_are_on_standard_output() -> None:
    result = bench().run("sc start SharedAccess")
    assert result.err == ""
    assert result.out.startswith("[SC] StartService FAILED 1058:\n\nThe service cannot be started")


def test_configuration_and_registry_are_one_truth() -> None:
    lab = bench()
    path = rf"{SERVICES}\Spooler"
    lab.ok("sc config spooler start= delayed-auto")
    assert "Start    REG_DWORD    0x2\n" in lab.ok(f"reg query {path} /v Start")
    assert "DelayedAutostart    REG_DWORD    0x1\n" in lab.ok(f"reg query {path}")
    lab.ok(f"reg add {path} /v Start /t REG_DWORD /d 4 /f")
    assert "START_TYPE         : 4   DISABLED\n" in lab.ok("sc qc spooler")
    lab.ok("sc config spooler start= auto")
    assert lab.run(f"reg query {path} /v DelayedAutostart").code == 1


def test_recovery_is_kept_as_windows_keeps_it() -> None:
    lab = bench("2012r2")
    key = rf"{SERVICES}\Spooler"
    lab.ok('sc failure spooler reset= 86400 actions= restart/60000//5 command= "a b" reboot= now')
    lab.ok("sc failureflag spooler 1")
    lab.ok("sc sidtype spooler restricted")
    lab.ok("sc config spooler type= own type= interact")
    found = lab.ok(f"reg query {key}")
    head = "8051010000000000000000000200000014000000"
    assert f"FailureActions    REG_BINARY    {head}0100000060EA00000000000005000000" in found
    assert "FailureCommand    REG_SZ    a b" in found
    assert "RebootMessage    REG_SZ    now" in found
    assert "FailureActionsOnNonCrashFailures    REG_DWORD    0x1" in found
    assert "ServiceSidType    REG_DWORD    0x3" in found
    assert "Type    REG_DWORD    0x110" in found
    lab.ok('sc failure spooler reset= 0 actions= "" command= "" reboot= ""')
    lab.ok("sc config spooler type= own")
    gone = lab.ok(f"reg query {key}")
    assert "FailureActions  " not in gone
    assert "FailureCommand" not in gone
    assert "RebootMessage" not in gone
    assert "Type    REG_DWORD    0x10" in gone


def test_depend_is_replaced_as_a_whole() -> None:
    lab = bench()
    lab.ok("sc config lanmanworkstation depend= bowser/mrxsmb20/nsi")
    shown = lab.ok(rf"reg query {SERVICES}\LanmanWorkstation /v DependOnService")
    assert "REG_MULTI_SZ    bowser\\0mrxsmb20\\0nsi\n" in shown
    lab.ok('sc config lanmanworkstation depend= ""')
    assert lab.run(rf"reg query {SERVICES}\LanmanWorkstation /v DependOnService").code == 1


def test_stop_and_start_pass_through_pending_states() -> None:
    lab = bench()
    assert "3  STOP_PENDING" in lab.ok("sc stop spooler")
    assert lab.run("sc start spooler").code == 1061
    wait_until(lambda: "1  STOPPED" in lab.ok("sc query spooler"))
    assert "2  START_PENDING" in lab.ok("sc start spooler")
    wait_until(lambda: running(lab, "spooler"))


def test_a_service_without_its_program_does_not_start() -> None:
    lab = bench(files={r"C:\a b\c.exe": {"content": "MZ"}})
    for path, code in (
        (r"C:\nope.exe -k", 2),
        (r"C:\a b\c.exe -k", 0),
        (r"\"C:\a b\c.exe\" -k", 0),
    ):
        lab.ok(rf'sc create demo binPath= "{path}"')
        assert lab.run("sc start demo").code == code, path
        lab.ok("sc delete demo")
        lab.run("sc stop demo")
        lab.reboot()


def test_create_describe_delete_a_running_service() -> None:
    lab = bench(files={r"C:\demo\demo.exe": {"content": "MZ"}})
    before = lab.state
    lab.ok(r'sc create demo binPath= "C:\demo\demo.exe -k x" DisplayName= "De mo" start= auto')
    lab.ok('sc description demo "what it is"')
    assert "DISPLAY_NAME       : De mo\n" in lab.ok("sc qc demo")
    assert "DESCRIPTION:  what it is\n" in lab.ok("sc qdescription demo")
    lab.ok("net start demo")
    lab.ok("sc delete demo")
    assert lab.run("sc delete demo").code == 1072
    assert lab.run("sc config demo start= demand").code == 1072
    lab.ok("net stop demo")
    assert lab.run("sc query demo").code == 1060
    assert changes(before, lab.state) == []


def test_dependents_on_a_domain_controller() -> None:
    lab = bench("2012r2", role="domain_controller")
    assert "SERVICE_NAME: Netlogon" in lab.ok("sc enumdepend lanmanserver 65536")
    assert lab.run("sc stop lanmanserver").code == 1051
    refused = lab.run("net stop lanmanserver <nul")
    assert refused.code == 2
    assert "   Netlogon\n" in refused.out
    assert running(lab, "lanmanserver")
    lab.ok("net stop server /y")
    assert not running(lab, "netlogon")


def test_enumdepend_needs_room_in_its_buffer() -> None:
    lab = bench("2003-sp2")
    result = lab.run("sc enumdepend LanmanServer 100")
    assert result.code == 234
    assert "more data, need" in result.out


def test_net_stop_asks_and_takes_an_answer() -> None:
    lab = bench("2003-sp2")
    assert lab.run("net stop server", stdin=b"Y\r\n").code == 0
    assert not running(lab, "Browser")


def test_net_by_display_name_and_its_texts() -> None:
    lab = bench()
    assert lab.ok('net stop "Print Spooler"').endswith("was stopped successfully.\n\n")
    failed = lab.run("net stop spooler")
    assert failed.err == (
        "The Print Spooler service is not started.\n\n"
        "More help is available by typing NET HELPMSG 3521.\n\n"
    )


def test_a_disabled_service_stays_stopped_over_a_restart() -> None:
    lab = bench()
    lab.ok("net stop lanmanserver /y&sc config lanmanserver start= disabled")
    lab.reboot()
    assert lab.state["services"]["LanmanServer"] == {"state": "stopped", "start": 4}


def test_a_dependency_that_is_disabled_keeps_its_dependents_down() -> None:
    lab = bench()
    lab.ok("sc config mrxsmb10 start= disabled")
    lab.reboot()
    assert not running(lab, "lanmanworkstation")
    assert lab.run("sc start lanmanworkstation").code == 1068
    lab.ok("sc config lanmanworkstation depend= bowser/mrxsmb20/nsi")
    lab.reboot()
    assert running(lab, "lanmanworkstation")


def test_shares_live_in_the_registry() -> None:
    lab = bench("2012", shares={"data": r"C:\data"})
    assert "data         C:\\data" in lab.ok("net share")
    lab.ok(r"mkdir C:\more&net share more=C:\more")
    assert lab.state["shares"] == {"data": r"C:\data", "more": r"C:\more"}
    lab.ok("net share more /delete")
    assert lab.run("net share more").code == 2


def test_services_of_the_spec() -> None:
    lab = bench(
        services={
            "Spooler": {"state": "stopped", "start": "disabled"},
            "mssecsvc2.0": {"state": "running", "start": "auto", "path": r"C:\Windows\mssecsvc.exe",
                            "depends": ["RpcSs"], "display_name": "Odd"},
        }
    )  # fmt: skip
    assert lab.state["services"]["Spooler"] == {"state": "stopped", "start": 4}
    assert running(lab, "mssecsvc2.0")
    assert '"mssecsvc.exe"' in lab.ok("tasklist /nh /fo csv")
    assert lab.run("del /f C:\\Windows\\mssecsvc.exe").code == 0
    lab.ok("taskkill /f /im mssecsvc.exe")
    assert not running(lab, "mssecsvc2.0")

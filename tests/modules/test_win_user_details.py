"""win_user: home directory, login script, profile, expiry; what the host is sent and given back."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows.user_details import Details, moment
from tests.modules.facts import facts
from tests.modules.scripted import Scripted, task

USERS = "Domain=WEB01\r\nName=bob\r\nSID=S-1-5-21-1-2-3-1001\r\nPasswordExpires=TRUE\r\n"
GROUPS = "Name=Users\r\nSID=S-1-5-32-545\r\n"
LIST = f"Alias\r\n\r\n{'-' * 79}\r\nbob\r\ndone.\r\n"
MOMENT = "2026-12-31T00:00:00Z"
SECONDS = 1798675200


def shown(home: str = "", script: str = "", profile: str = "", expires: int = 0xFFFFFFFF,
          expired: int = 0) -> Output:  # fmt: skip
    texts = {"home": home, "script": script, "profile": profile}
    lines = [f"{name}={base64.b64encode(text.encode()).decode()}" for name, text in texts.items()]
    return Output(0, "\r\n".join([*lines, f"expires={expires}", f"expired={expired}", ""]))


def host(*answers: Output, there: bool = True) -> Scripted:
    """The script that looks and the one that sets begin alike, so they are answered in turn."""
    return Scripted({
        "wmic useraccount": Output(0, USERS if there else USERS.replace("bob", "eve")),
        "wmic group": Output(0, GROUPS), "net localgroup Users": Output(0, LIST),
        "net user": Output(0), "net localgroup": Output(0), "$c='": list(answers),
    })  # fmt: skip


def change_of(machine: Scripted, raw: dict[str, Any]) -> tuple[Any, Any, Change[Any]]:
    module, params = task("win_user", name="bob", **raw)
    before = machine.drive(module.probe(params, facts("2016")))
    return module, params, Change("user bob", before, module.plan(params, before, facts("2016")))


EACH: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"home_directory": r"D:\home\bob"}, {"home": r"D:\home\bob"}, {"home": ""}),
    ({"login_script": "a & b.cmd"}, {"script": "a & b.cmd"}, {"script": ""}),
    ({"profile": r"\\srv\p\é"}, {"profile": r"\\srv\p\é"}, {"profile": ""}),
    ({"account_expires": "2026-12-31"}, {"expires": SECONDS}, {"expires": 0xFFFFFFFF}),
    ({"password_expired": True}, {"expired": True}, {"expired": False}),
]


@pytest.mark.parametrize(("raw", "sends", "back"), EACH, ids=[next(iter(row[0])) for row in EACH])
def test_each_of_them_there_and_back(
    raw: dict[str, Any], sends: dict[str, Any], back: dict[str, Any]
) -> None:
    machine = host(shown(), Output(0))
    module, params, change = change_of(machine, raw)
    (name,) = raw
    assert [one.field for one in change.differences()] == [name]
    machine.drive(module.apply(params, change, facts("2016")))
    assert machine.scripts[-1].params == {"name": "bob", **sends}
    machine.drive(module.undo(params, change, facts("2016")))
    assert machine.scripts[-1].params == {"name": "bob", **back}
    assert not [line for line in machine.sent if line.startswith("net user")]
    (found,) = module.restore(params, change)
    assert found.arguments == {"name": "bob", name: getattr(change.before, name)}


def test_what_is_so_already_is_left_alone() -> None:
    there = shown(r"D:\x", "s", "p", SECONDS, 1)
    raw = {"home_directory": r"D:\x", "login_script": "s", "profile": "p",
           "account_expires": "2026-12-31T01:00:00+0100", "password_expired": True}  # fmt: skip
    module, params, change = change_of(host(there), raw)
    assert not change.differences()
    result = module.result(params, change, {}, {})
    assert {key: result[key] for key in raw} == {**raw, "account_expires": MOMENT}


def test_what_the_task_does_not_name_is_not_judged() -> None:
    module, params, change = change_of(host(shown("D:\\x", "s")), {"login_script": ""})
    assert [one.field for one in change.differences()] == ["login_script"]
    assert change.before.home_directory is None
    assert "home_directory" not in module.result(params, change, {}, {})


def test_a_task_without_them_asks_no_powershell() -> None:
    machine = host()
    change_of(machine, {"fullname": "B"})
    assert not machine.scripts


def test_never_takes_an_expiry_away() -> None:
    machine = host(shown(expires=SECONDS), Output(0))
    module, params, change = change_of(machine, {"account_expires": "Never"})
    assert (change.before.account_expires, change.after.account_expires) == (MOMENT, "never")
    machine.drive(module.apply(params, change, facts("2016")))
    assert machine.scripts[-1].params["expires"] == 0xFFFFFFFF
    assert not change_of(host(shown(expires=0)), {"account_expires": "never"})[2].differences()


def test_a_new_user_is_given_them_after_it_is_made() -> None:
    machine = host(Output(0), there=False)
    raw = {"home_directory": "D:\\x", "account_expires": "never", "password_expired": False}
    module, params, change = change_of(machine, raw)
    machine.sent.clear()
    machine.drive(module.apply(params, change, facts("2016")))
    assert machine.sent[0] == "net user bob /add"
    assert machine.scripts[-1].params == {
        "name": "bob", "home": "D:\\x", "expires": 0xFFFFFFFF, "expired": False,
    }  # fmt: skip
    without = {**facts("2003"), "powershell_version": 0}
    before = host(there=False).drive(module.probe(params, without))
    with pytest.raises(Refused, match="which alone sets home_directory, account_expires"):
        module.plan(params, before, without)


def test_without_powershell_they_are_refused() -> None:
    with pytest.raises(Refused, match="cannot be told: not found") as caught:
        change_of(host(Output(9009, "", "not found")), {"profile": "x"})
    assert "2008 R2" in caught.value.hint


def test_a_query_tells_them_where_it_can() -> None:
    for answer, wanted in ((shown("D:\\x"), "D:\\x"), (Output(9009), None)):
        module, params, change = change_of(host(answer), {"state": "query"})
        result = module.result(params, change, {}, {})
        assert not change.differences()
        assert result.get("home_directory") == wanted
        assert result["fullname"] == ""


def test_errors_say_what_was_set() -> None:
    machine = host(shown(), Output(1, "", "Access is denied"))
    module, params, change = change_of(machine, {"profile": "x", "login_script": "y"})
    with pytest.raises(ModuleError, match="set login_script, profile of user bob: Access"):
        machine.drive(module.apply(params, change, facts("2016")))
    garbled = Output(0, shown().stdout.replace("home=", "home=?"))
    with pytest.raises(ModuleError, match="garbled"):
        change_of(host(garbled), {"profile": "x"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("never", "never"), (" 2026-12-31 ", MOMENT), ("2026-12-31T00:00:00", MOMENT),
        ("2026-12-31T00:00:00Z", MOMENT), ("2026-12-31T01:30:00+01:30", MOMENT),
        ("2026-12-30T19:00:00-0500", MOMENT), ("2026-12-31 00:00:00+00:00", MOMENT),
    ],
)  # fmt: skip
def test_moments(text: str, wanted: str) -> None:
    assert moment(text) == wanted


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"account_expires": "31.12.2026"}, "must be 'never'"),
        ({"account_expires": "1969-01-01"}, "from 1970 to 2106"),
        ({"account_expires": "2200-01-01"}, "from 1970 to 2106"),
        ({"home_directory": "a\nb"}, "control character"),
    ],
)
def test_values_that_make_no_sense(raw: dict[str, str], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_user", name="bob", **raw)


def test_nothing_differs_nothing_is_sent() -> None:
    from runner.windows import user_details

    machine = Scripted()
    machine.drive(user_details.change("bob", Details(profile="x"), Details(profile="x")))
    assert not machine.scripts

"""win_user: what is beyond the table of test_win_accounts, and passwords."""

from __future__ import annotations

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Output
from runner.model.secret import MASK
from runner.model.state import Change
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

BOB = {"users": {"bob": {"full_name": "Bob", "description": "old", "password_expires": False}}}


def test_a_locked_account_is_opened_but_never_locked_again() -> None:
    host = LabHost("2012", users={"bob": {"locked": True}})
    work = host.task("win_user", name="bob", account_locked="no")
    change = work.plan()
    assert "locked again" in work.module.irreversible(work.params, change, {})
    work.apply(change)
    assert work.probe() == change.after
    with pytest.raises(ParamsError, match="account_locked"):
        task("win_user", name="bob", account_locked=True)


def test_query_only_looks() -> None:
    host = LabHost("2016", **BOB)
    work = host.task("win_user", name="bob", state="query", fullname="other")
    change = work.plan()
    assert not change.differences()
    assert work.module.result(work.params, change, {}, {})["fullname"] == "Bob"
    none = host.task("win_user", name="nobody", state="query")
    assert none.module.result(none.params, none.plan(), {}, {})["msg"].endswith("not found")


def test_groups_that_do_not_exist() -> None:
    host = LabHost("2016")
    work = host.task("win_user", name="bob", groups="Nobody")
    change = work.plan()  # a task before this one may make it
    assert "must be made first: Nobody" in work.module.message(work.params, change, {})
    with pytest.raises(Refused, match="do not exist on this host: Nobody"):
        work.apply(change)
    assert host.writes == 0
    work = host.task("win_user", name="bob", groups="Nobody", groups_missing_behaviour="warn")
    assert "Nobody" in work.module.message(work.params, work.plan(), {})


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a" * 21, ". .", "a*"])
def test_names_that_no_user_can_have(name: str) -> None:
    with pytest.raises(ParamsError, match="name"):
        task("win_user", name=name)


# -- passwords ----------------------------------------------------------------------------------

PASSWORD = "Geh-3im, 100% $x"
USERS = "Domain=WEB01\r\nName=bob\r\nSID=S-1-5-21-1-2-3-1001\r\nPasswordExpires=TRUE\r\n"
GROUPS = "Name=Users\r\nSID=S-1-5-32-545\r\n"
LIST = f"Alias\r\n\r\n{'-' * 79}\r\nbob\r\ndone.\r\n"
ANSWERS = {
    "wmic useraccount": Output(0, USERS),
    "wmic group": Output(0, GROUPS),
    "net localgroup Users": Output(0, LIST),
    "$s=": Output(0, "code=1326\r\n"),
    "$p=": Output(0),
}


def test_a_password_goes_through_standard_input_alone() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    host = Scripted(ANSWERS)
    before = host.drive(module.probe(params, facts("2016")))
    after = module.plan(params, before, facts("2016"))
    change = Change("user bob", before, after)
    assert [(d.field, d.before, d.after) for d in change.differences()] == [
        ("password", "another one", "as given")
    ]
    assert "old password" in module.irreversible(params, change, {})
    host.drive(module.apply(params, change, facts("2016")))
    assert [script.stdin for script in host.scripts] == [PASSWORD, PASSWORD]
    shown = f"{host.sent} {host.asked} {[(s.text, s.params) for s in host.scripts]}"
    assert PASSWORD not in shown + repr(params) + str(to_json(params)) + repr(change)
    assert host.scripts[1].params == {"name": "bob", "create": False}
    recorded = from_json(type(params), to_json(params))
    with pytest.raises(Refused, match="not on record"):
        module.plan(recorded, before, facts("2016"))


@pytest.mark.parametrize(("code", "same"), [(0, True), (1331, True), (1907, True), (1326, False),
                                            (1909, False)])  # fmt: skip
def test_whether_it_is_the_password_already(code: int, same: bool) -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    host = Scripted({**ANSWERS, "$s=": Output(0, f"code={code}\r\n")})
    before = host.drive(module.probe(params, facts("2016")))
    after = module.plan(params, before, facts("2016"))
    assert (before == after) is same


def test_only_a_new_user_is_given_it_with_on_create() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD, update_password="on_create")
    host = Scripted(ANSWERS)
    before = host.drive(module.probe(params, facts("2016")))
    assert module.plan(params, before, facts("2016")) == before
    assert not host.scripts


def test_a_new_user_with_a_password() -> None:
    module, params = task("win_user", name="new", password=PASSWORD, fullname="N")
    host = Scripted({**ANSWERS, "net ": Output(0)})
    before = host.drive(module.probe(params, facts("2016")))
    change = Change("", before, module.plan(params, before, facts("2016")))
    assert not module.irreversible(params, change, {})
    host.sent.clear()
    host.drive(module.apply(params, change, facts("2016")))
    assert host.scripts[-1].params == {"name": "new", "create": True}
    assert host.sent[1:] == ["net user new /fullname:N", "net localgroup Users new /add"]


def test_a_host_without_powershell_is_not_given_one() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    known = {**facts("2003"), "powershell_version": 0}
    known["windows"] = {**known["windows"]}
    host = Scripted({**ANSWERS, "$s=": Output(1)})
    before = host.drive(module.probe(params, known))
    with pytest.raises(Refused, match="no PowerShell"):
        module.plan(params, before, known)


def test_a_password_that_is_refused() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    host = Scripted({**ANSWERS, "$p=": Output(1, "", "The password does not meet ...\r\n")})
    before = host.drive(module.probe(params, facts("2016")))
    change = Change("", before, module.plan(params, before, facts("2016")))
    with pytest.raises(ModuleError, match="does not meet"):
        host.drive(module.apply(params, change, facts("2016")))
    assert str(params.password) == MASK  # type: ignore[attr-defined]

"""Parameters: what is accepted, what is refused, in which words, and at which place."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ParamsError
from runner.interfaces.param_rows import describe
from runner.interfaces.params import check_static, parse, problems
from runner.model.source import Source
from runner.modules import load, names

TASK = Source("play.yml", 10, 3, "- win_service:")
NAME = Source("play.yml", 11, 7, "      nam: x")


def is_template(value: Any) -> bool:
    if isinstance(value, list):
        return any(is_template(item) for item in value)
    return isinstance(value, str) and "{{" in value


REFUSED = [
    ("win_service", {"nam": "x"}, "win_service has no parameter 'nam'", "did you mean 'name'?"),
    ("win_service", {"zzzz": 1}, "win_service has no parameter 'zzzz'", "its parameters: name"),
    ("win_service", {}, "required parameter 'name' is missing", ""),
    ("win_service", {"name": None}, "required parameter 'name' has no value", ""),
    (
        "win_user_right",
        {"name": "SeDebugPrivilege", "users": None},
        "required parameter 'users' has no value",
        "[] is none at all",
    ),
    (
        "win_service",
        {"name": "x", "state": "stoped"},
        "parameter 'state' must be one of 'absent', 'paused', 'started', 'stopped' or 'restarted'",
        "did you mean 'stopped'?",
    ),
    (
        "win_service",
        {"name": "x", "force_dependent_services": "perhaps"},
        "parameter 'force_dependent_services' must be yes or no, not 'perhaps'",
        "",
    ),
    (
        "win_find",
        {"paths": "C:\\x", "follow": 1},
        "'follow' is not supported here",
        "cmd tells in no reliable way",
    ),
    ("win_service", {"name": "x", "password": "p"}, "goes with the 'username'", ""),
    ("win_service", {"name": "x", "username": r"CORP\me"}, "needs a 'password'", ""),
    ("win_reboot", {"reboot_timeout": "soon"}, "must be a number, not 'soon'", ""),
    ("win_ping", {"_raw_params": "x"}, "win_ping takes no free-form text", "its parameters: data"),
    ("win_regedit", {"path": "HKLM:", "key": "HKLM:\\A"}, "are the same parameter", ""),
    ("win_regedit", {"path": "X:\\A"}, "parameter 'path' must begin with one of HKLM:", ""),
    ("win_regedit", {"path": "HKLM:\\A", "name": "v", "type": "dword", "data": "x"}, "number", ""),
    ("win_regedit", {"path": "HKLM:\\A", "hive": "C:\\x"}, "path must be in HKLM\\ANSIBLE", ""),
    ("pause", {"seconds": 1, "minutes": 1}, "give 'seconds' or 'minutes', not both", ""),
    ("debug", {"msg": "a", "var": "b"}, "give 'msg' or 'var', not both", ""),
    ("set_fact", {"a-b": 1}, "'a-b' is not a variable name", ""),
    ("set_fact", {}, "no variable is given", ""),
    ("meta", {"_raw_params": "dance"}, "(free form) must be one of 'noop'", ""),
    ("win_service", {"name": "x", "when": "y"}, "has no parameter 'when'", "keyword of the task"),
    ("win_command", {}, "give one command line", ""),
    ("win_command", {"_raw_params": "x", "argv": ["y"]}, "give one command line", ""),
    ("win_command", {"_raw_params": "dir C:\\"}, "'dir' is a word of cmd", ""),
    ("win_command", {"_raw_params": "a | b", "chdir": "C:\\"}, "can be passed on", ""),
    ("win_shell", {"_raw_params": "x", "executable": "bash"}, "'bash' is not supported", ""),
    ("win_shell", {"_raw_params": "x", "no_profile": "no"}, "must be yes", ""),
    ("win_shell", {"_raw_params": "x", "creates": "C:\\50%"}, "belongs to no variable", ""),
    ("win_hotfix", {}, "state: present needs 'source' or 'bulletin'", ""),
    ("win_hotfix", {"state": "absent"}, "needs 'hotfix_kb' or 'hotfix_identifier'", ""),
    ("win_hotfix", {"bulletin": "MS99-001"}, "no catalogue of MS99-001 comes along", ""),
    ("win_hotfix", {"hotfix_kb": "12", "source": "C:\\a.msu"}, "must be a KB number", ""),
    ("win_hotfix", {"hotfix_kb": "KB4012212", "source": "C:\\kb4012215.msu"}, "not belong", ""),
    ("win_firewall_rule", {"name": "x", "localport": "445"}, "need protocol tcp or udp", ""),
    ("win_firewall_rule", {"name": "all"}, "cannot be a rule's name", ""),
    (
        "win_firewall_rule",
        {"name": "x", "protocol": "tcp", "localport": "445,70000"},
        "ports from 0 to 65535",
        "",
    ),
    ("win_firewall_rule", {"name": "x", "profiles": "home"}, "domain, private, public", ""),
    ("win_optional_feature", {"name": "a b"}, "'a b' is not a feature name", ""),
    ("setup", {"gather_subset": "!all,foo"}, "'foo' is unknown", ""),
    ("setup", {"gather_subset": ["facts"]}, "'facts' is unknown", ""),
    ("win_service", {"name": "x", "failure_actions": [{"type": "wait"}]}, "must be one of", ""),
    ("win_service", {"name": "x", "failure_actions": [{"delay": 1}]}, "failure_actions", ""),
    ("win_service", {"name": "x", "failure_reset_period": -1}, "at least 0", ""),
    (
        "win_firewall_rule",
        {"name": "x", "action": "block", "security": "authenc"},
        "goes with action: allow",
        "",
    ),
    ("win_firewall_rule", {"group": "x"}, "would change all rules of a group", ""),
    ("win_powershell", {"script": "x", "executable": "pwsh.exe"}, "start another one", ""),
    ("win_firewall_rule", {"name": "x", "interfacetypes": "wan"}, "not 'wan'", ""),
    ("win_firewall_rule", {"name": "x", "icmp_type_code": "8:*"}, "needs protocol icmpv4", ""),
    (
        "win_firewall_rule",
        {"name": "x", "protocol": "icmpv4", "icmp_type_code": ["8:0", "x:y"]},
        "must be TYPE:CODE",
        "",
    ),
    (
        "win_firewall_rule",
        {"name": "x", "protocol": "icmpv4", "icmp_type_code": "echo"},
        "not 'echo:*'",
        "",
    ),
    ("win_firewall_rule", {"name": "x", "security": "never"}, "'notrequired'", ""),
]


@pytest.mark.parametrize(("module", "raw", "says", "hint"), REFUSED)
def test_refuses(module: str, raw: dict[str, Any], says: str, hint: str) -> None:
    with pytest.raises(ParamsError) as caught:
        parse(load(module), raw, {}, TASK)
    assert says in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.source == TASK


def test_error_points_at_the_argument() -> None:
    with pytest.raises(ParamsError) as caught:
        parse(load("win_service"), {"nam": "x"}, {"nam": NAME}, TASK)
    assert caught.value.source == NAME
    assert "play.yml:11:7" in str(caught.value)


def test_a_password_is_not_repeated() -> None:
    for error in problems(load("win_service"), {"password": ["hunter2"]}, is_template, {}, TASK):
        assert "hunter2" not in str(error)


ACCEPTED = [
    ("win_service", {"name": "x", "force_dependent_services": "yes"}, {"force_dependent_services"}),
    ("win_service", {"name": 7, "state": None}, {"name"}),
    ("win_service", {"name": "x", "dependencies": "a, b"}, {"dependencies"}),
    ("win_reboot", {"reboot_timeout_sec": "600"}, {"reboot_timeout"}),
    ("win_firewall_rule", {"name": "x", "enable": "no", "profile": "domain"}, {"enabled"}),
    ("win_reboot", {"shutdown_timeout_sec": 3600}, {"shutdown_timeout"}),
    ("win_powershell", {"script": "x", "executable": "PowerShell.exe"}, {"executable"}),
    ("win_service", {"name": "x", "failure_reset_period": "0xFFFFFFFF"}, set()),
    ("shell", {"cmd": "ls", "warn": False}, {"warn"}),
    ("systemd", {"name": "x"}, {"name"}),
    ("systemd", {"daemon_reload": False}, {"daemon_reload"}),
    ("setup", {"gather_subset": "!all,facter,architecture"}, {"gather_subset"}),
]


@pytest.mark.parametrize(("module", "raw", "given"), ACCEPTED)
def test_accepts_what_ansible_accepts(module: str, raw: dict[str, Any], given: set[str]) -> None:
    params = parse(load(module), raw, {}, TASK)
    assert given <= params.model_fields_set
    assert "state" not in params.model_fields_set


def test_loose_types_become_exact_ones() -> None:
    raw = {"name": 7, "force_dependent_services": "yes", "dependencies": "a, b"}
    params = parse(load("win_service"), raw, {}, TASK).model_dump()
    assert params["name"] == "7"
    assert params["force_dependent_services"] is True
    assert params["dependencies"] == ("a", "b")


def test_static_check_lets_templates_pass() -> None:
    service = load("win_service")
    check_static(service, {"name": "{{ x }}", "state": "{{ y }}"}, is_template, {}, TASK)
    check_static(load("win_hotfix"), {"bulletin": "{{ b }}"}, is_template, {}, TASK)
    # Which of two exclusive parameters stays is known only when they are rendered.
    check_static(load("pause"), {"seconds": "{{ a }}", "minutes": 2}, is_template, {}, TASK)


STATIC = [
    ("win_service", {"name": "{{ x }}", "stat": "{{ y }}"}, "has no parameter 'stat'"),
    ("win_service", {"state": "{{ y }}"}, "required parameter 'name' is missing"),
    ("win_service", {"name": "{{ x }}", "state": "stoped"}, "must be one of"),
    ("win_service", {"name": "{{ x }}", "start_mode": "never"}, "must be one of"),
    ("pause", {"seconds": 1, "minutes": 2}, "not both"),
    ("win_command", {"creates": 'C:\\a"b', "cmd": "{{ x }}"}, "no Windows path"),
]


@pytest.mark.parametrize(("module", "raw", "says"), STATIC)
def test_static_check_finds(module: str, raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        check_static(load(module), raw, is_template, {}, TASK)


def test_all_problems_are_told() -> None:
    raw = {"state": "stoped", "start_mode": "never"}
    found = problems(load("win_service"), raw, is_template, {}, TASK)
    assert len(found) == 3


@pytest.mark.parametrize("name", names())
def test_every_parameter_is_described(name: str) -> None:
    for row in describe(load(name)):
        assert row.doc, f"{name}.{row.name} has no description"
        assert row.type


def test_description_has_choices_defaults_and_aliases() -> None:
    rows = {row.name: row for row in describe(load("win_regedit"))}
    assert rows["path"].required
    assert rows["path"].aliases == ("key",)
    assert rows["type"].choices[:2] == ("none", "binary")
    assert rows["delete_key"].type == "bool"
    assert rows["delete_key"].default is True


def test_equal_values_of_other_types_are_not_taken_for_one_another() -> None:
    module = load("win_regedit")
    raw = {"path": r"HKLM:\SOFTWARE\A", "name": "x", "type": "string"}
    given: tuple[Any, ...] = (1, True, "1", 1)
    said: list[Any] = [parse(module, {**raw, "data": data}, {}, TASK) for data in given]
    fresh: list[Any] = [module.params.model_validate({**raw, "data": data}) for data in given]
    assert [repr(params.data) for params in said] == [repr(params.data) for params in fresh]
    assert said[0] is said[3]  # the same again is not parsed again


def test_a_mistake_is_reported_for_each_host_at_its_place() -> None:
    for _ in range(2):
        with pytest.raises(ParamsError) as caught:
            parse(load("win_regedit"), {"path": "nowhere"}, {"path": TASK}, TASK)
        assert caught.value.source == TASK


def test_modules_for_windows_take_choices_in_any_case() -> None:
    """As Ansible's do; others do not."""
    found = parse(load("win_service"), {"name": "x", "state": "Stopped"}, {}, TASK)
    assert found.state == "stopped"  # type: ignore[attr-defined]
    with pytest.raises(ParamsError, match="must be one of"):
        parse(load("service"), {"name": "x", "state": "Stopped"}, {}, TASK)


def test_what_is_not_supported_may_be_left_out_on_the_host() -> None:
    asked = {"name": "x", "proxy_password": "{{ secret | default(omit) }}"}
    assert problems(load("win_chocolatey"), asked, is_template, {}, TASK) == ()
    with pytest.raises(ParamsError, match="'proxy_password' is not supported"):
        parse(load("win_chocolatey"), {"name": "x", "proxy_password": "given"}, {}, TASK)
    for value in ("{{ secret }}", "omit"):
        raw = {"name": "x", "proxy_password": value}
        assert problems(load("win_chocolatey"), raw, is_template, {}, TASK)

"""How a run approaches its hosts: what the inventory and the command line say about it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runner.app.wiring.options import Approach
from runner.app.wiring.reaching import Reached, ReachOptions, prepare_hosts
from runner.engine.hosts.access import Access
from runner.engine.hosts.pacing import AT_ONCE, RATE, PaceSettings
from runner.errors import InventoryError

COMMON = {"ansible_user": "ops", "ansible_password": "pw"}


Hosts = dict[str, dict[str, object]]


def prepared(folder: Path, hosts: Hosts, approach: Approach = Approach()) -> Reached:  # noqa: B008
    path = folder / "inventory.yml"
    data = {name: {**COMMON, **variables} for name, variables in hosts.items()}
    path.write_text(yaml.safe_dump({"all": {"hosts": data}}))
    return prepare_hosts(ReachOptions("all", (path,), approach=approach))


def access_of(reached: Reached) -> Access:
    assert reached.links.access is not None
    return reached.links.access


def pace_of(reached: Reached) -> PaceSettings:
    return access_of(reached).pace.settings


def test_the_default_is_a_pace(tmp_path: Path) -> None:
    pace = pace_of(prepared(tmp_path, {"a": {}}))
    assert (pace.rate, pace.at_once) == (RATE, AT_ONCE)


def test_of_several_hosts_the_lowest_counts_and_the_command_line_wins(tmp_path: Path) -> None:
    hosts: Hosts = {
        "a": {"runner_connect_rate": 7, "runner_connect_at_once": 4},
        "b": {"runner_connect_rate": "{{ 6 / 2 }}", "runner_connect_at_once": 9},
        "c": {"runner_connect_rate": 0},
    }
    pace = pace_of(prepared(tmp_path, hosts))
    assert (pace.rate, pace.at_once) == (3.0, 4)
    assert pace_of(prepared(tmp_path, hosts, Approach(rate=50))).rate == 50
    assert pace_of(prepared(tmp_path, hosts, Approach(rate=0))).rate == 0


def test_zero_is_without_limit(tmp_path: Path) -> None:
    assert pace_of(prepared(tmp_path, {"a": {"runner_connect_rate": 0}})).rate == 0


@pytest.mark.parametrize(
    "wrong",
    [{"runner_connect_rate": "quick"}, {"runner_connect_rate": -1}, {"runner_connect_rate": "nan"},
     {"runner_connect_at_once": 0}, {"runner_keep_trying_credentials": "perhaps"}],
)  # fmt: skip
def test_mistakes_are_told_before_anybody_is_contacted(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    with pytest.raises(InventoryError, match=r"^a: " + next(iter(wrong))):
        prepared(tmp_path, {"a": wrong})


def test_hosts_with_accounts_of_their_own(tmp_path: Path) -> None:
    hosts: Hosts = {"a": {"runner_keep_trying_credentials": "yes"}, "b": {}}
    assert access_of(prepared(tmp_path, hosts)).keep_trying == {"a"}
    everywhere = prepared(tmp_path, hosts, Approach(keep_trying=True))
    assert access_of(everywhere).keep_trying == {"a", "b"}


def test_settings_of_our_own_reach_the_transports(tmp_path: Path) -> None:
    reached = prepared(tmp_path, {"a": {"runner_codepage": 936}})
    assert reached.links.get("a").options.codepage == 936
    with pytest.raises(InventoryError, match="runner_ssh_host_keys is strict or accept-new"):
        prepared(tmp_path, {"a": {"ansible_connection": "ssh", "runner_ssh_host_keys": "lax"}})


@pytest.mark.parametrize(
    ("said", "shell"), [("sh", "posix"), ("posix", "posix"), ("cmd", "cmd"), (None, "posix")]
)
def test_sh_is_another_name_of_posix(tmp_path: Path, said: str | None, shell: str) -> None:
    more = {} if said is None else {"ansible_shell_type": said}
    reached = prepared(tmp_path, {"a": {"ansible_connection": "local", **more}})
    assert reached.links.get("a").login_shell == shell

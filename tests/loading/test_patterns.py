"""Host patterns."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import PatternError
from runner.loading.patterns import limit, select
from runner.model.inventory import Group, Host, Inventory
from runner.model.source import Source

NAMES = (
    "lone",
    "web01",
    "web02",
    "web03",
    "web04",
    "db-a.x.net",
    "db-b.x.net",
    "10.0.0.1",
    "fe80::1",
)
GROUPS = {
    "all": NAMES,
    "ungrouped": ("lone",),
    "web": ("web01", "web02", "web03", "web04", "10.0.0.1"),
    "db": ("db-a.x.net", "db-b.x.net"),
    "zone-b": ("web02", "db-b.x.net"),
    "empty": (),
}
INVENTORY = Inventory(
    {name: Host(name) for name in NAMES},
    {name: Group(name, hosts) for name, hosts in GROUPS.items()},
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("all", NAMES),
        ("*", NAMES),
        ("web", GROUPS["web"]),
        ("lone", ("lone",)),
        ("db:lone", (*GROUPS["db"], "lone")),
        ("db, lone", (*GROUPS["db"], "lone")),
        ("web:!web01", ("web02", "web03", "web04", "10.0.0.1")),
        ("!web01:web", ("web02", "web03", "web04", "10.0.0.1")),
        ("web:&zone-b", ("web02",)),
        ("web:db:&zone-b:!web02", ("db-b.x.net",)),
        ("!web", ("lone", "db-a.x.net", "db-b.x.net", "fe80::1")),
        ("&db", GROUPS["db"]),
        ("web*", GROUPS["web"]),
        ("web0?", ("web01", "web02", "web03", "web04")),
        ("*.x.net", GROUPS["db"]),
        ("~web0[12]$", ("web01", "web02")),
        ("~(lone|db.*)", (*GROUPS["db"], "lone")),
        ("~(web:x|lone),db", ("lone", *GROUPS["db"])),
        ("web[0]", ("web01",)),
        ("web[-1]", ("10.0.0.1",)),
        ("web[1:2]", ("web02", "web03")),
        ("web[3:]", ("web04", "10.0.0.1")),
        ("web[:1]", ("web01", "web02")),
        ("web[0-1]", ("web01", "web02")),
        ("web[3:99]", ("web04", "10.0.0.1")),
        ("web*[0]:db[1]", ("web01", "db-b.x.net")),
        ("web:!web[1:3]", ("web01", "10.0.0.1")),
        ("10.0.0.1", ("10.0.0.1",)),
        ("fe80::1", ("fe80::1",)),
        ("fe80::1,lone", ("fe80::1", "lone")),
        ("web:!fe80::1", None),
        ("web:!empty", GROUPS["web"]),
        ("empty:lone", ("lone",)),
        ("web02,web01", ("web02", "web01")),
        ("*[-1]", ("fe80::1",)),
        ("web0[1-2]:lone", None),
    ],
)
def test_select(pattern: str, expected: tuple[str, ...] | None) -> None:
    if expected is None:
        with pytest.raises(PatternError):
            select(INVENTORY, pattern)
    else:
        assert select(INVENTORY, pattern) == expected


PLACE = Source("p.yml", 1, 10, "- hosts: x")


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("", "is empty", "'all' means everybody"),
        (" , : ", "is empty", "'all' means everybody"),
        (",", "is empty", "'all' means everybody"),
        ("wbe", "no host or group is named 'wbe'", "did you mean 'web'?"),
        ("web:!web1", "no host or group is named 'web1'", "did you mean 'web01'?"),
        ("web:&zoneb", "no host or group is named 'zoneb'", "did you mean 'zone-b'?"),
        ("web:!x*", "no host or group matches 'x*'", ""),
        ("~x", "no host or group matches '~x'", ""),
        ("~(", "is no regular expression", ""),
        ("web[5]", "'web' has 5 hosts: 'web[5]' matches none of them", ""),
        ("web[7:9]", "'web' has 5 hosts", ""),
        ("web0[12]", "no group is named 'web0'", "~web0[12]$"),
        ("empty", "the group 'empty' has no hosts", ""),
        ("lone:&web", "matches no host", ""),
        ("web:!", "has a '!' without a name", ""),
        ("empty:lone:!lone", "matches no host", "these groups have no hosts: 'empty'"),
        ("web:db,lone", "no host or group is named 'web:db'", "write ',' between all parts"),
    ],
)
def test_nobody_is_an_error(pattern: str, message: str, hint: str) -> None:
    with pytest.raises(PatternError) as caught:
        select(INVENTORY, pattern, PLACE)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.source == PLACE


def test_limit(tmp_path: Path) -> None:
    assert limit(INVENTORY, ("web02", "web01", "lone"), "web") == ("web02", "web01")
    assert limit(INVENTORY, ("web01",), "db") == ()
    path = tmp_path / "retry"
    path.write_text("# from the last run\nweb01\n\ndb\n")
    assert limit(INVENTORY, NAMES, f"@{path}") == ("web01", *GROUPS["db"])
    assert limit(INVENTORY, NAMES, f"lone,@{path},!db-a.x.net") == ("lone", "web01", "db-b.x.net")
    assert limit(INVENTORY, NAMES, f"lone:@{path}:!db") == ("lone", "web01")
    assert limit(INVENTORY, NAMES, "!web:!db") == ("lone", "fe80::1")
    assert limit(INVENTORY, ("localhost", "web01"), "web,localhost") == ("localhost", "web01")
    assert limit(INVENTORY, ("localhost", "web01"), "web") == ("web01",)
    (tmp_path / "latin").write_bytes(b"w\xe9b\n")
    with pytest.raises(PatternError, match="is not UTF-8"):
        limit(INVENTORY, NAMES, f"@{tmp_path / 'latin'}")


def test_this_machine_needs_no_inventory() -> None:
    assert select(INVENTORY, "localhost") == ("localhost",)
    assert select(INVENTORY, "127.0.0.1,web01") == ("127.0.0.1", "web01")
    assert "localhost" not in select(INVENTORY, "all:!localhost")
    host = INVENTORY.host("localhost")
    assert (host.implicit, host.groups) == (True, ())
    assert host.vars["ansible_connection"] == "local"
    named = Inventory({"localhost": Host("localhost")}, {"all": Group("all", ("localhost",))})
    assert select(named, "127.0.0.1") == ("localhost",)
    assert not named.host("::1").implicit


def test_a_host_is_stronger_than_a_group_of_its_name() -> None:
    """As in Ansible; behind ``!`` and ``&`` the group is."""
    names = ("web", "w1", "w2")
    both = Inventory(
        {name: Host(name) for name in names},
        {"all": Group("all", names), "web": Group("web", ("w1", "w2"))},
    )
    assert select(both, "web") == ("web",)
    assert select(both, "w1,web") == ("w1", "web")
    assert select(both, "all:!web") == ("web",)


def test_a_limit_never_means_everyone_by_mistake(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("# nobody\n")
    for text in ("", ",", ":", " ", f"@{empty}", f"@{empty},web", "@not-there", "nobody"):
        with pytest.raises(PatternError):
            limit(INVENTORY, NAMES, text)


parts = st.sampled_from(
    [*NAMES[:-1], *(g for g in GROUPS if g != "empty"), "web*", "~db.*", "web[0]"]
)


@given(
    st.lists(parts, min_size=1, max_size=4),
    st.lists(parts, max_size=2),
    st.lists(parts, max_size=2),
)
def test_the_algebra_of_patterns(take: list[str], keep: list[str], drop: list[str]) -> None:
    def of(names: list[str]) -> list[set[str]]:
        return [set(select(INVENTORY, name)) for name in names]

    expected = set().union(*of(take))
    for some in of(keep):
        expected &= some
    for some in of(drop):
        expected -= some
    pattern = ":".join([*take, *(f"&{k}" for k in keep), *(f"!{d}" for d in drop)])
    if expected:
        assert set(select(INVENTORY, pattern)) == expected
    else:
        with pytest.raises(PatternError):
            select(INVENTORY, pattern)


@given(st.text(string.ascii_lowercase + "01*?[]:,!&~().-@ ", max_size=12))
def test_any_text_selects_somebody_or_is_an_error(pattern: str) -> None:
    try:
        found = select(INVENTORY, pattern)
    except PatternError:
        return
    assert found
    assert set(found) <= set(NAMES)

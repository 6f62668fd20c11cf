"""Lists of permissions as text: what each edit makes of them, and what it never touches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ModuleError
from runner.windows import sddl, sddl_edit
from runner.windows.key_acls import GENERIC
from runner.windows.sddl import Ace

READ = Ace("A", frozenset({"CI"}), 0x20019, "BU")
HANDED = "(A;CIID;KA;;;SY)"


@pytest.mark.parametrize(
    ("text", "ace", "wanted"),
    [
        ("D:AI", READ, "D:AI(A;CI;0x20019;;;BU)"),
        (f"D:AI{HANDED}", READ, f"D:AI(A;CI;0x20019;;;BU){HANDED}"),
        (f"D:PAI(D;;KA;;;AN)(A;;KA;;;BA){HANDED}", READ,
         f"D:PAI(D;;KA;;;AN)(A;;KA;;;BA)(A;CI;0x20019;;;BU){HANDED}"),
        (f"D:(D;;KA;;;AN)(A;;KA;;;BA){HANDED}", Ace("D", frozenset(), 2, "BG"),
         f"D:(D;;KA;;;AN)(D;;0x2;;;BG)(A;;KA;;;BA){HANDED}"),
        ("D:(A;OICI;SD;;;BU)(A;;KA;;;BA)", READ, "D:(A;OICI;0x30019;;;BU)(A;;KA;;;BA)"),
        ("D:(A;CIIO;GR;;;BU)", Ace("A", frozenset({"CI", "IO"}), 2, "BU"),
         "D:(A;CIIO;0x2001b;;;BU)"),
        ("D:(A;CIID;SD;;;BU)", READ, "D:(A;CI;0x20019;;;BU)(A;CIID;SD;;;BU)"),
    ],
)  # fmt: skip
def test_a_rule_comes(text: str, ace: Ace, wanted: str) -> None:
    assert sddl_edit.with_rule(text, ace, GENERIC) == wanted
    assert sddl_edit.held(wanted, ace, GENERIC) & ace.rights == ace.rights


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("D:AI(A;CI;KR;;;BU)(A;;KA;;;BA)", "D:AI(A;;KA;;;BA)"),
        ("D:AI(A;CI;KA;;;BU)", "D:AI(A;CI;0xd0026;;;BU)"),
        ("D:(A;OICI;KR;;;BU)(A;;KR;;;BU)(D;CI;KR;;;BU)(A;CIID;KR;;;BU)",
         "D:(A;;KR;;;BU)(D;CI;KR;;;BU)(A;CIID;KR;;;BU)"),
    ],
)  # fmt: skip
def test_a_rule_goes(text: str, wanted: str) -> None:
    assert sddl_edit.without_rule(text, READ, GENERIC) == wanted
    assert not sddl_edit.held(wanted, READ, GENERIC) & READ.rights


def test_what_is_handed_down() -> None:
    text = f"D:AI(A;;KR;;;BU){HANDED}(A;CIIOID;GA;;;CO)"
    assert sddl_edit.shut(text, keep=False) == "D:PAI(A;;KR;;;BU)"
    kept = sddl_edit.shut(text, keep=True)
    assert kept == "D:PAI(A;;KR;;;BU)(A;CI;0xf003f;;;SY)(A;CIIO;0x10000000;;;CO)"
    assert sddl_edit.shut(kept, keep=True) == kept
    assert sddl_edit.opened(kept).startswith("D:AI(A;;KR;;;BU)(A;CI;")
    doubled = f"D:AI(A;CI;0xf003f;;;SY)(A;;KR;;;BU){HANDED}"
    assert sddl_edit.without_doubles(doubled) == f"D:AI(A;;KR;;;BU){HANDED}"


def test_what_cannot_be_taken_apart_is_not_changed() -> None:
    conditional = 'D:AI(XA;;KR;;;BU;(@User.x == "y"))'
    with pytest.raises(ModuleError, match="cannot be taken apart"):
        sddl_edit.with_rule(conditional, READ, GENERIC)
    with pytest.raises(ModuleError, match="kind OA"):
        sddl_edit.shut("D:AI(OA;ID;KR;;;BU)", keep=True)


_ENTRIES = st.builds(
    Ace,
    st.sampled_from("AD"),
    st.frozensets(st.sampled_from(["OI", "CI", "NP", "IO"])),
    st.integers(1, 0xFFFFF),
    st.sampled_from(["BA", "BU", "SY", "S-1-5-21-1-2-3-1001"]),
)


@given(st.lists(_ENTRIES, max_size=6), _ENTRIES)
def test_a_rule_that_came_is_held_and_one_that_went_is_not(entries: list[Ace], ace: Ace) -> None:
    text = "D:AI" + "".join(sddl_edit._written(one) for one in entries) + HANDED
    more = sddl_edit.with_rule(text, ace, GENERIC)
    assert sddl_edit.held(more, ace, GENERIC) & ace.rights == ace.rights
    less = sddl_edit.without_rule(more, ace, GENERIC)
    assert not sddl_edit.held(less, ace, GENERIC) & ace.rights
    others = [one for one in sddl.aces(text, GENERIC) if not sddl_edit._is_like(one, ace)]
    assert [one for one in sddl.aces(less, GENERIC) if not sddl_edit._is_like(one, ace)] == others

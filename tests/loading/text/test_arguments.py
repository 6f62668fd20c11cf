"""Arguments written as one text."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.loading.text.arguments import ArgumentsError, parse_arguments

NAMED = [
    ("a=1 b=x", {"a": "1", "b": "x"}, None),
    ("", {}, None),
    ("reboot_timeout=600\nfoo=bar", {"reboot_timeout": "600", "foo": "bar"}, None),
    ("a='b c' d=\"e f\"", {"a": "b c", "d": "e f"}, None),
    ('a="it\'s"', {"a": "it's"}, None),
    (r"a='it\'s'", {"a": "it's"}, None),
    ("a='it''s'", {"a": "it''s"}, None),
    ("a={{ x | default('a b') }} c=d", {"a": "{{ x | default('a b') }}", "c": "d"}, None),
    ("a={% if x %}1{% endif %}", {"a": "{% if x %}1{% endif %}"}, None),
    ("a=b=c", {"a": "b=c"}, None),
    ("a=", {"a": ""}, None),
    (r"path=C:\\temp", {"path": r"C:\temp"}, None),
    (r"path=C:\temp", {"path": "C:\temp"}, None),
    (r"path=C:\Program", {"path": r"C:\Program"}, None),
    (r'path="C:\\temp\\" b=c', {"path": "C:\\temp\\", "b": "c"}, None),
    (r"a=\x41é", {"a": "Aé"}, None),
    ("k = v", {}, "k = v"),
    ("=b", {}, "=b"),
    (r"x\=y z=1", {"z": "1"}, "x=y"),
    ("flush_handlers", {}, "flush_handlers"),
]
COMMANDS = [
    ("a=1 b=x", {}, "a=1 b=x"),
    (r"dir c:\\ chdir=C:\\Users", {"chdir": r"C:\Users"}, r"dir c:\\"),
    ("echo a=b chdir=x creates='c d'", {"chdir": "x", "creates": "c d"}, "echo a=b"),
    ("echo 'a  b' \"c\"", {}, "echo 'a  b' \"c\""),
    ("one\ntwo chdir=x\nthree", {"chdir": "x"}, "one\ntwo\nthree"),
    (r"copy C:\backup D:\users", {}, r"copy C:\backup D:\users"),
    (r"echo \x41", {}, r"echo \x41"),
    ("sc query spooler", {}, "sc query spooler"),
]


@pytest.mark.parametrize(("text", "values", "free"), NAMED)
def test_named(text: str, values: dict[str, str], free: str | None) -> None:
    parsed = parse_arguments(text, command=False)
    assert (parsed.values, parsed.free) == (values, free)


@pytest.mark.parametrize(("text", "values", "free"), COMMANDS)
def test_command(text: str, values: dict[str, str], free: str | None) -> None:
    parsed = parse_arguments(text, command=True)
    assert (parsed.values, parsed.free) == (values, free)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("echo it's", 7, "never closed"),
        ("a='b c", 2, "never closed"),
        ('a="C:\\temp\\" b=c', 2, "never closed"),
        ("a={{ x", 2, "the }} for this is missing"),
        ("a=1 a=2", 4, "given twice"),
        (r"path=C:\users\bob", 13, "control character"),
    ],
)
def test_mistakes(text: str, offset: int, message: str) -> None:
    with pytest.raises(ArgumentsError) as caught:
        parse_arguments(text, command=False)
    assert caught.value.offset == offset
    assert message in caught.value.message


names = st.text(string.ascii_lowercase + "_", min_size=1, max_size=8)
values = st.text(
    st.characters(codec="utf-8", exclude_characters="\"'{}%#", exclude_categories=["Cs"]),
    max_size=20,
) | st.text("\\abtnux0 ", max_size=8)


@given(st.dictionaries(names, values, max_size=5), st.sampled_from([" ", "\n", "   "]))
def test_what_is_quoted_comes_back(given_values: dict[str, str], separator: str) -> None:
    escaped = {name: value.replace("\\", r"\\") for name, value in given_values.items()}
    text = separator.join(f'{name}="{value}"' for name, value in escaped.items())
    parsed = parse_arguments(text, command=False)
    assert parsed.values == given_values
    assert parsed.free is None
    assert all(text[offset:].startswith(f"{n}=") for n, offset in parsed.offsets.items())


@given(st.text(string.ascii_letters + " =\\\n'\"{}%#", max_size=40))
def test_nothing_is_lost_and_nothing_else_is_raised(text: str) -> None:
    try:
        parsed = parse_arguments(text, command=True)
    except ArgumentsError as error:
        offset = error.offset
        parsed = None
    if parsed is None:
        assert 0 <= offset < len(text)
        return
    assert parsed.values or (parsed.free or "") == text.strip(" \n").replace("\\=", "=")

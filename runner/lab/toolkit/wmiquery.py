"""The conditions of WQL that wmic takes: `name='x' and (SID like 'S-1-%' or Started=TRUE)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["QueryFault", "parse_where"]

Test = Callable[[Mapping[str, str]], bool]


class QueryFault(Exception):
    """The condition cannot be read."""


_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<op><=|>=|<>|!=|=|<|>)"""
    r"""|(?P<paren>[()])|(?P<word>[A-Za-z0-9_.]+))"""
)


def parse_where(text: str) -> Test:
    """A condition as a test of one instance; an empty one always holds. Raises QueryFault."""
    if not text.strip():
        return lambda row: True
    tokens: list[tuple[str, str]] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryFault(text)
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    parser = _Parser(tokens)
    test = parser.any_of()
    if not parser.done:
        raise QueryFault(text)
    return test


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def _take(self) -> tuple[str, str]:
        if self.done:
            raise QueryFault("unexpected end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, *words: str) -> bool:
        if not self.done and self._tokens[self._at][1].lower() in words:
            self._at += 1
            return True
        return False

    def any_of(self) -> Test:
        tests = [self._all_of()]
        while self._word("or"):
            tests.append(self._all_of())
        return lambda row: any(test(row) for test in tests)

    def _all_of(self) -> Test:
        tests = [self._one()]
        while self._word("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._word("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._word("("):
            inner = self.any_of()
            if not self._word(")"):
                raise QueryFault("missing )")
            return inner
        kind, name = self._take()
        if kind != "word":
            raise QueryFault(name)
        operator = self._take()[1].lower()
        value_kind, value = self._take()
        if value_kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        return _comparison(name, operator, value)


def _comparison(name: str, operator: str, value: str) -> Test:
    if operator == "like":
        pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in value)
        compiled = re.compile(pattern + r"\Z", re.IGNORECASE | re.DOTALL)
        return lambda row: compiled.match(_field(row, name)) is not None
    if operator not in ("=", "<>", "!=", "<", ">", "<=", ">="):
        raise QueryFault(operator)

    def test(row: Mapping[str, str]) -> bool:
        left, right = _field(row, name).lower(), value.lower()
        order = (left > right) - (left < right)
        if left.isdigit() and right.isdigit():
            order = int(left) - int(right)
        return {
            "=": order == 0, "<>": order != 0, "!=": order != 0, "<": order < 0,
            ">": order > 0, "<=": order <= 0, ">=": order >= 0,
        }[operator]  # fmt: skip

    return test


def _field(row: Mapping[str, str], name: str) -> str:
    for key, value in row.items():
        if key.lower() == name.lower():
            return value
    raise QueryFault(name)

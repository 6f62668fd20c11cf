"""A command line of cmd.exe as a tree.

Operators bind as in cmd: `|` before `&&` before `||` before `&`; the body of an `if` reaches to the
end of the line or of the parenthesis around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from runner.lab.cmd.scanner import DELIMITERS, Scanner
from runner.lab.cmd.tree import (
    Chain,
    Condition,
    For,
    Group,
    If,
    Node,
    Redirect,
    Simple,
    SyntaxFault,
)
from runner.lab.faults import NotSimulated

__all__ = ["DELIMITERS", "parse"]

_COMPARISONS = frozenset({"equ", "neq", "lss", "leq", "gtr", "geq"})


@lru_cache(maxsize=1024)
def parse(text: str) -> Node | None:
    """The tree of a line (or of the lines of a parenthesis); None for an empty one.

    Raises SyntaxFault, and NotSimulated for the switches of `for`.
    """
    parser = _Parser(text)
    node = parser.sequence()
    parser.expect_end()
    return node


class _Parser(Scanner):
    def sequence(self) -> Node | None:
        """Commands joined by `&`; line feeds in a parenthesis join as well."""
        gaps = DELIMITERS + ("\n" if self._depth else "")
        node: Node | None = None
        while True:
            self._skip(gaps)
            if self._ends():
                return node
            right = self._alternatives()
            node = right if node is None else Chain("&", node, right)
            self._skip(DELIMITERS)
            if self._peek() == "&" and self._peek(2) != "&&":
                self._at += 1
            elif not (self._depth and self._peek() == "\n"):
                return node

    def _alternatives(self) -> Node:
        return self._joined("||", lambda: self._joined("&&", self._pipeline))

    def _pipeline(self) -> Node:
        return self._joined("|", self._command)

    def _joined(self, operator: str, part: Callable[[], Node]) -> Node:
        node: Node = part()
        while True:
            self._skip()
            if self._peek(len(operator)) != operator or (operator == "|" and self._peek(2) == "||"):
                return node
            self._at += len(operator)
            self._skip(DELIMITERS + ("\n" if self._depth else ""))
            if self._ends():
                raise SyntaxFault("The syntax of the command is incorrect.")
            node = Chain(operator, node, part())

    def _command(self) -> Node:
        redirects: list[Redirect] = []
        self._redirects_into(redirects, DELIMITERS + "@")
        if self._peek() == "(":
            return self._group(redirects)
        if self._peek() in ("&", "|") or (self._ends() and not redirects):
            raise self._unexpected()
        start = self._at
        name = self._word()
        keyword = self._text[start : self._at].lower()
        if keyword == "if":
            return self._if(redirects)
        if keyword == "for":
            return self._for(redirects)
        if keyword == "rem":
            return self._remark(redirects)
        args = self._arguments(redirects)
        return Simple(name, args, tuple(redirects))

    def _group(self, redirects: list[Redirect]) -> Group:
        self._at += 1
        self._depth += 1
        body = self.sequence()
        if self._peek() != ")":
            raise self._unexpected()
        self._at += 1
        self._depth -= 1
        self._redirects_into(redirects, DELIMITERS)
        ends = self._ends() or self._peek() in ("&", "|")
        if not ends and self._peek(4).lower() != "else":
            raise self._unexpected()
        return Group(body, tuple(redirects))

    def _remark(self, redirects: list[Redirect]) -> Simple:
        """`rem` with an argument hides the rest of the line, operators included."""
        self._skip()
        if self._peek() and self._peek() not in "&|<>":
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end
        return Simple("rem", "", tuple(redirects))

    def _if(self, redirects: list[Redirect]) -> Node:
        negated = ignore_case = False
        while True:
            word = self._operand()
            if word.lower() == "/i":
                ignore_case = True
            elif word.lower() == "not":
                negated = True
            else:
                break
        kind = word.lower()
        if kind in ("errorlevel", "exist", "defined", "cmdextversion"):
            condition = Condition(kind, self._operand(), "", negated, ignore_case)
        else:
            self._skip(" \t,;")
            if self._peek(2) == "==":
                self._at += 2
                kind = "=="
            else:
                kind = self._operand().lower()
                if kind not in _COMPARISONS:
                    raise SyntaxFault(f"{kind or word} was unexpected at this time.")
            condition = Condition(kind, word, self._operand(), negated, ignore_case)
        then = self._body()
        otherwise = None
        mark = self._at
        self._skip(DELIMITERS)
        if isinstance(then, Group) and self._peek(4).lower() == "else":
            self._at += 4
            otherwise = self._body()
        else:
            self._at = mark
        node = If(condition, then, otherwise)
        return Group(node, tuple(redirects)) if redirects else node

    def _for(self, redirects: list[Redirect]) -> Node:
        """`for %x in (set) do @command`: cmd shows a command without `@` before it runs it."""
        letter = self._operand()
        tokens = 0
        if letter.lower() == "/f":
            tokens = self._tokens(self._operand())
            letter = self._operand()
        if letter.startswith("/"):
            raise NotSimulated(f"cmd: for {letter}")
        if len(letter) != 2 or letter[0] != "%" or self._operand().lower() != "in":
            raise SyntaxFault(f"{letter} was unexpected at this time.")
        self._skip()
        end = self._text.find(")", self._at)
        if self._peek() != "(" or end < 0:
            raise self._unexpected()
        items = self._text[self._at + 1 : end]
        while items.count('"') % 2 and end >= 0:  # a parenthesis inside quotes
            end = self._text.find(")", end + 1)
            items = self._text[self._at + 1 : end]
        if tokens:
            items = self._asked(items)
        self._at = end + 1
        if self._operand().lower() != "do":
            raise self._unexpected()
        self._skip()
        if self._peek() != "@":
            raise NotSimulated("cmd: for without @ shows its commands")
        node = For(letter[1], items, self._body(), tokens)
        return Group(node, tuple(redirects)) if redirects else node

    def _tokens(self, options: str) -> int:
        """How many words of a line `for /f` wants."""
        found = re.fullmatch(r'"tokens=1-([1-9])"', options, re.IGNORECASE)
        if found is None:
            raise NotSimulated(f"cmd: for /f {options}")
        return int(found[1])

    def _asked(self, items: str) -> str:
        """The command in the set of `for /f`, as the cmd that runs it reads it."""
        text = items.strip()
        if len(text) < 3 or text[0] != "'" or text[-1] != "'":
            raise NotSimulated("cmd: for /f of a file or a text")
        return re.sub(r"\^(.)", r"\1", text[1:-1])

    def _body(self) -> Node:
        """The rest up to the line's end, except that a parenthesis may be followed by `else`."""
        node: Node | None = None
        while True:
            self._skip()
            if self._ends():
                break
            right = self._alternatives()
            node = right if node is None else Chain("&", node, right)
            self._skip()
            if self._peek() != "&":
                break
            self._at += 1
        if node is None:
            raise SyntaxFault("The syntax of the command is incorrect.")
        return node

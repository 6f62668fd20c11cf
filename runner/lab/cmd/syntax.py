"""A command line of cmd.exe as a tree.

Operators bind as in cmd: `|` before `&&` before `||` before `&`; the body of an `if` reaches to the
end of the line or of the parenthesis around it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from runner.lab.cmd.tree import Chain, Condition, Group, If, Node, Redirect, Simple, SyntaxFault
from runner.lab.faults import NotSimulated

__all__ = ["DELIMITERS", "parse"]

DELIMITERS = " \t,;=\x0b\x0c\xa0"
_COMPARISONS = frozenset({"equ", "neq", "lss", "leq", "gtr", "geq"})


@lru_cache(maxsize=1024)
def parse(text: str) -> Node | None:
    """The tree of a line (or of the lines of a parenthesis); None for an empty one.

    Raises SyntaxFault, and NotSimulated for `for`.
    """
    parser = _Parser(text)
    node = parser.sequence()
    parser.expect_end()
    return node


def _ends_in_handle(text: list[str]) -> bool:
    """Whether the text so far ends in a digit of its own, as in `echo x 2>file`."""
    if not text or not (text[-1].isdigit() and text[-1].isascii()):
        return False
    return len(text) == 1 or text[-2] in DELIMITERS


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def _peek(self, size: int = 1) -> str:
        return self._text[self._at : self._at + size]

    def _skip(self, chars: str = DELIMITERS) -> None:
        while self._at < len(self._text) and self._text[self._at] in chars:
            self._at += 1

    def _unexpected(self) -> SyntaxFault:
        rest = self._text[self._at :]
        for operator in ("&&", "||", ">>"):
            if rest.startswith(operator):
                return SyntaxFault(f"{operator} was unexpected at this time.")
        word = rest[:1] if rest[:1] in "&|<>()" else rest.split()[0] if rest.split() else ""
        if not word:
            return SyntaxFault("The syntax of the command is incorrect.")
        return SyntaxFault(f"{word} was unexpected at this time.")

    def expect_end(self) -> None:
        self._skip(DELIMITERS + "\n")
        if self._at < len(self._text):
            raise self._unexpected()

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

    def _ends(self) -> bool:
        char = self._peek()
        return not char or char == "\n" or (char == ")" and self._depth > 0)

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
            raise NotSimulated("cmd: for")
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

    def _redirects_into(self, redirects: list[Redirect], gaps: str) -> None:
        while True:
            self._skip(gaps)
            digit = self._peek()
            if digit.isdigit() and digit.isascii() and self._peek(2)[1:] in ("<", ">"):
                self._at += 1
                redirects.append(self._redirect(int(digit)))
            elif digit and digit in "<>":
                redirects.append(self._redirect(None))
            else:
                return

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

    def _operand(self) -> str:
        self._skip(DELIMITERS)
        word = self._word()
        if not word:
            raise self._unexpected()
        return word

    def _redirect(self, handle: int | None) -> Redirect:
        operator = self._peek()
        self._at += 1
        if operator == ">" and self._peek() == ">":
            operator = ">>"
            self._at += 1
        number = (0 if operator == "<" else 1) if handle is None else handle
        if self._peek() == "&":
            self._at += 1
            self._skip()
            target = self._peek()
            if not target.isdigit():
                raise self._unexpected()
            self._at += 1
            return Redirect(number, "&", target)
        self._skip()
        target = self._word()
        if not target:
            raise self._unexpected()
        return Redirect(number, operator, target)

    def _word(self) -> str:
        """Text up to a delimiter or operator; quotes group and stay, carets escape and go."""
        stops = "&|<>\n" + (")" if self._depth else "") + DELIMITERS
        out: list[str] = []
        quoted = False
        while self._at < len(self._text):
            char = self._text[self._at]
            if quoted:
                quoted = char != '"'
            elif char == "^":
                self._at += 1
                char = self._peek()
                if not char:
                    break
            elif char in stops:
                break
            elif char == '"':
                quoted = True
            out.append(char)
            self._at += 1
        return "".join(out)

    def _arguments(self, redirects: list[Redirect]) -> str:
        """The rest of a command: redirections are taken out, everything else stays as it is."""
        stops = "&|\n" + (")" if self._depth else "")
        out: list[str] = []
        quoted = escaped = False
        text, size = self._text, len(self._text)
        while self._at < size:
            char = text[self._at]
            if quoted:
                quoted = char not in '"\n'
                if char == "\n":
                    break
            elif char == "^":
                self._at += 1
                if text[self._at : self._at + 1] == "\n":
                    self._at += 1
                if self._at >= size:
                    break
                out.append(text[self._at])
                self._at += 1
                escaped = True
                continue
            elif char in stops:
                break
            elif char in "<>":
                handle = None
                if not escaped and _ends_in_handle(out):
                    handle = int(out.pop())
                redirects.append(self._redirect(handle))
                continue
            elif char == '"':
                quoted = True
            escaped = False
            out.append(char)
            self._at += 1
        return "".join(out)

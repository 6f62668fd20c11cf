"""Reads a command line of cmd.exe word by word: quotes, carets, redirections."""

from __future__ import annotations

from runner.lab.cmd.tree import Redirect, SyntaxFault

__all__ = ["DELIMITERS", "Scanner"]

DELIMITERS = " \t,;=\x0b\x0c\xa0"


def _ends_in_handle(text: list[str]) -> bool:
    """Whether the text so far ends in a digit of its own, as in `echo x 2>file`."""
    if not text or not (text[-1].isdigit() and text[-1].isascii()):
        return False
    return len(text) == 1 or text[-2] in DELIMITERS


class Scanner:
    """A text and how far it is read; `_depth` counts the parentheses around that place."""

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

    def _ends(self) -> bool:
        char = self._peek()
        return not char or char == "\n" or (char == ")" and self._depth > 0)

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

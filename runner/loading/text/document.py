"""YAML in which every value knows its place: file, line, column and the text of the line.

A file is composed by libyaml into its tree of nodes, which carry positions; ``Value`` wraps a
node for those who need places, ``Value.plain`` gives the value for those who do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from runner.errors import InputError, PlaybookError
from runner.loading.text.construct import DEEPEST, Builder
from runner.loading.text.files import BREAKS, ErrorType, Files
from runner.loading.text.syntax_hints import yaml_hint
from runner.loading.text.vault import VaultKeys
from runner.model.secret import Secret
from runner.model.source import Source

_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_SAID_BETTER: Final = {
    "but found another document": "a second document begins here",
    "mapping values are not allowed in this context": "there is one ': ' too many",
    "found character that cannot start any token": "this character cannot begin a value",
    "did not find expected '-' indicator": "another '-' of the list above was expected here",
    "did not find expected hexdecimal number": "a number in hexadecimal was expected here",
}
_KINDS: Final = {bool: "yes or no", int: "a number", float: "a number", type(None): "nothing"}

Entry: TypeAlias = tuple["Value", "Value"]


class Document:
    """One YAML text. ``error`` is the class of the exceptions about what is wrong in it.

    ``keys`` open the values in it that are encrypted. ``vaulted``: the whole text was, so that
    none of it is shown.
    """

    def __init__(
        self,
        file: str,
        text: str,
        error: ErrorType = PlaybookError,
        keys: VaultKeys | None = None,
        *,
        vaulted: bool = False,
    ) -> None:
        self.file = file
        self.error = error
        self.lines = BREAKS.split(text)
        self.builder = Builder(file, self.lines, error, keys, vaulted=vaulted)
        self._keys = keys or VaultKeys()
        self._vaulted = vaulted
        self._refuse_depth(text)
        node = self._compose(text)
        if node is not None and "*" in text:
            self.builder.refuse_circles(node)
        self.root: Value | None = None if node is None else Value(self, node)

    def start(self) -> Source:
        """The beginning of the file."""
        return self.builder.place(0, 0)

    @property
    def _end(self) -> int:
        """How many lines there are, up to the last one that is not empty; at least one."""
        filled = [number for number, line in enumerate(self.lines, 1) if line.strip()]
        return filled[-1] if filled else 1

    def variables(self, value: Any) -> Any:
        """A plain value that serves as variables: in an encrypted file every text is a secret."""
        return self._keys.conceal(value) if self._vaulted else value

    def _compose(self, text: str) -> Node | None:
        loader = yaml.CSafeLoader(text)
        try:
            return loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error) from None
        except ReaderError as error:
            raise self._bad_character(text, error) from None
        finally:
            loader.dispose()

    def _refuse_depth(self, text: str) -> None:
        openers = sum(text.count(opener) for opener in ("[", "{", "- -", "? "))
        if openers < DEEPEST and " " * DEEPEST not in text:
            return
        depth = 0
        loader = yaml.CSafeLoader(text)
        try:
            while (event := loader.get_event()) is not None:
                if isinstance(event, yaml.CollectionStartEvent):
                    depth += 1
                elif isinstance(event, yaml.CollectionEndEvent):
                    depth -= 1
                if depth > DEEPEST:
                    mark = event.start_mark
                    place = self.builder.place(mark.line, mark.column) if mark else self.start()
                    raise self.error(f"nested more than {DEEPEST} levels deep", source=place)
        except (yaml.MarkedYAMLError, ReaderError):
            return  # composing says it better
        finally:
            loader.dispose()

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> InputError:
        mark = error.problem_mark or error.context_mark
        if "end of stream" in (error.problem or "") or (mark and mark.line >= self._end):
            mark = error.context_mark or mark  # what was never closed, not where the file ends
        if mark is None or mark.line >= self._end:
            place = self.builder.place(self._end - 1, 0)
        else:
            place = self.builder.place(mark.line, mark.column)
        problem = error.problem or error.context or "this cannot be read"
        problem = _SAID_BETTER.get(problem, problem)
        hint = yaml_hint(error, place.text, place.column - 1, self.lines)
        return self.error(f"not YAML: {problem}", source=place, hint=hint)

    def _bad_character(self, text: str, error: ReaderError) -> InputError:
        found = _UNPRINTABLE.search(text)
        if found is None:
            return self.error(f"not YAML: {error.reason}", source=self.start())
        rows = BREAKS.split(text[: found.start()])
        place = self.builder.place(len(rows) - 1, len(rows[-1]))
        message = f"not YAML: the character U+{ord(found.group()):04X} is not allowed here"
        return self.error(message, source=place, hint="write it as \\x.. in double quotes")


class Value:
    """One value of a Document, with its place."""

    __slots__ = ("document", "node")

    def __init__(self, document: Document, node: Node) -> None:
        self.document = document
        self.node = node

    @property
    def source(self) -> Source:
        """Where it begins."""
        return self.document.builder.place(self.node.start_mark.line, self.node.start_mark.column)

    @property
    def is_mapping(self) -> bool:
        """Whether it is a mapping."""
        return isinstance(self.node, MappingNode)

    @property
    def is_sequence(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, SequenceNode)

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single value."""
        return isinstance(self.node, ScalarNode)

    @property
    def is_null(self) -> bool:
        """Whether nothing stands there."""
        return self.is_scalar and self.plain() is None

    @property
    def kind(self) -> str:
        """What it is, for messages."""
        if self.is_mapping:
            return "a mapping"
        if self.is_sequence:
            return "a list"
        plain = self.plain()
        if isinstance(plain, Secret):
            return "an encrypted value"
        return "a text" if isinstance(plain, str) else _KINDS.get(type(plain), "a date")

    def plain(self) -> Any:
        """The value itself, without places."""
        return self.document.builder.build(self.node)

    def entries(self) -> list[Entry]:
        """Key and value pairs of a mapping, merge keys (``<<``) resolved, in order."""
        pairs = self.document.builder.pairs(self.node)
        return [(Value(self.document, k), Value(self.document, v)) for k, v in pairs]

    def elements(self) -> list[Value]:
        """The elements of a list."""
        if not isinstance(self.node, SequenceNode):
            raise self.error(f"expected a list, found {self.kind}")
        return [Value(self.document, element) for element in self.node.value]

    def scalars(self) -> Iterator[Value]:
        """Every single value at any depth that may hold a template; keys are left out."""
        if self.node.tag == "!unsafe":
            return
        if self.is_sequence:
            for element in self.elements():
                yield from element.scalars()
        elif self.is_mapping:
            for _, value in self.entries():
                yield from value.scalars()
        else:
            yield self

    def error(self, message: str, *, hint: str = "") -> InputError:
        """An error that points at this value."""
        return self.document.error(message, source=self.source, hint=hint)

    def inside(self, offset: int) -> Source:
        """The place of one character of a text; the text's beginning where that is not known."""
        node, start = self.node, self.node.start_mark
        place, lines = self.document.builder.place, self.document.lines
        if not isinstance(node, ScalarNode):
            return self.source
        if node.style == "|":
            row = node.value.count("\n", 0, offset)
            at = start.line + 1 + row
            shown = node.value.split("\n")[row]
            indent = lines[at].find(shown) if at < len(lines) else -1
            column = offset - (node.value.rfind("\n", 0, offset) + 1)
            return self.source if indent < 0 else place(at, indent + column)
        quote = 1 if node.style in ("'", '"') else 0
        begin = start.column + quote
        same = lines[start.line][begin:].startswith(node.value[:offset])
        return place(start.line, begin + offset) if same else self.source


def load_document(path: Path, files: Files, source: Source | None = None) -> Document:
    """Read one YAML (or JSON) file. ``source`` is the place that names it, if one does."""
    text = files.text(path, source)
    return Document(str(path), text, files.error, files.keys, vaulted=files.is_vaulted(path))

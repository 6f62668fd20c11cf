"""Runs parsed command lines as cmd.exe does: error levels, redirections, pipes, programs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from runner.lab.cmd.batch import run_batch
from runner.lab.cmd.builtins import run_builtin, split_builtin
from runner.lab.cmd.conditions import compare, exists, to_number
from runner.lab.cmd.control import ExitShell, RedirectFault, Streams, signed, strip_quotes
from runner.lab.cmd.expand import delayed, percent
from runner.lab.cmd.launch import find_program, run_program
from runner.lab.cmd.loops import for_items, for_values, for_words
from runner.lab.cmd.redirect import Redirector
from runner.lab.cmd.syntax import parse
from runner.lab.cmd.tree import Chain, Condition, For, If, Node, Redirect, Simple, SyntaxFault
from runner.lab.faults import NotSimulated
from runner.lab.languages import localized
from runner.lab.state.process import Environment, Process, Session
from runner.lab.state.streams import BufferSink, BytesSource, Sink, encode

__all__ = ["MAX_LINE", "Interpreter", "strip_quotes"]

MAX_LINE = 8191
"""The longest command line of cmd.exe in characters (Microsoft KB830473)."""


class Interpreter:
    """One run of cmd.exe. `errorlevel` is signed; results of `run*` are return codes."""

    def __init__(
        self, session: Session, line: str = "", *, delayed_expansion: bool = False
    ) -> None:
        self.session = session
        self.command_line = line
        self.delayed = delayed_expansion
        self.errorlevel = 0
        self.echo = True
        self.arguments: list[str] | None = None
        self.batch_text: str | None = None
        self.directories: list[str] = []
        self.locals: list[tuple[Environment, str, bool]] = []
        self.variables: dict[str, str] = {}

    # -- lines -----------------------------------------------------------------------------------

    def run_line(self, line: str, streams: Streams) -> int:
        """Run one line in command-line mode; ExitShell when the line says `exit`."""
        line = line.split("\n", 1)[0]
        too_long = len(line) > MAX_LINE
        if not too_long:
            line = percent(line, self.lookup, self.arguments)
            too_long = len(line) > MAX_LINE
        if too_long:
            self.write(streams.stderr, "The command line is too long.\n")
            self.errorlevel = 1
            return 1
        return self.run_text(line, streams)

    def run_text(self, text: str, streams: Streams) -> int:
        """Parse and run text whose variables are expanded already."""
        try:
            node = parse(text)
            return 0 if node is None else self.run(node, streams)
        except SyntaxFault as fault:
            self.complain(streams.stderr, f"{fault}\n")
            self.errorlevel = 255
            return 255
        except NotSimulated as fault:
            return self.report(fault, streams)

    def report(self, fault: NotSimulated, streams: Streams) -> int:
        """Make something that the lab does not know a loud failure."""
        self.session.host.note_not_simulated(fault.what)
        self.complain(streams.stderr, f"{fault.text}\n")
        self.errorlevel = fault.exit_code
        return fault.exit_code

    def write(self, sink: Sink, text: str) -> None:
        """Write text with `\\n` line ends in the console code page."""
        sink.write(encode(text.replace("\n", "\r\n"), self.session.codepage))

    def complain(self, sink: Sink, text: str) -> None:
        """Write a message of cmd's own, in the language of the system."""
        self.write(sink, localized(text, self.session.host.profile.language.key, "cmd"))

    # -- variables -------------------------------------------------------------------------------

    def lookup(self, name: str) -> str | None:
        """A variable: of the environment, else one of those that cmd makes up."""
        value = self.session.env.get(name)
        if value is not None:
            return value
        match name.upper():
            case "ERRORLEVEL":
                return str(self.errorlevel)
            case "CD":
                return self.session.cwd
            case "CMDCMDLINE":
                return self.command_line
            case "CMDEXTVERSION":
                return "2"
            case "RANDOM":
                return str(random.randrange(32768))
            case "DATE":
                return time.strftime("%a %m/%d/%Y")
            case "TIME":
                return time.strftime("%H:%M:%S.00")
        return None

    def late(self, text: str) -> str:
        """The variables of `for`, then delayed expansion where it is switched on."""
        if self.variables:
            text = for_values(text, self.variables, self.session)
        return delayed(text, self.lookup) if self.delayed else text

    # -- the tree --------------------------------------------------------------------------------

    def run(self, node: Node, streams: Streams) -> int:
        """Run a tree; the result is the return code of the last command that ran."""
        if isinstance(node, Simple):
            return self._simple(node, streams)
        if isinstance(node, Chain):
            return self._chain(node, streams)
        if isinstance(node, If):
            if self._holds(node.condition):
                return self.run(node.then, streams)
            return 0 if node.otherwise is None else self.run(node.otherwise, streams)
        if isinstance(node, For):
            return self._for(node, streams)
        return self._with_redirects(
            node.redirects, streams, lambda s: 0 if node.body is None else self.run(node.body, s)
        )

    def _chain(self, node: Chain, streams: Streams) -> int:
        if node.operator == "|":
            return self._pipe(node, streams)
        code = self.run(node.left, streams)
        if node.operator == "&&" and code != 0:
            return code
        if node.operator == "||":
            if code == 0:
                return 0
            self.errorlevel = signed(code)
        return self.run(node.right, streams)

    def _for(self, node: For, streams: Streams) -> int:
        code, outer = 0, dict(self.variables)
        if node.tokens:
            found = for_words(self._said(node.items, streams), node.letter, node.tokens)
        else:
            found = for_items(self.late(node.items), node.letter, self.session)
        try:
            for values in found:
                self.variables |= values
                code = self.run(node.body, streams)
        finally:
            self.variables = outer
        return code

    def _said(self, line: str, streams: Streams) -> str:
        """What a cmd of its own prints that runs this line, for `for /f`."""
        buffer = BufferSink()
        with suppress(ExitShell):
            self.fork().run_line(line, replace(streams, stdout=buffer))
        return bytes(buffer.data).decode(f"cp{self.session.codepage}", "replace")

    def _pipe(self, node: Chain, streams: Streams) -> int:
        """Both sides run in a cmd of their own: what they set does not come back."""
        buffer = BufferSink()
        left = self.fork()
        left.run_apart(node.left, replace(streams, stdout=buffer))
        right = self.fork()
        code = right.run_apart(node.right, replace(streams, stdin=BytesSource(bytes(buffer.data))))
        self.errorlevel = signed(code)
        return code

    def fork(self) -> Interpreter:
        """An interpreter with a copy of this one's session."""
        child = Interpreter(self.session.child(), self.command_line, delayed_expansion=self.delayed)
        child.errorlevel = self.errorlevel
        child.arguments = self.arguments
        child.variables = dict(self.variables)
        return child

    def run_apart(self, node: Node, streams: Streams) -> int:
        """Run a tree of which `exit` ends only this interpreter."""
        try:
            return self.run(node, streams)
        except ExitShell as end:
            return end.code

    def _holds(self, condition: Condition) -> bool:
        left, right = self.late(condition.left), self.late(condition.right)
        match condition.kind:
            case "errorlevel":
                result = self.errorlevel >= to_number(left)
            case "exist":
                result = exists(self.session, left.strip('"'))
            case "defined":
                result = self.lookup(left.strip('"')) is not None
            case "cmdextversion":
                result = to_number(left) <= 2
            case kind:
                result = compare(kind, left, right, ignore_case=condition.ignore_case)
        return result != condition.negated

    # -- one command -----------------------------------------------------------------------------

    def _simple(self, node: Simple, streams: Streams) -> int:
        if not node.redirects:
            return self._command(node, streams)
        return self._with_redirects(node.redirects, streams, lambda s: self._command(node, s))

    def _command(self, node: Simple, streams: Streams) -> int:
        name, args = self.late(node.name), self.late(node.args)
        if not name:
            return 0
        self.session.host.check(self.session)
        try:
            found = split_builtin(name, args)
            if found is not None:
                return run_builtin(self, *found, streams)
            return self.launch(name, args, streams)
        except NotSimulated as fault:
            return self.report(fault, streams)

    def launch(self, name: str, args: str, streams: Streams, *, called: bool = False) -> int:
        """Run a program or batch file."""
        with self.session.host.lock:
            program = find_program(self.session, name.replace('"', ""))
        if program is None:
            shown = name.strip('"')
            self.complain(
                streams.stderr,
                f"'{shown}' is not recognized as an internal or external command,\n"
                "operable program or batch file.\n",
            )
            self.errorlevel = 9009
            return 1
        if program.path.lower().endswith((".cmd", ".bat")):
            return run_batch(self, program, args, streams, called=called)
        session = self.session.child()
        process = Process(
            session, name + args, streams.stdin, streams.stdout, streams.stderr, program.path
        )
        code = run_program(program, process)
        self.errorlevel = signed(code)
        return self.errorlevel

    def run_called(self, node: Simple, streams: Streams) -> int:
        """Run a command for `call`: a batch file comes back to what follows."""
        found = split_builtin(node.name, node.args)
        if found is None:
            return self._with_redirects(
                node.redirects,
                streams,
                lambda s: self.launch(node.name, node.args, s, called=True),
            )
        if found[0] != "exit":
            self.errorlevel = 0
        return self.run(node, streams)

    # -- redirections ----------------------------------------------------------------------------

    def _with_redirects(
        self, redirects: tuple[Redirect, ...], streams: Streams, body: Callable[[Streams], int]
    ) -> int:
        if not redirects:
            return body(streams)
        host = self.session.host
        opener = Redirector(self.session, self.late)
        try:
            with host.lock:
                streams = opener.apply(redirects, streams)
        except RedirectFault as fault:
            self.complain(streams.stderr, f"{fault}\n")
            self.errorlevel = 1
            return 1
        try:
            return body(streams)
        finally:
            with host.lock:
                opener.close()

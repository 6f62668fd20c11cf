"""Template files: rendered like templates in playbooks, with includes, imports and macros.

Backslashes in literals are Jinja2's here (``'\\n'`` is a line break), as in Ansible.
"""

from __future__ import annotations

import os
import pwd
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import jinja2
from jinja2 import FileSystemLoader, nodes
from jinja2.exceptions import TemplateNotFound, TemplatesNotFound, TemplateSyntaxError
from jinja2.lexer import Lexer
from jinja2.utils import missing

from runner.errors import RunnerError, TemplateError
from runner.loading.templates.compile import Preparation
from runner.loading.templates.environment import Environment, Everything, ScopeContext
from runner.loading.templates.options import DEFAULT_OPTIONS, TemplateOptions
from runner.loading.templates.scope import Scope
from runner.loading.templates.search_path import read_text, search_folders
from runner.loading.templates.undefined import Missing, undefined_hint
from runner.loading.text.files import BREAKS, place
from runner.model.source import Source

if TYPE_CHECKING:
    from types import TracebackType

_ENVIRONMENTS: Final = 64
_COMPILED: Final = 256
_SCOPE: ContextVar[Scope] = ContextVar("scope of the template file that is being rendered")


class FileTemplate(jinja2.Template):
    """A template file, or one that it includes or imports."""

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> ScopeContext:
        """What an included file sees: everything; an imported one: only what it is given."""
        scope = _SCOPE.get()
        if not isinstance(vars, Everything):
            scope = Scope(scope.templates, {}, scope.budget)
        given = {**(vars or {}), **(locals or {})}
        given = {name: value for name, value in given.items() if value is not missing}
        context = ScopeContext(self.environment, given, self.name, self.blocks)
        context.scope = scope
        return context

    def _get_default_module(self, ctx: Any = None) -> Any:
        """What an import gives, made anew each time: no host sees another's."""
        return self.make_module()


class FileEnvironment(Environment):
    """The sandbox for template files of one kind, with the folders that they include from."""

    template_class = FileTemplate

    def __init__(
        self, shared: Environment, lookups: Iterable[str], options: TemplateOptions, folders: Any
    ) -> None:
        loader = FileSystemLoader(folders, encoding="utf-8-sig")
        super().__init__(**asdict(options), loader=loader, finalize=_defined)
        self.filters, self.tests, self.globals = shared.filters, shared.tests, shared.globals
        self._own_lexer = Lexer(self)
        self._lookups = frozenset(lookups)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        file = filename or ""
        preparation = Preparation(
            self, self._lookups, conditions=False, where=lambda line: _line(file, line)
        )
        prepared: nodes.Template = preparation.visit(tree)
        prepared.set_environment(self)
        return prepared


def _defined(value: Any) -> Any:
    """What is undefined fails in the line where it is used."""
    return value._fail_with_undefined_error() if isinstance(value, Missing) else value


class TemplateFiles:
    """Renders files for one JinjaTemplates. Shared by all threads; files are compiled once."""

    def __init__(self, shared: Environment, lookups: Iterable[str]) -> None:
        names = tuple(lookups)

        def environment(options: TemplateOptions, folders: tuple[str, ...]) -> FileEnvironment:
            return FileEnvironment(shared, names, options, folders)

        def compiled(environment: FileEnvironment, text: str, path: str) -> jinja2.Template:
            code = environment.compile(text, path, path)
            return FileTemplate.from_code(environment, code, environment.globals)

        self._environment = lru_cache(_ENVIRONMENTS)(environment)
        self._compiled = lru_cache(_COMPILED)(compiled)

    def render(self, scope: Scope, path: Path, text: str, options: TemplateOptions) -> Any:
        """What the text of a template file gives. Errors have their place in the file.

        Line breaks at its end are kept.
        """
        folders: list[str] = []
        for folder in dict.fromkeys((path.parent, *search_folders(scope))):
            folders += (str(folder / "templates"), str(folder))
        with _with_place(path, scope):
            options, body = options.with_header(text)
            environment = self._environment(options, tuple(folders))
            template = self._compiled(environment, body, str(path))
            token = _SCOPE.set(scope)
            try:
                context = template.new_context(Everything())
                value = environment.concat(template.root_render_func(context))
            finally:
                _SCOPE.reset(token)
        if isinstance(value, str):
            lost = _breaks(body) - _breaks(value)
            value += options.newline_sequence * lost
        return value

    def lookup(
        self, scope: Scope, path: Path, name: str, settings: Mapping[str, Any], own: Any
    ) -> Any:
        """What ``lookup('template', name)`` gives; ``own`` are its ``template_vars``."""
        options = DEFAULT_OPTIONS.changed(settings)
        more = {**file_variables(path, name, scope.variables), **own}
        inner = Scope(scope.templates, over(more, scope.variables), scope.budget)
        return self.render(inner, path, read_text(scope, path), options)


def over(more: Mapping[str, Any], variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables with some more before them."""
    return ChainMap(dict(more), cast("MutableMapping[str, Any]", variables))


def file_variables(
    path: Path, name: str, variables: Mapping[str, Any], destination: str | None = None
) -> dict[str, Any]:
    """What Ansible tells a template about its own file.

    ``name`` is the path as the playbook writes it. ``ansible_managed`` is left to who has set it.
    """
    known = path.stat()
    try:
        owner: str | int = pwd.getpwuid(known.st_uid).pw_name
    except KeyError:
        owner = known.st_uid
    told: dict[str, Any] = {
        "template_host": os.uname().nodename,
        "template_path": name,
        "template_mtime": datetime.fromtimestamp(known.st_mtime),
        "template_uid": owner,
        "template_run_date": datetime.now(),
        "template_destpath": destination,
        "template_fullpath": str(path.absolute()),
    }
    if "ansible_managed" not in variables:
        told["ansible_managed"] = "Ansible managed"
    return told


def _breaks(text: str) -> int:
    """How many line breaks a text ends with."""
    return len(BREAKS.findall(text, len(text.rstrip("\r\n"))))


@contextmanager
def _with_place(path: Path, scope: Scope) -> Iterator[None]:
    """Give whatever goes wrong its place in the file."""
    try:
        yield
    except TemplateSyntaxError as error:
        message = f"not a template: {error.message or 'this cannot be read'}"
        where = _line(error.filename or str(path), error.lineno)
        raise TemplateError(message, source=where) from None
    except (TemplateNotFound, TemplatesNotFound) as error:
        where = _where(error.__traceback__) or _line(str(path), 1)
        hint = "files are included from the folder of this one, and from templates/ of the play"
        raise TemplateError(f"there is no file '{error.name}'", source=where, hint=hint) from None
    except TemplateError as error:
        if error.source is None:
            error.source = _where(error.__traceback__) or _line(str(path), 1)
        raise
    except jinja2.UndefinedError as error:
        where = _where(error.__traceback__) or _line(str(path), 1)
        hint = undefined_hint(error, scope)
        raise TemplateError(str(error.message), source=where, hint=hint) from None
    except (RunnerError, RecursionError):
        raise
    except Exception as error:
        where = _where(error.__traceback__) or _line(str(path), 1)
        raise TemplateError(str(error) or type(error).__name__, source=where) from error


def _where(trace: TracebackType | None) -> Source | None:
    """The innermost line of a template file in a traceback."""
    found = None
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, FileTemplate) and template.filename:
            found = _line(template.filename, template.get_corresponding_lineno(trace.tb_lineno))
        trace = trace.tb_next
    return found


def _line(file: str, number: int) -> Source:
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    return place(file, number, 1, lines[number - 1] if number <= len(lines) else "")

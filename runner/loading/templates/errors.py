"""Whatever goes wrong in a template, as a TemplateError with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jinja2.exceptions import SecurityError, UndefinedError

from runner.errors import RunnerError, TemplateError
from runner.loading.templates.scope import Scope
from runner.loading.templates.undefined import undefined_hint
from runner.model.source import Source

ResultT = TypeVar("ResultT")


def guarded(run: Callable[[], ResultT], scope: Scope, source: Source | None, what: Any) -> ResultT:
    """Run; whatever goes wrong is a TemplateError with its place, or passes as our own."""
    try:
        return run()
    except TemplateError as error:
        raise placed(error, source, what) from None
    except RunnerError:
        raise
    except UndefinedError as error:
        found = TemplateError(str(error.message), hint=undefined_hint(error, scope))
        raise placed(found, source, what) from None
    except SecurityError as error:
        raise placed(TemplateError(str(error.message)), source, what) from None
    except RecursionError:
        raise placed(TemplateError("this template calls itself"), source, what) from None
    except Exception as error:
        found = TemplateError(f"{error or type(error).__name__}")
        raise placed(found, source, what) from error


def indirect(expression: str, value: str, source: Source | None) -> bool:
    """What a condition means that is one template and gives a text: only ``true`` or ``false``.

    Ansible evaluates such a text as a condition when it comes from the playbook; whether it does
    cannot be told here, and what a host says must never be evaluated.
    """
    if value.strip() in ("true", "True", "false", "False"):
        return value.strip().lower() == "true"
    raise TemplateError(
        f"'{expression.strip()}' gives the text '{value}', which is neither true nor false",
        source=source,
        hint="write the condition itself here, without {{ }}",
    )


def placed(error: TemplateError, source: Source | None, what: Any) -> TemplateError:
    """The same error with its place; without one, the template itself is named."""
    if error.source is not None:
        return error
    message = error.message
    if source is None and isinstance(what, str):
        shown = what.strip() if len(what) < 80 else f"{what.strip()[:77]}..."
        message = f"{message}, in: {shown}"
    return TemplateError(message, source=source, hint=error.hint)

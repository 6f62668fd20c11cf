"""Failures that came of the controller's own limit of open files are told as what they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runner.errors import TransportError, Unreachable
from runner.interfaces import shortage


@contextmanager
def told(*, may_have_started: bool) -> Iterator[None]:
    """Of what is raised inside, say so where it came of that.

    ``may_have_started``: what is to be said of errors that do not say it themselves.
    """
    try:
        yield
    except TransportError as error:
        if shortage.is_behind(error):
            error.message = f"{shortage.in_words()}: {error.message}"
            error.hint = shortage.ADVICE
        raise
    except (OSError, ImportError) as error:
        if not shortage.is_behind(error):
            raise
        raise Unreachable(
            f"{shortage.in_words()}: {error}",
            hint=shortage.ADVICE,
            may_have_started=may_have_started,
        ) from error

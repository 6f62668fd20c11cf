"""What the tests of detached writes share: a writer, and one command driven through it."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from typing import Any

from runner.engine.hosts.link import Link
from runner.engine.tasks.detached import DetachedWriter
from runner.interfaces.exchange import Command, Output, Reply, Request, write
from runner.interfaces.setting import Setting


def token() -> str:
    return f"t{secrets.token_hex(6)}"


def writer(
    link: Link, seconds: float = 20, poll: float = 0.2, setting: Setting | None = None, **more: Any
) -> DetachedWriter:
    values = {"token": token(), **more}
    return DetachedWriter(link, None, setting or Setting(), seconds=seconds, poll=poll, **values)


def only(command: Command) -> Generator[Request, Reply, Output]:
    return (yield from write(command))


def answer(link: Link, command: Command, **more: Any) -> Output:
    return writer(link, **more).drive(only(command))

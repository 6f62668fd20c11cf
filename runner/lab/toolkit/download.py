"""Real HTTP requests of simulated programs, to servers on this machine only."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from runner.lab.state.process import Process

__all__ = ["Answer", "fetch"]

_SECONDS = 30.0
_LOCAL = ("127.", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; `status` 0 with a `reason` where it could not be asked."""

    status: int
    reason: str
    body: bytes = b""
    is_cut: bool = False
    url: str = ""
    location: str = ""
    """Where the server sends those who ask for `url`."""


def fetch(process: Process, url: str, headers: Mapping[str, str] = {}) -> Answer:
    """GET a URL; the machine is free for other commands meanwhile."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        process.not_simulated(f"a download by {parts.scheme or url}")
    if not (parts.hostname or "").startswith(_LOCAL):
        process.not_simulated(f"a download from {parts.hostname}")
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    with process.host.released():
        answer = _get(parts.hostname or "", parts.port or 80, target, headers)
    answer = replace(answer, url=url)
    process.host.check(process.session)
    return answer


def _get(host: str, port: int, target: str, headers: Mapping[str, str]) -> Answer:
    connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", target, headers=dict(headers))
        response = connection.getresponse()
        try:
            place = response.getheader("Location") or ""
            return Answer(response.status, response.reason, response.read(), location=place)
        except http.client.IncompleteRead as cut:
            return Answer(response.status, response.reason, cut.partial, is_cut=True)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, str(error) or type(error).__name__)
    finally:
        connection.close()

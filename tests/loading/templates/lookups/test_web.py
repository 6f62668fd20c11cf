"""The lookup ``url``, against a server on loopback."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runner.errors import TemplateError
from tests.loading.templates.lookups.giving import DRY, give

BRACES = "{" + "{ nobody }" + "}"


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_GET(self) -> None:
            known = base64.b64encode(b"ann:pw").decode()
            answers = {
                "/lines": (200, "a\nb\n"),
                "/template": (200, BRACES),
                "/agent": (200, f"{self.headers['User-Agent']} {self.headers['X-A']}"),
                "/moved": (302, ""),
                "/secret": (200 if self.headers["Authorization"] == f"Basic {known}" else 401, "s"),
            }
            status, body = answers.get(self.path, (404, "no"))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/lines")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("lines", "", ["a", "b"]),
        ("lines", ", split_lines=false", ["a\nb\n"]),
        ("moved", "", ["a", "b"]),
        ("template", "", [BRACES]),
        ("agent", ", http_agent='me/1', headers={'X-A': 'b'}", ["me/1 b"]),
        ("secret", ", username='ann', password='pw', force_basic_auth=true", ["s"]),
    ],
)
def test_what_a_server_gives(server: str, path: str, options: str, expected: list[str]) -> None:
    asked = f"query('url', '{server}/{path}'{options}, use_proxy=false)"
    assert give(asked) == expected
    assert give(asked, **DRY) == expected


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("'{}/nothing'", "404"),
        ("'{}/moved', follow_redirects='none'", "302"),
        ("'file:///etc/passwd'", "is no URL"),
        ("'{}/lines', colour='red'", "no option 'colour'"),
        ("'http://127.0.0.1:1/x'", "cannot be read"),
    ],
)
def test_what_it_does_not_give(server: str, asked: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        give(f"lookup('url', {asked.format(server)}, use_proxy=false)")

"""The lookup ``url``: what a server gives, asked by the controller whenever a template is rendered.

It only reads, so a dry run asks too. Source: Ansible, "ansible.builtin.url lookup".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from runner.errors import TemplateError
from runner.loading.templates.filters.numbers import to_bool
from runner.loading.templates.lookups.variables import only, text_of
from runner.loading.templates.plain import plain
from runner.loading.templates.scope import Scope
from runner.loading.templates.search_path import LARGEST

if TYPE_CHECKING:
    import urllib.request

_KNOWN: Final = (
    "validate_certs", "split_lines", "use_proxy", "username", "password", "headers", "force",
    "timeout", "http_agent", "force_basic_auth", "follow_redirects",
)  # fmt: skip
_SECONDS: Final = 10.0
_NOWHERE_ELSE: Final = ("none", "no", "false")


def _url(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """What each URL gives, as lines or as a whole."""
    only(options, *_KNOWN)
    said = {name: plain(value) for name, value in options.items()}
    found: list[Any] = []
    for term in terms:
        text = _asked(text_of(term), said).decode("utf-8", "surrogateescape")
        found += text.splitlines() if _yes(said, "split_lines", True) else [text]
    return found


def _asked(url: str, said: Mapping[str, Any]) -> bytes:
    if urlsplit(url).scheme.lower() not in ("http", "https", "ftp"):
        raise TemplateError(f"'{url}' is no URL that begins with http://, https:// or ftp://")
    headers = {"User-Agent": str(said.get("http_agent", "ansible-httpget"))}
    headers |= {str(k): str(v) for k, v in (said.get("headers") or {}).items()}
    if _yes(said, "force", False):
        headers["Cache-Control"] = "no-cache"
    if user := said.get("username"):
        pair = f"{user}:{said.get('password') or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    import urllib.request  # with ssl and http.client: for this lookup only
    from http.client import HTTPException

    try:
        request = urllib.request.Request(url, headers=headers)
        with _opener(said).open(request, timeout=float(said.get("timeout", _SECONDS))) as answer:
            data: bytes = answer.read(LARGEST + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise TemplateError(
            f"'{url}' cannot be read: {error}",
            hint="the controller itself asks; can it reach the server?",
        ) from None
    if len(data) > LARGEST:
        raise TemplateError(f"'{url}' gives more than {LARGEST:,} bytes")
    return data


def _opener(said: Mapping[str, Any]) -> urllib.request.OpenerDirector:
    import ssl
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        """Goes nowhere else."""

        def redirect_request(self, *args: Any, **kwargs: Any) -> None:
            return None

    handlers: list[urllib.request.BaseHandler] = []
    if not _yes(said, "use_proxy", True):
        handlers.append(urllib.request.ProxyHandler({}))
    if not _yes(said, "validate_certs", True):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        handlers.append(urllib.request.HTTPSHandler(context=context))
    if str(said.get("follow_redirects", "urllib2")).lower() in _NOWHERE_ELSE:
        handlers.append(Stay())
    return urllib.request.build_opener(*handlers)


def _yes(said: Mapping[str, Any], name: str, default: bool) -> bool:
    return to_bool(said.get(name, default))


LOOKUPS: Final[dict[str, Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]]] = {
    "url": _url,
}

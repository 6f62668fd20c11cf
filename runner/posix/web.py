"""Downloads on a POSIX host with curl or wget, whichever is there.

What is asked for travels on standard input (curl's config file, wget's startup file), so that no
password, header or address shows in the host's list of processes. busybox's wget has no such file:
it is used only where there is nothing to hide. See curl(1) ``--config`` and the GNU Wget manual,
"Wgetrc Commands".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.errors import Refused
from runner.interfaces.exchange import Script
from runner.model.secret import Secret
from runner.posix.quoting import quote

CURL: Final = "curl"
WGET: Final = "wget"
BUSYBOX: Final = "busybox"

FAILED: Final = 91
"""The exit code where a download failed."""

WHICH: Final = """\
if command -v curl >/dev/null 2>&1; then echo curl
elif command -v wget >/dev/null 2>&1; then
if wget --version 2>/dev/null | grep -q GNU; then echo wget; else echo busybox; fi
fi
"""
"""Prints which program there is."""

_WGET: Final = """\
w=$(mktemp -d) || exit 83
trap 'e=$?; rm -rf "$w"; [ $e = 0 ] || [ -z "${t-}" ] || rm -f "$t"; exit $e' 0
IFS= read -r u; printf '%s\\n' "$u" >"$w/url"; cat >"$w/rc"
"""


@dataclass(frozen=True, slots=True)
class Web:
    """What is asked of a server. ``timeout`` in seconds, for each wait. ``since`` is an HTTP date
    (RFC 9110, 5.6.7): what has not changed since is not sent."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    password: Secret | None = None
    timeout: int = 10
    agent: str = "ansible-httpget"
    validate: bool = True
    proxy: bool = True
    netrc: bool = True
    certificate: str = ""
    key: str = ""
    since: str = ""

    def __post_init__(self) -> None:
        for text in (self.url, self.user, self.agent, *self.headers, *self.headers.values()):
            if "\n" in text or "\r" in text or "\0" in text:
                raise Refused("a line break cannot be part of a request")

    @property
    def hides(self) -> bool:
        """Whether something in it is not for the list of processes."""
        return bool(self.user or self.headers or self.certificate or "@" in self.url)

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers to send."""
        return {**self.headers, **({"If-Modified-Since": self.since} if self.since else {})}


def fetch(tool: str, web: Web) -> tuple[str, str]:
    """The line that writes the answer into ``$t`` and prints the status, and its input.

    It exits with ``FAILED`` where there is no answer, or one that says no. Raises Refused.
    """
    if tool == CURL:
        line = f'curl -q -o "$t" -K - || exit {FAILED}\n'
        return line, _curl(web, write_out="%{http_code}\\n")
    if tool == WGET:
        ask = 'WGETRC=$w/rc wget -nv -S -O "$t" -i "$w/url" 2>"$w/log"'
        line = (
            f'{_WGET}{ask} || {{ cat "$w/log" >&2; exit {FAILED}; }}\n'
            "sed -n 's|^ *HTTP/[0-9.]* \\([0-9]*\\).*|\\1|p' \"$w/log\" | tail -n 1\n"
        )
        return line, f"{web.url}\n{_wgetrc(web)}"
    return f'{_busybox(web)} -O "$t" {quote(web.url)} || exit {FAILED}\necho 200\n', ""


def text(tool: str, web: Web) -> Script:
    """A script that prints the answer, a small text."""
    if tool == CURL:
        return Script("posix", "exec curl -q -K -", stdin=_curl(web))
    if tool == WGET:
        line = f'{_WGET}WGETRC=$w/rc wget -nv -O - -i "$w/url"\n'
        return Script("posix", line, stdin=f"{web.url}\n{_wgetrc(web)}")
    return Script("posix", f"exec {_busybox(web)} -O - {quote(web.url)}")


def status(tool: str, web: Web) -> Script | None:
    """A script that prints only the status of the answer (HEAD); None where it cannot."""
    if tool == CURL:
        config = _curl(web, write_out="%{http_code}\\n", head=True)
        return Script("posix", "exec curl -q -o /dev/null -K -", stdin=config)
    if tool == WGET:
        line = (
            f'{_WGET}WGETRC=$w/rc wget -S --spider -i "$w/url" 2>&1 |\n'
            "sed -n 's|^ *HTTP/[0-9.]* \\([0-9]*\\).*|\\1|p' | tail -n 1\n"
        )
        return Script("posix", line, stdin=f"{web.url}\n{_wgetrc(web)}")
    return None


def _curl(web: Web, write_out: str = "", *, head: bool = False) -> str:
    words = ["globoff", "location", "silent", "show-error"]
    words += ["head"] if head else ["fail"]
    settings: list[tuple[str, str]] = [
        ("url", web.url),
        ("user-agent", web.agent),
        ("connect-timeout", str(web.timeout)),
        ("speed-time", str(web.timeout)),
        ("speed-limit", "1"),
        *(("header", f"{name}: {value}") for name, value in web.all_headers.items()),
    ]
    if web.user:
        password = web.password.reveal() if web.password else ""
        settings.append(("user", f"{web.user}:{password}"))
    elif web.netrc:
        words.append("netrc-optional")
    if not web.validate:
        words.append("insecure")
    if not web.proxy:
        settings.append(("noproxy", "*"))
    if web.certificate:
        settings.append(("cert", web.certificate))
    if web.key:
        settings.append(("key", web.key))
    lines = [*words, *(f'{name} = "{_escaped(value)}"' for name, value in settings)]
    if write_out:
        lines.append(f'write-out = "{write_out}"')
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return value.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _wgetrc(web: Web) -> str:
    settings: list[tuple[str, str]] = [
        ("user_agent", web.agent),
        ("timeout", str(web.timeout)),
        ("tries", "1"),
        # A redirect would go over the kept connection, which its server may be closing just then;
        # with one try that is a failed download.
        ("http_keep_alive", "off"),
        ("check_certificate", "on" if web.validate else "off"),
        ("netrc", "on" if web.netrc and not web.user else "off"),
        *(("header", f"{name}: {value}") for name, value in web.all_headers.items()),
    ]
    if not web.proxy:
        settings.append(("use_proxy", "off"))
    if web.user:
        password = web.password.reveal() if web.password else ""
        if "\n" in password:
            raise Refused("a line break cannot be part of a password here")
        settings += [("user", web.user), ("password", password), ("auth_no_challenge", "on")]
    if web.certificate:
        settings.append(("certificate", web.certificate))
    if web.key:
        settings.append(("private_key", web.key))
    return "".join(f"{name} = {value}\n" for name, value in settings)


def _busybox(web: Web) -> str:
    if web.hides:
        raise Refused(
            "busybox's wget takes a password or a header only where every user can read it",
            hint="install curl on the host",
        )
    options = f"-q -T {web.timeout} -U {quote(web.agent)}"
    return f"wget {options}" + ("" if web.validate else " --no-check-certificate")

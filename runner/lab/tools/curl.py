"""curl.exe: GET with a config file from standard input, to a file or printed.

Exit codes: 7 no connection, 22 status, 47 sent elsewhere too often.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import urljoin

from runner.lab.state.process import Process
from runner.lab.toolkit.download import fetch

_OPTION = re.compile(r'^\s*([a-z-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|(\S+)))?\s*$')
_KNOWN = frozenset(
    {"url", "connect-timeout", "speed-time", "speed-limit", "user-agent", "user", "write-out",
     "header", "noproxy", "fail", "silent", "show-error", "location", "globoff", "insecure",
     "continue-at", "max-redirs"}
)  # fmt: skip

_ELSEWHERE = (301, 302, 303, 307, 308)


def main(process: Process) -> int:
    """`curl -K - -o FILE`, and the options of a config file that the lab knows."""
    words = process.args
    printing = words == ["-K", "-"]
    if not printing and (words[:3] != ["-K", "-", "-o"] or len(words) != 4):
        process.not_simulated(f"curl {' '.join(words)}")
    options: dict[str, list[str]] = {}
    for line in process.read().decode().splitlines():
        match = _OPTION.match(line)
        if match is None or match[1] not in _KNOWN:
            process.not_simulated(f"curl's config line {line}")
        value = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3] or ""
        options.setdefault(match[1], []).append(value)
    headers = {"User-Agent": options.get("user-agent", ["curl"])[0]}
    for line in options.get("header", []):
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    if "user" in options:
        headers["Authorization"] = f"Basic {base64.b64encode(options['user'][0].encode()).decode()}"
    path = process.absolute("-" if printing else words[3])
    old = process.host.files.find(path)
    start = old.size if old is not None and "continue-at" in options else 0
    if start:
        headers["Range"] = f"bytes={start}-"
    answer = fetch(process, options["url"][0], headers)
    left = int(options.get("max-redirs", ["50"])[0])
    while answer.status in _ELSEWHERE and "location" in options and answer.location:
        if not left:
            return process.fail(47, "curl: (47) Maximum redirects followed\n")
        left -= 1
        answer = fetch(process, urljoin(answer.url, answer.location), headers)
    if answer.status == 0:
        return process.fail(7, f"curl: (7) Failed to connect: {answer.reason}\n")
    if answer.status >= 400 and "fail" in options:
        _written(process, options, answer.status)
        text = f"curl: (22) The requested URL returned error: {answer.status}\n"
        return process.fail(22, text)
    if printing:
        process.out(answer.body.decode("utf-8", "replace"))
        _written(process, options, answer.status)
        return 0
    process.mutates()
    if start and answer.status != 206:
        return process.fail(33, "curl: (33) HTTP server doesn't seem to support byte ranges.\n")
    now = process.host.clock.now()
    try:
        process.host.files.write(path, answer.body, now, append=bool(start))
    except OSError:
        return process.fail(23, "curl: (23) Failure writing output to destination\n")
    _written(process, options, answer.status)
    if answer.is_cut:
        return process.fail(18, "curl: (18) transfer closed with outstanding read data remaining\n")
    return 0


def _written(process: Process, options: dict[str, list[str]], status: int) -> None:
    for text in options.get("write-out", []):
        process.out(text.replace("%{http_code}", str(status)))

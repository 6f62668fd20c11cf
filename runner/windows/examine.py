"""``runner doctor`` on Windows: what the host is, what we may do there, which tools it has."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any, Final, TypeAlias

from runner.errors import HostError, TransportError
from runner.interfaces.examine import Finding, Verdict
from runner.interfaces.exchange import Exec, Output, Read, Reply, read
from runner.windows import facts
from runner.windows.facts import WindowsFacts

Check: TypeAlias = Generator[Read, Reply, Finding]

_CODEPAGE: Final = re.compile(r"(\d{3,5})\D*$")
_ADMIN_ONLY: Final = r"HKU\S-1-5-19"
"""The registry of the account LocalService: only administrators may look into it (Microsoft,
"Predefined keys": HKEY_USERS; its default permissions)."""
_TOOLS: Final = ("wmic", "powershell", "dism", "wusa")
_WMIC_GONE: Final = 26100


def checks() -> Iterator[Check]:
    """Each is driven on its own; none changes anything."""
    yield _code_page()
    yield _system()
    yield _rights()
    yield _tools()


def _code_page() -> Check:
    title = "In which code page do programs print?"
    (out,) = yield from read(Exec("chcp"))
    found = _CODEPAGE.search(out.stdout.strip())
    if out.code or not found:
        said = f"chcp ended with {out.code}"
        return Finding("code page", title, Verdict.NOTE, said, "output may be decoded wrongly")
    number = int(found[1])
    note = ""
    if number != 65001:
        note = "characters outside of it are lost; set runner_codepage if programs use another one"
    verdict = Verdict.NOTE if note else Verdict.OK
    return Finding("code page", title, verdict, str(number), note, data={"codepage": number})


def _system() -> Check:
    title = "What system is it?"
    try:
        gathered = yield from facts.gather()
        known = WindowsFacts.of(gathered)
    except TransportError:
        raise  # there is nobody to ask any more
    except HostError as error:
        return Finding("system", title, Verdict.FAILED, error.message, error.hint)
    data: dict[str, Any] = {
        "name": known.name,
        "product": known.product_name,
        "build": known.build,
        "language": known.language,
        "powershell": known.powershell,
        "domain": gathered.get("windows_domain", ""),
        "role": gathered.get("windows_domain_role", ""),
        "boot_time": known.boot_time,
        "reboot_pending_because": list(known.reboot_pending_because),
    }
    said = f"{known.name} (build {known.build}.{known.revision}, {known.language})"
    if known.reboot_pending_because:
        because = ", ".join(known.reboot_pending_because)
        note = f"a restart is pending: {because}; updates may refuse to be installed before it"
        return Finding("system", title, Verdict.NOTE, said, note, data=data)
    return Finding("system", title, Verdict.OK, said, data=data)


def _rights() -> Check:
    title = "May we administer it?"
    who, admin = yield from read(Exec("whoami"), Exec("reg", "query", _ADMIN_ONLY))
    name = who.stdout.strip() if who.code == 0 else "this user"
    data = {"user": name, "administrator": admin.code == 0}
    if admin.code == 0:
        return Finding("rights", title, Verdict.OK, f"{name} is an administrator", data=data)
    advice = (
        "put the user into Administrators; a local administrator other than the built-in one also "
        "needs LocalAccountTokenFilterPolicy=1. Without that most modules fail"
    )
    said = f"{name} is no administrator, or has no full token"
    failed = Verdict.FAILED
    return Finding("rights", title, failed, said, advice, category="authorization", data=data)


def _tools() -> Check:
    title = "Which tools are there?"
    outputs = yield from read(*(Exec("where", f"{tool}.exe") for tool in _TOOLS))
    there = {tool: _is_there(out) for tool, out in zip(_TOOLS, outputs, strict=True)}
    said = ", ".join(f"{tool} {'yes' if there[tool] else 'no'}" for tool in _TOOLS)
    notes = [_WITHOUT[tool] for tool, found in there.items() if not found]
    verdict = Verdict.NOTE if notes else Verdict.OK
    return Finding("tools", title, verdict, said, "; ".join(notes), data=dict(there))


def _is_there(output: Output) -> bool:
    return output.code == 0 and bool(output.stdout.strip())


_WITHOUT: Final = {
    "wmic": f"without wmic (optional from build {_WMIC_GONE} on) PowerShell is asked, more slowly",
    "powershell": "without PowerShell win_powershell and win_shell scripts cannot run",
    "dism": "without dism (before 2008 R2) optional features cannot be managed",
    "wusa": "without wusa (before Vista) updates are installed by their own programs",
}

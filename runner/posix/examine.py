"""``runner doctor`` on a POSIX host: what it is, who we are there, whether we may become root."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, TypeAlias

from runner.errors import HostError, TransportError
from runner.interfaces.examine import Finding, Verdict
from runner.interfaces.exchange import Read, Reply, Script, read
from runner.posix import facts

Check: TypeAlias = Generator[Read, Reply, Finding]

_TOOLS: Final = ("sudo", "su", "systemctl", "apt-get", "dnf", "yum", "zypper")
_NEEDS_PASSWORD: Final = 1


def checks() -> Iterator[Check]:
    """Each is driven on its own; none changes anything."""
    yield _system()
    yield _rights()
    yield _tools()


def _system() -> Check:
    title = "What system is it?"
    try:
        found = yield from facts.gather()
    except TransportError:
        raise  # there is nobody to ask any more
    except HostError as error:
        return Finding("system", title, Verdict.FAILED, error.message, error.hint)
    name = f"{found.get('distribution', found.get('system', 'Unix'))}"
    said = f"{name} {found.get('distribution_version', '')} ({found.get('kernel', '')})"
    data = {key: found.get(key) for key in ("distribution", "distribution_version", "kernel",
                                            "architecture", "pkg_mgr", "service_mgr")}  # fmt: skip
    return Finding("system", title, Verdict.OK, " ".join(said.split()), data=data)


def _rights() -> Check:
    title = "May we administer it?"
    who, sudo = yield from read(
        Script("posix", "id -un; id -u"), Script("posix", "sudo -n true 2>&1")
    )
    lines = who.stdout.split()
    name = lines[0] if lines else "this user"
    data = {"user": name, "root": lines[1:] == ["0"], "sudo_without_password": sudo.code == 0}
    if data["root"]:
        return Finding("rights", title, Verdict.OK, f"{name}, root itself", data=data)
    if sudo.code == 0:
        return Finding("rights", title, Verdict.OK, f"{name}, sudo without a password", data=data)
    note = (
        "tasks with become need ansible_become_password, or NOPASSWD in its sudoers"
        if sudo.code == _NEEDS_PASSWORD
        else "sudo is not there: tasks with become need another become_method"
    )
    said = f"{name}; sudo: {sudo.stdout.strip() or sudo.stderr.strip() or f'code {sudo.code}'}"
    return Finding("rights", title, Verdict.NOTE, said, note, data=data)


def _tools() -> Check:
    title = "Which tools are there?"
    text = f"for p in {' '.join(_TOOLS)}; do command -v $p >/dev/null && echo $p; done; true"
    (out,) = yield from read(Script("posix", text))
    there = out.stdout.split()
    return Finding("tools", title, Verdict.OK, ", ".join(there) or "none of those we know",
                   data={"tools": there})  # fmt: skip

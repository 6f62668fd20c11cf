"""``runner doctor`` for WinRM: where on the way to a shell something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from runner.errors import TransportError
from runner.interfaces.access import Keeper
from runner.interfaces.examine import Finding, Stopwatch, Verdict
from runner.transports.tcp_examine import examine_name, examine_port
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.config import Quotas, read_quotas
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.foothold import Foothold
from runner.transports.winrm.options import WinrmOptions
from runner.transports.winrm.service import examine_service
from runner.transports.winrm.tls_examine import examine_certificate

_PORT: Final = (
    "nothing listens there: on the host run 'winrm quickconfig' (2003 R2: install Hardware "
    "Management first), check ansible_port (5985 http, 5986 https); the host may also be booting"
)
_SILENT: Final = (
    "packets are dropped: the host is off, or a firewall on it or on the way stands between; "
    "open the port for this controller's address"
)


def examine(options: WinrmOptions, timeout: float) -> Iterator[Finding]:
    """Name, port, certificate, service, logon, shell, quotas."""
    if options.proxy is not None:
        yield Finding(
            "proxy", "Is it reached directly?", Verdict.NOTE, f"by the proxy {options.proxy}",
            "what stands below is what the proxy lets through",
        )  # fmt: skip
    else:
        found = examine_name(options.address, options.port)
        yield found.finding
        if not found.addresses:
            return
        finding = examine_port(found.addresses, options.port, timeout, (_PORT, _SILENT))
        yield finding
        if finding.verdict is Verdict.FAILED:
            return
        for step in (examine_certificate, examine_service):
            for finding in step(options, timeout):
                yield finding
                if finding.verdict is Verdict.FAILED:
                    return
    yield from _inside(options, timeout)


def _inside(options: WinrmOptions, timeout: float) -> Iterator[Finding]:
    foothold = Foothold(options, Keeper())
    try:
        logon = _tried(
            "logon",
            "Does it let us in?",
            lambda: foothold.link.logon(Deadline(timeout)),
            f"as {options.user or 'the ticket holder'} by {options.auth}",
        )
        if logon.verdict is Verdict.FAILED or options.must_seal:
            yield logon  # without sealing the logon travels with the first message
        if logon.verdict is Verdict.FAILED:
            return
        shell = _tried(
            "shell",
            "Does it open a shell?",
            lambda: foothold.renew_shell(Deadline(timeout)),
            "",
        )
        yield _shell(foothold, shell)
        if shell.verdict is not Verdict.FAILED:
            yield _quotas(foothold, timeout)
    finally:
        foothold.give_back("")


def _tried(step: str, title: str, call: Callable[[], None], said: str) -> Finding:
    watch = Stopwatch()
    try:
        with watch.running():
            call()
    except LinkFailure as failure:
        return watch.stamp(Finding.of_error(step, title, failure.error))
    except TransportError as error:
        return watch.stamp(Finding.of_error(step, title, error))
    return watch.stamp(Finding(step, title, Verdict.OK, said))


def _shell(foothold: Foothold, tried: Finding) -> Finding:
    if tried.verdict is Verdict.FAILED:
        return tried
    shell = foothold.shell()
    generation = "WinRM 3.0" if shell.takes_names else "WinRM 2.0 or 1.1, or WMF 3 on 2008 R2"
    text = f"in {shell.encoding}; replaced after {shell.commands_left} commands"
    return Finding(
        tried.step,
        tried.title,
        Verdict.OK,
        text,
        seconds=tried.seconds,
        data={
            "encoding": shell.encoding,
            "commands_per_shell": shell.commands_left,
            "takes_names": shell.takes_names,
            "generation": generation,
        },
    )


def _quotas(foothold: Foothold, timeout: float) -> Finding:
    title = "What are its quotas?"
    watch = Stopwatch()
    try:
        with watch.running():
            quotas = read_quotas(foothold.link, Deadline(timeout))
    except LinkFailure as failure:
        said = "it does not tell (only Windows Server 2012 and later do, and only administrators)"
        if failure.error.category in ("authorization", "protocol"):
            return watch.stamp(Finding("quotas", title, Verdict.SKIPPED, said))
        return watch.stamp(Finding.of_error("quotas", title, failure.error))
    return watch.stamp(_judged(title, quotas))


def _judged(title: str, quotas: Quotas) -> Finding:
    said = ", ".join(f"{name} {value}" for name, value in quotas.items()) or "it names none"
    low = [name for name, least in _LEAST.items() if quotas.get(name, least) < least]
    advice = ""
    if low:
        advice = (
            f"{', '.join(low)}: lower than Windows' default; many commands or large scripts may "
            "meet it. Raise it with: winrm set winrm/config/winrs @{...}, or by group policy"
        )
    verdict = Verdict.NOTE if low else Verdict.OK
    return Finding("quotas", title, verdict, said, advice, data=quotas)


_LEAST: Final = {
    "MaxShellsPerUser": 5,
    "MaxConcurrentOperationsPerUser": 15,
    "MaxMemoryPerShellMB": 150,
    "MaxEnvelopeSizekb": 150,
}

r"""Microsoft's antivirus on a host, and others, as the registry, ``sc`` and WMI tell.

Windows Defender looks for viruses from Windows 8 on (before, it looked for spyware alone); it keeps
its settings under ``SOFTWARE\Microsoft\Windows Defender``. Microsoft Security Essentials, Forefront
and System Center Endpoint Protection use ``Microsoft Antimalware`` in the same way. Sources:
Microsoft, "Configure and manage Microsoft Defender Antivirus with the mpcmdrun.exe command-line
tool", "MSFT_MpThreat class"; the registry names are common knowledge without a page of Microsoft's.
Which other products there are, a client's Security Center knows (``root\SecurityCenter2`` from
Vista on, ``root\SecurityCenter`` before); a server has none, so the services of known products are
looked for there, and whether they run.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Final

from runner.interfaces.exchange import Exec, Output, Query, Reply, Script, read
from runner.windows import antivirus_services, registry, services, wmi
from runner.windows.exit_codes import PROGRAM_MISSING
from runner.windows.facts import WindowsFacts

DEFENDER: Final = "Windows Defender"
ANTIMALWARE: Final = "Microsoft Antimalware"
_PRODUCTS: Final = {ANTIMALWARE: "MsMpSvc", DEFENDER: "WinDefend"}
"""The key of each -> its service. The first that is there is the one that works."""
_POLICY: Final = r"HKLM\SOFTWARE\Policies\Microsoft"
_KEY: Final = r"HKLM\SOFTWARE\Microsoft"
_REAL_TIME: Final = "Real-Time Protection"
_OFF: Final = "DisableRealtimeMonitoring"
_TAMPER: Final = 5
"""``Features\\TamperProtection``: 5 where it is on."""

_CENTERS: Final = {False: r"\\root\SecurityCenter", True: r"\\root\SecurityCenter2"}
_CENTER_SCRIPT: Final = (
    "Get-WmiObject -Namespace root\\SecurityCenter2 AntiVirusProduct | ForEach-Object {\n"
    '"displayName=$($_.displayName)"\n"productState=$($_.productState)"\n}\n'
)
_THREATS: Final = Exec(
    "wmic", r"/namespace:\\root\Microsoft\Windows\Defender", "path", "MSFT_MpThreat",
    "get", "IsActive,ThreatName", "/value",
)  # fmt: skip
_THREATS_SCRIPT: Final = (
    "Get-WmiObject -Namespace root\\Microsoft\\Windows\\Defender MSFT_MpThreat | ForEach-Object {\n"
    '"IsActive=$($_.IsActive)"\n"ThreatName=$($_.ThreatName)"\n}\n'
)
_OURS: Final = frozenset(
    {"windows defender", "microsoft defender antivirus", "microsoft security essentials",
     "system center endpoint protection", "microsoft antimalware"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Antivirus:
    """Microsoft's antivirus on a host; without a ``product`` there is none.

    ``folder`` is where its programs lie. ``realtime`` says whether it looks at every file that is
    used. ``policy`` names what Group Policy turns off, ``tamper`` says that only people may turn it
    off. ``others`` are the products of others: registered on a client, running on a server.
    """

    product: str = ""
    service: str = ""
    folder: str = ""
    running: bool = False
    realtime: bool = False
    signatures: str = ""
    policy: tuple[str, ...] = ()
    tamper: bool = False
    others: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """Its command line tool."""
        return f"{self.folder.rstrip(chr(92))}\\MpCmdRun.exe"


def find(host: WindowsFacts) -> Generator[Query, Reply, Antivirus]:
    """What watches over a host."""
    commands: list[Exec] = []
    for name, service in _PRODUCTS.items():
        key = rf"{_KEY}\{name}"
        commands += [
            registry.query(key),
            registry.query(rf"{key}\{_REAL_TIME}"),
            registry.query(rf"{key}\Signature Updates"),
            registry.query(rf"{key}\Features"),
            registry.query(rf"{_POLICY}\{name}"),
            registry.query(rf"{_POLICY}\{name}\{_REAL_TIME}"),
            services.query(service),
        ]
    client = host.product_type == "WinNT"
    center = Exec("wmic", f"/namespace:{_CENTERS[host.nt >= (6, 0)]}", "path", "AntiVirusProduct",
                  "get", "displayName", "/value")  # fmt: skip
    answers = yield from read(*commands, center if client else antivirus_services.LISTED)
    if not client:
        others = yield from _of_services(answers[-1])
    else:
        told = answers[-1]
        if told.code == PROGRAM_MISSING and host.powershell:
            (told,) = yield from read(Script("powershell", _CENTER_SCRIPT))
        others = tuple(
            name for name in wmi.column(told, "displayName") if name.casefold() not in _OURS
        )
    size = len(commands) // len(_PRODUCTS)
    for at, name in enumerate(_PRODUCTS):
        found = answers[at * size : (at + 1) * size]
        if found[0].code == 0 and (name != DEFENDER or host.nt >= (6, 2)):
            return _product(name, found, others)
    return Antivirus(others=others)


def _of_services(listed: Output) -> Generator[Query, Reply, tuple[str, ...]]:
    known = antivirus_services.installed(listed)
    if not known:
        return ()
    answers = yield from read(*(services.query(name) for name in known))
    return _names(
        product
        for product, answer in zip(known.values(), answers, strict=True)
        if answer.code == 0 and any(one.state == "running" for one in services.parse(answer.stdout))
    )


def _product(name: str, found: Reply, others: tuple[str, ...]) -> Antivirus:
    main, real_time, signatures, features, policy, policy_real_time, service = found
    statuses = services.parse(service.stdout) if service.code == 0 else ()
    running = any(status.state == "running" for status in statuses)
    turned_off = [
        word
        for output, word in (
            (policy, "DisableAntiSpyware"),
            (policy, "DisableAntiVirus"),
            (policy_real_time, _OFF),
        )
        if registry.number(output, word) == 1
    ]
    return Antivirus(
        product=name,
        service=_PRODUCTS[name],
        folder=registry.text(main, "InstallLocation") or rf"C:\Program Files\{name}",
        running=running,
        realtime=running and not turned_off and registry.number(real_time, _OFF) != 1,
        signatures=registry.text(signatures, "AVSignatureVersion"),
        policy=tuple(turned_off),
        tamper=registry.number(features, "TamperProtection") == _TAMPER,
        others=others,
    )


def threats(host: WindowsFacts) -> Generator[Query, Reply, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Names of the threats that Defender has on record, and of those that are still active.

    None where it cannot be asked (before Windows 8, or with another product).
    """
    (told,) = yield from read(_THREATS)
    if told.code == PROGRAM_MISSING and host.powershell:
        (told,) = yield from read(Script("powershell", _THREATS_SCRIPT))
    rows = [(row.get("ThreatName", ""), row.get("IsActive", "")) for row in wmi.rows(told)]
    every = _names(name for name, _ in rows)
    return every, _names(name for name, active in rows if active.casefold() == "true")


def _names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in found if name}))


_VERSION: Final = re.compile(r"\d+(\.\d+){1,3}")


def version(text: str) -> tuple[int, ...]:
    """A version of signatures as numbers; none for what is no version."""
    return tuple(map(int, text.split("."))) if _VERSION.fullmatch(text.strip()) else ()


_ERROR: Final = re.compile(r"(?i)hr\s*=\s*(0x[0-9a-f]{8})")


def error_of(output: Output) -> str:
    """The HRESULT with which MpCmdRun failed; empty when it tells of none.

    Its exit code is 2 both for that and for threats that are left.
    """
    found = _ERROR.search(f"{output.stdout}\n{output.stderr}")
    return found[1].lower() if found else ""

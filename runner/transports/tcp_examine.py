"""The first steps of examining any way to a host: its name, and its port."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from runner.interfaces.examine import Finding, Stopwatch, Verdict

_NAME = "Is its name known?"
_PORT = "Does the port take connections?"


@dataclass(frozen=True, slots=True)
class Named:
    """The finding, and the addresses behind the name."""

    finding: Finding
    addresses: tuple[str, ...]


def examine_name(name: str, port: int) -> Named:
    """Look the name up as this controller does."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        skipped = Finding("name", _NAME, Verdict.SKIPPED, f"{name} is an address")
        return Named(skipped, (name,))
    watch = Stopwatch()
    try:
        with watch.running():
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        failed = Finding(
            "name", _NAME, Verdict.FAILED, f"{name}: {said}",
            "this controller's DNS does not know the name: check its spelling, the DNS suffix "
            "(write the full name), or give the address with ansible_host",
            category="unreachable",
        )  # fmt: skip
        return Named(watch.stamp(failed), ())
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    verdict = Verdict.NOTE if watch.seconds > 1 else Verdict.OK
    advice = "the lookup is slow: a DNS server that does not answer?" if watch.seconds > 1 else ""
    finding = Finding(
        "name", _NAME, verdict, ", ".join(addresses), advice, data={"addresses": list(addresses)}
    )
    return Named(watch.stamp(finding), addresses)


def examine_port(
    addresses: Sequence[str], port: int, timeout: float, advice: tuple[str, str]
) -> Finding:
    """Connect to the first address that answers; ``advice`` for a refusal, and for silence."""
    watch = Stopwatch()
    said: list[str] = []
    silent = True
    with watch.running():
        for address in addresses:
            try:
                with socket.create_connection((address, port), timeout) as sock:
                    local = sock.getsockname()[0]
            except TimeoutError:
                said.append(f"{address}: no answer in {timeout:g} s")
            except OSError as error:
                silent = False
                said.append(f"{address}: {error.strerror or error}")
            else:
                break
        else:
            address = ""
    refused, silence = advice
    if not address:
        failed = Finding(
            "port", _PORT, Verdict.FAILED, f"port {port}: {'; '.join(said)}",
            silence if silent else refused, category="unreachable",
        )  # fmt: skip
        return watch.stamp(failed)
    data = {"address": address, "port": port, "from": local}
    verdict = Verdict.NOTE if said else Verdict.OK
    text = f"port {port} of {address}, from here as {local}"
    note = f"not by every address: {'; '.join(said)}" if said else ""
    return watch.stamp(Finding("port", _PORT, verdict, text, note, data=data))

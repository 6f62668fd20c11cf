"""netsh.exe: `advfirewall` on 6.0 and later, `firewall` on Server 2003; DNS servers of adapters."""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.toolkit import fwpolicy, fwrules, ifdns, ipsecstatic, legacyfw


def main(process: Process) -> int:
    """Dispatch on the context. Every failure of advfirewall is exit code 1."""
    words = process.args
    context = [word.lower() for word in words[:2]]
    advanced = not process.host.profile.legacy
    if context[:1] == ["advfirewall"] and advanced:
        if context[1:] == ["firewall"]:
            return fwrules.main(process, words[2:])
        return fwpolicy.main(process, words[1:])
    if context[:1] == ["firewall"] and not advanced:
        return legacyfw.main(process, words[1:])
    if context == ["ipsec", "static"] and words[2:3] != ["show"]:
        return ipsecstatic.main(process, words[2:])
    if context[:1] in (["interface"], ["int"]) and ifdns.is_for(words[1:]):
        return ifdns.main(process, words[1:])
    if context[:1] == ["advfirewall"]:
        process.out(f"The following command was not found: {' '.join(words)}.\n")
        return 1
    return process.not_simulated(f"netsh {' '.join(words)}")

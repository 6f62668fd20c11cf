"""What netsh cannot give to a firewall rule: a group, several kinds of interfaces, several types of
ICMP messages. ``HNetCfg.FwPolicy2`` does, which PowerShell asks (Microsoft, INetFwRule; Vista on).
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from runner.errors import Refused
from runner.interfaces.exchange import Script
from runner.modules._parts.firewall import RuleState
from runner.windows import firewall
from runner.windows.facts import WindowsFacts

_WORDS: Final = {"lan": "Lan", "ras": "RemoteAccess", "wireless": "Wireless"}
_DIRECTIONS: Final = {"in": 1, "out": 2}
_ANY_PROTOCOL: Final = 256
_SECONDS: Final = 300.0

# Rules of apps may lack properties, so each is asked for by its name first.
_SET: Final = r"""
$ErrorActionPreference='Stop'
$policy=New-Object -ComObject HNetCfg.FwPolicy2
$found=@($policy.Rules|Where-Object{$_.Name -eq $params.name}|Where-Object{
$_.Direction -eq [int]$params.direction -and $_.Protocol -eq [int]$params.protocol})
if($found.Count -ne [int]$params.copies){
throw "$($found.Count) rules are named $($params.name), not $([int]$params.copies)"}
foreach($rule in @($found)){
if($params.group -ne $null){$rule.Grouping=[string]$params.group}
if($params.interfaces -ne $null){$rule.InterfaceTypes=[string]$params.interfaces}
if($params.icmp -ne $null){$rule.IcmpTypesAndCodes=[string]$params.icmp}
if($params.enabled -ne $null){$rule.Enabled=[bool]$params.enabled}
}
"""


def beyond(rule: RuleState) -> bool:
    """Whether a rule has something that netsh cannot give it."""
    return bool(rule.group or len(rule.interfacetypes) > 1 or "," in rule.icmp_type_code)


def needed(before: RuleState, after: RuleState) -> bool:
    """Whether netsh alone does not bring a rule from one state to the other."""
    if not after.present:
        return False
    if not before.present:
        return beyond(after)
    several = len(after.interfacetypes) > 1 and before.interfacetypes != after.interfacetypes
    types = "," in after.icmp_type_code and before.icmp_type_code != after.icmp_type_code
    return before.group != after.group or several or types


def require(name: str, before: RuleState, after: RuleState, host: WindowsFacts) -> None:
    """Raises Refused where this host cannot do it, or where the rule could not be told from others
    of its name."""
    if not needed(before, after):
        return
    if not host.powershell:
        raise Refused(
            f"{host.name} has no PowerShell, and netsh gives the firewall rule {name} no group and "
            "no several 'interfacetypes' or 'icmp_type_code'",
            hint="leave out 'group', and write a rule for each kind",
        )
    if not before.present and before.others:
        raise Refused(
            f"{before.others} other firewall rule(s) are named {name}",
            hint="give the new one a name of its own: in a group, rules are told by their names",
        )


def by_netsh(before: RuleState, after: RuleState) -> RuleState:
    """The part that netsh brings about. A new rule is not enabled until it is whole."""
    if not needed(before, after):
        return dataclasses.replace(after, group=before.group)
    changes: dict[str, Any] = {"group": before.group}
    if len(after.interfacetypes) > 1:
        changes["interfacetypes"] = before.interfacetypes
    if "," in after.icmp_type_code:
        changes["icmp_type_code"] = before.icmp_type_code
    if not before.present:
        changes["enabled"] = False
    return dataclasses.replace(after, **changes)


def command(name: str, before: RuleState, after: RuleState) -> Script:
    """The script that does the rest."""
    number = firewall.PROTOCOLS.get(after.protocol)
    if number is None:
        number = int(after.protocol) if after.protocol.isdigit() else _ANY_PROTOCOL
    new = not before.present
    several = len(after.interfacetypes) > 1
    types = "," in after.icmp_type_code
    params: dict[str, Any] = {
        "name": name,
        "direction": _DIRECTIONS[after.direction],
        "protocol": number,
        "copies": after.copies,
        "group": after.group if after.group != before.group else None,
        "interfaces": ",".join(_WORDS[one] for one in after.interfacetypes) if several else None,
        "icmp": after.icmp_type_code if types else None,
        "enabled": after.enabled if new else None,
    }
    return Script("powershell", _SET, params=params, timeout=_SECONDS)

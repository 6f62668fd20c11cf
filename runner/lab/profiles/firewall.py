"""The firewall settings and rules of a fresh installation."""

from __future__ import annotations

from runner.lab.profiles.table import OsProfile
from runner.lab.state.registry import Registry

__all__ = ["fresh_firewall"]

_POLICY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"

_RULES = {
    "CoreNet-DHCP-In": "Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=68|RPort=67"
    "|App=%SystemRoot%\\system32\\svchost.exe|Svc=dhcp|Name=@FirewallAPI.dll,-25301"
    "|Desc=@FirewallAPI.dll,-25303|EmbedCtxt=@FirewallAPI.dll,-25000|",
    "FPS-SMB-In-TCP": "Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private"
    "|LPort=445|App=System|Name=@FirewallAPI.dll,-28511|Desc=@FirewallAPI.dll,-28514"
    "|EmbedCtxt=@FirewallAPI.dll,-28502|",
    "FPS-NB_Session-In-TCP": "Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain"
    "|Profile=Private|LPort=139|App=System|Name=@FirewallAPI.dll,-28503"
    "|Desc=@FirewallAPI.dll,-28506|EmbedCtxt=@FirewallAPI.dll,-28502|",
    "FPS-NB_Name-In-UDP": "Action=Allow|Active=TRUE|Dir=In|Protocol=17|Profile=Domain"
    "|Profile=Private|LPort=137|App=System|Name=@FirewallAPI.dll,-28519"
    "|Desc=@FirewallAPI.dll,-28522|EmbedCtxt=@FirewallAPI.dll,-28502|",
    "FPS-SMB-Out-TCP": "Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Domain|Profile=Private"
    "|RPort=445|App=System|Name=@FirewallAPI.dll,-28515|Desc=@FirewallAPI.dll,-28518"
    "|EmbedCtxt=@FirewallAPI.dll,-28502|",
    "RemoteDesktop-In-TCP": "Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|App=System"
    "|Name=@FirewallAPI.dll,-28753|Desc=@FirewallAPI.dll,-28756"
    "|EmbedCtxt=@FirewallAPI.dll,-28752|",
    "WINRM-HTTP-In-TCP": "Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain"
    "|Profile=Private|LPort=5985|App=System|Name=@FirewallAPI.dll,-30253"
    "|Desc=@FirewallAPI.dll,-30256|EmbedCtxt=@FirewallAPI.dll,-30267|",
}


def fresh_firewall(registry: Registry, profile: OsProfile, version: str) -> None:
    """Write the policy: on from 6.0 on, with its usual rules; off and without rules on 2003."""
    names = ["DomainProfile", "StandardProfile"]
    if not profile.legacy:
        names.append("PublicProfile")
    for name in names:
        registry.set(f"{_POLICY}\\{name}", "EnableFirewall", 0 if profile.legacy else 1)
        registry.set(f"{_POLICY}\\{name}", "DoNotAllowExceptions", 0)
        registry.set(f"{_POLICY}\\{name}", "DisableNotifications", 0 if profile.legacy else 1)
        if profile.legacy:
            registry.create(f"{_POLICY}\\{name}\\GloballyOpenPorts\\List")
            registry.create(f"{_POLICY}\\{name}\\AuthorizedApplications\\List")
    if profile.legacy:
        return
    for rule, text in _RULES.items():
        registry.set(_POLICY + r"\FirewallRules", rule, f"{version}|{text}")

"""What the contract suite runs: accounts, rights, policies, firewall and NetBIOS."""

from __future__ import annotations

from typing import Final

from tests.modules.contract.case import Case

_BOB = {"users": {"bob": {"full_name": "Bob", "password_expires": False}}}

NEW_ADAPTER: Final = "{00000000-AAAA-BBBB-CCCC-0123456789AB}"
_FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
_NETBT = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces"

_LETS_IN = {"firewall": {"rules": {"in": "dir=in action=allow protocol=TCP localport=5985"}}}
ACCOUNT_CASES: Final = (
    Case("netbios", "win_netbios", {"state": "disabled"}, "2003-sp2"),
    Case("netbios-absent", "win_netbios", {"state": "disabled", "adapter_names": NEW_ADAPTER},
         "2016", {"registry": {rf"{_NETBT}\Tcpip_{NEW_ADAPTER}": {"NameServerList": []}}}),
    Case("firewall-off", "win_firewall", {"state": "disabled"}, state=_LETS_IN),
    Case("firewall-actions", "win_firewall",
         {"inbound_action": "allow", "outbound_action": "block", "profiles": "Public"}, "2022",
         _LETS_IN),
    Case("firewall-on-2003", "win_firewall", {"state": "enabled", "profiles": "Domain"}, "2003-sp2",
         {"registry": {rf"{_FIREWALL}\DomainProfile\GloballyOpenPorts\List": {
             "80:TCP": "80:TCP:*:Enabled:WinRM"}}}),
    Case("user-new", "win_user", {"name": "eve", "fullname": "E & V", "account_disabled": True,
                                  "password_never_expires": True}),
    Case("user-new-2003", "win_user", {"name": "eve", "groups": "Administrators"}, "2003-sp2"),
    Case("user-change", "win_user", {"name": "Bob", "description": "100% new", "groups": "Guests",
                                     "user_cannot_change_password": True}, "2016", _BOB),
    Case("group-new", "win_group", {"name": "de ploy", "description": "d"}, "2008-sp2"),
    Case("group-change-chs", "win_group", {"name": "Users", "description": "d"}, "2016",
         {"language": "chs"}),
    Case("membership", "win_group_membership",
         {"name": "Administrators", "members": "bob,SYSTEM", "state": "pure"}, "2012", _BOB),
    Case("membership-rus", "win_group_membership",
         {"name": "Users", "members": "Interactive", "state": "absent"}, "2003-sp2",
         {"language": "rus"}),
    Case("right", "win_user_right",
         {"name": "SeServiceLogonRight", "users": "bob,Administrators", "action": "add"},
         state=_BOB),
    Case("right-nobody", "win_user_right", {"name": "SeShutdownPrivilege", "users": []},
         "2003-sp2"),
    Case("right-new", "win_user_right", {"name": "SeDebugPrivilege", "users": "Administrators"},
         "2022", {"language": "deu"}),
    Case("policy", "win_security_policy",
         {"section": "System Access", "key": "MinimumPasswordLength", "value": 14}, "2003-sp2"),
    Case("policy-name", "win_security_policy",
         {"section": "System Access", "key": "NewAdministratorName", "value": "管理 & x"}, "2016"),
    Case("policy-registry", "win_security_policy",
         {"section": "Registry Values", "value": "4,1",
          "key": r"MACHINE\Software\Microsoft\New Key\Deep\NoLM"}, "2019"),
    Case("audit", "win_audit_policy_system",
         {"subcategory": "logon", "audit_type": ["success", "failure"]}),
    Case("audit-category", "win_audit_policy_system",
         {"category": "Account logon events", "audit_type": "failure"}, "2016",
         {"language": "jpn"}),
)  # fmt: skip

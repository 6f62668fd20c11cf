"""Security policy as secedit knows it, and the audit policy that auditpol knows.

Names of sections and keys: Microsoft, [MS-GPSB] 2.2; audit settings 0 to 3: [MS-GPAC] 2.2.1.
"""

from __future__ import annotations

from typing import Any

from runner.lab.profiles.accounts import MACHINE
from runner.lab.profiles.audit import SUBCATEGORIES
from runner.lab.state.accounts import Accounts

__all__ = ["AREAS", "AUDIT", "Policy"]

AREAS = {
    "System Access": "SECURITYPOLICY",
    "Event Audit": "SECURITYPOLICY",
    "Registry Values": "SECURITYPOLICY",
    "Privilege Rights": "USER_RIGHTS",
}
"""Section -> the area that secedit's command line calls it by."""

_ACCESS = {
    "MinimumPasswordAge": "0",
    "MaximumPasswordAge": "42",
    "MinimumPasswordLength": "0",
    "PasswordComplexity": "0",
    "PasswordHistorySize": "0",
    "LockoutBadCount": "0",
    "RequireLogonToChangePassword": "0",
    "ForceLogoffWhenHourExpire": "0",
    "ClearTextPassword": "0",
    "LSAAnonymousNameLookup": "0",
}
AUDIT = (
    "AuditSystemEvents", "AuditLogonEvents", "AuditObjectAccess", "AuditPrivilegeUse",
    "AuditPolicyChange", "AuditAccountManage", "AuditProcessTracking", "AuditDSAccess",
    "AuditAccountLogon",
)  # fmt: skip
_RIGHTS = {
    "SeNetworkLogonRight": ("S-1-1-0", "S-1-5-32-544", "S-1-5-32-545", "S-1-5-32-551"),
    "SeBackupPrivilege": ("S-1-5-32-544", "S-1-5-32-551"),
    "SeChangeNotifyPrivilege": ("S-1-1-0", "S-1-5-19", "S-1-5-20", "S-1-5-32-544", "S-1-5-32-545"),
    "SeDenyInteractiveLogonRight": (f"{MACHINE}-501",),
    "SeDenyNetworkLogonRight": (f"{MACHINE}-501",),
    "SeInteractiveLogonRight": ("S-1-5-32-544", "S-1-5-32-545", "S-1-5-32-551"),
    "SeRemoteInteractiveLogonRight": ("S-1-5-32-544", "S-1-5-32-555"),
    "SeServiceLogonRight": ("S-1-5-80-0",),
    "SeShutdownPrivilege": ("S-1-5-32-544", "S-1-5-32-551"),
}
_RENAMES = {"NewAdministratorName": "500", "NewGuestName": "501"}
_LOGON = "{0CCE9215-69AE-11D9-BED3-505054503030}"


class Policy:
    """The local policy in force."""

    def __init__(self, accounts: Accounts, *, legacy: bool) -> None:
        self._accounts = accounts
        self._access = dict(_ACCESS)
        self._events = dict.fromkeys(AUDIT, "0")
        self.rights: dict[str, list[str]] = {name: list(sids) for name, sids in _RIGHTS.items()}
        if legacy:  # service identifiers came with Vista
            self.rights["SeServiceLogonRight"] = ["S-1-5-20"]
        self.audit: dict[str, int] = {} if legacy else dict.fromkeys(SUBCATEGORIES, 0)
        if self.audit:
            self.audit[_LOGON] = 1

    def exported(self, areas: set[str]) -> str:
        """The text of a security template with these areas."""
        lines = ["[Unicode]", "Unicode=yes"]
        if "SECURITYPOLICY" in areas:
            lines += ["[System Access]", *(f"{k} = {v}" for k, v in self._access.items())]
            for key, number in _RENAMES.items():
                lines.append(f'{key} = "{self._user(number).name}"')
            lines += ["[Event Audit]", *(f"{k} = {v}" for k, v in self._events.items())]
        if "USER_RIGHTS" in areas:
            lines.append("[Privilege Rights]")
            lines += [
                f"{name} = {','.join(map(self._named, sids))}"
                for name, sids in self.rights.items()
                if sids
            ]
        lines += ["[Version]", 'signature="$CHICAGO$"', "Revision=1", ""]
        return "\r\n".join(lines)

    def configure(self, section: str, key: str, value: str) -> bool:
        """Take one line of a template; False if it means nothing to this Windows."""
        if section == "Privilege Rights":
            sids = []
            for word in filter(None, (part.strip() for part in value.split(","))):
                sid = word[1:] if word.startswith("*") else self._accounts.sid_of(word)
                if sid is None:
                    return False
                sids.append(sid)
            self.rights[key] = sids
            return True
        if section == "System Access" and key in _RENAMES:
            self._accounts.rename_user(self._user(_RENAMES[key]), value.strip('"'))
            return True
        store = {"System Access": self._access, "Event Audit": self._events}.get(section, {})
        if key not in store or not value.lstrip("-").isdigit():
            return False
        store[key] = value
        return True

    def _user(self, number: str) -> Any:
        wanted = f"{MACHINE}-{number}"
        return next(u for u in self._accounts.users.values() if u.sid == wanted)

    def _named(self, sid: str) -> str:
        """As secedit writes it: accounts of the machine itself by name, others by identifier."""
        return self._accounts.shown(sid) if sid.startswith(f"{MACHINE}-") else f"*{sid}"

    def dump(self) -> dict[str, Any]:
        """The comparable state."""
        return {
            "access": dict(self._access),
            "events": dict(self._events),
            "rights": {name: sorted(sids) for name, sids in self.rights.items() if sids},
            "audit": {guid: setting for guid, setting in self.audit.items() if setting},
        }

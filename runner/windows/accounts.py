"""Accounts that commands can run as on a Windows host, by a task of its own task scheduler.

Source: Microsoft, "Schtasks.exe" (/RU: ``SYSTEM`` for the system account; ``NT AUTHORITY\\
LOCALSERVICE`` and ``NT AUTHORITY\\NETWORKSERVICE`` for Task Scheduler 2.0, so not on XP and Server
2003) and "Well-known SIDs". The names by which Ansible's ``runas`` knows them are taken too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.setting import Setting
from runner.model.secret import Secret

METHOD: Final = "runas"


@dataclass(frozen=True, slots=True)
class Account:
    """Who a task runs as. ``sid`` is empty where it is not known beforehand.

    ``ru`` is what schtasks calls a service account; empty for a user, who has a ``password``.
    """

    name: str
    ru: str = ""
    sid: str = ""
    password: Secret | None = None

    @property
    def is_service(self) -> bool:
        """Whether it is an account of Windows itself, which has no password."""
        return bool(self.ru)


_SYSTEM: Final = Account("SYSTEM", "SYSTEM", "S-1-5-18")
_LOCAL: Final = Account("LocalService", "NT AUTHORITY\\LOCALSERVICE", "S-1-5-19")
_NETWORK: Final = Account("NetworkService", "NT AUTHORITY\\NETWORKSERVICE", "S-1-5-20")
_NAMES: Final = {
    "system": _SYSTEM,
    "localsystem": _SYSTEM,
    "s-1-5-18": _SYSTEM,
    "localservice": _LOCAL,
    "local service": _LOCAL,
    "s-1-5-19": _LOCAL,
    "networkservice": _NETWORK,
    "network service": _NETWORK,
    "s-1-5-20": _NETWORK,
}
_AUTHORITIES: Final = ("nt authority\\", ".\\")
_BAD: Final = frozenset('"/[]:;|=,+*?<>%')


def service_account(user: str) -> Account | None:
    """The account of Windows itself that goes by this name; None for any other user."""
    name = user.strip().casefold()
    for authority in _AUTHORITIES:
        name = name.removeprefix(authority)
    return _NAMES.get(name)


def bad_flags(flags: str) -> str:
    """Why these ``become_flags`` cannot be followed; empty when they say what happens anyway.

    A scheduled task logs on as a batch job, with the user's profile (Microsoft, "Security
    contexts for running tasks").
    """
    for word in flags.split():
        name, _, value = word.partition("=")
        wanted = {"logon_type": ("batch",), "logon_flags": ("with_profile",)}.get(name.lower())
        if wanted is None:
            return f"'{word}' is none of logon_type= and logon_flags="
        if value.lower() not in wanted:
            return f"'{word}': commands run by a scheduled task, which is {name}={wanted[0]}"
    return ""


def account_of(setting: Setting) -> Account | None:
    """Who the setting asks for; None for nobody else. Raises ModuleError for what cannot be."""
    if not setting.become:
        return None
    who = setting.user or "another user"
    if setting.become != METHOD:
        raise ModuleError(
            f"become {who} with '{setting.become}' is not possible on a Windows host",
            hint="give become_method: runas",
        )
    if problem := bad_flags(setting.flags):
        raise ModuleError(f"become_flags cannot be followed: {problem}", hint="leave them out")
    if setting.exe:
        raise ModuleError("become_exe has no meaning with 'runas'", hint="leave it out")
    found = service_account(setting.user)
    if found is not None:
        return found
    bad = sorted(_BAD.intersection(setting.user.replace("\\", "", 1)))
    if bad or not setting.user.strip():
        raise ModuleError(f"not the name of an account: {setting.user!r}")
    if setting.password is None:
        raise ModuleError(
            f"missing become password: {who} is not an account without one",
            hint="set ansible_become_password (better in a vault), or become SYSTEM, LocalService "
            "or NetworkService, which have none",
        )
    return Account(setting.user, password=setting.password)

"""Accounts of a fresh installation, by the names that they have in its language.

Identifiers: Microsoft, "Well-known SIDs" and "Local accounts". Names in other languages: those of
German and Russian systems stand in public transcripts; Chinese and Japanese ones use the English.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BUILTIN_GROUPS", "MACHINE", "SYSTEM_ACCOUNTS", "WellKnown", "local_name"]

MACHINE = "S-1-5-21-1004336348-1177238915-682003330"
"""What the identifiers of a machine's own accounts begin with."""


@dataclass(frozen=True, slots=True)
class WellKnown:
    """An account that Windows itself brings. ``authority`` stands before its name in lists."""

    sid: str
    name: str
    authority: str = ""


SYSTEM_ACCOUNTS = (
    WellKnown("S-1-1-0", "Everyone"),
    WellKnown("S-1-3-0", "CREATOR OWNER"),
    WellKnown("S-1-5-2", "NETWORK", "NT AUTHORITY"),
    WellKnown("S-1-5-3", "BATCH", "NT AUTHORITY"),
    WellKnown("S-1-5-4", "INTERACTIVE", "NT AUTHORITY"),
    WellKnown("S-1-5-6", "SERVICE", "NT AUTHORITY"),
    WellKnown("S-1-5-7", "ANONYMOUS LOGON", "NT AUTHORITY"),
    WellKnown("S-1-5-11", "Authenticated Users", "NT AUTHORITY"),
    WellKnown("S-1-5-18", "SYSTEM", "NT AUTHORITY"),
    WellKnown("S-1-5-19", "LOCAL SERVICE", "NT AUTHORITY"),
    WellKnown("S-1-5-20", "NETWORK SERVICE", "NT AUTHORITY"),
)
BUILTIN_GROUPS = (
    ("S-1-5-32-544", "Administrators", (f"{MACHINE}-500",)),
    ("S-1-5-32-545", "Users", ("S-1-5-4", "S-1-5-11")),
    ("S-1-5-32-546", "Guests", (f"{MACHINE}-501",)),
    ("S-1-5-32-547", "Power Users", ()),
    ("S-1-5-32-551", "Backup Operators", ()),
    ("S-1-5-32-555", "Remote Desktop Users", ()),
)

_NAMES = {
    "deu": {
        "Guest": "Gast",
        "Administrators": "Administratoren",
        "Users": "Benutzer",
        "Guests": "Gäste",
        "Power Users": "Hauptbenutzer",
        "Backup Operators": "Sicherungs-Operatoren",
        "Remote Desktop Users": "Remotedesktopbenutzer",
        "Everyone": "Jeder",
        "CREATOR OWNER": "ERSTELLER-BESITZER",
        "NETWORK": "NETZWERK",
        "INTERACTIVE": "INTERAKTIV",
        "SERVICE": "DIENST",
        "ANONYMOUS LOGON": "ANONYMOUS-ANMELDUNG",
        "Authenticated Users": "Authentifizierte Benutzer",
        "LOCAL SERVICE": "LOKALER DIENST",
        "NETWORK SERVICE": "NETZWERKDIENST",
        "NT AUTHORITY": "NT-AUTORITÄT",
    },
    "rus": {
        "Administrator": "Администратор",
        "Guest": "Гость",
        "Administrators": "Администраторы",
        "Users": "Пользователи",
        "Guests": "Гости",
        "Power Users": "Опытные пользователи",
        "Backup Operators": "Операторы архива",
        "Remote Desktop Users": "Пользователи удаленного рабочего стола",
        "Everyone": "Все",
        "CREATOR OWNER": "СОЗДАТЕЛЬ-ВЛАДЕЛЕЦ",
        "NETWORK": "СЕТЬ",
        "BATCH": "ПАКЕТНЫЕ ФАЙЛЫ",
        "INTERACTIVE": "ИНТЕРАКТИВНЫЕ",
        "SERVICE": "СЛУЖБА",
        "ANONYMOUS LOGON": "АНОНИМНЫЙ ВХОД",
        "Authenticated Users": "Прошедшие проверку",
    },
}


def local_name(name: str, language: str) -> str:
    """The name as a system of that language has it."""
    return _NAMES.get(language, {}).get(name, name)

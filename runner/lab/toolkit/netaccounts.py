"""`net user` and `net localgroup`, with the texts and the exit code 2 of net.exe.

Source: Microsoft, "Net user", "Net localgroup". A new user is put into the group of all users.
"""

from __future__ import annotations

from runner.lab.state.accounts import AccountFault, Accounts, User
from runner.lab.state.process import Process

__all__ = ["localgroup", "user"]

_TEXTS = {
    1332: "No mapping between account names and security IDs was done.",
    1371: "Cannot perform this operation on built-in accounts.",
    1376: "The specified local group does not exist.",
    1377: "The specified account name is not a member of the group.",
    1378: "The specified account name is already a member of the group.",
    1379: "The specified local group already exists.",
    1387: "A member could not be added to or removed from the local group because the member "
    "does not exist.",
    1388: "A new member could not be added to a local group because the member has the wrong "
    "account type.",
    2221: "The user name could not be found.",
    2223: "The group already exists.",
    2224: "The account already exists.",
    2245: "The password does not meet the password policy requirements. Check the minimum "
    "password length, password complexity and password history requirements.",
}
_DONE = "The command completed successfully.\n\n"
_YES_NO = {"yes": True, "no": False}


def _fault(process: Process, code: int) -> int:
    text = _TEXTS[code]
    if code in (1332, 1371, 1376, 1377, 1378, 1379, 1387, 1388):
        return process.fail(2, f"System error {code} has occurred.\n\n{text}\n\n")
    more = f"More help is available by typing NET HELPMSG {code}."
    return process.fail(2, f"{text}\n\n{more}\n\n")


def _accounts(process: Process) -> Accounts:
    if process.host.spec.role == "domain_controller":
        process.not_simulated("net user and net localgroup on a domain controller")
    return process.host.security.accounts


def user(process: Process, args: list[str]) -> int:
    """`net user [NAME [PASSWORD|*] [/add|/delete] [/comment: /fullname: /active: ...]]`."""
    accounts = _accounts(process)
    names = [word for word in args if not word.startswith("/")]
    switches = [word for word in args if word.startswith("/")]
    if not names:
        return _list_users(process, accounts)
    if len(names) != 1:
        process.not_simulated("net user with a password on its command line")
    if not switches:
        return _show_user(process, accounts, names[0])
    process.mutates()
    try:
        return _change_user(process, accounts, names[0], switches)
    except AccountFault as fault:
        return _fault(process, fault.code)


def _list_users(process: Process, accounts: Accounts) -> int:
    process.out(f"\nUser accounts for \\\\{accounts.computer}\n\n{'-' * 79}\n")
    for one in sorted(accounts.users.values(), key=lambda u: u.name.lower()):
        process.out(f"{one.name}\n")
    process.out(_DONE)
    return 0


def _show_user(process: Process, accounts: Accounts, name: str) -> int:
    try:
        found = accounts.user(name)
    except AccountFault as fault:
        return _fault(process, fault.code)
    active = "No" if found.disabled else "Locked" if found.locked else "Yes"
    process.out(f"{'User name':<29}{found.name}\n{'Full Name':<29}{found.full_name}\n")
    process.out(f"{'Comment':<29}{found.description}\n{'Account active':<29}{active}\n")
    process.out(_DONE)
    return 0


def _change_user(process: Process, accounts: Accounts, name: str, switches: list[str]) -> int:
    lower = [word.lower() for word in switches]
    if "/delete" in lower:
        accounts.delete_user(name)
        process.out(_DONE)
        return 0
    if "/add" in lower:
        if int(accounts_minimum(process)):
            raise AccountFault(2245)
        accounts.add_user(name)
    found = accounts.user(name)
    for word in switches:
        key, _, value = word[1:].partition(":")
        _set(process, found, key.lower(), value)
    process.out(_DONE)
    return 0


def accounts_minimum(process: Process) -> str:
    """MinimumPasswordLength of the policy."""
    text = process.host.security.policy.exported({"SECURITYPOLICY"})
    lines = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    return lines["MinimumPasswordLength"]


def _set(process: Process, found: User, key: str, value: str) -> None:
    match key, _YES_NO.get(value.lower()):
        case "add", _:
            pass
        case "comment", _:
            found.description = value
        case "fullname", _:
            found.full_name = value
        case "active", bool() as flag:
            found.disabled = not flag
        case "passwordchg", bool() as flag:
            found.password_changeable = flag
        case "passwordreq", bool() as flag:
            found.password_required = flag
        case _:
            process.not_simulated(f"net user /{key}:{value}")


def localgroup(process: Process, args: list[str]) -> int:
    """`net localgroup [GROUP [MEMBER ...] [/add|/delete] [/comment:TEXT]]`."""
    accounts = _accounts(process)
    names = [word for word in args if not word.startswith("/")]
    switches = [word for word in args if word.startswith("/")]
    if not names:
        process.out(f"\nAliases for \\\\{accounts.computer}\n\n{'-' * 79}\n")
        process.out(
            "".join(f"*{name}\n" for name in sorted(g.name for g in accounts.groups.values()))
        )
        process.out(_DONE)
        return 0
    try:
        if not switches and len(names) == 1:
            return _show_group(process, accounts, names[0])
        process.mutates()
        return _change_group(process, accounts, names, switches)
    except AccountFault as fault:
        return _fault(process, fault.code)


def _show_group(process: Process, accounts: Accounts, name: str) -> int:
    group = accounts.group(name)
    process.out(f"Alias name     {group.name}\nComment        {group.description}\n\n")
    process.out(f"Members\n\n{'-' * 79}\n")
    process.out("".join(f"{member}\n" for member in sorted(map(accounts.shown, group.members))))
    process.out(_DONE)
    return 0


def _change_group(
    process: Process, accounts: Accounts, names: list[str], switches: list[str]
) -> int:
    name, *members = names
    verbs = {word.lower() for word in switches if ":" not in word}
    comments = [word[9:] for word in switches if word.lower().startswith("/comment:")]
    if verbs - {"/add", "/delete"} or len(verbs) + len(comments) != len(switches):
        process.not_simulated(f"net localgroup {' '.join(switches)}")
    if members:
        group = accounts.group(name)
        for member in members:
            (accounts.add_member if "/add" in verbs else accounts.remove_member)(group, member)
    elif "/delete" in verbs:
        accounts.delete_group(name)
    else:
        if "/add" in verbs:
            accounts.add_group(name)
        for comment in comments:
            accounts.group(name).description = comment
    process.out(_DONE)
    return 0

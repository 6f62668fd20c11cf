"""Members of local groups through ``net localgroup`` (Microsoft, "Net localgroup").

Its list of members stands between a line of hyphens and the last line, whatever the language.
Accounts of the host itself stand there without a domain, all others with theirs.
"""

from __future__ import annotations

from collections.abc import Collection

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Exec, Output
from runner.windows import sam


def members_of(group: str) -> Exec:
    """The command whose output ``members`` reads."""
    return Exec("net", "localgroup", group)


def members(output: Output, group: str, directory: sam.Directory) -> tuple[sam.Principal, ...]:
    """Who is in a group. Raises ModuleError when the list cannot be read."""
    lines = [line.strip() for line in output.stdout.splitlines()]
    rules = [at for at, line in enumerate(lines) if len(line) > 20 and set(line) == {"-"}]
    if output.code != 0 or not rules:
        raise ModuleError(f"net localgroup {group}: {sam.first_line(output)}")
    listed = [line for line in lines[rules[0] + 1 :] if line]
    # The last line says that the command has ended well.
    return tuple(_listed(name, directory) for name in listed[:-1])


def _listed(name: str, directory: sam.Directory) -> sam.Principal:
    """A line of the list: names of the host itself stand there without a domain."""
    domain, bare = sam.split(name)
    if domain and domain not in (directory.computer.casefold(), "nt service"):
        known = next(((n, s) for n, s in directory.system if n.casefold() == bare), None)
        if known is not None:
            return sam.Principal(known[1], known[0], name)
        return sam.Principal("", name.casefold(), name)
    return directory.principal(name) or sam.Principal("", name, name)


def wanted_member(text: str, directory: sam.Directory) -> sam.Principal | None:
    """Who shall be in a group; None for a name that nobody here can tell."""
    if (found := directory.principal(text)) is not None:
        return found
    domain, bare = sam.split(text)
    if domain and "." not in domain and bare:
        return sam.Principal("", f"{domain}\\{bare}", text.strip())
    return None


def refuse_unknown(names: Collection[str]) -> None:
    """Raises Refused where there are names that nobody here can tell."""
    if names:
        raise Refused(
            f"there is no account '{', '.join(sorted(names))}' on this host",
            hint="check the name; an account of a domain is written DOMAIN\\name, with the short "
            "name of the domain: net localgroup takes neither name@domain nor identifiers",
        )


def add_member(group: str, who: str) -> Exec:
    """Puts an account into a group."""
    return Exec("net", "localgroup", group, who, "/add")


def remove_member(group: str, who: str) -> Exec:
    """Takes an account out of a group."""
    return Exec("net", "localgroup", group, who, "/delete")

"""`netsh advfirewall firewall`: add, delete, set and show rules."""

from __future__ import annotations

from runner.lab.state.firewall import RULES, Rule, RuleFault, rule_text, rule_version, rules_of
from runner.lab.state.firewall_words import (
    address_fields,
    changed,
    fields_of,
    port_fields,
    profile_names,
)
from runner.lab.state.process import Process

__all__ = ["main"]

_NO_MATCH = "\nNo rules match the specified criteria.\n\n"


def main(process: Process, words: list[str]) -> int:
    """Dispatch on `VERB rule`."""
    verb = words[0].lower() if words else ""
    if len(words) < 2 or words[1].lower() != "rule":
        process.not_simulated(f"netsh advfirewall firewall {' '.join(words)}")
    verbs = {"add": _add, "delete": _delete, "set": _set, "show": _show}
    if verb not in verbs:
        process.not_simulated(f"netsh advfirewall firewall {verb}")
    try:
        return verbs[verb](process, words[2:])
    except RuleFault as fault:
        process.out(f"\n{fault}\n\n")
        return 1


def _pairs(words: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise RuleFault(f"'{word}' is not a valid argument for this command.")
        pairs[key.lower()] = value
    return pairs


def _add(process: Process, words: list[str]) -> int:
    process.mutates()
    pairs = _pairs(words)
    if pairs.get("name", "").lower() == "all":
        raise RuleFault('A rule name of "all" is not valid.')
    host = process.host
    rule = Rule(host.new_guid(), rule_version(host), fields_of(pairs, host))
    host.registry.set(RULES, rule.id, rule_text(rule))
    process.out("Ok.\n\n")
    return 0


def _matching(process: Process, pairs: dict[str, str]) -> list[Rule]:
    """The rules that the words select: by name or group, and whatever else is said."""
    known = {"name", "group", "dir", "profile", "program", "service", "localip", "remoteip",
             "localport", "remoteport", "protocol"}  # fmt: skip
    if unknown := set(pairs) - known:
        raise RuleFault(f"'{min(unknown)}' is not a valid argument for this command.")
    if "name" not in pairs and "group" not in pairs:
        raise RuleFault("One or more essential parameters were not entered.")
    found = []
    for rule in rules_of(process.host):
        if _fits(rule, pairs):
            found.append(rule)
    return found


def _fits(rule: Rule, pairs: dict[str, str]) -> bool:
    name = pairs.get("name", "all")
    if name.lower() not in ("all", rule.name.lower()):
        return False
    if "group" in pairs and rule.one("EmbedCtxt").lower() != pairs["group"].lower():
        return False
    if "dir" in pairs and rule.one("Dir").lower() != pairs["dir"].lower():
        return False
    if "protocol" in pairs and rule.protocol.lower() != pairs["protocol"].lower():
        number = rule.one("Protocol") or "any"
        if number != pairs["protocol"].lower():
            return False
    if "profile" in pairs and profile_names(pairs["profile"]) != rule.all("Profile"):
        return False
    if "program" in pairs and rule.one("App").lower() != pairs["program"].lower():
        return False
    if "service" in pairs and rule.one("Svc").lower() != pairs["service"].lower():
        return False
    for side, key in (("L", "localport"), ("R", "remoteport")):
        if key in pairs:
            wanted = port_fields(side, pairs[key], "6", ranges=True)
            if sorted(v for _, v in wanted) != sorted(_ports(rule, side)):
                return False
    for side, key in (("L", "localip"), ("R", "remoteip")):
        if key in pairs:
            wanted = address_fields(side, pairs[key])
            if sorted(v for _, v in wanted) != sorted(rule.all(f"{side}A4", f"{side}A6")):
                return False
    return True


def _ports(rule: Rule, side: str) -> list[str]:
    return rule.all(f"{side}Port", f"{side}Port2_10", f"{side}Port2_20")


def _delete(process: Process, words: list[str]) -> int:
    process.mutates()
    found = _matching(process, _pairs(words))
    for rule in found:
        process.host.registry.delete_value(RULES, rule.id)
    if not found:
        process.out(_NO_MATCH)
        return 1
    process.out(f"\nDeleted {len(found)} rule(s).\nOk.\n\n")
    return 0


def _set(process: Process, words: list[str]) -> int:
    process.mutates()
    lowered = [word.lower() for word in words]
    if "new" not in lowered:
        raise RuleFault("The keyword 'new' must be specified.")
    at = lowered.index("new")
    found = _matching(process, _pairs(words[:at]))
    changes = _pairs(words[at + 1 :])
    if not found:
        process.out(_NO_MATCH)
        return 1
    updated = [changed(rule, changes, process.host) for rule in found]
    for rule in updated:
        process.host.registry.set(RULES, rule.id, rule_text(rule))
    process.out(f"\nUpdated {len(updated)} rule(s).\nOk.\n\n")
    return 0


def _show(process: Process, words: list[str]) -> int:
    verbose = bool(words) and words[-1].lower() == "verbose"
    found = _matching(process, _pairs(words[:-1] if verbose else words))
    if not found:
        process.out(_NO_MATCH)
        return 1
    for rule in found:
        process.out(_described(rule, verbose=verbose))
    process.out("Ok.\n\n")
    return 0


def _described(rule: Rule, *, verbose: bool) -> str:
    def line(label: str, value: str) -> str:
        return f"{label + ':':<38}{value}"

    lines = ["", line("Rule Name", rule.name), "-" * 70]
    if verbose and rule.one("Desc"):
        lines.append(line("Description", rule.one("Desc")))
    lines += [
        line("Enabled", "Yes" if rule.one("Active") == "TRUE" else "No"),
        line("Direction", rule.one("Dir")),
        line("Profiles", ",".join(rule.profiles)),
        line("Grouping", rule.one("EmbedCtxt")),
        line("LocalIP", ",".join(rule.all("LA4", "LA6")) or "Any"),
        line("RemoteIP", ",".join(rule.all("RA4", "RA6")) or "Any"),
        line("Protocol", rule.protocol),
    ]
    if rule.protocol in ("TCP", "UDP"):
        lines.append(line("LocalPort", ",".join(_ports(rule, "L")) or "Any"))
        lines.append(line("RemotePort", ",".join(_ports(rule, "R")) or "Any"))
    lines.append(line("Edge traversal", "Yes" if rule.one("Edge") == "TRUE" else "No"))
    if verbose and rule.one("App"):
        lines.append(line("Program", rule.one("App")))
    if verbose and rule.one("Svc"):
        lines.append(line("Service", rule.one("Svc")))
    lines.append(line("Action", rule.one("Action")))
    return "\n".join(lines) + "\n"

r"""`netsh ipsec static`: the local store of IP security policies, as registry keys.

Source: Microsoft, "Netsh commands for Internet Protocol security" (Server 2003) for the words;
[MS-GPIPSEC] 2.2.1 for the objects. A failure prints `ERR IPsec[05072] : ...`; the exit code is 1.
"""

from __future__ import annotations

import uuid

from runner.lab.state.process import Process
from runner.lab.state.registry import Key

__all__ = ["STORE", "main"]

STORE = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\IPSec\Policy\Local"
_ROOT = STORE.removeprefix("HKLM\\")
_KINDS = {
    "policy": "ipsecPolicy", "rule": "ipsecNFA", "filterlist": "ipsecFilter",
    "filteraction": "ipsecNegotiationPolicy",
}  # fmt: skip
_ACTIONS = {
    "block": "{3f91a819-7647-11d1-864d-d46a00000000}",
    "permit": "{8a171dd2-77e3-11d1-8659-a04f00000000}",
}
_WORDS = {
    "add policy": {"name", "description", "activatedefaultrule", "assign"},
    "add filteraction": {"name", "action", "description"},
    "add filterlist": {"name", "description"},
    "add filter": {"filterlist", "srcaddr", "dstaddr", "srcmask", "dstmask", "protocol",
                   "mirrored", "srcport", "dstport", "description"},
    "add rule": {"name", "policy", "filterlist", "filteraction"},
    "set policy": {"name", "assign"},
    "delete policy": {"name"}, "delete filterlist": {"name"}, "delete filteraction": {"name"},
}  # fmt: skip


def _guid(*words: str) -> str:
    """A GUID that is the same for the same object, so that two states can be compared."""
    return f"{{{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(words).lower())}}}"


class _Fault(Exception):
    """What is printed behind ERR."""


def main(process: Process, words: list[str]) -> int:
    """One verb on one object."""
    verb = " ".join(word.lower() for word in words[:2])
    if verb not in _WORDS:
        process.not_simulated(f"netsh ipsec static {' '.join(words)}")
    pairs = {key.lower(): value for key, _, value in (word.partition("=") for word in words[2:])}
    if not set(pairs) <= _WORDS[verb]:
        process.out("The syntax supplied for this command is not valid.\n\n")
        return 1
    process.mutates()
    try:
        _Store(process).run(verb, pairs)
    except _Fault as fault:
        process.out(f"ERR IPsec[05072] : {fault}\n")
        return 1
    process.out("\n")
    return 0


class _Store:
    def __init__(self, process: Process) -> None:
        self._host = process.host
        self._registry = process.host.registry
        self._key = self._registry.create(STORE)

    def run(self, verb: str, pairs: dict[str, str]) -> None:
        action, _, kind = verb.partition(" ")
        name = pairs.get("name", "")
        if verb == "add filter":
            self._add_filter(pairs)
        elif verb == "add rule":
            self._add_rule(name, pairs)
        elif action == "add":
            guid = _ACTIONS.get(pairs.get("action", "").lower(), "")
            if kind == "filteraction" and not guid:
                raise _Fault("The action is not valid.")
            key = self._new(kind, name, pairs.get("description", ""))
            if guid:
                self._set(key, "ipsecNegotiationPolicyAction", guid)
            if pairs.get("assign", "no").lower() in ("yes", "y"):
                self._assign(key)
        elif action == "delete":
            self._delete(kind, name)
        elif pairs.get("assign", "").lower() in ("yes", "y"):
            self._assign(self._find(kind, name))
        elif self._active() == self._path(self._find(kind, name)).lower():
            self._registry.delete_value(STORE, "ActivePolicy")

    def _keys(self, kind: str) -> list[Key]:
        prefix = _KINDS[kind].lower() + "{"
        return [key for key in self._key.children() if key.name.lower().startswith(prefix)]

    def _search(self, kind: str, name: str) -> Key | None:
        found = (k for k in self._keys(kind) if self._text(k, "ipsecName").lower() == name.lower())
        return next(found, None)

    def _find(self, kind: str, name: str) -> Key:
        found = self._search(kind, name)
        if found is None:
            raise _Fault(f"{kind} with name '{name}' does not exist.")
        return found

    def _text(self, key: Key, name: str) -> str:
        return self._registry.text(f"{STORE}\\{key.name}", name)

    def _set(self, key: Key, name: str, data: str | tuple[str, ...]) -> None:
        self._registry.set(f"{STORE}\\{key.name}", name, data)

    def _path(self, key: Key) -> str:
        return f"{_ROOT}\\{key.name}"

    def _active(self) -> str:
        return self._registry.text(STORE, "ActivePolicy").lower()

    def _assign(self, key: Key) -> None:
        self._registry.set(STORE, "ActivePolicy", self._path(key))

    def _new(self, kind: str, name: str, description: str = "") -> Key:
        if not name:
            raise _Fault("A name is needed.")
        if kind != "rule" and self._search(kind, name):
            raise _Fault(f"{kind} with name '{name}' already exists.")
        guid = _guid(self._host.name, kind, name)
        key = self._registry.create(f"{STORE}\\{_KINDS[kind]}{guid}")
        self._set(key, "ipsecName", name)
        self._set(key, "ipsecID", guid)
        if description:
            self._set(key, "description", description)
        return key

    def _add_filter(self, pairs: dict[str, str]) -> None:
        name = pairs.get("filterlist", "")
        ends = pairs.get("srcaddr", ""), pairs.get("dstaddr", "")
        if not all(ends):
            raise _Fault("srcaddr and dstaddr are needed.")
        key = self._search("filterlist", name) or self._new("filterlist", name)
        words = sorted(f"{k}={v}".lower() for k, v in pairs.items() if k != "filterlist")
        filters = self._registry.strings(f"{STORE}\\{key.name}", "lab filters")
        if " ".join(words) in filters:
            raise _Fault("The filter already exists.")
        # The real store keeps them in a binary blob; nobody should read that, so it is none here.
        self._set(key, "lab filters", (*filters, " ".join(words)))

    def _add_rule(self, name: str, pairs: dict[str, str]) -> None:
        policy = self._find("policy", pairs.get("policy", ""))
        filters = self._find("filterlist", pairs.get("filterlist", ""))
        action = self._find("filteraction", pairs.get("filteraction", ""))
        key = self._new("rule", name)
        self._set(key, "ipsecFilterReference", (self._path(filters),))
        self._set(key, "ipsecNegotiationPolicyReference", self._path(action))
        place = f"{STORE}\\{policy.name}"
        rules = self._registry.strings(place, "ipsecNFAReference")
        self._set(policy, "ipsecNFAReference", (*rules, self._path(key)))

    def _delete(self, kind: str, name: str) -> None:
        key = self._find(kind, name)
        path = self._path(key)
        if kind == "policy":
            if self._active() == path.lower():
                raise _Fault("The policy is assigned.")
            for rule in self._registry.strings(f"{STORE}\\{key.name}", "ipsecNFAReference"):
                self._registry.delete_key(f"HKLM\\{rule}")
        elif any(path in self._references(rule) for rule in self._keys("rule")):
            raise _Fault(f"{kind} '{name}' is in use.")
        self._registry.delete_key(f"{STORE}\\{key.name}")

    def _references(self, rule: Key) -> tuple[str, ...]:
        place = f"{STORE}\\{rule.name}"
        filters = self._registry.strings(place, "ipsecFilterReference")
        return (*filters, self._registry.text(place, "ipsecNegotiationPolicyReference"))

"""``~/.ssh/config`` as OpenSSH reads it (ssh_config(5)), with paramiko's parser at its core.

What that parser passes over in silence is done here or refused: ``Include``, words of ``Match``
that it does not know, ``%`` tokens of the proxy options (they need the inventory's port and user),
and options that would change whom we talk to.
"""

from __future__ import annotations

import difflib
import fnmatch
import glob
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import paramiko
from paramiko.config import SSHConfigDict

from runner.errors import PolicyRefused

USER_CONFIG: Final = "~/.ssh/config"
SYSTEM_CONFIG: Final = "/etc/ssh/ssh_config"
_SECONDS: Final = 30.0
"""For a command of Match."""
_DEEPEST: Final = 16
"""Includes within includes, as in OpenSSH."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


USED: Final = _words(
    "hostname port user identityfile identitiesonly identityagent certificatefile proxyjump "
    "proxycommand userknownhostsfile globalknownhostsfile stricthostkeychecking hostkeyalias "
    "hashknownhosts connecttimeout serveraliveinterval serveralivecountmax addressfamily batchmode "
    "ciphers macs kexalgorithms hostkeyalgorithms pubkeyauthentication passwordauthentication "
    "kbdinteractiveauthentication challengeresponseauthentication preferredauthentications "
    "canonicalizehostname canonicaldomains canonicalizemaxdots canonicalizefallbacklocal "
    "ignoreunknown"
)
"""Options that are followed."""
HARMLESS: Final = _words(
    "addkeystoagent applemultipath canonicalizepermittedcnames casignaturealgorithms "
    "channeltimeout checkhostip clearallforwardings compression connectionattempts controlmaster "
    "controlpath controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar "
    "exitonforwardfailure fingerprinthash forkafterauthentication forwardagent forwardx11 "
    "forwardx11timeout forwardx11trusted gatewayports gssapiauthentication gssapiclientidentity "
    "gssapidelegatecredentials gssapikexalgorithms gssapikeyexchange gssapirenewalforcesrekey "
    "gssapiserveridentity gssapitrustdns hostbasedacceptedalgorithms hostbasedauthentication "
    "hostbasedkeytypes ipqos localcommand localforward loglevel logverbose "
    "nohostauthenticationforlocalhost numberofpasswordprompts obscurekeystroketiming "
    "permitlocalcommand permitremoteopen protocol pubkeyacceptedalgorithms "
    "pubkeyacceptedkeytypes rekeylimit remoteforward requesttty requiredrsasize sendenv setenv "
    "sessiontype stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tag "
    "tcpkeepalive tunnel tunneldevice updatehostkeys usekeychain verifyhostkeydns versionaddendum "
    "visualhostkey warnweakcrypto xauthlocation"
)
"""Options about terminals, forwardings and the program itself: nothing of what is done here."""
_REFUSED: Final[Mapping[str, frozenset[str]]] = {
    "bindaddress": frozenset(),
    "bindinterface": frozenset(),
    "knownhostscommand": frozenset({"none"}),
    "pkcs11provider": frozenset({"none"}),
    "proxyusefdpass": frozenset({"no"}),
    "remotecommand": frozenset({"none"}),
    "revokedhostkeys": frozenset({"none"}),
    "securitykeyprovider": frozenset({"internal"}),
}
"""Options that matter and are not followed, with the values that mean nothing."""
_MATCHES: Final = frozenset(
    {"all", "canonical", "final", "host", "originalhost", "user", "localuser", "exec"}
)
_LINE: Final = re.compile(r"^\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*$")


class _Config(paramiko.SSHConfig):
    """Leaves the proxy options as they are written; begins with what is already decided."""

    TOKENS_BY_CONFIG_KEY = {  # noqa: RUF012 - as in the base
        key: value
        for key, value in paramiko.SSHConfig.TOKENS_BY_CONFIG_KEY.items()
        if key not in ("proxycommand", "proxyjump")
    }
    seed: Mapping[str, Any] = {}

    def _lookup(
        self,
        hostname: str,
        options: SSHConfigDict | None = None,
        canonical: bool = False,
        final: bool = False,
    ) -> SSHConfigDict:
        begun = SSHConfigDict(self.seed) if options is None else options
        found: SSHConfigDict = super()._lookup(hostname, begun, canonical, final)  # type: ignore[misc]
        return found

    def _does_match(
        self,
        match_list: list[dict[str, Any]],
        target_hostname: str,
        canonical: bool,
        final: bool,
        options: SSHConfigDict,
    ) -> list[dict[str, Any]]:
        """Whether a Match line holds; its commands run last, in a shell, and without a terminal."""
        commands = [one for one in match_list if one["type"] == "exec"]
        others = [one for one in match_list if one["type"] != "exec"]
        look = super()._does_match  # type: ignore[misc]
        if others and not look(others, target_hostname, canonical, final, options):
            return []
        for one in commands:
            line = self._tokenize(options, target_hostname, "match-exec", one["param"])  # type: ignore[attr-defined]
            if _succeeds(line) is one["negate"]:
                return []
        return match_list


def _succeeds(line: str) -> bool:
    nothing = subprocess.DEVNULL
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", line], stdin=nothing, stdout=nothing, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PolicyRefused(f"the command of 'Match exec {line}' did not end: {error}") from None
    return done.returncode == 0


def lookup(address: str, user: str | None, config_file: str | None) -> dict[str, Any]:
    """What the configuration says of a host; the names of options in lower case.

    Raises PolicyRefused for a file that cannot be read, or an option that cannot be followed.
    """
    merged: dict[str, Any] = {}
    for name in (config_file,) if config_file else (USER_CONFIG, SYSTEM_CONFIG):
        path = str(Path(name).expanduser())
        text = _expanded(path)
        if text is None:
            continue
        config = _parsed(path, text)
        config.seed = {**({"user": user} if user else {}), **_first_values(merged)}
        for key, value in dict(config.lookup(address)).items():
            if key == "identityfile" and isinstance(merged.get(key), list):
                merged[key] += [one for one in value if one not in merged[key]]
            elif key == "hostname" and value == address:
                continue  # the parser's own default: a later file may say more
            else:
                merged.setdefault(key, value)
        _check(path, merged)
    if user is not None:
        merged.pop("user", None)
    return merged


def _first_values(merged: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in merged.items() if key in ("hostname", "user", "port")}


def _check(path: str, said: Mapping[str, Any]) -> None:
    ignored = str(said.get("ignoreunknown", "")).lower().split(",")
    for option, value in said.items():
        if option in USED or option in HARMLESS:
            continue
        if option in _REFUSED:
            if str(value).lower() in _REFUSED[option]:
                continue
            raise PolicyRefused(
                f"{path}: the option {option} ({value}) cannot be followed here",
                hint="leave it out for this host (a Host block), or set runner_ssh_config to "
                "another file",
            )
        if any(fnmatch.fnmatch(option, pattern.strip()) for pattern in ignored):
            continue
        near = difflib.get_close_matches(option, USED, n=1)
        raise PolicyRefused(
            f"{path}: the option {option} is not known",
            hint=f"did you mean {near[0]}?" if near else "IgnoreUnknown passes over it",
        )


def _parsed(path: str, text: str) -> _Config:
    try:
        return _Config.from_text(text)
    except (paramiko.SSHException, ValueError) as error:
        raise _unreadable(path, error) from None


@lru_cache(maxsize=64)
def _expanded(path: str) -> str | None:
    """The file's text with all that it includes, read once in a run; None when there is none."""
    file = Path(path)
    try:
        if not file.is_file():
            return None
        return "\n".join(_lines(file, 0, ""))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None


def _lines(path: Path, depth: int, block: str) -> Iterator[str]:
    """The lines of a file; ``block`` is the Host or Match line of the file that includes it."""
    if depth > _DEEPEST:
        raise PolicyRefused(f"{path}: includes are nested more than {_DEEPEST} deep")
    inner = block
    for line in path.read_text(encoding="utf-8").splitlines():
        found = _LINE.match(line)
        key = found[1].lower() if found and not line.lstrip().startswith("#") else ""
        if key in ("host", "match"):
            if block:
                raise PolicyRefused(
                    f"{path}: a {key.title()} block in a file that is included under "
                    f"'{block.strip()}' cannot be followed here",
                    hint="include it at the beginning of the file, ahead of every Host and Match",
                )
            inner = line
            _check_match(path, line) if key == "match" else None
        if key != "include" or found is None:
            yield line
            continue
        for file in _included(found[2]):
            yield from _lines(file, depth + 1, inner)
        # What follows belongs to the block that the Include stands in.
        yield inner or "Host *"


def _included(value: str) -> Iterator[Path]:
    for pattern in shlex.split(value):
        place = Path(pattern).expanduser()
        if not place.is_absolute():
            place = Path("~/.ssh").expanduser() / place
        found = sorted(glob.glob(str(place)))  # noqa: PTH207 - it has no folder to begin at
        yield from (Path(name) for name in found if Path(name).is_file())


def _check_match(path: Path, line: str) -> None:
    """The parser takes a word that it does not know for one that holds."""
    words = iter(shlex.split(line.strip())[1:])
    for word in words:
        kind = word.removeprefix("!").partition("=")[0].lower()
        if kind not in _MATCHES or "=" in word:
            raise PolicyRefused(
                f"{path}: 'Match {word}' cannot be followed here",
                hint=f"known are: {', '.join(sorted(_MATCHES))}; or set runner_ssh_config to "
                "another file",
            )
        if kind not in ("all", "canonical", "final"):
            next(words, None)


def _unreadable(path: str, error: Exception) -> PolicyRefused:
    return PolicyRefused(
        f"cannot read {path}: {error}",
        hint="mend the file, or set runner_ssh_config to another one",
    )


def with_tokens(text: str, **tokens: object) -> str:
    """A text with its ``%`` tokens put in (ssh_config(5), TOKENS): ``%h``, ``%%`` and others.

    Raises PolicyRefused for one that is not known.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        if found[1] not in tokens:
            raise PolicyRefused(
                f"the token %{found[1]} in '{text}' is not known here",
                hint=f"known are: %% {' '.join(f'%{name}' for name in tokens)}",
            )
        return str(tokens[found[1]])

    return re.sub(r"%(.)", value, text)

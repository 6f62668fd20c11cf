"""What win_share sends to a host."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Read, Reply, Request, Script, read, write
from runner.modules._parts.win_share_params import ShareState
from runner.windows import sam, shares
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts
from runner.windows.paths import quoted
from runner.windows.put_lines import SYSTEM

_SET: Final = """\
$d=([wmiclass]'Win32_SecurityDescriptorHelper').SDDLToWin32SD($params.sddl).Descriptor
$s=Get-WmiObject Win32_Share | Where-Object {$_.Name -eq $params.name}
$r=$s.SetShareInfo($s.MaximumAllowed,$s.Description,$d).ReturnValue
if($r){throw "SetShareInfo answered $r"}
"""
_LIST: Final = "Set-SmbShare -Name $params.name -FolderEnumerationMode $params.mode -Force\n"
_ENCRYPT: Final = "Set-SmbShare -Name $params.name -EncryptData ([bool]$params.yes) -Force\n"
_IS_ENCRYPTED: Final = "[int](Get-SmbShare -Name $params.name).EncryptData\n"
_NET: Final = rf"{SYSTEM}\net.exe"


def delete(name: str) -> Generator[Request, Reply, None]:
    """Take a share away, with what people have open there."""
    output = yield from write(Exec("net", "share", name, "/delete", "/y"))
    expect(output, "net", f"delete the share {name}")


def make(
    name: str, after: ShareState, old: str, *, powershell: bool
) -> Generator[Request, Reply, bool]:
    """Make a share in place of the old one; whether it has got its permissions with it."""
    names = None
    if after.permissions != shares.DEFAULT:
        names = yield from _granted(after)
        if names is None and not powershell:
            raise ModuleError(
                f"net share cannot give these permissions here: {', '.join(after.permissions)}",
                hint="it takes names of accounts that the host knows, and denies nothing",
            )
    words = [f"/GRANT:{who},{right}" for who, right in names or ()]
    words += [f"/REMARK:{after.description}"] * bool(after.description)
    words += [f"/CACHE:{after.caching}"] * (after.caching != "Manual")
    if after.max_uses != shares.UNLIMITED:
        words.append(f"/USERS:{after.max_uses}")
    words.insert(0, f"{name}={after.path}")
    if old and not any(set('"%!') & set(word) for word in words):
        # In one line: what the old share had is not lost when the connection is.
        line = " ".join(f'"{word}"' for word in words)
        gone = f"({_NET} share {quoted(old)} /delete /y||exit 2)"
        output = yield from write(Script("cmd", f"{gone}&{_NET} share {line}"))
    else:
        if old:
            yield from delete(old)
        output = yield from write(Exec("net", "share", *words))
    expect(output, "net", f"share {after.path} as {name}", hint="is the folder there?")
    return names is not None or after.permissions == shares.DEFAULT


def _granted(after: ShareState) -> Generator[Request, Reply, list[tuple[str, str]] | None]:
    """Permissions as (name, FULL); None where net share cannot say them."""
    grants = shares.grants(after.permissions)
    if grants is None:
        return None
    names = {sid: name for sid, _, name in (one.partition("=") for one in after.names)}
    if any(names.get(sid, sid) == sid for sid, _ in grants):
        directory = yield from sam.find()
        names |= {sid: directory.shown(sid) for sid, _ in grants if names.get(sid, sid) == sid}
    if any(sam.SID.fullmatch(names[sid]) for sid, _ in grants):
        return None
    return [(names[sid], right) for sid, right in grants]


def settings(name: str, before: ShareState, after: ShareState) -> Generator[Request, Reply, None]:
    """Change what net share changes of a share that is there."""
    words = []
    if before.description != after.description:
        words.append(f"/REMARK:{after.description}")
    if before.caching != after.caching:
        words.append(f"/CACHE:{after.caching}")
    if before.max_uses != after.max_uses:
        unlimited = after.max_uses == shares.UNLIMITED
        words.append("/UNLIMITED" if unlimited else f"/USERS:{after.max_uses}")
    if words:
        output = yield from write(Exec("net", "share", name, *words))
        expect(output, "net", f"change the share {name}")


def set_permissions(name: str, after: ShareState) -> Generator[Request, Reply, None]:
    """Give a share its permissions without cutting anybody off."""
    params = {"name": name, "sddl": shares.sddl(after.permissions)}
    output = yield from write(Script("powershell", _SET, params=params))
    if output.code != 0:
        said = (output.stderr.strip() or output.stdout.strip()).splitlines()
        detail = said[0].strip() if said else f"exit code {output.signed}"
        raise ModuleError(f"set the permissions of the share {name}: {detail}")


def set_listing(name: str, *, lists_all: bool) -> Generator[Request, Reply, None]:
    """Whether people see what they may not open."""
    mode = "Unrestricted" if lists_all else "AccessBased"
    output = yield from write(Script("powershell", _LIST, params={"name": name, "mode": mode}))
    expect(output, "Set-SmbShare", f"set what the share {name} lists")


def is_encrypted(name: str, host: WindowsFacts) -> Generator[Read, Reply, bool]:
    """Whether what travels is encrypted; never where SMB 3 is not known. Raises ModuleError."""
    if host.nt < (6, 2) or not host.powershell:
        return False
    (output,) = yield from read(Script("powershell", _IS_ENCRYPTED, params={"name": name}))
    expect(output, "Get-SmbShare", f"ask whether the share {name} is encrypted")
    return output.stdout.strip() == "1"


def set_encryption(name: str, *, encrypted: bool) -> Generator[Request, Reply, None]:
    """Whether what travels is encrypted."""
    params = {"name": name, "yes": encrypted}
    output = yield from write(Script("powershell", _ENCRYPT, params=params))
    expect(output, "Set-SmbShare", f"set the encryption of the share {name}")

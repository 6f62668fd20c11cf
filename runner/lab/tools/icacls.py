"""icacls.exe: changes permissions, keeps them in a file and gives them back.

Exit codes are Win32 errors. Source: Microsoft, "icacls".
"""

from __future__ import annotations

from dataclasses import replace

from runner.lab.state.files import ADMINISTRATORS, Entry
from runner.lab.state.paths import absolute, base_name
from runner.lab.state.process import Process
from runner.lab.toolkit.acls import INHERITED, Acl, grant_words, parse_acl

_NOT_FOUND = 2
_BAD = 87
_NO_NAME = 1332
_VERBS = ("/grant", "/grant:r", "/deny", "/remove", "/remove:g", "/remove:d")


def main(process: Process) -> int:
    """`icacls NAME /save FILE`, `DIRECTORY /restore FILE`, `NAME /grant[:r] WHO...` and more."""
    words = [word for word in process.args if word.lower() not in ("/q", "/c", "/l")]
    quiet = "/q" in (word.lower() for word in process.args)
    verbs = [word.lower() for word in words[1:]]
    if len(words) < 2 or "/t" in verbs or not verbs[0].startswith("/"):
        process.not_simulated(f"icacls {' '.join(process.args)}")
    if verbs[0] not in ("/save", "/restore"):
        return _change(process, words[0], words[1:], quiet=quiet)
    if len(words) != 3:
        process.not_simulated(f"icacls {' '.join(process.args)}")
    path, other = process.absolute(words[0]), process.absolute(words[2])
    entry = process.host.files.find(path)
    if entry is None:
        text = f"{words[0]}: The system cannot find the file specified.\n"
        return _end(process, _NOT_FOUND, text, 0, quiet=False)
    if verbs[0] == "/save":
        return _save(process, entry, other, quiet=quiet)
    return _restore(process, entry, other, quiet=quiet)


def _change(process: Process, name: str, words: list[str], *, quiet: bool) -> int:
    """Every option with its words, one after another."""
    process.makes_file(process.absolute(name))
    entry = process.host.files.find(process.absolute(name))
    if entry is None:
        text = f"{name}: The system cannot find the file specified.\n"
        return _end(process, _NOT_FOUND, text, 0, quiet=False)
    if words[0].lower() == "/setowner" and process.host.profile.nt >= (6, 0):
        return _set_owner(process, entry, words[1:], quiet=quiet)
    acl, verb = parse_acl(entry.acl), ""
    for word in words:
        lower = word.lower()
        if lower.startswith("/inheritance:") and process.host.profile.nt >= (6, 0):
            verb = ""
            acl = replace(acl, protected=lower[-1] in "rd")
        elif lower in _VERBS:
            verb = lower
        elif word.startswith("/") or not verb:
            return process.fail(_BAD, f'Invalid parameter "{word}"\n')
        else:
            changed = _one(process, acl, verb, word)
            if isinstance(changed, int):
                text = f'Invalid parameter "{word}"\n'
                if changed == _NO_NAME:
                    text = f"{word}: No mapping between account names and security IDs was done.\n"
                return process.fail(changed, text)
            acl = changed
    process.host.files.update(replace(entry, acl=acl.text))
    return _end(process, 0, f"processed file: {entry.path}\n", 1, quiet=quiet)


def _set_owner(process: Process, entry: Entry, words: list[str], *, quiet: bool) -> int:
    if len(words) != 1:
        return process.fail(_BAD, 'Invalid parameter "/setowner"\n')
    sid = _sid_of(process, words[0])
    if not sid:
        text = f"{words[0]}: No mapping between account names and security IDs was done.\n"
        return process.fail(_NO_NAME, text)
    process.host.files.update(replace(entry, owner="" if sid == ADMINISTRATORS else sid))
    return _end(process, 0, f"processed file: {entry.path}\n", 1, quiet=quiet)


def _one(process: Process, acl: Acl, verb: str, word: str) -> Acl | int:
    """One word of an option: a permission, or who is to have none; a number where it is wrong."""
    if verb.startswith("/remove"):
        sid = _sid_of(process, word)
        return acl.without(sid, {"g": "A", "d": "D"}.get(verb[-1], "AD")) if sid else _NO_NAME
    found = grant_words(word, "D" if verb == "/deny" else "A")
    if found is None:
        return _BAD
    sid = _sid_of(process, found[0])
    if not sid:
        return _NO_NAME
    ace = replace(found[1], sid=sid)
    return (acl.without(sid, "A") if verb == "/grant:r" else acl).and_(ace)


def _sid_of(process: Process, word: str) -> str:
    """The SID of `*S-1-...` or of a name; empty for a name that nobody has."""
    if word.startswith("*"):
        return word[1:].upper()
    return process.host.security.accounts.sid_of(word) or ""


def _save(process: Process, entry: Entry, target: str, *, quiet: bool) -> int:
    process.makes_file(target)
    text = f"{base_name(entry.path)}\r\n{entry.acl or INHERITED}\r\n"
    try:
        process.host.files.write(target, text.encode("utf-16-le"), process.host.clock.now())
    except OSError:
        return process.fail(3, f"{target}: The system cannot find the path specified.\n")
    return _end(process, 0, f"processed file: {entry.path}\n", 1, quiet=quiet)


def _restore(process: Process, directory: Entry, source: str, *, quiet: bool) -> int:
    files = process.host.files
    saved = files.find(source)
    if not directory.is_dir or saved is None or saved.content is None:
        return _end(process, _BAD, "The parameter is incorrect.\n", 0, quiet=False)
    process.mutates()
    lines = saved.content.decode("utf-16-le").split("\r\n")
    done, said = 0, []
    for name, acl in zip(lines[::2], lines[1::2], strict=False):
        entry = files.find(absolute(name, directory.path))
        if entry is None:
            said.append(f"{name}: The system cannot find the file specified.\n")
            continue
        files.update(replace(entry, acl="" if acl == INHERITED else acl))
        said.append(f"processed file: {entry.path}\n")
        done += 1
    failed = len(said) - done
    return _end(process, _NOT_FOUND if failed else 0, "".join(said), done, quiet=quiet)


def _end(process: Process, code: int, text: str, done: int, *, quiet: bool) -> int:
    if not quiet:
        (process.err if code else process.out)(text)
    failed = int(code != 0)
    process.out(f"Successfully processed {done} files; Failed processing {failed} files\n")
    return code

"""Putting a file into place on a POSIX host, in one step for whoever reads it.

The content goes into a new file beside the old one, which nobody else may read; its checksum is
compared there; it is given its owner, mode and times; then it takes the old one's place with
rename(2). The new file starts as a copy of the old one's attributes, so that access lists and
SELinux contexts stay.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from runner.errors import ConnectionLost, ModuleError
from runner.interfaces.exchange import (
    REFUSED,
    Output,
    Reconnect,
    Reply,
    Request,
    Script,
    Upload,
    read,
    write,
)
from runner.interfaces.local_file import PIECE, LocalFile
from runner.interfaces.transfer import upload
from runner.posix.look import DIGEST
from runner.posix.quoting import join, quote

_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9_-]{1,16}")
_SECONDS_A_MEGABYTE: Final = 0.5
_LOSSES: Final = 3
"""How often in a row the connection may be lost without anything having come through."""
_BACK_AGAIN: Final = 120.0
"""Seconds in which a host has to answer again."""

_START: Final = """\
umask 077
d=${p%/*}
[ -d "${d:-/}" ] || exit 81
if [ -d "$p" ] && [ ! -L "$p" ]; then exit 82; fi
rm -f "$t" || exit 83
if [ -f "$p" ] && [ ! -L "$p" ]; then
cp -a --attributes-only "$p" "$t" 2>/dev/null || cp -p "$p" "$t" || exit 83
chmod 600 "$t" || exit 83
fi
[ -e "$t" ] || (set -C; : >"$t") || exit 83
"""
_FINISH: Final = """\
c=$(dg sha1 <"$t"); c=${c%% *}
[ -n "$c" ] || exit 85
[ -z "$s" ] || [ "${c#\\\\}" = "$s" ] || exit 86
[ -z "$o" ] || chown "$o" "$t" || exit 87
chmod "$m" "$t" || exit 87
"""
_KEEP: Final = """\
if [ -f "$p" ] && [ ! -L "$p" ] && [ ! -e "$k" ]; then
mkdir -p "${k%/*}" || exit 88
{ [ "$u" = 0 ] && ln "$p" "$k" 2>/dev/null; } ||
{ cp -p "$p" "$k~" && mv -f "$k~" "$k"; } || exit 88
fi
"""
_BACKUP: Final = """\
if [ -e "$p" ]; then
b=$p.$$.$(date +%Y-%m-%d@%H:%M:%S~)
cp -p "$p" "$b" || exit 88
printf '%s\\n' "$b"
fi
"""
_MOVE: Final = """\
if [ -L "$p" ] && [ -d "$p" ]; then rm -f "$p" || exit 89; fi
mv -f "$t" "$p" || { [ "$u" = 1 ] && cat "$t" >"$p" && rm -f "$t"; } || exit 89
"""
_REASONS: Final = {
    81: "its folder does not exist",
    82: "there is a folder of that name",
    83: "a file could not be made beside it",
    84: "its content could not be written",
    85: "the host has no program for checksums (sha1sum, shasum, openssl, sha1)",
    86: "it did not arrive whole: the checksum is another one",
    87: "its owner or mode could not be set",
    88: "what was there before could not be kept",
    89: "it could not take the place of the old one",
}
NOT_VALID: Final = 90
"""The exit code where ``validate`` says no."""


@dataclass(frozen=True, slots=True)
class Put:
    """A file to put into place. ``path`` is absolute; ``checksum`` the SHA-1 of its content.

    ``owner`` is what chown takes. ``modified`` and ``accessed`` are seconds since 1970. ``keep``
    is where the old file stays, ``backup`` whether a dated copy stays beside it. ``validate`` is
    a command whose words ``%s`` stand for the new file. ``unsafe`` allows to write into the file
    itself where nothing can take its place. ``size`` in bytes.
    """

    path: str
    checksum: str
    mode: int
    owner: str = ""
    size: int = 0
    modified: str = ""
    accessed: str = ""
    keep: str = ""
    backup: bool = False
    validate: tuple[str, ...] = ()
    unsafe: bool = False

    @property
    def beside(self) -> str:
        """The new file until it takes its place: hidden, with the old one's suffix."""
        folder, name = posixpath.split(self.path)
        suffix = posixpath.splitext(name)[1]
        unique = hashlib.sha256(f"{self.path}\0{self.checksum}".encode()).hexdigest()[:16]
        kept = suffix if _SUFFIX.fullmatch(suffix) else ""
        return posixpath.join(folder, f".runner-{unique}{kept}")


def put(spec: Put, content: LocalFile) -> Generator[Request, Reply, str]:
    """Send the content and put it into place; gives the name of the backup, if one was made.

    What is large goes past the shell where that is possible, else in pieces through it. Raises
    ModuleError; the old file is still there then.
    """
    if content.size > PIECE and (yield from _past_the_shell(spec, content)):
        return (yield from _finished(spec, _script(spec, finish(spec), None)))
    pieces = content.pieces(PIECE)
    piece = next(pieces)
    following = next(pieces, None)
    text = _START + 'cat >"$t" || exit 84\n'
    while following is not None:
        expect_put(spec, (yield from write(_script(spec, text, piece))))
        text = 'cat >>"$t" || exit 84\n'
        piece, following = following, next(pieces, None)
    return (yield from _finished(spec, _script(spec, text + finish(spec), piece)))


def _past_the_shell(spec: Put, content: LocalFile) -> Generator[Request, Reply, bool]:
    """Fill the new file; over a new connection where one is lost, from where it stopped."""
    start, losses = 0, 0
    begin: Script | None = _script(spec, _START, None)
    while True:
        try:
            asked = Upload(spec.beside, content, start, _seconds(spec.size), begin)
            answer = yield from upload(asked)
            if answer is not None and answer.code not in (0, REFUSED):
                expect_put(spec, answer)
            return answer is not None and answer.code == 0
        except ConnectionLost:
            losses += 1
            if losses > _LOSSES:
                raise
            yield Reconnect(timeout=_BACK_AGAIN, delay=1.0)
        there = yield from _size(spec, content)
        begin = None if there else begin
        if there > start:
            losses = 0
        if there == content.size:
            return True
        # So that there is enough left to be worth it; what is sent twice does no harm.
        start = max(0, min(there, content.size - PIECE - 1))


def _size(spec: Put, content: LocalFile) -> Generator[Request, Reply, int]:
    """How many bytes are there; 0 for what is not a beginning of the content's size."""
    (output,) = yield from read(Script("posix", f"wc -c <{quote(spec.beside)}"))
    said = output.stdout.strip()
    size = int(said) if output.code == 0 and said.isdigit() else 0
    return size if size <= content.size else 0


def put_with(spec: Put, fill: str) -> Generator[Request, Reply, str]:
    """The same, where ``fill`` writes the content on the host into ``$t``."""
    return (yield from _finished(spec, script_with(spec, fill)))


def script_with(spec: Put, fill: str, stdin: str | None = None) -> Script:
    """The script of ``put_with``."""
    return replace(_script(spec, _START + fill + finish(spec), None), stdin=stdin)


def finish(spec: Put) -> str:
    """What is done with the new file once its content is there."""
    parts = [_FINISH]
    if spec.validate:
        words = (_named(word, spec.beside) for word in spec.validate)
        parts.append(
            f'v=$({join(words, expand=True)} 2>&1 </dev/null) || '
            f'{{ e=$?; printf "%s\\n%s\\n" "$e" "$v" >&2; exit {NOT_VALID}; }}\n'
        )  # fmt: skip
    if spec.keep:
        parts.append(_KEEP)
    if spec.backup:
        parts.append(_BACKUP)
    parts += [touch('"$t"', "m", spec.modified), touch('"$t"', "a", spec.accessed), _MOVE]
    return "".join(parts)


def touch(word: str, which: str, moment: str) -> str:
    """The line that sets a time (``m`` or ``a``) of a file to a moment, as exactly as it goes."""
    if not moment:
        return ""
    whole = datetime.fromtimestamp(int(moment.partition(".")[0]), UTC)
    rough = f"TZ=UTC0 touch -c{which}t {whole:%Y%m%d%H%M.%S} {word}"
    return f"touch -c{which} -d @{moment} {word} 2>/dev/null || {rough} || exit 87\n"


def expect_put(spec: Put, output: Output) -> Output:
    """The output itself when all went well. Raises ModuleError with the step that did not."""
    if output.code == 0:
        return output
    said = output.stderr.strip().splitlines()
    if output.code == NOT_VALID:
        code, *text = said or ["?"]
        words = " ".join(spec.validate)
        raise ModuleError(
            f"failed to validate: '{words}' ended with {code}: {' '.join(text) or 'no output'}",
            hint=f"{spec.path} is as it was before",
        )
    reason = _REASONS.get(output.code, f"exit code {output.code}")
    detail = f" ({said[-1]})" if said and output.code not in (81, 82) else ""
    raise ModuleError(
        f"could not write {spec.path}: {reason}{detail}",
        hint=_hint(output.code, " ".join(said).lower()),
    )


def _hint(code: int, said: str) -> str:
    if "permission denied" in said or "not permitted" in said:
        return "the account has no right to do this: use become: true"
    if code == 81:
        return "make the folder first: the module 'file' with state: directory"
    if code == 89 and ("busy" in said or "cross-device" in said):
        return "it is a mount point of its own (a container's?): unsafe_writes: true writes into it"
    return ""


def _finished(spec: Put, command: Script) -> Generator[Request, Reply, str]:
    output = expect_put(spec, (yield from write(command)))
    return output.stdout.strip() if spec.backup else ""


def _script(spec: Put, text: str, piece: bytes | None) -> Script:
    values = {
        "p": spec.path, "t": spec.beside, "s": spec.checksum, "o": spec.owner,
        "m": f"{spec.mode:04o}", "k": spec.keep, "u": str(int(spec.unsafe)),
    }  # fmt: skip
    head = " ".join(f"{name}={quote(value)}" for name, value in values.items())
    digest = DIGEST if "dg sha1" in text else ""
    trap = "trap '[ $? = 0 ] || rm -f \"$t\"' 0\n"
    return Script(
        "posix",
        f"LC_ALL=C; export LC_ALL\n{head}\n{digest}{trap}{text}",
        stdin=None if piece is None else piece.decode("utf-8", "surrogateescape"),
        timeout=_seconds(spec.size),
    )


def _seconds(size: int) -> float:
    return 300 + size / 1_000_000 * _SECONDS_A_MEGABYTE


def _named(word: str, path: str) -> str:
    return re.sub("%[s%]", lambda found: path if found[0] == "%s" else "%", word)

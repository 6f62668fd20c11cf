"""Looking at files of a POSIX host: one script for stat(1), readlink(1), checksums and content.

stat(1) is no part of POSIX: the option ``-c`` of GNU and busybox is tried first, ``-f`` of the BSDs
and macOS is the other one. Checksums come from sha1sum and its like, else from shasum, openssl or
sha1. Each answer stands behind a random word, so that no name of a file is taken for an answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Script
from runner.posix.quoting import path as expanded
from runner.posix.quoting import quote

ALGORITHMS: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")

DIGEST: Final = """\
dg() {
if command -v "$1sum" >/dev/null 2>&1; then "$1sum"
elif [ "$1" != md5 ] && command -v shasum >/dev/null 2>&1; then shasum -a "${1#sha}"
elif command -v openssl >/dev/null 2>&1; then openssl dgst "-$1" -r
elif command -v "$1" >/dev/null 2>&1; then "$1" -q
fi
}
"""
"""``dg ALGORITHM``: the checksum of standard input, its first word in hexadecimal digits."""

REAL: Final = """\
real() {
x=$1 c=0
while [ -L "$x" ] && [ $c -lt 40 ]; do
l=$(readlink "$x"); case $l in /*) x=$l;; *) x=${x%/*}/$l;; esac; c=$((c+1))
done
if [ -d "$x" ]; then cd -P "$x" 2>/dev/null && pwd -P && return
elif d=$(cd -P "${x%/*}/" 2>/dev/null && pwd -P); then x=${d%/}/${x##*/}; fi
printf '%s\\n' "$x"
}
"""
"""``real PATH``: where an absolute path leads, links followed; its end may be missing."""

TEXT: Final = """\
text() {
if command -v base64 >/dev/null 2>&1; then echo 64; base64; else echo 16; od -An -v -tx1; fi
}
"""
"""``text``: standard input as text, behind the number of its digits."""

_FORMATS: Final = """\
g='%f/%u/%g/%s/%h/%i/%d/%b/%o/%t/%T/%.9X/%.9Y/%.9Z
%U
%G'
b='%Xp/%u/%g/%z/%l/%i/%d/%b/%k/%Hr/%Lr/%Fa/%Fm/%Fc
%Su
%Sg'
if stat -c %f / >/dev/null 2>&1; then w=gnu
st() { stat -c "$g" "$1"; }
else w=bsd
st() { stat -f "$b" "$1"; }
fi
say() { printf '\\n%s %s ' $n "$1"; }
loc() { date -d "@$1" +%Y%m%d%H%M.%S 2>/dev/null || date -r "$1" +%Y%m%d%H%M.%S; }
secs() { if [ $w = gnu ]; then stat -c "$1" "$2"; else stat -f "$3" "$2"; fi; }
reach() {
y=0 e=$r
[ "$m" -gt 0 ] || return
set --
while [ -n "$e" ]; do e=${e%/*}; [ ! -e "${e:-/}" ] || set -- "$@" "${e:-/}"; done
[ -z "$(find "$@" -prune ! -perm -001 2>&1)" ] || return
y=1; say open
}
"""

_BODY: Final = """\
say me; echo "$(id -u) $(id -g) $(umask) $w"
say home; printf %s "$HOME"
[ -z "$o" ] || { say uid; id -u "$o" 2>/dev/null; }
for f; do
case $f in /*) ;; *) f=$PWD/$f;; esac
say path; printf %s "$f"
[ ! -d "$f" ] || say folder
r=$f
if [ -L "$f" ]; then
say link; readlink "$f"
[ $k = 0 ] || { r=$(real "$f"); say real; printf %s "$r"; }
fi
if [ ! -e "$r" ] && [ ! -L "$r" ]; then
d=$r
while [ -n "$d" ]; do d=${d%/*}; if [ -e "${d:-/}" ] || [ -L "$d" ]; then break; fi; done
say above; printf %s "${d:-/}"
reach
if [ -d "${d:-/}" ] && [ ! -x "${d:-/}" ]; then say denied; fi
continue
fi
say stat; st "$r" || { say denied; continue; }
say can
[ ! -r "$r" ] || printf r
[ ! -w "$r" ] || printf w
[ ! -x "$r" ] || printf x
[ $t = 0 ] || { say times; echo "$(loc "$(secs %Y "$r" %m)") $(loc "$(secs %X "$r" %a)")"; }
reach
if [ -L "$r" ] || [ ! -f "$r" ] || [ ! -r "$r" ]; then continue; fi
[ -z "$s" ] || { say sum; dg "$s" <"$r"; }
if [ "$m" -gt 0 ] && [ "$(wc -c <"$r")" -le "$m" ]; then
if [ $p = 1 ]; then
[ $y = 1 ] && [ -n "$(find "$r" -prune -perm -004 2>/dev/null)" ] || continue
fi
say data; text <"$r"
fi
done
say end
"""


def look(
    paths: Sequence[str],
    *,
    follow: bool = False,
    checksum: str = "",
    content: int = 0,
    only_open: bool = False,
    times: bool = False,
    owner: str = "",
    literal: bool = False,
) -> tuple[Script, str]:
    """The script that looks at these paths, and the word that its answers stand behind.

    With ``follow`` it looks where links lead. ``checksum`` is one of ``ALGORITHMS``. ``content``
    is the largest number of bytes of a file that is read; with ``only_open`` only of files that
    every account of the host may read. ``times`` also gives times as the host's clock shows them.
    ``owner`` is an account whose number is asked for. ``$NAME`` and ``~`` in the paths are the
    host's, unless they are ``literal``.
    """
    nonce = secrets.token_hex(8)
    words = " ".join(quote(one) if literal else expanded(one) for one in paths)
    head = (
        f"LC_ALL=C; export LC_ALL\nn={nonce} k={int(follow)} s={quote(checksum)} m={content} "
        f"p={int(only_open)} t={int(times)} o={quote(owner)}\n"
    )
    dash = 'case $1 in -*) a=./$1; shift; set -- "$a" "$@";; esac\n' if len(paths) == 1 else ""
    return (
        Script("posix", f"{head}{DIGEST}{REAL}{TEXT}{_FORMATS}set -- {words}\n{dash}{_BODY}"),
        nonce,
    )


def read_bytes(path: str, most: int) -> Script:
    """The first bytes of a file, of an absolute path, as ``seen.bytes_of`` reads them."""
    strict = "if (set -o pipefail) 2>/dev/null; then set -o pipefail; fi\n"
    text = f"{strict}{TEXT}head -c {most} <{quote(path)} | text"
    return Script("posix", text)

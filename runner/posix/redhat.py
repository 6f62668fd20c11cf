"""What rpm, dnf and yum print, and how rpm orders versions.

Sources: rpm(8), rpm-version(7), dnf(8) and yum(8). Their tables are for people: only the columns
that dnf 4 and yum 3 share are read, and long names that push the rest to the next line are allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from runner.posix.debian import Move

ROW: Final = "row\\t%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\n"

READ_RPMS: Final = """\
ask() {
if [ "$root" = / ]; then rpm -q --qf "$q" "$@"
else rpm --root="$root" -q --qf "$q" "$@"
fi
}
root=$1; shift
for s; do
echo "spec	$s"
case $s in
*.rpm) ask -p "$s" && n=$(rpm -qp --qf '%{NAME}' "$s") && echo installed && ask "$n" ;;
/*) ask --whatprovides "$s" ;;
*[*?[]*) ask -a "$s" ;;
*) ask "$s" || ask --whatprovides "$s" ;;
esac
done 2>/dev/null
exit 0
"""
"""What of the specs ``$2``... is installed below the folder ``$1``; ``q`` is ROW."""

_PARTS: Final = re.compile(r"\d+|[A-Za-z]+|~|\^")
_SECTION: Final = re.compile(r"^(?P<verb>[A-Z][a-z]+)(?P<rest>[ a-z]*):\s*$")
_OLD: Final = frozenset({"Removing"})
_ID: Final = re.compile(r"^\s*(\d+)\s*\|", re.MULTILINE)
SUMMARY: Final = "Transaction Summary"
"""What the table ends with."""


@dataclass(frozen=True, slots=True)
class Rpm:
    """One package; ``evr`` is ``epoch:version-release``, without an epoch of 0."""

    name: str
    evr: str
    arch: str


def evr(epoch: str, version: str, release: str) -> str:
    """The full version, as dnf writes it."""
    return f"{epoch}:{version}-{release}" if epoch not in ("0", "", "(none)") else (
        f"{version}-{release}")  # fmt: skip


def compare(left: str, right: str) -> int:
    """Below, equal to or above 0 as ``left`` is older, the same or newer.

    Where one of them has no release, releases do not count.
    """
    one, other = _split(left), _split(right)
    for mine, yours in zip(one, other, strict=True):
        if mine is None or yours is None:
            continue
        if (order := _compare_part(mine, yours)) != 0:
            return order
    return 0


def _split(text: str) -> tuple[str, str, str | None]:
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    version, dash, release = rest.partition("-")
    return epoch, version, release if dash else None


def _compare_part(left: str, right: str) -> int:
    ones, others = _PARTS.findall(left), _PARTS.findall(right)
    for at in range(max(len(ones), len(others))):
        mine = ones[at] if at < len(ones) else ""
        yours = others[at] if at < len(others) else ""
        if (one := _rank(mine)) != (other := _rank(yours)):
            return -1 if one < other else 1
    return 0


def _rank(part: str) -> tuple[int, int, str]:
    """Tilde, the end, caret, letters, numbers: in this order (rpm-version(7))."""
    if part.isdigit():
        return 4, int(part), ""
    kinds = {"~": 0, "": 1, "^": 2}
    return kinds.get(part, 3), 0, "" if part in kinds else part


def specs(text: str) -> Iterator[tuple[str, tuple[Rpm, ...], tuple[Rpm, ...]]]:
    """The answers of READ_RPMS: spec, what is installed, and of a package file what it holds."""
    for block in text.split("spec\t")[1:]:
        name, _, rest = block.partition("\n")
        before, mark, after = rest.partition("installed\n")
        found, file = (after, before) if mark else (before, "")
        if name.endswith(".rpm") and not mark:
            found, file = "", before
        yield name, tuple(_rows(found)), tuple(_rows(file))


def _rows(text: str) -> Iterator[Rpm]:
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[0] == "row" and len(fields) == 6:
            yield Rpm(fields[1], evr(fields[2], fields[3], fields[4]), fields[5])


def listed(text: str) -> tuple[Rpm, ...]:
    """The rows of ``list available``: name.arch, version, repository."""
    words: list[str] = []
    found = []
    for line in text.splitlines():
        if not line.strip() or (line[0] != " " and len(line.split()) < 3 and "." not in line):
            continue
        words = line.split() if not line.startswith(" ") else [*words, *line.split()]
        if len(words) == 3 and "." in words[0] and any(c.isdigit() for c in words[1]):
            name, _, arch = words[0].rpartition(".")
            found.append(Rpm(name, words[1], arch))
            words = []
    return tuple(found)


def transaction(text: str) -> tuple[Move, ...]:
    """The table of what dnf or yum would do: name, architecture, version, repository, size.

    Of an upgrade it names the new version only, so ``before`` is ``?`` there.
    """
    moves: list[Move] = []
    verb = ""
    words: list[str] = []
    for line in text.splitlines():
        if line.startswith(SUMMARY):
            break
        if section := _SECTION.match(line):
            verb, words = section["verb"], []
            continue
        if not verb or not line.startswith(" ") or line.strip().startswith("replacing "):
            continue
        words = [*words, *line.split()]
        if len(words) < 5:  # a long name stands alone, its row goes on below
            continue
        name, _, version = words[:3]
        words = []
        if verb in _OLD:
            moves.append(Move(name, version, None))
        elif verb in ("Installing", "Reinstalling"):
            moves.append(Move(name, None, version))
        elif verb in ("Upgrading", "Updating", "Downgrading"):
            moves.append(Move(name, "?", version))
    return tuple(moves)


def last_transaction(text: str) -> int:
    """The greatest number in ``history list``; 0 when there is none."""
    return max((int(number) for number in _ID.findall(text)), default=0)


def is_ours(info: str, words: Sequence[str]) -> bool:
    """Whether the command line in ``history info`` holds these words, in order."""
    line = re.search(r"^Command Line\s*:(.*(?:\n\s+:.*)*)", info, re.MULTILINE)
    if line is None:
        return False
    rest = iter(re.sub(r"\n\s+:", "", line[1]).split())
    return all(word in rest for word in words)

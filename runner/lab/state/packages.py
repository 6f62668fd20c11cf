"""The update packages that the lab knows: what a file name means and what the update does.

Source of KB numbers and file versions: Microsoft security bulletin MS17-010, KB4012598 ("Customer
Guidance for WannaCrypt attacks"), KB4023262 and the update history pages of each system.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from runner.lab.profiles.table import OsProfile

__all__ = ["PackageName", "Update", "identity", "is_known", "package_name", "updates_for"]

Kind = Literal["security-only", "rollup", "cumulative", "special"]


@dataclass(frozen=True, slots=True)
class Update:
    """One update of one system.

    `month` orders rollups: a newer one contains everything that is older. `srv` is the file
    version of the SMB 1 server driver that the update brings, None where it brings none.
    """

    kb: str
    nt: str
    build: int
    kind: Kind
    month: str
    srv: str | None
    revision: int = 0
    clients: bool | None = None

    def applies_to(self, profile: OsProfile) -> bool:
        """Whether this update is for this system, whatever is installed on it."""
        return (
            self.nt == profile.nt_version
            and self.build == profile.build
            and (self.clients is None or self.clients == profile.client)
            and not (profile.legacy and profile.service_pack < 2)
        )

    def supersedes(self, other: Update) -> bool:
        """Whether this update contains `other`."""
        if self.kind not in ("rollup", "cumulative") or self.kb == other.kb:
            return False
        if (self.nt, self.build) != (other.nt, other.build):
            return False
        alone = other.kind in ("security-only", "special")
        return other.month < self.month or (other.month == self.month and alone)


def _series(nt: str, build: int, rows: str, clients: bool | None = None) -> list[Update]:
    updates = []
    for row in rows.strip().splitlines():
        kb, kind, month, srv, *revision = row.split()
        known: dict[str, Kind] = {
            "so": "security-only", "mr": "rollup", "cu": "cumulative", "sp": "special",
        }  # fmt: skip
        updates.append(
            Update(
                kb, nt, build, known[kind], month, None if srv == "-" else srv,
                int(revision[0]) if revision else 0, clients,
            )
        )  # fmt: skip
    return updates


_ALL = (
    _series("5.2", 3790, "KB4012598 sp 2017-05 5.2.3790.6021")
    + _series("6.0", 6002, "KB4012598 so 2017-03 6.0.6002.19743")
    + _series(
        "6.1",
        7601,
        """
        KB3212642 so 2017-01 -
        KB3212646 mr 2017-01 -
        KB4012212 so 2017-03 6.1.7601.23689
        KB4012215 mr 2017-03 6.1.7601.23689
        KB4012218 mr 2017-03p 6.1.7601.23689
        KB4015546 so 2017-04 -
        KB4015549 mr 2017-04 6.1.7601.23689
        KB4015552 mr 2017-04p 6.1.7601.23689
        KB4019263 so 2017-05 6.1.7601.23762
        KB4019264 mr 2017-05 6.1.7601.23762
        """,
    )
    + _series(
        "6.2",
        9200,
        """
        KB3205409 mr 2017-01 -
        KB4012214 so 2017-03 6.2.9200.22099
        KB4012217 mr 2017-03 6.2.9200.22099
        KB4012220 mr 2017-03p 6.2.9200.22099
        KB4015548 so 2017-04 -
        KB4015551 mr 2017-04 6.2.9200.22099
        KB4015554 mr 2017-04p 6.2.9200.22099
        KB4019214 so 2017-05 6.2.9200.22137
        KB4019216 mr 2017-05 6.2.9200.22137
        """,
        clients=False,
    )
    + _series("6.2", 9200, "KB4012598 sp 2017-05 6.2.9200.22099", clients=True)
    + _series(
        "6.3",
        9600,
        """
        KB3205401 mr 2017-01 -
        KB4012213 so 2017-03 6.3.9600.18604
        KB4012216 mr 2017-03 6.3.9600.18604
        KB4015547 so 2017-04 -
        KB4015550 mr 2017-04 6.3.9600.18604
        KB4019213 so 2017-05 6.3.9600.18655
        KB4019215 mr 2017-05 6.3.9600.18655
        """,
    )
    + _series(
        "10.0",
        14393,
        """
        KB3213986 cu 2017-01 - 693
        KB4013429 cu 2017-03 10.0.14393.953 953
        KB4015438 cu 2017-03b 10.0.14393.953 969
        KB4016635 cu 2017-03c 10.0.14393.953 970
        KB4015217 cu 2017-04 10.0.14393.953 1066
        KB4019472 cu 2017-05 10.0.14393.1198 1198
        """,
    )
)

_NT_OF = {
    "xp": "5.1", "server2003": "5.2", "6.0": "6.0", "6.1": "6.1", "8-rt": "6.2", "8.1": "6.3",
    "10.0": "10.0",
}  # fmt: skip
_NAME = re.compile(
    r"windows(?P<nt>xp|server2003|6\.0|6\.1|8-rt|8\.1|10\.0)-(?P<kb>kb\d+)(?:-v\d+)?"
    r"-(?P<arch>x86|x64|ia64)(?P<flavour>_delta)?(?P<embedded>-embedded)?(?:-custom)?"
    r"(?:-(?P<language>[a-z]{3}))?(?:_(?P<sha1>[0-9a-f]{40}))?\.(?P<ending>exe|msu|cab)\Z"
)


@dataclass(frozen=True, slots=True)
class PackageName:
    """What the file name of an update package says."""

    nt: str
    kb: str
    arch: str
    language: str | None
    sha1: str | None
    stem: str
    ending: str


def package_name(name: str) -> PackageName | None:
    """Read a package's file name; None if it is not one."""
    match = _NAME.match(name.lower())
    if match is None or match["embedded"]:
        return None
    stem = f"Windows{match['nt'].replace('server', 'Server').replace('-rt', '-RT')}"
    return PackageName(
        _NT_OF[match["nt"]], match["kb"].upper(), match["arch"], match["language"], match["sha1"],
        f"{stem}-{match['kb'].upper()}-{match['arch']}", match["ending"],
    )  # fmt: skip


def updates_for(profile: OsProfile) -> dict[str, Update]:
    """The updates for a system by KB number."""
    return {update.kb: update for update in _ALL if update.applies_to(profile)}


def is_known(kb: str) -> bool:
    """Whether the lab has an update of this number for any system."""
    return any(update.kb == kb for update in _ALL)


def identity(update: Update, profile: OsProfile) -> str:
    """The name of an update in component based servicing (6.0 and later)."""
    arch = "x86" if profile.arch == "x86" else "amd64"
    token = f"31bf3856ad364e35~{arch}~~"
    if update.kind == "cumulative":
        return f"Package_for_RollupFix~{token}{update.build}.{update.revision}.1.1"
    if update.kind == "rollup":
        # A preview has the number of its month: the last part tells them apart.
        base = {"6.1": 23600, "6.2": 22000, "6.3": 18500}[update.nt] + int(update.month[5:7]) * 30
        last = 2 if update.month.endswith("p") else 1
        return f"Package_for_RollupFix~{token}{update.build}.{base}.1.{last}"
    return f"Package_for_{update.kb}~{token}{profile.nt_version}.1.0"

"""Takes one collection out of PyPI's ``ansible`` package, which carries a hundred of them."""

from __future__ import annotations

import sys
import sysconfig
import zipfile
from pathlib import Path


def unpack(wheel: Path, collection: str, directory: Path) -> int:
    """Put the files of ``ansible.windows`` (or another) where Ansible finds it; how many it was."""
    prefix = f"ansible_collections/{collection.replace('.', '/')}/"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(prefix)]
        archive.extractall(directory, names)
    return len(names)


def main() -> None:
    """The process, run by the Python of the environment to fill: DIRECTORY-OF-WHEEL COLLECTION."""
    (wheel,) = Path(sys.argv[1]).glob("ansible-*.whl")
    if not unpack(wheel, sys.argv[2], Path(sysconfig.get_paths()["purelib"])):
        raise SystemExit(f"{wheel.name} has no {sys.argv[2]}")


if __name__ == "__main__":
    main()

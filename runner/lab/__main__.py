"""``python -m runner.lab SPEC.json --dir DIR``: serve a simulated fleet until told to stop."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runner.lab.control.daemon import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m runner.lab", description=__doc__)
    parser.add_argument("spec", type=Path, metavar="SPEC.json", help="the hosts to simulate")
    parser.add_argument(
        "--dir", type=Path, required=True, metavar="DIR", help="where the running lab is recorded"
    )
    given = parser.parse_args()
    sys.exit(main(given.spec, given.dir))

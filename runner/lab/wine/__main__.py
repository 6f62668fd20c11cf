"""``python -m runner.lab.wine``: make the template of Wine machines, if it is not there yet."""

from __future__ import annotations

import sys

from runner.lab.wine.found import WineError
from runner.lab.wine.template import template


def main() -> int:
    """Print where it is; 1 and the reason where there is no Wine."""
    try:
        print(template().prefix)
    except WineError as error:
        print(f"no Wine machines: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

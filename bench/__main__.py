"""``python -m bench compare|scale|parts|docs``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import docs, parts, report, results
from bench.cases import MATRICES
from bench.compare import compare
from bench.computer import describe
from bench.scale import scale


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("compare", help="this runner, pywinrm, pypsrp and ansible-core")
    one.add_argument("--matrix", choices=sorted(MATRICES), default="quick")
    one.add_argument("--rounds", type=int, default=3)
    one = verbs.add_parser("scale", help="this runner on growing fleets")
    one.add_argument("--hosts", default="1000,5000,10000")
    one.add_argument("--tasks", type=int, default=1)
    one.add_argument("--rounds", type=int, default=1)
    one.add_argument("--forks", type=int)
    one.add_argument("--endpoints", type=int, default=2)
    one = verbs.add_parser("parts", help="first result, plan, journal")
    one.add_argument("--rounds", type=int, default=3)
    verbs.add_parser("docs", help="write the latest results into docs/performance.md")
    for verb in ("compare", "scale", "parts"):
        verbs.choices[verb].add_argument("--output", type=Path, default=results.LATEST)
    words = parser.parse_args()
    if words.verb == "docs":
        docs.write()
        return
    machine = describe()
    whole = True
    if words.verb == "compare":
        rows, whole = compare(MATRICES[words.matrix](), words.rounds)
    elif words.verb == "scale":
        fleets = [int(number) for number in words.hosts.split(",")]
        rows = scale(fleets, words.tasks, words.rounds, words.forks, words.endpoints)
    else:
        rows = parts.measure(words.rounds)
    results.save(words.verb, rows, machine, words.output)
    section = results.load(words.output)[words.verb]
    if words.verb == "compare":  # its tables were shown as they came
        sys.stdout.write(report.origin(section) + "\n")
    else:
        shown = {"scale": report.scale, "parts": report.parts}
        sys.stdout.write(shown[words.verb](section) + "\n")
    if not whole:
        raise SystemExit("some clients failed: see above")


if __name__ == "__main__":
    main()

"""How ``apt`` finds what is there, and what apt-get would do about it."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output, Query, Reply, Script, read
from runner.modules._parts import apt_plan
from runner.modules._parts.apt_params import WILD, Params
from runner.modules._parts.apt_plan import Request
from runner.modules._parts.packages import PROVIDED, Package, PackagesState
from runner.posix import debian, tools
from runner.posix.debian import Spec

MANAGER: Final = "apt"
_ENVIRONMENT: Final = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBIAN_PRIORITY": "critical",
    "APT_LISTCHANGES_FRONTEND": "none",
}


def apt_get(params: Params, *words: str, timeout: float = 3600.0) -> Script:
    """A call of apt-get that asks nothing and waits for its lock."""
    options = ["-y", "-o", f"DPkg::Lock::Timeout={params.lock_timeout}"]
    for option in params.dpkg_options:
        options += ["-o", f"Dpkg::Options::=--{option}"]
    return tools.tool("apt-get", *options, *words, env=_ENVIRONMENT, timeout=timeout)


def release(params: Params) -> tuple[str, ...]:
    """The options for ``default_release``."""
    return () if params.default_release is None else ("-t", params.default_release)


def find(params: Params) -> Generator[Query, Reply, PackagesState]:
    """What is there, what the repositories offer, and what apt-get would do about it."""
    clock, native = yield from read(
        tools.script(debian.READ_CACHE_TIME), tools.tool("dpkg", "--print-architecture")
    )
    tools.expect(native, "ask dpkg for the architecture (is this a Debian host?)")
    now, nano, stamp = [*clock.stdout.split(), "0", "0", "0"][:3]
    state = PackagesState(
        manager=MANAGER,
        clock=int(now),
        cache_time=int(stamp),
        mark=f"runner::change={now}.{nano}",
    )
    if params.deb is not None:
        found = yield from _files(params, native.stdout.strip())
    else:
        found = yield from _named_packages(params, native.stdout.strip())
    state = dataclasses.replace(state, found=found)
    request = apt_plan.request(params, state, virtual=True)
    if request:
        state = yield from _simulate(params, state, request)
    autos = yield from _automatic([p.name for p in state.found if p.version is not None])
    shown = apt_plan.shown(params, state.found)
    return dataclasses.replace(state, packages=shown, automatic=autos)


def _named_packages(params: Params, native: str) -> Generator[Query, Reply, tuple[Package, ...]]:
    specs = yield from _expanded(params)
    if not specs:
        return ()
    names = [spec.name for spec in specs]
    status, offers = yield from read(
        tools.tool("dpkg-query", "-W", "-f", debian.DPKG_FORMAT, "--", *names),
        tools.tool("apt-cache", *release(params), "policy", "--", *names),
    )
    known = debian.installed(tools.expect(status, "ask dpkg what is installed", (0, 1)).stdout)
    policies = debian.policies(tools.expect(offers, "ask apt what there is").stdout)
    purges = params.purge and params.state == "absent"
    found = []
    for spec in specs:
        here = debian.find(known, spec.name, native)
        policy = policies.get(spec.name) or policies.get(spec.name.partition(":")[0])
        versions = policy.versions if policy else ()
        version = here.version if here else None
        found.append(
            Package(
                spec.text,
                spec.name,
                version,
                policy.candidate if policy else None,
                versions,
                # What is left of a package matters only to who purges it.
                residual=here is not None and version is None and purges,
                virtual=policy is not None and policy.candidate is None and not versions
                and version is None,
            )
        )  # fmt: skip
    return tuple(found)


def _expanded(params: Params) -> Generator[Query, Reply, tuple[Spec, ...]]:
    """The specs, with patterns replaced by the names that they match on that host."""
    specs = [Spec.of(text) for text in params.specs]
    wild = [spec for spec in specs if WILD.search(spec.name)]
    if not wild:
        return tuple(specs)
    if params.state == "absent":
        (out,) = yield from read(tools.tool("dpkg-query", "-W", "-f", "${Package}\\n"))
    else:
        (out,) = yield from read(tools.tool("apt-cache", "pkgnames"))
    names = sorted(set(tools.expect(out, "list the names of packages").stdout.split()))
    found: list[Spec] = []
    for spec in specs:
        if spec not in wild:
            found.append(spec)
            continue
        matching = fnmatch.filter(names, spec.name)
        if not matching and params.state != "absent":
            raise ModuleError(f"no package matches '{spec.name}'")
        found += [Spec(n + spec.tail, n, spec.sign, spec.version) for n in matching]
    return tuple(found)


_READ_FILE: Final = """\
f=$(readlink -f "$1") && [ -f "$f" ] || { echo "there is no file $1" >&2; exit 3; }
echo "File: $f"
dpkg-deb -f "$f" Package Version Architecture
"""


def _files(params: Params, native: str) -> Generator[Query, Reply, tuple[Package, ...]]:
    paths = [part.strip() for part in (params.deb or "").split(",")]
    calls = [tools.script(_READ_FILE, tools.Expanded(path)) for path in paths]
    fields = [_fields(out) for out in (yield from read(*calls))]
    names = [f["Package"] for f in fields]
    (status,) = yield from read(
        tools.tool("dpkg-query", "-W", "-f", debian.DPKG_FORMAT, "--", *names)
    )
    known = debian.installed(tools.expect(status, "ask dpkg what is installed", (0, 1)).stdout)
    found = []
    for f in fields:
        foreign = f["Architecture"] not in ("all", native)
        name = f"{f['Package']}:{f['Architecture']}" if foreign else f["Package"]
        here = debian.find(known, name, native)
        version = here.version if here else None
        found.append(Package(name, name, version, f["Version"], (f["Version"],), file=f["File"]))
    return tuple(found)


def _fields(out: Output) -> dict[str, str]:
    if out.code == 3:
        raise Refused(
            out.stderr.strip(), hint="copy it there first; a URL is for the module get_url"
        )
    text = tools.expect(out, "read the package file").stdout
    found = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if missing := {"File", "Package", "Version", "Architecture"} - found.keys():
        raise ModuleError(f"the package file does not tell its {', '.join(sorted(missing))}")
    return found


def _simulate(
    params: Params, state: PackagesState, request: Request
) -> Generator[Query, Reply, PackagesState]:
    """What apt-get would do, whether there is a way back from it, and what is only virtual."""
    (out,) = yield from read(apt_get(params, "--simulate", *request))
    problem = tools.complaint(out) if out.code != 0 else ""
    moves = debian.simulated(out.stdout)
    state = dataclasses.replace(
        state,
        asked=request,
        moves=moves,
        problem=problem,
        pending=tuple(sorted(map(str, moves))) if params.whole else (),
        found=tuple(_provided(package, moves, problem) for package in state.found),
    )
    touched = [move.name for move in moves if move.before is not None]
    if not touched:
        return state
    (offers,) = yield from read(tools.tool("apt-cache", "policy", "--", *touched))
    policies = debian.policies(offers.stdout)
    lost = tuple(
        f"{move.name} {move.before}"
        for move in moves
        if move.before is not None
        and (name := policies.get(move.name)) is not None
        and move.before not in name.versions
    )
    autos = yield from _automatic(touched)
    return dataclasses.replace(state, lost=lost, kept_automatic=autos)


def _provided(package: Package, moves: tuple[debian.Move, ...], problem: str) -> Package:
    """A virtual package is there when nothing has to be installed for its sake."""
    if not package.virtual or moves or problem:
        return package
    return dataclasses.replace(package, version=PROVIDED)


def _automatic(names: list[str]) -> Generator[Query, Reply, tuple[str, ...]]:
    if not names:
        return ()
    (out,) = yield from read(tools.tool("apt-mark", "showauto", "--", *names))
    marked = out.stdout.split()
    return tuple(n for n in names if n in marked or n.partition(":")[0] in marked)

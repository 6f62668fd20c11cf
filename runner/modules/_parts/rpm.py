"""How ``dnf`` and ``yum`` find what is there, and what would be done about it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Query, Reply, Script, read
from runner.modules._parts import rpm_plan
from runner.modules._parts.packages import Package, PackagesState
from runner.modules._parts.rpm_params import Params, parts
from runner.modules._parts.rpm_plan import DNF, YUM
from runner.posix import redhat, tools

_LOOK: Final = """\
echo "machine $(uname -m)"
command -v dnf >/dev/null && echo dnf && dnf --version 2>/dev/null | head -n 1
command -v yum >/dev/null && echo yum
exit 0
"""


def call(params: Params, program: str, *words: str, timeout: float = 3600.0) -> Script:
    """A call of dnf or yum that asks nothing, with the task's options."""
    return tools.tool(program, "-y", *_options(params), *words, timeout=timeout)


def _options(params: Params) -> list[str]:
    options = [f"--enablerepo={','.join(params.enablerepo)}"] if params.enablerepo else []
    options += [f"--disablerepo={','.join(params.disablerepo)}"] if params.disablerepo else []
    options += [f"--exclude={','.join(params.exclude)}"] if params.exclude else []
    options += [f"--enableplugin={','.join(params.enable_plugin)}"] if params.enable_plugin else []
    options += (
        [f"--disableplugin={','.join(params.disable_plugin)}"] if params.disable_plugin else []
    )
    for name, value in (
        ("--config", params.conf_file),
        ("--releasever", params.releasever),
        ("--disableexcludes", params.disable_excludes),
        ("--installroot", None if params.installroot == "/" else params.installroot),
    ):
        options += [f"{name}={value}"] if value is not None else []
    best = params.best if params.nobest is None else not params.nobest
    for flag, asked in (
        ("--nogpgcheck", params.disable_gpg_check),
        ("--skip-broken", params.skip_broken),
        ("--setopt=sslverify=0", not params.sslverify),
        ("--setopt=install_weak_deps=False", not params.install_weak_deps),
        ("--allowerasing", params.allowerasing),
        ("--cacheonly", params.cacheonly),
        ("--security", params.security),
        ("--bugfix", params.bugfix),
        ("--best", best is True),
        ("--nobest", best is False),
    ):
        options += [flag] if asked else []
    return options


def find(params: Params) -> Generator[Query, Reply, PackagesState]:
    """What is there, what the repositories offer, and what would be done about it."""
    look, rpms = yield from read(tools.script(_LOOK), _query(params))
    words = look.stdout.split()
    program = DNF if "dnf" in words else YUM if "yum" in words else ""
    if not program:
        raise ModuleError("there is neither dnf nor yum on this host")
    if "dnf5" in words:
        raise ModuleError(
            "this host has dnf5, whose answers are others than dnf's",
            hint="use the module 'command' with creates or check",
        )
    if params.use_backend in ("dnf", "dnf4", "yum4") and program != DNF:
        raise ModuleError("there is no dnf on this host", hint="leave use_backend out")
    machine = words[1] if len(words) > 1 else ""
    found = yield from _offered(params, program, machine, rpms.stdout)
    (history,) = yield from read(call(params, program, "history", "list"))
    state = PackagesState(
        manager=program,
        found=found,
        packages=rpm_plan.shown(params, found),
        mark=str(redhat.last_transaction(history.stdout)),
    )
    words_ = rpm_plan.request(params, state)
    return (yield from _simulate(params, state, words_)) if words_ else state


def _query(params: Params) -> Script:
    return _rpms(params, [parts(spec)[0] for spec in params.specs])


def _rpms(params: Params, names: list[str]) -> Script:
    return tools.script(f"q='{redhat.ROW}'\n{redhat.READ_RPMS}", params.installroot, *names)


def _offered(
    params: Params, program: str, machine: str, text: str
) -> Generator[Query, Reply, tuple[Package, ...]]:
    here = list(redhat.specs(text))
    if params.removes:
        return tuple(
            Package(spec, rpm.name, rpm.evr) for spec, rpms, _ in here for rpm in rpms
        ) + tuple(Package(spec, spec) for spec, rpms, _ in here if not rpms)
    names = [name for name, _, _ in here if not name.endswith(".rpm")]
    rows: tuple[redhat.Rpm, ...] = ()
    if names:
        listing = call(params, program, "-q", "list", "available", "--showduplicates", *names)
        (out,) = yield from read(listing)
        rows = redhat.listed(out.stdout)
    found = []
    for spec, (name, rpms, file) in zip(params.specs, here, strict=True):
        version = rpms[-1].evr if rpms else None
        short = rpms[-1].name if rpms else file[0].name if file else name
        offers = _own(file or _matching(rows, name, short), machine)
        best = max(offers, key=rpm_plan.Newest, default=None)
        found.append(
            Package(
                spec,
                short if rpms or file or best is None else best.name,
                version,
                best.evr if best else None,
                tuple(rpm.evr for rpm in offers),
                file=name if name.endswith(".rpm") else "",
            )
        )
    return (yield from _other_versions(params, tuple(found)))


def _other_versions(
    params: Params, found: tuple[Package, ...]
) -> Generator[Query, Reply, tuple[Package, ...]]:
    """Of a package that the task names with a version, another one may be installed."""
    asked = [p.name for p in found if p.version is None and p.name != parts(p.spec)[0]]
    if not asked:
        return found
    (out,) = yield from read(_rpms(params, asked))
    here = {spec: rpms[-1].evr for spec, rpms, _ in redhat.specs(out.stdout) if rpms}
    return tuple(
        dataclasses.replace(p, version=here.get(p.name)) if p.version is None else p for p in found
    )


def _matching(rows: tuple[redhat.Rpm, ...], name: str, short: str) -> list[redhat.Rpm]:
    """The rows that a spec means: by name, name-version, name.arch; else what provides it."""
    by_name = [rpm for rpm in rows if rpm.name in (name, short)]
    if by_name:
        return by_name
    exact = [rpm for rpm in rows if name in _spellings(rpm)]
    return exact or ([*rows] if name.startswith("/") and len({r.name for r in rows}) == 1 else [])


def _spellings(rpm: redhat.Rpm) -> set[str]:
    version = rpm.evr.rpartition(":")[2].partition("-")[0]
    short = rpm.evr.rpartition(":")[2]
    forms = {rpm.name, f"{rpm.name}-{version}", f"{rpm.name}-{short}", f"{rpm.name}-{rpm.evr}"}
    return forms | {f"{form}.{rpm.arch}" for form in forms}


def _own(rows: Any, machine: str) -> list[redhat.Rpm]:
    """Packages of the host's own kind; others only where there are none of these."""
    own = [rpm for rpm in rows if rpm.arch in (machine, "noarch", "i686" if re.fullmatch(
        "i[3-6]86", machine) else machine)]  # fmt: skip
    return own or [*rows]


def _simulate(
    params: Params, state: PackagesState, words: tuple[str, ...]
) -> Generator[Query, Reply, PackagesState]:
    """What would be done: both programs print it, and stop when the answer is no."""
    manager = state.manager
    (look,) = yield from read(
        tools.tool(manager, *_options(params), "--assumeno", *words, timeout=600.0)
    )
    moves = redhat.transaction(look.stdout)
    said = look.stdout + look.stderr
    nothing = "othing to do" in said or "No packages marked for update" in said
    stopped = look.code == 0 or nothing or redhat.SUMMARY in look.stdout
    state = dataclasses.replace(
        state,
        asked=words,
        moves=moves,
        problem="" if stopped else tools.complaint(look) or f"exit code {look.code}",
    )
    if any(move.before is not None for move in moves):
        state = yield from _ways_back(params, state)
    pending = tuple(sorted(map(str, state.moves))) if params.whole else ()
    return dataclasses.replace(state, pending=pending)


def _ways_back(params: Params, state: PackagesState) -> Generator[Query, Reply, PackagesState]:
    """Of what is there and would go: the versions, whether they can be had again, and for whose
    sake they are installed."""
    names = [move.name for move in state.moves if move.before is not None]
    rpms, offers, chosen = yield from read(
        _rpms(params, names),
        call(params, state.manager, "-q", "list", "available", "--showduplicates", *names),
        call(params, state.manager, "-q", "history", "userinstalled"),
    )
    here = {spec: found[-1].evr for spec, found, _ in redhat.specs(rpms.stdout) if found}
    there = {(rpm.name, rpm.evr) for rpm in redhat.listed(offers.stdout)}
    moves = tuple(
        dataclasses.replace(move, before=here.get(move.name, move.before))
        if move.before is not None
        else move
        for move in state.moves
    )
    users = chosen.stdout.split()
    return dataclasses.replace(
        state,
        moves=moves,
        lost=tuple(f"{name} {evr}" for name, evr in here.items() if (name, evr) not in there),
        kept_automatic=tuple(
            name
            for name, evr in here.items()
            if state.manager == DNF
            and chosen.code == 0
            and not any(word.startswith(f"{name}-{evr}") for word in users)
        ),
    )

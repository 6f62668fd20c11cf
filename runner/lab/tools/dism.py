"""dism.exe on the running system (/online): packages and optional features.

Exit codes are HRESULTs: 0, 3010 (restart needed), 87 (unknown option), 0x800f081e (not
applicable), 0x800f080c (no such feature), 0x800f0806 (pending operation), 0x800f0805 (no package).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.lab.state.process import Process
from runner.lab.state.servicing import INSTALL_PENDING, INSTALLED, SUPERSEDED, UNINSTALL_PENDING
from runner.lab.toolkit.installing import find_package, verdict

NOT_APPLICABLE, UNKNOWN_FEATURE, PENDING = 0x800F081E, 0x800F080C, 0x800F0806
NOT_A_PACKAGE, UNKNOWN_OPTION, RESTART = 0x800F0805, 87, 3010

_STATES = {
    INSTALLED: "Installed", INSTALL_PENDING: "Install Pending", SUPERSEDED: "Superseded",
    UNINSTALL_PENDING: "Uninstall Pending",
}  # fmt: skip
_FLAGS = {"online", "english", "quiet", "norestart", "ignorecheck"}
_VERBS = {"get-featureinfo", "get-features", "get-packages", "get-packageinfo", "add-package",
          "remove-package", "enable-feature", "disable-feature"}  # fmt: skip
_VALUED = {"featurename", "packagepath", "packagename", "format", "logpath", "loglevel"}


@dataclass(slots=True)
class _Options:
    verb: str = ""
    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)


class _Fault(Exception):
    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


def main(process: Process) -> int:
    """Take the options apart and run the one verb."""
    host = process.host
    try:
        options = _parse(process)
        quiet = "quiet" in options.flags
        if not quiet:
            process.out(_banner(process))
        code = _run(process, options)
    except _Fault as fault:
        shown = f"0x{fault.code:08x}" if fault.code > 0xFFFF else str(fault.code)
        process.out(f"\nError: {shown}\n\n{fault.text}\n\nThe DISM log file can be found at "
                    rf"{host.system_root}\Logs\DISM\dism.log" + "\n")  # fmt: skip
        return fault.code
    if not quiet and code in (0, RESTART):
        process.out("The operation completed successfully.\n")
    return code


def _banner(process: Process) -> str:
    version = process.host.file_version()
    return (
        "\nDeployment Image Servicing and Management tool\n"
        f"Version: {version}\n\nImage Version: {version}\n\n"
    )


def _parse(process: Process) -> _Options:
    options = _Options()
    for word in process.args:
        name, colon, value = word[1:].partition(":")
        name = name.lower()
        if word[:1] not in "/-":
            raise _Fault(UNKNOWN_OPTION, f"The {word} option is unknown.")
        if name in _VERBS and not options.verb:
            options.verb = name
        elif name in _FLAGS and not colon:
            options.flags.add(name)
        elif name in _VALUED and colon:
            options.values[name] = value
        elif name in ("remove", "all", "source", "limitaccess", "image"):
            process.not_simulated(f"dism {word}")
        else:
            raise _Fault(UNKNOWN_OPTION, f"The {name} option is unknown.")
    if "online" not in options.flags:
        process.not_simulated("dism without /online")
    if options.values.get("format", "list").lower() != "list":
        process.not_simulated("dism /format:table")
    if not options.verb:
        raise _Fault(UNKNOWN_OPTION, "No operation was given.")
    return options


def _run(process: Process, options: _Options) -> int:
    match options.verb:
        case "get-featureinfo":
            return _feature_info(process, options)
        case "get-features":
            return _features(process)
        case "enable-feature" | "disable-feature":
            return _turn(process, options, enabled=options.verb.startswith("enable"))
        case "get-packages":
            return _packages(process)
        case "get-packageinfo":
            return _package_info(process, options)
        case "add-package":
            return _add(process, options)
    return _remove(process, options)


def _value(options: _Options, name: str) -> str:
    if name not in options.values:
        raise _Fault(UNKNOWN_OPTION, f"A required option is missing: {name}.")
    return options.values[name]


def _feature_info(process: Process, options: _Options) -> int:
    name = _value(options, "featurename")
    feature = process.host.servicing.features.find(name)
    if feature is None:
        raise _Fault(UNKNOWN_FEATURE, f"Feature name {name} is unknown.")
    process.out(
        f"Feature Information:\n\nFeature Name : {feature.name}\n"
        f"Display Name : {feature.display_name}\nDescription : {feature.display_name}.\n"
        f"Restart Required : Possible\nState : {feature.state}\n\n"
        "Custom Properties:\n\n(No custom properties found)\n\n"
    )
    return 0


def _features(process: Process) -> int:
    arch = "x86" if process.host.profile.arch == "x86" else "amd64"
    process.out(f"Features listing for package : Microsoft-Windows-Foundation-Package~{arch}\n\n")
    for feature in process.host.servicing.features:
        process.out(f"Feature Name : {feature.name}\nState : {feature.state}\n\n")
    return 0


def _turn(process: Process, options: _Options, *, enabled: bool) -> int:
    name = _value(options, "featurename")
    process.mutates()
    servicing = process.host.servicing
    feature = servicing.features.find(name)
    if feature is None:
        raise _Fault(UNKNOWN_FEATURE, f"Feature name {name} is unknown.")
    if feature.pending is not None:
        if feature.pending == enabled:
            return RESTART
        raise _Fault(PENDING, "The operation could not be completed due to pending operations.")
    if feature.enabled == enabled:
        return 0
    process.sleep(process.host.spec.update_seconds)
    if feature.name == "SMB1Protocol":
        feature.pending = enabled
        servicing.set_reboot_pending()
        return RESTART
    feature.enabled = enabled
    return 0


def _packages(process: Process) -> int:
    process.out("Packages listing:\n\n")
    for name, state in process.host.servicing.packages():
        kind = "Security Update" if name.startswith("Package_for") else "Foundation"
        process.out(
            f"Package Identity : {name}\nState : {_STATES.get(state, 'Staged')}\n"
            f"Release Type : {kind}\nInstall Time : \n\n"
        )
    return 0


def _package_info(process: Process, options: _Options) -> int:
    name = _value(options, "packagename")
    states = {package.lower(): (package, state)
              for package, state in process.host.servicing.packages()}  # fmt: skip
    if name.lower() not in states:
        raise _Fault(NOT_A_PACKAGE, "The specified package is not valid Windows package.")
    package, state = states[name.lower()]
    process.out(f"Package information:\n\nPackage Identity : {package}\n"
                f"Applicable : Yes\nState : {_STATES.get(state, 'Staged')}\n\n")  # fmt: skip
    return 0


def _add(process: Process, options: _Options) -> int:
    path = _value(options, "packagepath")
    process.mutates()
    host = process.host
    name = find_package(process, path)
    if host.files.find(process.absolute(path)) is None:
        raise _Fault(3, f"An error occurred trying to open - {path} Error: 0x80070003")
    if name is not None and name.ending == "msu":
        process.not_simulated("dism /add-package of an .msu: expand it first")
    if name is None or name.ending != "cab":
        raise _Fault(NOT_A_PACKAGE, "The specified package is not valid Windows package.")
    answer, update = verdict(process, name)
    if answer == "not applicable" or update is None:
        raise _Fault(NOT_APPLICABLE, "The specified package is not applicable to this image.")
    if answer == "installed":
        return 0
    if answer == "pending":
        return RESTART
    process.sleep(host.spec.update_seconds)
    host.servicing.install(update, "DISM Package Manager Provider")
    host.note(f"dism: {update.kb} installed, restart pending")
    return RESTART


def _remove(process: Process, options: _Options) -> int:
    name = _value(options, "packagename") if "packagepath" not in options.values else ""
    if not name:
        process.not_simulated("dism /remove-package /packagepath")
    process.mutates()
    servicing = process.host.servicing
    states = {package.lower(): (package, state) for package, state in servicing.packages()}
    if name.lower() not in states:
        raise _Fault(NOT_A_PACKAGE, "The specified package is not valid Windows package.")
    package, state = states[name.lower()]
    if state == UNINSTALL_PENDING:
        return RESTART
    if state == INSTALL_PENDING:
        raise _Fault(PENDING, "The operation could not be completed due to pending operations.")
    process.sleep(process.host.spec.update_seconds)
    servicing.remove(package)
    process.host.note(f"dism: {package} removed, restart pending")
    return RESTART

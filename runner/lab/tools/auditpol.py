"""auditpol.exe: /set and /backup. Exit codes are Win32 errors.

Source: Microsoft, "auditpol set", "auditpol backup". The words in the backup's column of settings
are those of the system's language; the number behind them is not.
"""

from __future__ import annotations

from runner.lab.profiles.audit import SUBCATEGORIES
from runner.lab.state.process import Process

_HEAD = (
    "Machine Name,Policy Target,Subcategory,Subcategory GUID,Inclusion Setting,"
    "Exclusion Setting,Setting Value"
)
_WORDS = {
    "enu": ("No Auditing", "Success", "Failure", "Success and Failure"),
    "deu": ("Keine Überwachung", "Erfolg", "Fehler", "Erfolg und Fehler"),
    "rus": ("Нет аудита", "Успех", "Сбой", "Успех и сбой"),
    "chs": ("无审核", "成功", "失败", "成功和失败"),
    "jpn": ("監査なし", "成功", "失敗", "成功および失敗"),
}
_LOCAL = {("deu", "Logon"): "Anmelden", ("rus", "Logon"): "Вход в систему",
          ("chs", "Logon"): "登录", ("jpn", "Logon"): "ログオン"}  # fmt: skip
_BAD = 87


def main(process: Process) -> int:
    """Dispatch on the verb."""
    words = process.args
    verb = words[0].lower() if words else ""
    options = {k.lower(): v for k, _, v in (word.partition(":") for word in words[1:])}
    if verb == "/backup" and set(options) == {"/file"}:
        return _backup(process, options["/file"])
    if verb == "/set" and "/subcategory" in options:
        return _set(process, options)
    return process.not_simulated(f"auditpol {' '.join(words)}")


def _backup(process: Process, name: str) -> int:
    path = process.absolute(name)
    process.makes_file(path)
    host = process.host
    language = host.profile.language.key
    lines = [_HEAD]
    for guid, setting in host.security.policy.audit.items():
        english = SUBCATEGORIES[guid][1]
        shown = _LOCAL.get((language, english), english)
        words = _WORDS[language][setting]
        lines.append(f"{host.name.upper()},System,{shown},{guid},{words},,{setting}")
    text = "\r\n".join([*lines, ""])
    try:
        data = b"\xff\xfe" + text.encode("utf-16-le")
        host.files.write(path, data, host.clock.now())
    except OSError:
        return process.fail(3, "Error 0x00000003 occurred:\nThe system cannot find the path.\n")
    process.out("The command was successfully executed.\n")
    return 0


def _set(process: Process, options: dict[str, str]) -> int:
    process.mutates()
    audit = process.host.security.policy.audit
    guid = options["/subcategory"].upper()
    if guid not in audit:
        return process.fail(_BAD, "Error 0x00000057 occurred:\nThe parameter is incorrect.\n\n")
    setting = audit[guid]
    for word, bit in (("/success", 1), ("/failure", 2)):
        match options.get(word, "").lower():
            case "enable":
                setting |= bit
            case "disable":
                setting &= ~bit
            case "":
                pass
            case other:
                process.not_simulated(f"auditpol /set {word}:{other}")
    audit[guid] = setting
    process.out("The command was successfully executed.\n")
    return 0

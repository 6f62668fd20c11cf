r"""The same for the modules that find, end and put away what does not belong on a host."""

from __future__ import annotations

from typing import Final

from tests.modules.contract.cases import Case

_FILES = {
    r"C:\app\sub dir\b.txt": {"content": "b"},
    r"C:\app\a.ini": {"content": "[x]\r\nserver=1\r\nport=2\r\n", "attributes": "AHR"},
    r"C:\app\unix.txt": {"content": "a\nb"},
    r"C:\Windows\tasksche.exe": {"content": "MZ evil", "attributes": "AHS"},
    r"C:\WINDOWS\mssecsvc.exe": {"content": "MZ worm"},
}
_TASK = {
    "name": "nightly check",
    "path": r"\\agent",
    "username": "SYSTEM",
    "actions": [{"path": "cmd.exe", "arguments": '/c echo a & b > "C:\\x y"'}],
    "triggers": [{"type": "daily", "start_boundary": "2017-05-15T03:00:00"}],
    "execution_time_limit": "P3D",
}
PRODUCT = "{0240359E-6A4C-4884-9E94-B397A02D893C}"
_MSI = {r"C:\set up\a.msi": {"content": f"lab msi {PRODUCT} 1.2 Agent"}}
DNS_SERVERS: Final = (
    "2003-sp2", "2008-sp2", "2008r2-sp1", "2012", "2012r2", "2016", "2019", "2022", "2025",
)  # fmt: skip
_EVIL = {"path": r"C:\Windows\tasksche.exe", "quarantine": True}


REMEDY_CASES: Final = (
    Case("process-file", "win_process", _EVIL, state={"files": _FILES}),
    Case("process-file-2003", "win_process", _EVIL, "2003-sp1", {"files": _FILES}),
    Case("process-files", "win_process",
         {"path": [r"C:\Windows\tasksche.exe", r"C:\WINDOWS\mssecsvc.exe", r"C:\nix"],
          "quarantine": True},
         "2022", {"files": _FILES}),
    Case("line-replace", "win_lineinfile",
         {"path": r"C:\app\a.ini", "regex": "^server=", "line": "server=é"},
         state={"files": _FILES}),
    Case("line-add-2003", "win_lineinfile",
         {"path": r"C:\app\unix.txt", "line": "c & d", "newline": "unix"}, "2003-sp2",
         {"files": _FILES}),
    Case("line-gone", "win_lineinfile",
         {"path": r"C:\app\a.ini", "regexp": "port|server", "state": "absent"}, "2022",
         {"files": _FILES}),
    Case("line-new-file", "win_lineinfile",
         {"path": r"C:\new\x y.txt", "line": "x", "create": True, "encoding": "utf-16"}),
    Case("task-new", "win_scheduled_task", _TASK),
    Case("task-new-2008", "win_scheduled_task",
         {**_TASK, "username": "LocalService", "enabled": False, "run_level": "highest"},
         "2008-sp2"),
    Case("task-new-2025", "win_scheduled_task",
         {**_TASK, "description": "é & <b>", "restart_count": 3, "restart_interval": "PT5M",
          "multiple_instances": 3, "priority": 4},
         "2025"),
    *(Case(f"dns-zone-{os}", "win_dns_zone",
           {"name": "sink.example", "replication": "none"}, os, {"role": "dns_server"})
      for os in DNS_SERVERS),
    *(Case(f"dns-record-{os}", "win_dns_record",
           {"zone": "sink.example", "name": "www", "type": "A", "value": "10.0.0.9"}, os,
           {"role": "dns_server", "dns_zones": ["sink.example"]})
      for os in DNS_SERVERS),
    *(Case(f"dns-{kind}", "win_dns_zone",
           {"name": "sink.example", "type": kind, "dns_servers": ["10.0.0.5", "10.0.0.6"],
            "replication": "none"},
           os, {"role": "dns_server"})
      for kind, os in (("secondary", "2003-sp2"), ("stub", "2019"), ("forwarder", "2008-sp2"))),
    Case("dns-forwarder-directory", "win_dns_zone",
         {"name": "sink.example", "type": "forwarder", "dns_servers": "10.0.0.5",
          "replication": "forest", "forwarder_timeout": 9}, "2022", {"role": "domain_controller"}),
    *(Case(f"dns-record-{kind.lower()}", "win_dns_record",
           {"zone": "sink.example", "name": "_x._tcp", "type": kind, **raw}, os,
           {"role": "dns_server", "dns_zones": ["sink.example"]})
      for kind, os, raw in (
          ("SRV", "2003-sp2", {"value": "a.example", "priority": 5, "weight": 2, "port": 995}),
          ("MX", "2016", {"value": "mail.example", "priority": 10, "aging": True}),
          ("TXT", "2008-sp2", {"value": "v=x %PATH% & (y) 'z'", "ttl": 60}),
      )),
    Case("package", "win_package",
         {"path": r"C:\set up\a.msi", "product_id": PRODUCT, "arguments": 'DIR="C:\\x y" B=1'},
         state={"files": _MSI}),
    Case("package-2003", "win_package",
         {"path": r"C:\set up\a.msi", "product_id": PRODUCT.lower(),
          "log_path": r"C:\a b.log"}, "2003-sp2", {"files": _MSI}),
    Case("isolate", "win_isolate", {"allow": ["10.0.0.5", "10.0.8.0/24", "fd00::5"]}),
    Case("isolate-2008", "win_isolate", {"allow": "10.0.0.5"}, "2008-sp2"),
    Case("isolate-2025", "win_isolate", {"allow": "10.0.0.5-10.0.0.9", "name": "WR"}, "2025"),
    Case("shadow-copy", "win_shadow_copy", {}, again=True),
    Case("shadow-copy-2003", "win_shadow_copy", {"volume": "c:\\"}, "2003-sp2", again=True),
)  # fmt: skip

REMEDY_READS: Final = (
    Case("find", "win_find", {"paths": "C:\\app", "recurse": True}, state={"files": _FILES}),
    Case("find-old", "win_find", {"paths": [r"C:\app", r"C:\nix"], "recurse": True, "age": "1d"},
         "2003-sp2", {"files": _FILES}),
    Case("find-folders", "win_find",
         {"paths": r"C:\app", "file_type": "directory", "patterns": "sub*"}, "2025",
         {"files": _FILES}),
)  # fmt: skip

"""Runs cases through ansible-core; started by the Python of an environment that has it.

Reads a JSON list of ``{"id", "folder", "args"}`` from standard input, writes ``{id: {"exit",
"events"}}`` to standard output. Ansible is imported once; each case is a fork of that.
"""

import json
import os
import sys
import traceback
from pathlib import Path

PLUGINS = Path(__file__).parent / "callback"


def main() -> None:
    home = sys.argv[1]
    config = Path(home, "ansible.cfg")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("")
    os.environ.update(
        ANSIBLE_CALLBACK_PLUGINS=str(PLUGINS),
        ANSIBLE_STDOUT_CALLBACK="conformance",
        ANSIBLE_CONFIG=str(config),
        ANSIBLE_HOME=home,
        ANSIBLE_LOCAL_TEMP=f"{home}/tmp",
        ANSIBLE_REMOTE_TEMP=f"{home}/tmp",
        ANSIBLE_LOCALHOST_WARNING="0",
        ANSIBLE_RETRY_FILES_ENABLED="0",
        ANSIBLE_NOCOLOR="1",
        LC_ALL="C.UTF-8",
    )
    for name in ("ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_ROLES_PATH"):
        os.environ.pop(name, None)
    from ansible.cli.playbook import PlaybookCLI

    found = {}
    for case in json.load(sys.stdin):
        events = Path(case["folder"]) / "ansible.jsonl"
        child = os.fork()
        if child == 0:
            _run(PlaybookCLI, case, events)
        _, status = os.waitpid(child, 0)
        lines = events.read_text(encoding="utf-8").splitlines() if events.exists() else []
        found[case["id"]] = {
            "exit": os.waitstatus_to_exitcode(status),
            "events": [json.loads(line) for line in lines],
        }
    json.dump(found, sys.stdout)


def _run(cli, case, events) -> None:
    code = 250
    try:
        os.environ["CONFORMANCE_EVENTS"] = str(events)
        os.chdir(case["folder"])
        out = os.open("ansible.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        args = ["ansible-playbook", "play.yml", "-i", "hosts.ini", *case["args"]]
        try:
            code = cli(args).run()
        except SystemExit as end:
            code = end.code or 0
    except BaseException as error:  # noqa: BLE001 - its class says the exit code
        traceback.print_exc()
        code = getattr(error, "_exit_code", None) or getattr(error, "exit_code", None) or 250
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))


main()

"""The lab's own door: state, exec, power, faults and counters over HTTP on loopback.

Whoever knows the bearer token in the lab's record may ask; nothing here speaks WinRM.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from runner.lab.control_files import LabError
from runner.lab.fleet import Fleet, Member
from runner.lab.machine import PoweredOff

_log = logging.getLogger(__name__)

Arguments = Mapping[str, Any]


class Control:
    """Answers the verbs of ``Lab`` for one fleet. ``stop`` is called when somebody asks for it."""

    def __init__(self, fleet: Fleet, stop: Callable[[], None]) -> None:
        self.token = secrets.token_urlsafe(32)
        self._fleet = fleet
        self._stop = stop
        self._verbs: Mapping[str, Callable[[Arguments], Any]] = {
            "state": lambda arguments: self._member(arguments).machine.snapshot(),
            "counters": lambda arguments: self._member(arguments).front.counters(),
            "exec": self._exec,
            "power": self._power,
            "fault": self._fault,
            "stop": self._end,
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """Where it listens, as ``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to answer. The fleet's loop accepts; ``serve_forever`` would poll."""
        self._fleet.loop.listen(self._server.socket, self._server.process_request)

    def stop(self) -> None:
        """Close the door."""
        self._fleet.loop.close(self._server.socket)
        self._server.server_close()

    def call(self, verb: str, arguments: Arguments) -> Any:
        """Carry out one verb. Raises LabError with a text for the caller."""
        found = self._verbs.get(verb)
        if found is None:
            raise LabError(f"the lab has no verb {verb!r}")
        try:
            return found(arguments)
        except KeyError as error:
            raise LabError(f"{verb} needs {error}") from error
        except (TypeError, ValueError) as error:
            raise LabError(str(error)) from error

    def _member(self, arguments: Arguments) -> Member:
        return self._fleet.member(str(arguments["host"]))

    def _exec(self, arguments: Arguments) -> dict[str, Any]:
        member = self._member(arguments)
        output: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        cancelled = threading.Event()
        clock = threading.Timer(float(arguments.get("timeout", 600.0)), cancelled.set)
        clock.daemon = True
        clock.start()
        try:
            code = member.machine.run(
                str(arguments["line"]),
                write=lambda stream, data: output[stream].append(data),
                stdin=lambda: b"",
                codepage=int(arguments.get("codepage", 65001)),
                user=member.spec.user,
                cwd=None,
                env={},
                cancelled=cancelled,
            )
        except PoweredOff:
            raise LabError(f"host {member.spec.name} has no power") from None
        finally:
            clock.cancel()
        texts = {name: base64.b64encode(b"".join(parts)) for name, parts in output.items()}
        return {"code": code, **{name: text.decode("ascii") for name, text in texts.items()}}

    def _power(self, arguments: Arguments) -> None:
        machine = self._member(arguments).machine
        switches = {"on": machine.power_on, "off": machine.power_off, "crash": machine.crash}
        wanted = str(arguments["to"])
        if wanted not in switches:
            raise LabError(f"power is switched to {', '.join(switches)}, not to {wanted!r}")
        switches[wanted]()

    def _fault(self, arguments: Arguments) -> None:
        front = self._member(arguments).front
        front.inject(str(arguments["kind"]), int(arguments.get("count", 1)))

    def _end(self, arguments: Arguments) -> None:
        del arguments
        self._stop()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        control = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_POST(self) -> None:
                given = self.headers.get("Authorization", "").encode()
                if not hmac.compare_digest(given, f"Bearer {control.token}".encode()):
                    self._reply(401, {"error": "wrong token"})
                    return
                try:
                    length = int(self.headers.get("Content-Length", "0"))
                    arguments = json.loads(self.rfile.read(length))
                    result = control.call(str(arguments.pop("verb")), arguments)
                except LabError as error:
                    self._reply(400, {"error": str(error)})
                except Exception as error:  # noqa: BLE001 - told to the caller and to the log
                    _log.exception("a control request failed")
                    self._reply(500, {"error": f"the lab failed: {error!r} (see its log)"})
                else:
                    self._reply(200, {"result": result})

            def _reply(self, status: int, content: Mapping[str, Any]) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                _log.debug(format, *args)

        return Handler

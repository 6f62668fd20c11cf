"""Which files of a run hosts may fetch: where the inventory asks for it, and only large ones.

``runner_file_server``: ``true``, or ``ADDR:PORT`` to listen on, or a mapping with ``listen``,
``address`` (this machine as the hosts see it) and ``min_size`` (bytes).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from runner.errors import InventoryError, ModuleError, UsageError
from runner.interfaces.local_file import LocalFile
from runner.interfaces.serving import FILE_SERVER, LARGE, Offering

if TYPE_CHECKING:  # a web server's import takes long, and few runs serve files
    from runner.app.file_server import FileServer, Log


class Settings(BaseModel):
    """What the variable says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: str = ":0"
    address: str = ""
    min_size: int = Field(LARGE, ge=0)

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        from runner.app.file_server import listening

        listening(value)
        return value


class Offers:
    """The file servers of one run: started when first needed, closed with it. Thread-safe."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._servers: dict[str, FileServer] = {}
        self._lock = threading.Lock()

    def of(self, host: str, variables: Mapping[str, Any]) -> Offering | None:
        """What may be offered to a host by its variables. Raises InventoryError."""
        said = variables.get(FILE_SERVER)
        if said in (None, False, "", "no", "false"):
            return None
        data = said if isinstance(said, Mapping) else {}
        if isinstance(said, str) and said.lower() not in ("yes", "true"):
            data = {"listen": said}
        try:
            settings = Settings.model_validate(dict(data))
        except ValidationError as error:
            detail = error.errors()[0]
            place = ".".join(map(str, detail["loc"]))
            raise InventoryError(f"{FILE_SERVER}: {place}: {detail['msg']}") from None
        where = str(variables.get("ansible_host") or host)
        return _HostOffering(self, host, where, settings)

    def server(self, listen: str) -> FileServer:
        """The server that listens there."""
        from runner.app.file_server import FileServer, listening

        with self._lock:
            if listen not in self._servers:
                server = FileServer(listening(listen), self._log)
                self._servers[listen] = server
                self._log(f"file server: listening on {server.address}:{server.port}")
            return self._servers[listen]

    def close(self) -> None:
        """Close the ports."""
        with self._lock:
            servers, self._servers = list(self._servers.values()), {}
        for server in servers:
            server.close()


class _HostOffering(Offering):
    def __init__(self, offers: Offers, host: str, where: str, settings: Settings) -> None:
        self.smallest = settings.min_size
        self._offers = offers
        self._host = host
        self._where = where
        self._settings = settings

    def offer(self, file: LocalFile) -> str:
        from runner.app.file_server import route_to

        try:
            server = self._offers.server(self._settings.listen)
            any_address = server.address in ("0.0.0.0", "::")
            at = self._settings.address or (route_to(self._where) if any_address else "")
        except (UsageError, OSError) as error:
            raise ModuleError(f"the file cannot be offered to the host: {error}") from None
        return server.offer(file, Path(file.path).name or "file", self._host, at=at)

    def withdraw(self, url: str) -> None:
        self._offers.server(self._settings.listen).withdraw(url)

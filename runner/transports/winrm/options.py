"""The WinRM transport's settings, read from Ansible's inventory variables."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from runner.errors import InventoryError
from runner.interfaces.transport import Options
from runner.model.secret import Secret
from runner.transports.winrm.certificate import check_certificate
from runner.transports.winrm.clock import CONNECT_SECONDS
from runner.transports.winrm.extras import have_credssp, have_kerberos
from runner.transports.winrm.kinit import read_kinit
from runner.transports.winrm.variables import VARIABLES, check_names

if TYPE_CHECKING:
    from runner.transports.winrm.kerberos_tickets import Identity

Auth = Literal["basic", "ntlm", "kerberos", "credssp", "certificate", "negotiate"]

HTTP_PORT: Final = 5985
HTTPS_PORT: Final = 5986
_HTTP_PORTS: Final = (HTTP_PORT, 80)

_EXTRAS: Final[Mapping[str, tuple[Callable[[], bool], str]]] = {
    "kerberos": (lambda: have_kerberos(), "pip install 'runner[kerberos]'"),
    "credssp": (lambda: have_credssp(), "pip install 'runner[credssp]'"),
}
_AUTH_ALIASES: Final = {"plaintext": "basic", "ssl": "basic"}


class WinrmOptions(Options):
    """Where and how to log on. ``host`` is the inventory name, for messages."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    host: str
    address: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    scheme: Literal["http", "https"]
    user: str = ""
    password: Secret | None = None
    auth: Auth = "ntlm"
    path: str = "/wsman"
    certificate: Literal["validate", "ignore"] = "validate"
    ca_trust_path: str | None = None
    message_encryption: Literal["auto", "always", "never"] = "auto"
    operation_timeout: int = Field(default=20, ge=1, le=1800)
    """Seconds the host may hold one request (WS-Management OperationTimeout)."""
    read_timeout: int = Field(default=30, ge=2, le=3600)
    """Seconds to wait for an answer; above ``operation_timeout``."""
    connect_timeout: float = Field(default=CONNECT_SECONDS, ge=1, le=3600)
    """Seconds that a TCP connection may take; a host that is off is noticed by this."""
    proxy: str | None = None
    cert_pem: str | None = None
    cert_key_pem: str | None = None
    service: str = "HTTP"
    send_cbt: bool = True
    kerberos_delegation: bool = False
    kerberos_hostname_override: str | None = None
    keytab: str | None = None
    kinit_mode: Literal["managed", "manual"] | None = None
    credssp_auth_mechanism: Literal["auto", "kerberos", "ntlm"] = "auto"
    credssp_minimum_version: int = Field(default=2, ge=2, le=6)
    spelling: tuple[tuple[str, str], ...] = Field(default=(), repr=False)
    """Other names of variables, for messages: of inventories that were written for psrp."""
    codepage: int | None = None

    @property
    def endpoint(self) -> str:
        """Scheme, address and port, for people."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{address}:{self.port}"

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"{self.endpoint}/{self.path.lstrip('/')}"

    @property
    def must_seal(self) -> bool:
        """Whether no message may leave unsealed."""
        if self.message_encryption == "auto":
            return self.scheme == "http"
        return self.message_encryption == "always"

    @property
    def identity(self) -> Identity | None:
        """Who asks a KDC for a ticket; None where no ticket is to be used.

        Without a password (or where the inventory says ``manual``) it is the ticket that is there.
        """
        if self.auth not in ("kerberos", "negotiate", "credssp") or not self._may_use_ticket:
            return None
        if not have_kerberos():
            return None
        from runner.transports.winrm.kerberos_tickets import Identity

        forward = self.kerberos_delegation
        if self.auth == "credssp":
            return Identity(self.user, self.password)
        if self.keytab is not None:
            return Identity(self.user, keytab=self.keytab, forwardable=forward)
        if self.password is None or self.kinit_mode == "manual":
            return Identity(self.user)
        return Identity(self.user, self.password, forwardable=forward)

    @property
    def _may_use_ticket(self) -> bool:
        """Where NTLM is another way, a ticket is only asked for if it can be had."""
        if self.auth == "credssp":
            return "@" in self.user and self.credssp_auth_mechanism == "auto"
        by_password = (
            self.keytab is None and self.password is not None and self.kinit_mode != "manual"
        )
        return not (by_password and self.auth == "negotiate" and "@" not in self.user)

    def spelled(self, text: str) -> str:
        """The names of variables in this text as the inventory has them."""
        for ours, theirs in self.spelling:
            text = text.replace(ours, theirs)
        return text

    @field_validator("codepage")
    @classmethod
    def _known_codepage(cls, value: int | None) -> int | None:
        if value is not None:
            try:
                codecs.lookup(encoding_of(value))
            except LookupError:
                raise ValueError(f"there is no code page {value}") from None
        return value

    @field_validator("ca_trust_path", "cert_pem", "cert_key_pem", "keytab")
    @classmethod
    def _existing_file(cls, value: str | None) -> str | None:
        if value is not None and not Path(value).exists():
            raise ValueError(f"there is no file {value}")
        return value

    @model_validator(mode="after")
    def _no_contradiction(self) -> WinrmOptions:
        if (self.scheme, self.port) in (("http", HTTPS_PORT), ("https", HTTP_PORT)):
            raise ValueError(
                f"port {self.port} does not speak {self.scheme}: "
                f"http listens on {HTTP_PORT}, https on {HTTPS_PORT}"
            )
        if self.read_timeout <= self.operation_timeout:
            raise ValueError(
                f"ansible_winrm_read_timeout_sec ({self.read_timeout}) must be above "
                f"ansible_winrm_operation_timeout_sec ({self.operation_timeout})"
            )
        self._check_credentials()
        self._check_sealing()
        return self

    def _check_credentials(self) -> None:
        if self.auth == "certificate":
            if not (self.cert_pem and self.cert_key_pem):
                raise ValueError(
                    "certificate logon needs ansible_winrm_cert_pem and ansible_winrm_cert_key_pem"
                )
            if self.scheme != "https":
                raise ValueError("certificate logon needs https")
            check_certificate(self.cert_pem, self.cert_key_pem)
            return
        if self.auth == "kerberos":
            self._check_kerberos()
            return
        if self.auth == "negotiate" and self.password is None and have_kerberos():
            return
        if not self.user:
            raise ValueError("ansible_user is missing")
        if self.password is None:
            raise ValueError("ansible_password is missing")

    def _check_kerberos(self) -> None:
        if "\\" in self.user:
            raise ValueError("kerberos knows no DOMAIN\\user: write ansible_user as user@REALM")
        if self.kinit_mode == "managed" and self.password is None and self.keytab is None:
            raise ValueError(
                "ansible_winrm_kinit_mode managed needs ansible_password or ansible_winrm_keytab"
            )
        if self.password is not None and self.kinit_mode != "manual" and not self.user:
            raise ValueError("ansible_user is missing: a password belongs to somebody")

    def _check_sealing(self) -> None:
        if self.must_seal and self.auth in ("basic", "certificate"):
            if self.message_encryption == "always":
                raise ValueError(
                    f"ansible_winrm_transport {self.auth} cannot encrypt messages; use ntlm"
                )
            raise ValueError(
                "basic over plain http would send the password and every command in clear text: "
                "use https or ansible_winrm_transport ntlm "
                "(ansible_winrm_message_encryption: never allows it all the same)"
            )


def encoding_of(codepage: int) -> str:
    """Python's name of a Windows code page."""
    return "utf-8" if codepage == 65001 else f"cp{codepage}"


def read_options(host: str, variables: Mapping[str, Any]) -> WinrmOptions:
    """The settings of one host. Raises InventoryError for what is unknown or contradictory."""
    return build_options(host, variables, negotiate=False)


def build_options(host: str, variables: Mapping[str, Any], *, negotiate: bool) -> WinrmOptions:
    """The same; ``negotiate`` allows the logon of that name, which pywinrm does not have."""
    check_names(host, variables)
    found: dict[str, Any] = {}
    for field, names in VARIABLES.items():
        for name in names:
            if (value := variables.get(name)) is not None:
                found[field] = value.reveal() if isinstance(value, Secret) else value
    if "password" in found:
        found["password"] = Secret(str(found["password"]))
    found.setdefault("address", host)
    found.update(read_kinit(host, variables))
    _read_auth(host, found, negotiate)
    _read_place(found)
    _read_timeouts(host, found)
    try:
        return WinrmOptions(host=host, **found)
    except ValidationError as error:
        raise InventoryError(f"{host}: {_first_problem(error)}") from None


def _read_auth(host: str, found: dict[str, Any], negotiate: bool) -> None:
    value = found.get("auth")
    if value is None:
        return
    several = value if isinstance(value, list | tuple) else str(value).split(",")
    if len(several) != 1:
        raise InventoryError(
            f"{host}: ansible_winrm_transport names several logons",
            hint="name one: trying one after the other with a wrong password locks the account",
        )
    auth = str(several[0]).strip().lower()
    auth = found["auth"] = _AUTH_ALIASES.get(auth, auth)
    if auth == "negotiate" and not negotiate:
        raise InventoryError(
            f"{host}: ansible_winrm_transport negotiate does not exist (nor in Ansible)",
            hint="name kerberos or ntlm",
        )
    if auth in _EXTRAS and not _EXTRAS[auth][0]():
        raise InventoryError(
            f"{host}: ansible_winrm_transport {auth} needs packages that are not installed",
            hint=_EXTRAS[auth][1],
        )


def _read_place(found: dict[str, Any]) -> None:
    """Ansible's rule: https on 5986 unless the port or the scheme says otherwise."""
    scheme, port = found.get("scheme"), found.get("port")
    if scheme is None:
        found["scheme"] = "http" if str(port) in {str(p) for p in _HTTP_PORTS} else "https"
    if port is None:
        found["port"] = HTTP_PORT if found["scheme"] == "http" else HTTPS_PORT


def _read_timeouts(host: str, found: dict[str, Any]) -> None:
    """``ansible_winrm_connection_timeout`` sets both timeouts, as in Ansible."""
    both = found.pop("both_timeouts", None)
    try:
        if both is not None:
            found.setdefault("operation_timeout", int(both))
        if "operation_timeout" in found:
            found.setdefault("read_timeout", int(found["operation_timeout"]) + 10)
    except (TypeError, ValueError):
        raise InventoryError(f"{host}: a WinRM timeout is not a number of seconds") from None


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    text = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return text
    field = str(problem["loc"][0])
    return f"{VARIABLES.get(field, (field,))[0]}: {text}"

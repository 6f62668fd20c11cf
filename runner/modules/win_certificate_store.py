"""Certificates in the stores of a Windows host: trusted, or not trusted any more.

Which are there the registry tells, in no language; ``certutil`` adds and removes. A removed
certificate comes back as it was, with the link to its private key, which stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts.win_files import SourceText, require_windows
from runner.windows import certificates, reading
from runner.windows.certificates import ENTERPRISE, OWN, POLICY
from runner.windows.exit_codes import expect
from runner.windows.looking import FILE, look

_PRIVATE: Final = (
    "certutil would show the password of a private key in the list of processes: use "
    "win_powershell with Import-PfxCertificate, sensitive_parameters and 'undo'"
)
_LARGEST: Final = 1 << 20
"""Bytes of a file; a certificate has some thousands."""
_THUMBPRINT: Final = re.compile(r"[0-9A-F]{40}")


class Params(base.Params):
    """Parameters of Ansible's win_certificate_store."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "password": _PRIVATE,
        "key_exportable": _PRIVATE,
        "key_storage": _PRIVATE,
        "file_type": "it is for exporting: win_command with certutil -store, and 'creates'",
    }

    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    path: SourceText | None = Field(
        None, description="a file of the host that holds the certificate, in DER or PEM"
    )
    thumbprint: Text | None = Field(
        None, description="or which one, for state: absent: the SHA-1 of it, in digits"
    )
    store_name: Literal[
        "AddressBook", "AuthRoot", "CertificateAuthority", "Disallowed", "My", "Root",
        "TrustedPeople", "TrustedPublisher",
    ] = Field("My", description="the store")  # fmt: skip
    store_location: Literal["LocalMachine"] = Field(
        "LocalMachine", description="the machine's; those of an account lie in its profile"
    )

    store_type: Literal["system"] = Field("system", description="a store of the system")

    @field_validator("state", "store_location", "store_type", mode="before")
    @classmethod
    def _elsewhere(cls, word: Any) -> Any:
        instead = {
            "exported": "to export one, use win_command with certutil -store, and 'creates'",
            "service": "stores of a service have no tool of their own: use win_powershell",
            "CurrentUser": "stores of an account lie in its profile: use win_command with "
            "certutil -user -addstore, 'check' and 'undo'",
        }
        if isinstance(word, str) and word in instead:
            raise ValueError(f"cannot be '{word}': {instead[word]}")
        return word

    @field_validator("thumbprint")
    @classmethod
    def _digits(cls, text: str | None) -> str | None:
        if text is None:
            return None
        digits = re.sub(r"[\s:\u200e]", "", text).upper()
        if not _THUMBPRINT.fullmatch(digits):
            raise ValueError(f"must be 40 digits (SHA-1), not '{text}'")
        return digits

    @model_validator(mode="after")
    def _which(self) -> Params:
        if self.state == "present" and self.path is None:
            raise ValueError("state: present needs 'path'")
        if (self.path is None) is (self.thumbprint is None):
            raise ValueError("give either 'path' or 'thumbprint'")
        return self


@dataclass(frozen=True, slots=True)
class CertificateState:
    """One certificate, and where it is. ``blobs`` are what the registry has there, in digits, for
    the way back."""

    places: tuple[str, ...] = ()
    blobs: tuple[str, ...] = field(default=(), compare=False)
    thumbprint: str = field(default="", compare=False)

    @property
    def present(self) -> bool:
        """Whether it is anywhere in the store."""
        return bool(self.places)


class Module(base.Module[Params, CertificateState]):
    """Brings one certificate into a store, or out of it."""

    params = Params
    state = CertificateState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_certificate_store_module.html"
    )
    guide = Guide(
        example="win_certificate_store:\n  path: C:\\setup\\untrusted.cer\n"
        "  store_name: Disallowed",
        using=(Using("certutil, reg, cmd"),),
        undo="a removed certificate with properties of more than 3,600 bytes; the plan says so",
    )

    def subject(self, params: Params) -> str:
        return f"certificate {params.thumbprint or params.path} in {params.store_name}".lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, CertificateState]:
        require_windows(facts, "win_certificate_store", "copy and command")
        thumbprint = params.thumbprint or (yield from _in_file(str(params.path)))
        outputs = yield from read(*certificates.queries(params.store_name, thumbprint))
        found = certificates.found(params.store_name, thumbprint, outputs)
        return CertificateState(tuple(found), tuple(found.values()), thumbprint)

    def plan(self, params: Params, before: CertificateState, facts: base.Facts) -> CertificateState:
        wanted = params.state == "present"
        if before.present is wanted:
            return before
        given = [place for place in (POLICY, ENTERPRISE) if place in before.places]
        if given:
            raise Refused(
                f"the certificate comes from {' and '.join(given)}, which would bring it back",
                hint="take it away there, or add it to the store Disallowed, which counts more",
            )
        return CertificateState((OWN,) if wanted else (), thumbprint=before.thumbprint)

    def apply(
        self, params: Params, change: Change[CertificateState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after, store = change.before, change.after, params.store_name
        if after.blobs:
            for place, blob in zip(after.places, after.blobs, strict=True):
                command = certificates.put_back(store, after.thumbprint, place, blob)
                expect((yield from write(command)), "reg", f"give back {after.thumbprint}")
        elif after.present:
            out = yield from write(certificates.add(store, str(params.path)))
            expect(out, "certutil", f"add {params.path} to the store {store}")
        else:
            thumbprint = before.thumbprint or after.thumbprint
            for at, _ in enumerate(before.places or ("",)):
                # Whether one call takes it out of all places is not documented.
                codes = (0, certificates.NOT_FOUND) if at else (0,)
                out = yield from write(certificates.delete(store, thumbprint))
                expect(out, "certutil", f"remove {thumbprint} from the store {store}", codes)
        return {}

    def restore(
        self, params: Params, change: Change[CertificateState]
    ) -> tuple[base.Restoring, ...]:
        before, store = change.before, params.store_name
        if not before.present:
            about = {"thumbprint": before.thumbprint, "store_name": store}
            return (base.Restoring({**about, "state": "absent"}),)
        where = dict(certificates.keys(store, before.thumbprint))
        return tuple(
            base.Restoring(
                {"path": where[place], "name": "Blob", "type": "binary", "data": blob},
                "win_regedit",
            )
            for place, blob in zip(before.places, before.blobs, strict=True)
        )

    def irreversible(
        self, params: Params, change: Change[CertificateState], facts: base.Facts
    ) -> str:
        gone = change.before.present and not change.after.present
        if gone and any(len(blob) > 2 * certificates.MOST for blob in change.before.blobs):
            return "its properties are too long to be written back in a line of cmd"
        return ""

    def result(
        self,
        params: Params,
        change: Change[CertificateState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"thumbprints": [change.before.thumbprint]}

    def message(self, params: Params, change: Change[CertificateState], facts: base.Facts) -> str:
        return change.before.thumbprint if change.differences() else ""


def _in_file(path: str) -> Generator[Query, Reply, str]:
    """The thumbprint of the certificate in a file of the host. Raises Refused."""
    (seen,) = yield from look([path])
    if seen.kind != FILE or not seen.size:
        raise Refused(
            f"there is no certificate file {path} on this host",
            hint="win_copy it first; for state: absent 'thumbprint' needs no file",
        )
    if seen.size > _LARGEST:
        raise Refused(f"{path} cannot be used: it has {seen.size} bytes, so it is no certificate")
    (output,) = yield from read(reading.encoded(path))
    try:
        return certificates.thumbprint_of(reading.bytes_of(output, path))
    except ValueError as error:
        raise Refused(f"{path} cannot be used: {error}") from None

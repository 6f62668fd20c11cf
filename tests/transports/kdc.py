"""A real Kerberos realm for tests: MIT's KDC on a free port, all of it in one directory.

Nothing of the machine is used or changed: own krb5.conf, own database, own caches, and those only
through the environment variables of ``Kdc.environment``.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.ports import free_port

REALM = "CORP.EXAMPLE"
USER = f"bob@{REALM}"
PASSWORD = "Kerb-S3cret:with:colons"
HOST = "web01.corp.example"

_PATH = os.pathsep.join(("/usr/sbin", "/sbin", os.environ.get("PATH", "")))
_PROGRAMS = {
    "krb5kdc": "krb5-kdc",
    "kdb5_util": "krb5-kdc",
    "kadmin.local": "krb5-kdc",
    "kinit": "krb5-user",
}
_FAKE_TIME = "libfaketime.so.1"


def missing(what: str) -> None:
    """Skip, or fail where everything must be there (CI)."""
    if os.environ.get("CI"):
        pytest.fail(f"missing in CI: {what}")
    pytest.skip(f"missing: {what}")


def need_kerberos() -> None:
    """Skip or fail unless the programs and the Python packages of Kerberos are there."""
    for program, package in _PROGRAMS.items():
        if shutil.which(program, path=_PATH) is None:
            missing(f"{program} (apt-get install {package})")
    try:
        import gssapi  # noqa: F401
        import krb5  # noqa: F401
    except ImportError as error:
        missing(f"{error.name} (pip install 'runner[kerberos]')")


def fake_time_library() -> Path | None:
    """libfaketime, which gives one process another clock; None where it is not installed."""
    return next(iter(sorted(Path("/usr/lib").glob(f"*/faketime/{_FAKE_TIME}"))), None)


class Kdc:
    """One realm. ``requests`` tells apart what clients asked the KDC for."""

    def __init__(self, folder: Path, *, enctypes: str = "", made: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self._enctypes = enctypes
        self._write_configuration()
        if not made:
            self._run("kdb5_util", "create", "-s", "-P", "master", "-r", REALM)

    @property
    def environment(self) -> dict[str, str]:
        """What a client, a host and the realm's own programs must have in their environment."""
        return {
            "KRB5_CONFIG": str(self.folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
            "KRB5CCNAME": f"FILE:{self.folder / 'ccache'}",
            "KRB5_CLIENT_KTNAME": f"FILE:{self.folder / 'no-client-keytab'}",
            "KRB5_KTNAME": f"FILE:{self.folder / 'no-keytab'}",
            "KRB5RCACHENAME": f"file2:{self.folder / 'replays'}",
        }

    def configure(self, **settings: str) -> Path:
        """A krb5.conf with other client settings; ``kdc`` is the address of the KDC."""
        kdc = settings.pop("kdc", f"127.0.0.1:{self.port}")
        values = {
            "default_realm": REALM,
            "dns_lookup_kdc": "false",
            "dns_lookup_realm": "false",
            "dns_canonicalize_hostname": "false",
            "rdns": "false",
            "udp_preference_limit": "1",
            **self._old_enctypes(),
            **settings,
        }
        lines = "\n".join(f"    {name} = {value}" for name, value in values.items())
        path = self.folder / f"krb5-{abs(hash((kdc, lines)))}.conf"
        path.write_text(
            f"[libdefaults]\n{lines}\n[realms]\n    {REALM} = {{\n        kdc = {kdc}\n    }}\n"
        )
        return path

    def twin(self) -> Kdc:
        """The same realm and keys, to be served on another port."""
        folder = self.folder / f"twin-{time.monotonic_ns()}"
        folder.mkdir()
        for file in self.folder.iterdir():
            if file.name.startswith(("principal", "stash")):
                shutil.copy(file, folder)
        return Kdc(folder, made=True)

    def add_user(self, name: str, password: str, *options: str) -> None:
        """A principal with a password; ``options`` as for ``addprinc``."""
        self._admin(f'addprinc {" ".join(options)} -pw "{password}" {name}')

    def change(self, command: str) -> str:
        """Any word of kadmin, such as ``modprinc -expire yesterday bob``; returns what it says."""
        return self._admin(command)

    def keytab(self, *principals: str, name: str = "host.keytab", fresh: bool = False) -> Path:
        """A keytab of these principals, which are made if they are new."""
        path = self.folder / name
        for principal in principals:
            if "does not exist" in self._admin(f"getprinc {principal}"):
                self._admin(f"addprinc -randkey {principal}")
            keep = "" if fresh else "-norandkey "
            self._admin(f"ktadd -k {path} {keep}{principal}")
        return path

    def kinit(self, *words: str, password: str = PASSWORD, cache: str = "") -> str:
        """Get a ticket as a person does; returns the name of the cache."""
        name = cache or f"FILE:{self.folder / 'ccache'}"
        self._run("kinit", "-c", name, *words, stdin=f"{password}\n")
        return name

    def failed_attempts(self, name: str) -> int:
        """How often the KDC has seen a wrong password for this user since the last right one."""
        said = self._admin(f"getprinc {name}")
        found = re.search(r"Failed password attempts: (\d+)", said)
        assert found, said
        return int(found[1])

    def requests(self, kind: str, outcome: str = "") -> int:
        """How many AS_REQ or TGS_REQ with this outcome the log of the KDC has."""
        log = self.folder / "kdc.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return sum(f"{kind} (" in line and outcome in line for line in lines)

    @contextlib.contextmanager
    def running(self, *, clock: str = "") -> Iterator[None]:
        """Serve requests. ``clock`` (such as ``+10m``) gives the KDC another time."""
        extra: dict[str, str] = {}
        if clock:
            library = fake_time_library()
            if library is None:
                missing("libfaketime (apt-get install libfaketime)")
            extra = {"LD_PRELOAD": str(library), "FAKETIME": clock}
        process = subprocess.Popen(
            [_found("krb5kdc"), "-n", "-r", REALM, "-P", str(self.folder / "kdc.pid")],
            env=self._environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._await(process)
            yield
        finally:
            process.terminate()
            process.wait(5)

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            if process.poll() is not None:
                break
            time.sleep(0.01)
        log = (self.folder / "kdc.log").read_text(errors="replace")
        pytest.fail(f"the KDC did not start: {log[-500:]}")

    def _write_configuration(self) -> None:
        shutil.copy(self.configure(), self.folder / "krb5.conf")
        types = self._enctypes or "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96"
        salted = " ".join(f"{name}:normal" for name in types.split())
        (self.folder / "kdc.conf").write_text(
            f"""[kdcdefaults]
    kdc_listen = 127.0.0.1:{self.port}
    kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
    {REALM} = {{
        database_name = {self.folder / "principal"}
        key_stash_file = {self.folder / "stash"}
        acl_file = {self.folder / "acl"}
        max_life = 10h
        supported_enctypes = {salted}
        default_principal_flags = +preauth
    }}
[logging]
    kdc = FILE:{self.folder / "kdc.log"}
    default = FILE:{self.folder / "other.log"}
"""
        )

    def _old_enctypes(self) -> dict[str, str]:
        if not self._enctypes:
            return {}
        allowed = {"allow_weak_crypto": "true", "allow_rc4": "true"}
        return {"permitted_enctypes": self._enctypes, **allowed}

    def _admin(self, command: str) -> str:
        return self._run("kadmin.local", "-r", REALM, stdin=f"{command}\n")

    def _run(self, program: str, *words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [_found(program), *words],
            input=stdin,
            env=self._environment({}),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{program}: {said}"
        return said

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**plain, "LC_ALL": "C", **self.environment, **extra}


def _found(program: str) -> str:
    return shutil.which(program, path=_PATH) or program

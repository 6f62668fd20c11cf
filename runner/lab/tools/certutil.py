"""certutil.exe: -hashfile, -decode, -encode, -urlcache, -addstore and -delstore.

Exit codes are HRESULTs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from runner.lab.state.process import Process
from runner.lab.toolkit.download import fetch

NOT_FOUND = 0x80070002
INVALID_DATA = 0x8007000D
FILE_EXISTS = 0x80070050
FILE_INVALID = 0x800703EE
CANNOT_CONNECT = 0x80072EFD
NO_OBJECT = 0x80092004
STORES = r"HKLM\SOFTWARE\Microsoft\SystemCertificates"
BAD_ARGUMENT = 0x80070057


def main(process: Process) -> int:
    """Dispatch on the verb."""
    words = [word for word in process.args if word.lower() not in ("-f", "/f")]
    force = len(words) != len(process.args)
    verb = words[0].lower().lstrip("-/") if words else ""
    if verb == "hashfile" and len(words) in (2, 3):
        return _hash(process, words[1], words[2] if len(words) == 3 else "SHA1")
    if verb in ("decode", "encode") and len(words) == 3:
        return _code(process, verb, words[1], words[2], force=force)
    if verb == "addstore" and len(words) == 3:
        return _add(process, words[1], words[2])
    if verb == "delstore" and len(words) == 3:
        return _delete(process, words[1], words[2])
    if verb == "urlcache":
        return _download(process, words[1:])
    return process.not_simulated(f"certutil {' '.join(process.args)}")


def _add(process: Process, store: str, path: str) -> int:
    """`-addstore STORE FILE`: a certificate in DER or PEM, with its SHA-1 as a property."""
    entry = process.host.files.find(process.absolute(path))
    if entry is None or entry.content is None:
        return _failed(process, "addstore", NOT_FOUND, "The system cannot find the file specified.")
    data = entry.content
    if block := re.search(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", data, re.S):
        data = _decoded(block[0])
    if data[:1] != b"0":
        return _failed(process, "addstore", INVALID_DATA, "The data is invalid.")
    process.mutates()
    digest = hashlib.sha1(data, usedforsecurity=False)
    blob = b"".join(
        number.to_bytes(4, "little") + b"\1\0\0\0" + len(part).to_bytes(4, "little") + part
        for number, part in ((3, digest.digest()), (32, data))
    )
    key = rf"{STORES}\{store}\Certificates\{digest.hexdigest().upper()}"
    process.host.registry.set(key, "Blob", blob)
    process.out(f'{store}\nCertificate "lab" added to store.\n')
    process.out("CertUtil: -addstore command completed successfully.\n")
    return 0


def _delete(process: Process, store: str, thumbprint: str) -> int:
    """`-delstore STORE THUMBPRINT`; of Root, what Windows fetched is part."""
    places = [store, "AuthRoot"] if store.upper() == "ROOT" else [store]
    for place in places:
        key = rf"{STORES}\{place}\Certificates\{thumbprint.upper()}"
        if process.host.registry.find(key) is not None:
            process.mutates()
            process.host.registry.delete_key(key)
            process.out(f"{store}\nDeleting Certificate 0\n")
            process.out("CertUtil: -delstore command completed successfully.\n")
            return 0
    return _failed(process, "delstore", NO_OBJECT, "Cannot find object or property.")


def _download(process: Process, words: list[str]) -> int:
    """`-urlcache -split -f URL FILE` and `-urlcache URL delete`: what was fetched is cached."""
    if len(words) == 2 and words[1].lower() == "delete":
        process.out("WinHttp Cache entries deleted: 1\n")
        process.out("CertUtil: -URLCache command completed successfully.\n")
        return 0
    if len(words) != 3 or words[0].lower() not in ("-split", "/split"):
        process.not_simulated(f"certutil {' '.join(process.args)}")
    process.out("****  Online  ****\n")
    answer = fetch(process, words[1], {"User-Agent": "Microsoft-CryptoAPI/6.1"})
    if answer.status != 200:
        code = 0x80190000 + answer.status if answer.status else CANNOT_CONNECT
        return _failed(process, "URLCache", code, answer.reason)
    process.mutates()
    try:
        process.host.files.write(process.absolute(words[2]), answer.body, process.host.clock.now())
    except OSError:
        return _failed(process, "URLCache", 0x80070003, "The system cannot find the path.")
    process.out(f"  0000  ...\n  {len(answer.body):04x}\n")
    process.out("CertUtil: -URLCache command completed successfully.\n")
    return 0


def _failed(process: Process, verb: str, code: int, text: str) -> int:
    process.out(
        f"CertUtil: -{verb} command FAILED: 0x{code:x} ({code - (1 << 32)})\nCertUtil: {text}\n"
    )
    return code


def _hash(process: Process, path: str, algorithm: str) -> int:
    entry = process.host.files.find(process.absolute(path))
    name = algorithm.upper()
    if entry is None or entry.is_dir:
        text = "The system cannot find the file specified."
        return _failed(process, "hashfile", NOT_FOUND, text)
    if name not in ("MD5", "SHA1", "SHA256", "SHA384", "SHA512"):
        return _failed(process, "hashfile", BAD_ARGUMENT, "The parameter is incorrect.")
    if entry.content == b"":  # it maps the file into memory, which nothing can be of no bytes
        text = "The volume for a file has been externally altered so that the opened file is"
        return _failed(process, "hashfile", FILE_INVALID, f"{text} no longer valid.")
    if entry.content is not None:
        digest = hashlib.new(name.lower(), entry.content, usedforsecurity=False).hexdigest()
    elif name == "SHA1":
        digest = entry.sha1
    else:
        process.not_simulated(f"certutil -hashfile {name} of {path}: the lab knows its SHA1 only")
    if process.host.profile.nt < (10, 0):
        digest = " ".join(digest[at : at + 2] for at in range(0, len(digest), 2))
        process.out(f"{name} hash of file {path}:\n{digest}\n")
    else:
        process.out(f"{name} hash of {path}:\n{digest}\n")
    process.out("CertUtil: -hashfile command completed successfully.\n")
    return 0


def _code(process: Process, verb: str, source: str, target: str, *, force: bool) -> int:
    process.makes_file(process.absolute(target))
    host = process.host
    entry = host.files.find(process.absolute(source))
    if entry is None or entry.content is None:
        return _failed(process, verb, NOT_FOUND, "The system cannot find the file specified.")
    path = process.absolute(target)
    if host.files.find(path) is not None and not force:
        return _failed(process, f"{verb}ToFile", FILE_EXISTS, "The file exists.")
    try:
        data = _encoded(entry.content) if verb == "encode" else _decoded(entry.content)
    except (binascii.Error, ValueError):
        return _failed(process, verb, INVALID_DATA, "The data is invalid.")
    try:
        host.files.write(path, data, host.clock.now())
    except OSError:
        return _failed(process, verb, 0x80070003, "The system cannot find the path specified.")
    process.out(f"Input Length = {len(entry.content)}\nOutput Length = {len(data)}\n")
    process.out(f"CertUtil: -{verb} command completed successfully.\n")
    return 0


def _encoded(data: bytes) -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    body = ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]
    return "\r\n".join(body).encode()


def _decoded(data: bytes) -> bytes:
    text = re.sub(rb"-----(BEGIN|END)[^-]*-----", b"", data)
    return base64.b64decode(b"".join(text.split()), validate=True)

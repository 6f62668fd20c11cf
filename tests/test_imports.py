"""Third-party packages stay at home, so that each can be replaced in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "runner"

HOMES: dict[str, tuple[str, ...]] = {
    "winrm": ("transports/winrm",),
    "requests": ("transports/winrm",),
    "requests_ntlm": ("transports/winrm",),
    "spnego": ("transports/winrm", "lab/"),
    "xmltodict": ("transports/winrm",),
    "paramiko": ("transports/ssh/", "lab/ssh/"),
    "gssapi": ("transports/winrm", "lab/"),
    "yaml": ("loading/", "windows/"),
    "networkx": ("engine/graph",),
    "jinja2": ("loading/", "reporting/"),
    "jmespath": ("loading/templates/filters/",),
    "packaging": ("loading/",),
    "passlib": ("loading/templates/filters/",),
    "rich": ("reporting/",),
    "click": ("cli/",),
    "cryptography": ("loading/text/vault", "lab/", "transports/winrm", "app/approvals"),
}
NOT_IN_MODEL = ("pydantic", *HOMES)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_packages_stay_at_home(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    for package in imports(path):
        homes = HOMES.get(package)
        assert homes is None or where.startswith(homes), f"{package} must not be used in {where}"
        assert not (where.startswith("model/") and package in NOT_IN_MODEL)

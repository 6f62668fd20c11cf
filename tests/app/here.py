"""What the language tests stand on: a folder with hosts that are this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import invoke

LOCAL = "a kind=lin\nb kind=win\n[all:vars]\nansible_connection=local\nansible_password=Tr0ub4dor\n"


class Here:
    """A folder with an inventory of hosts that are this machine."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.write("h.ini", LOCAL)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, play: str, *words: str) -> tuple[int, str, str]:
        self.write("p.yml", play)
        where = [str(self.folder / "p.yml"), "-i", str(self.folder / "h.ini")]
        code = invoke(["run", *where, *words])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def report(self, play: str, *words: str) -> tuple[int, dict[str, Any]]:
        code, out, err = self.run(play, "--json", "-", *words)
        assert out, err
        return code, json.loads(out)

    def show(self) -> str:
        invoke(["show", "last", "--all"])
        return self._capsys.readouterr().out

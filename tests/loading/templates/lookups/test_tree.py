"""filetree: what is below folders."""

import os
from pathlib import Path

from runner.loading.templates.templates import JinjaTemplates
from tests.loading.templates.lookups.giving import give, tree


# -- folders, random texts --------------------------------------------------------------------
def test_filetree_tells_what_is_below_folders_the_first_of_a_path(tmp_path: Path) -> None:
    tree(tmp_path, "files/one/etc/a.conf", "files/one/b.txt", "files/two/b.txt", "two/c.txt")
    (tmp_path / "files/one/link").symlink_to("b.txt")
    os.mkfifo(tmp_path / "files/one/pipe")
    (tmp_path / "files/one/b.txt").chmod(0o640)
    templates = JinjaTemplates(tmp_path)
    found = templates.loop_items("filetree", ["one/", "two", "nowhere"], {})
    assert [(e["path"], e["state"]) for e in found] == [
        *[("etc", "directory"), ("b.txt", "file"), ("link", "link"), ("etc/a.conf", "file")],
    ]
    folder, text, link, _ = found
    assert folder["root"] == f"{tmp_path}/files/one/"
    assert "src" not in folder
    assert (text["src"], text["mode"], text["size"]) == (
        str(tmp_path / "files/one/b.txt"),
        "0640",
        24,
    )
    assert (text["uid"], link["src"]) == (os.getuid(), "b.txt")
    assert isinstance(text["mtime"], float)
    inside = "query('community.general.filetree', 'two') | map(attribute='path') | list"
    assert give(inside, templates) == ["b.txt"]

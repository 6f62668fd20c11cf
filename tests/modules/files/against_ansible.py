"""Tasks that are done by Ansible's modules and by ours, on equal folders, as data.

``{d}`` is the folder. ``files`` are what is in it at first: a text, ``->TARGET`` for a link, None
for a folder; a name may end with ``!MODE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Files = Mapping[str, str | None]


@dataclass(frozen=True)
class Case:
    name: str
    module: str
    args: Mapping[str, Any]
    files: Files = field(default_factory=dict)


_CONF: Final = {"f": "[a]\nx=1\n# x=2\n[b]\nx = 3\n"}
_CRLF: Final = {"f": "one\r\ntwo\r\nthree"}
_BLOCK: Final = "# BEGIN ANSIBLE MANAGED BLOCK\nold\n# END ANSIBLE MANAGED BLOCK\n"
_TREE: Final = {"src/a": "A", "src/sub/b!0600": "B", "src/sub/empty": None, "src/l": "->a"}


def _line(name: str, files: Files = _CONF, /, **args: Any) -> Case:
    return Case(f"line-{name}", "lineinfile", {"path": "{d}/f", **args}, files)


def _block(name: str, files: Files = _CONF, /, **args: Any) -> Case:
    return Case(f"block-{name}", "blockinfile", {"path": "{d}/f", **args}, files)


def _replace(name: str, files: Files = _CONF, /, **args: Any) -> Case:
    return Case(f"replace-{name}", "replace", {"path": "{d}/f", **args}, files)


def _copy(name: str, files: Files, /, **args: Any) -> Case:
    return Case(f"copy-{name}", "copy", args, files)


def _file(name: str, files: Files, /, **args: Any) -> Case:
    return Case(f"file-{name}", "file", args, files)


CASES: Final = (
    _line("append", line="y=9"),
    _line("there", line="x=1"),
    _line("regexp", regexp="^x", line="x=7"),
    _line("regexp-first", regexp="^x", line="x=7", firstmatch=True),
    _line("regexp-same", regexp="^x = 3", line="x = 3"),
    _line("search", search_string="# x", line="x=2"),
    _line("backrefs", regexp=r"^(x) = (\d)", line=r"\1 := \2", backrefs=True),
    _line("backrefs-none", regexp="^nope(.)", line=r"\1", backrefs=True),
    _line("after", line="new", insertafter=r"^\[a\]"),
    _line("after-there", line="x=1", insertafter=r"^\[a\]"),
    _line("after-regexp", regexp="^q", line="x=1", insertafter=r"^\[a\]"),
    _line("before", line="new", insertbefore="^#"),
    _line("before-first", line="new", insertbefore="^x", firstmatch=True),
    _line("before-none", line="new", insertbefore="^nope"),
    _line("bof", line="new", insertbefore="BOF"),
    _line("after-bof", line="new", insertafter="BOF"),
    _line("no-newline", {"f": "a\nb"}, line="c"),
    _line("no-newline-same", {"f": "a\nb"}, line="b"),
    _line("crlf", _CRLF, line="two"),
    _line("crlf-add", _CRLF, line="four", insertafter="^one"),
    _line("empty", {"f": ""}, line="x"),
    _line("create", {}, line="x", create=True, mode="0640"),
    _line("missing", {}, line="x"),
    _line("folder", {"f": None}, line="x"),
    _line("absent", state="absent", line="x=1"),
    _line("absent-regexp", state="absent", regexp="^x"),
    _line("absent-search", state="absent", search_string="x"),
    _line("absent-none", state="absent", line="nope"),
    _line("absent-missing", {}, state="absent", line="x"),
    _line("link", {"g": "a\n", "f": "->g"}, line="b"),
    _line("mode", {"f!0600": "a\n"}, line="a", mode="u+x,g=r"),
    _line("valid", line="y", validate="/bin/grep -q y %s"),
    _line("not-valid", line="y", validate="/bin/grep -q zzz %s"),
    _line("umlaut", {"f": "grün\nröd\n"}, regexp="^gr.*n$", line="größer"),
    _block("append", block="l1\nl2"),
    _block("replace", {"f": f"a\n{_BLOCK}b\n"}, block="new\n"),
    _block("same", {"f": f"a\n{_BLOCK}b\n"}, block="old"),
    _block("remove", {"f": f"a\n{_BLOCK}b\n"}, state="absent"),
    _block("empty", {"f": f"a\n{_BLOCK}b\n"}, block=""),
    _block("after", block="new", insertafter="^x"),
    _block("before", block="new", insertbefore="^x"),
    _block("bof", block="new", insertbefore="BOF"),
    _block("multiline", block="new", insertafter=r"(?m)^\[a\]\nx"),
    _block("none", block="new", insertafter="^nope"),
    _block("marker", block="x", marker="<!-- {mark} me -->", marker_begin="ON", marker_end="OFF"),
    _block("blank", block="new", insertafter=r"^\[a\]", append_newline=True, prepend_newline=True),
    _block("no-newline", {"f": "a"}, block="b"),
    _block("crlf", _CRLF, block="b"),
    _block("create", {}, block="b", create=True),
    _block("missing", {}, block="b"),
    _block("absent-missing", {}, state="absent", block="b", create=True),
    _block("half", {"f": "a\n# BEGIN ANSIBLE MANAGED BLOCK\nb\n"}, block="c"),
    _block("swapped", {"f": "# END ANSIBLE MANAGED BLOCK\nb\n# BEGIN ANSIBLE MANAGED BLOCK\nz\n"},
           block="c"),
    _replace("all", regexp="x", replace="y"),
    _replace("groups", regexp=r"^(x)\s*=\s*(\d)$", replace=r"\2=\1"),
    _replace("after", regexp="x", replace="y", after=r"\[b\]"),
    _replace("before", regexp="x", replace="y", before=r"\[b\]"),
    _replace("between", regexp="x", replace="y", after=r"\[a\]", before=r"\[b\]"),
    _replace("no-section", regexp="x", replace="y", after="nope", mode="0600"),
    _replace("none", regexp="nope", replace="y"),
    _replace("delete", regexp="^#.*\n"),
    _replace("crlf", _CRLF, regexp="two", replace="2"),
    _replace("missing", {}, regexp="x"),
    _replace("mode", regexp="x", replace="y", mode="0600"),
    _replace("wrong-group", regexp="x", replace=r"\9"),
    _copy("content", {}, content="hello\n", dest="{d}/f"),
    _copy("content-json", {}, content={"a": [1, 2]}, dest="{d}/f"),
    _copy("content-mode", {"f!0600": "x"}, content="hello", dest="{d}/f", mode="g+r"),
    _copy("same", {"f!0600": "hello"}, content="hello", dest="{d}/f"),
    _copy("into-link", {"g": "x", "f": "->g"}, content="hello", dest="{d}/f"),
    _copy("through-link", {"g": "x", "f": "->g"}, content="hello", dest="{d}/f", follow=True),
    _copy("no-force", {"f": "x"}, content="hello", dest="{d}/f", force=False, mode="0600"),
    _copy("no-folder", {}, content="hello", dest="{d}/no/f"),
    _copy("folder-there", {"f": None}, content="hello", dest="{d}/f"),
    _copy("file", {"src!0700": "x"}, src="{d}/src", dest="{d}/f"),
    _copy("preserve", {"src!0750": "x"}, src="{d}/src", dest="{d}/f", mode="preserve"),
    _copy("into-folder", {"src": "x", "t": None}, src="{d}/src", dest="{d}/t"),
    _copy("new-folder", {"src": "x"}, src="{d}/src", dest="{d}/t/u/", directory_mode="0750"),
    _copy("tree", _TREE, src="{d}/src", dest="{d}/t"),
    _copy("tree-inside", _TREE, src="{d}/src/", dest="{d}/t", mode="0604"),
    _copy("tree-preserve", _TREE, src="{d}/src/", dest="{d}/t", mode="preserve"),
    _copy("tree-links", _TREE, src="{d}/src/", dest="{d}/t", local_follow=False),
    _copy("tree-part", {**_TREE, "t/a": "A", "t/more": "m", "t/sub/b": "old"}, src="{d}/src/",
          dest="{d}/t"),
    _copy("remote", {"src!0700": "x"}, src="{d}/src", dest="{d}/f", remote_src=True),
    _copy("remote-over", {"src!0700": "x", "f!0640": "y"}, src="{d}/src", dest="{d}/f",
          remote_src=True),
    _copy("remote-preserve", {"src!0700": "x"}, src="{d}/src", dest="{d}/f", remote_src=True,
          mode="preserve"),
    _copy("remote-missing", {}, src="{d}/src", dest="{d}/f", remote_src=True),
    _copy("remote-tree", _TREE, src="{d}/src/", dest="{d}/t", remote_src=True),
    _copy("valid-not", {"f": "x"}, content="hello", dest="{d}/f", validate="/bin/false %s"),
    _copy("checksum-wrong", {"src": "x"}, src="{d}/src", dest="{d}/f", checksum="0" * 40),
    _file("mode", {"f": "x"}, path="{d}/f", mode="0600"),
    _file("mode-number", {"f": "x"}, path="{d}/f", mode=384),
    _file("mode-symbolic", {"f": "x"}, path="{d}/f", mode="a=rX,u+w,o-r"),
    _file("mode-same", {"f!0600": "x"}, path="{d}/f", mode="0600"),
    _file("mode-link", {"g": "x", "f": "->g"}, path="{d}/f", mode="0600"),
    _file("file-missing", {}, path="{d}/f", state="file"),
    _file("file-is-folder", {"f": None}, path="{d}/f", state="file"),
    _file("folder", {}, path="{d}/a/b/c", state="directory", mode="0750"),
    _file("folder-there", {"a": None}, path="{d}/a", state="directory"),
    _file("folder-is-file", {"a": "x"}, path="{d}/a", state="directory"),
    _file("folder-link", {"a": None, "l": "->a"}, path="{d}/l", state="directory", mode="0700"),
    _file("recurse", _TREE, path="{d}/src", state="directory", recurse=True, mode="u=rwX,g=,o="),
    _file("recurse-none", {}, path="{d}/src", recurse=True, mode="0755"),
    _file("recurse-file", {"f": "x"}, path="{d}/f", state="file", recurse=True),
    _file("touch", {}, path="{d}/f", state="touch", mode="0600"),
    _file("touch-there", {"f": "x"}, path="{d}/f", state="touch"),
    _file("touch-keep", {"f": "x"}, path="{d}/f", state="touch", modification_time="preserve",
          access_time="preserve"),
    _file("touch-time", {"f": "x"}, path="{d}/f", state="touch",
          modification_time="202001020304.05", access_time="202001020304.05"),
    _file("link", {"g": "x"}, path="{d}/l", src="g", state="link"),
    _file("link-there", {"g": "x", "l": "->g"}, path="{d}/l", src="g", state="link"),
    _file("link-other", {"g": "x", "h": "y", "l": "->h"}, path="{d}/l", src="g", state="link"),
    _file("link-nowhere", {}, path="{d}/l", src="g", state="link"),
    _file("link-forced", {}, path="{d}/l", src="g", state="link", force=True, follow=False),
    _file("link-over-file", {"g": "x", "l": "y"}, path="{d}/l", src="g", state="link"),
    _file("link-over-forced", {"g": "x", "l": "y"}, path="{d}/l", src="g", state="link",
          force=True),
    _file("link-over-folder", {"g": "x", "l/f": "y"}, path="{d}/l", src="g", state="link",
          force=True),
    _file("link-mode", {"g": "x"}, path="{d}/l", src="g", state="link", mode="0600"),
    _file("link-no-src", {}, path="{d}/l", state="link"),
    _file("hard", {"g": "x"}, path="{d}/h", src="{d}/g", state="hard"),
    _file("hard-over", {"g": "x", "h": "y"}, path="{d}/h", src="{d}/g", state="hard"),
    _file("hard-forced", {"g": "x", "h": "y"}, path="{d}/h", src="{d}/g", state="hard",
          force=True),
    _file("hard-missing", {}, path="{d}/h", src="{d}/g", state="hard"),
    _file("absent", {"f": "x"}, path="{d}/f", state="absent"),
    _file("absent-folder", _TREE, path="{d}/src", state="absent"),
    _file("absent-link", {"g": "x", "l": "->g"}, path="{d}/l", state="absent"),
    _file("absent-none", {}, path="{d}/f", state="absent"),
    _file("src-without", {"f": "x"}, path="{d}/f", src="g"),
)  # fmt: skip

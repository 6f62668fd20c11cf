"""Read variables from files while the run goes on; they are the host's for the rest of the run."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text, Words


class Params(base.Params):
    """Parameters of Ansible's include_vars."""

    FREE_FORM: ClassVar[str | None] = "free_form"

    free_form: Text | None = Field(None, description="the file, without a name for it")
    file: Text | None = Field(None, description="the file; found like those of a role or play")
    dir: Text | None = Field(None, description="a directory of which all files are read")
    name: Text | None = Field(None, description="a variable that holds them, instead of each")
    depth: int = Field(0, ge=0, description="how deep to go below dir; 0 is all the way")
    files_matching: Text | None = Field(None, description="of dir, only files that match this")
    ignore_files: Words = Field((), description="of dir, no files that match one of these")
    extensions: Words = Field(("yaml", "yml", "json"), description="of dir, files that end so")
    ignore_unknown_extensions: bool = Field(False, description="pass over other files of dir")
    hash_behaviour: str | None = Field(
        None, pattern="^(replace|merge)$", description="replace or merge what is there already"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Params:
        if self.free_form and (self.file or self.dir):
            raise ValueError("give the file by itself, or 'file', or 'dir': one of them")
        if self.file and self.dir:
            raise ValueError("give 'file' or 'dir', not both")
        if not (self.free_form or self.file or self.dir):
            raise ValueError("give a 'file' or a 'dir'")
        return self


class Module(base.LocalModule[Params]):
    """The engine finds and reads the files; nothing is left to decide."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/"
        "include_vars_module.html"
    )
    guide = Guide(
        example="include_vars: site.yml",
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        result: dict[str, Any] = {"ansible_included_var_files": []}
        return base.Decision(result=result)

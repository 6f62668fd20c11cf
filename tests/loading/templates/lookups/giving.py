"""What an expression with a lookup gives, and files for it to find."""

from pathlib import Path
from typing import Any

from runner.loading.templates.templates import JinjaTemplates
from tests.loading.expression_cases import HERE

TEMPLATES = JinjaTemplates(HERE)
DRY = {"ansible_check_mode": True}


def give(expression: str, templates: JinjaTemplates = TEMPLATES, /, **variables: Any) -> Any:
    return templates.render(f"{{{{ {expression} }}}}", variables)


def tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}\n")

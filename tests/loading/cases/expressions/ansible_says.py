"""What ansible-core makes of the cases: run by a Python that has ansible-core, never imported.

Reads a JSON list of ``{"template": ..., "condition": ..., "loop": ..., "variables": ...}`` from
standard input and writes a JSON list of ``{"value": ...}`` or ``{"error": ...}``.
"""

import atexit
import importlib
import json
import os
import shutil
import sys
import tempfile
import types
from typing import Any

HOME = tempfile.mkdtemp()
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["ANSIBLE_LOCAL_TEMP"] = HOME
os.environ["ANSIBLE_HOME"] = HOME
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
os.environ["ANSIBLE_SYSTEM_WARNINGS"] = "0"

template = importlib.import_module("ansible.template")
dataloader = importlib.import_module("ansible.parsing.dataloader")
plugins = importlib.import_module("ansible._internal._templating._jinja_plugins")
tasks = importlib.import_module("ansible._internal._task")
importlib.import_module("ansible.plugins.loader").init_plugin_loader()


def trusted(value: Any) -> Any:
    """The value as if it stood in a playbook; what is below a key ``data`` is data."""
    if isinstance(value, str):
        return template.trust_as_template(value)
    if isinstance(value, dict):
        return {k: v if k == "data" else trusted(v) for k, v in value.items()}
    return [trusted(v) for v in value] if isinstance(value, list) else value


def loop(templar: Any, kind: str, terms: Any) -> Any:
    """The items of ``with_KIND: TERMS``, got as a task gets them."""
    engine = templar._engine
    if isinstance(terms, str):
        terms = engine.resolve_to_container(terms)
    if not isinstance(terms, list):
        terms = [terms]

    def call() -> Any:
        return plugins._invoke_lookup(
            plugin_name=kind,
            lookup_terms=terms,
            lookup_kwargs={"wantlist": True},
            invoked_as_with=True,
        )

    plugins._DirectCall.mark(call)
    expression = template.trust_as_template("call()")
    with tasks.TaskContext(types.SimpleNamespace(action="debug")):
        return engine.evaluate_expression(expression=expression, local_variables={"call": call})


def answer(case: dict[str, Any], loader: Any) -> dict[str, Any]:
    """What ansible-core gives, as something that JSON can hold."""
    try:
        variables = trusted(case["variables"])
        templar = template.Templar(loader=loader, variables=variables)
        if case.get("loop"):
            value = loop(templar, case["loop"], trusted(case["terms"]))
        elif "condition" in case:
            value = templar.evaluate_conditional(template.trust_as_template(case["condition"]))
        else:
            value = templar.template(template.trust_as_template(case["template"]))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"error": f"{type(error).__name__}: {error}"}
    return {"value": value}


def main() -> None:
    """Answer all cases."""
    loader = dataloader.DataLoader()
    loader.set_basedir(sys.argv[1])
    answers = [answer(case, loader) for case in json.load(sys.stdin)]
    json.dump(answers, sys.stdout, default=lambda value: {"not JSON": str(value)})


main()

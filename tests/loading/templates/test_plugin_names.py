"""Names: everything of ansible.builtin is here, short and qualified; the rest says why not."""

import pytest

from runner.errors import TemplateError
from runner.loading.templates.lookups.lookups import LOOKUPS
from runner.loading.templates.plugin_names import resolve
from runner.loading.templates.templates import JinjaTemplates
from runner.model.source import Source

TEMPLATES = JinjaTemplates()
KNOWN = {
    "filter": TEMPLATES.environment.filters,
    "test": TEMPLATES.environment.tests,
    "lookup": LOOKUPS,
}
BUILTIN = {
    "filter": """
        b64decode b64encode basename bool checksum combinations combine comment commonpath
        dict2items difference dirname expanduser expandvars extract fileglob flatten from_json
        from_yaml from_yaml_all hash human_readable human_to_bytes intersect items2dict log
        mandatory md5 normpath password_hash path_join permutations pow product quote random
        realpath regex_escape regex_findall regex_replace regex_search rekey_on_member relpath root
        sha1 shuffle split splitext strftime subelements symmetric_difference ternary to_datetime
        to_json to_nice_json to_nice_yaml to_uuid to_yaml type_debug union unique urldecode
        urlsplit win_basename win_dirname win_splitdrive zip zip_longest
        abs attr batch capitalize center count d default dictsort e escape filesizeformat first
        float forceescape format groupby indent int items join last length list lower map max min
        pprint reject rejectattr replace reverse round safe select selectattr slice sort string
        striptags sum title tojson trim truncate unique upper urlencode urlize wordcount wordwrap
        xmlattr""",
    "test": """
        abs all any change changed contains directory exists failed failure falsy file finished
        is_abs is_dir is_file is_link is_mount is_same_file isnan issubset issuperset link
        link_exists match mount nan reachable regex same_file search skip skipped started subset
        succeeded success successful superset timedout truthy unreachable uri url urn
        vault_encrypted vaulted_file version version_compare
        boolean callable defined divisibleby eq equalto escaped even false filter float ge gt
        greaterthan in integer iterable le lessthan lower lt mapping ne none number odd sameas
        sequence string test true undefined upper""",
    "lookup": """
        csvfile dict env file fileglob first_found indexed_items ini inventory_hostnames items
        lines list nested password pipe random_choice sequence subelements template together
        unvault varnames vars""",
}


@pytest.mark.parametrize("kind", BUILTIN)
def test_all_of_ansible_builtin_is_here(kind: str) -> None:
    for name in BUILTIN[kind].split():
        for written in (name, f"ansible.builtin.{name}", f"ansible.legacy.{name}"):
            assert resolve(kind, written, KNOWN[kind]) == name


@pytest.mark.parametrize(
    ("kind", "written", "name"),
    [
        ("filter", "community.general.json_query", "json_query"),
        ("filter", "ansible.utils.ipaddr", "ipaddr"),
        ("filter", "ansible.netcommon.ipaddr", "ipaddr"),
        ("filter", "ansible.windows.quote", "ansible.windows.quote"),
        ("filter", "quote", "quote"),
        ("test", "ansible.utils.in_network", "in_network"),
        ("lookup", "community.general.flattened", "flattened"),
    ],
)
def test_others_have_the_names_of_their_collections(kind: str, written: str, name: str) -> None:
    assert resolve(kind, written, KNOWN[kind]) == name


@pytest.mark.parametrize(
    ("kind", "written", "message", "hint"),
    [
        ("filter", "vault", "the filter 'vault' is not supported", "'runner vault'"),
        ("filter", "ansible.utils.hwaddr", "is not supported", "ipaddress module"),
        ("filter", "community.general.jc", "is not supported", "commonest"),
        ("filter", "uper", "there is no filter 'uper'", "did you mean 'upper'?"),
        ("filter", "community.general.to_json", "there is no filter", "did you mean 'to_json'?"),
        ("filter", "ansible.builtin.uper", "there is no filter", "did you mean 'upper'?"),
        ("filter", "runner counted", "there is no filter", ""),
        ("filter", "ansible.builtin.runner counted", "there is no filter", ""),
        ("test", "definde", "there is no test 'definde'", "did you mean 'defined'?"),
        ("test", "ansible.utils.resolvable", "is not supported", "ipaddress"),
        ("lookup", "hashi_vault", "is not supported", "asks another system"),
        ("lookup", "fille", "there is no lookup 'fille'", "did you mean 'file'?"),
    ],
)
def test_wrong_names(kind: str, written: str, message: str, hint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        resolve(kind, written, KNOWN[kind])
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "expression",
    [
        "x | uper",
        "x | map('uper')",
        "x | select('definde')",
        "x | selectattr('a', 'definde')",
        "x is definde",
        "lookup('fille', 'x')",
        "q('fille')",
        "x | default(y | uper)",
        "[1, {'a': x | uper}]",
    ],
)
def test_wrong_names_are_found_without_evaluating(expression: str) -> None:
    place = Source("p.yml", 1, 1)
    with pytest.raises(TemplateError, match="there is no") as caught:
        TEMPLATES.check_expression(expression, place)
    assert caught.value.source == place
    with pytest.raises(TemplateError, match="there is no") as caught:
        TEMPLATES.check({"a": [f"{{{{ {expression} }}}}"]}, place)
    assert caught.value.source == place


def test_reading_a_template_evaluates_nothing() -> None:
    for expression in (
        "lookup('pipe', 'exit 1')",
        "'(a|a)+$' is match('" + "a" * 60 + "!')",
        "1 / 0",
        "'a' * 10 ** 9",
        "'/nope' is vaulted_file",
        "undef()",
    ):
        TEMPLATES.check_expression(expression)
        TEMPLATES.check(f"{{{{ {expression} }}}}")

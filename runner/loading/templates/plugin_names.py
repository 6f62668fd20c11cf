"""The names of filters, tests and lookups: short or qualified, known, not supported, or wrong."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from runner.errors import TemplateError
from runner.loading.text.words import suggestion, words

_EVERYWHERE: Final = ("", "ansible.builtin", "ansible.legacy")
_NETWORK: Final = ("ansible.utils", "ansible.netcommon")
_HOMES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        words("json_query dict_kv from_csv cartesian flattened filetree random_string"),
        ("community.general",),
    ),
    **dict.fromkeys(
        words("ipaddr ipv4 ipv6 ipwrap ipsubnet nthhost network_in_network in_network"), _NETWORK
    ),
    **dict.fromkeys(words("in_any_network ip ip_address ipv4_address ipv6_address"), _NETWORK),
}
"""The collections in which a plug-in lives that is not in ansible.builtin."""

_VAULT: Final = "encrypted values are made and read with 'runner vault', and !vault stands for one"
_NETADDR: Final = "what Python's ipaddress module says is supported: ipaddr, ipv4, ipv6, ipsubnet"
_ELSEWHERE: Final = "it asks another system; get the value with a task and register it"
_COLLECTION: Final = "of its collection only the commonest plug-ins are here"

_GENERAL_FILTERS: Final = words(
    "accumulate counter crc32 dict from_ini groupby_as_dict hashids_encode hashids_decode jc "
    "json_diff json_patch json_patch_recipe keep_keys remove_keys replace_keys lists_difference "
    "lists_intersect lists_mergeby lists_symmetric_difference lists_union random_mac "
    "reveal_ansible_type to_days to_hours to_ini to_milliseconds to_minutes to_months "
    "to_prettytable to_seconds to_time_unit to_weeks to_years unicode_normalize version_sort "
    "consolidate fact_diff from_xml get_path index_of param_list_compare to_paths to_xml validate "
    "parse_cli parse_cli_textfsm parse_xml vlan_parser k8s_config_resource_name xml_to_json"
)
_NETWORK_FILTERS: Final = words(
    "cidr_merge hwaddr ip4_hex ipcut ipmath ipv6form macaddr network_in_usable next_nth_usable "
    "previous_nth_usable reduce_on_network slaac usable_range"
)
_NETWORK_TESTS: Final = words(
    "in_one_network ipv4 ipv6 ipv4_hostmask ipv4_netmask ipv6_ipv4_mapped ipv6_sixtofour "
    "ipv6_teredo loopback mac multicast private public reserved resolvable subnet_of supernet_of "
    "unspecified"
)
_SYSTEMS: Final = words(
    "dns dig dnstxt hashi_vault vault_read laps_password aws_secret aws_ssm "
    "azure_keyvault_secret bitwarden chef_databag consul_kv credstash cyberarkpassword etcd etcd3 "
    "hiera keyring lastpass ldap lmdb_kv nios onepassword passwordstore redis thycotic tss k8s "
    "mongodb psrp"
)
_UNSUPPORTED: Final[dict[str, dict[str, str]]] = {
    "filter": {
        "vault": _VAULT,
        "unvault": _VAULT,
        **dict.fromkeys(_GENERAL_FILTERS, _COLLECTION),
        **dict.fromkeys(_NETWORK_FILTERS, _NETADDR),
    },
    "test": {
        **dict.fromkeys(_NETWORK_TESTS, _NETADDR),
        **dict.fromkeys(("a_module", "ansible_type", "fqdn_valid"), _COLLECTION),
    },
    "lookup": {
        "config": "there is no ansible.cfg here to read settings from",
        **dict.fromkeys(words("dict_list dependent merge_variables"), _COLLECTION),
        **dict.fromkeys(_SYSTEMS, _ELSEWHERE),
    },
}


def resolve(kind: str, name: str, known: Collection[str]) -> str:
    """The name under which a filter, test or lookup is kept.

    ``kind`` is one of these three words. Raises TemplateError: with the reason for one that
    Ansible has and we do not, with the nearest known name for any other.
    """
    if name in known and " " not in name:
        return name
    collection, _, short = name.rpartition(".")
    lives = collection in _EVERYWHERE or collection in _HOMES.get(short, ())
    if lives and short in known and " " not in short:
        return short
    reason = _UNSUPPORTED[kind].get(short)
    if reason is not None:
        raise TemplateError(f"the {kind} '{name}' is not supported", hint=reason)
    names = [candidate for candidate in known if " " not in candidate]
    raise TemplateError(f"there is no {kind} '{name}'", hint=suggestion(short, names))

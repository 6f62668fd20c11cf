"""The names of modules that people know from Ansible: to tell one that is not here from a typo.

Sources: the module indexes of ansible.builtin, ansible.windows (with what moved to microsoft.ad),
community.windows, microsoft.ad, microsoft.iis and chocolatey.chocolatey.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from runner.errors import UnknownModule
from runner.loading.text.document import Value
from runner.loading.text.keywords import short_name
from runner.loading.text.module_advice import ADVICE
from runner.loading.text.words import nearest, words

_QUALIFIED: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){2,}")
_WINDOWS: Final = "win_"
_ALIKE: Final = 0.75
"""How much a word must be like a keyword to be taken for it rather than for a module."""
_MAPPINGS: Final = words("vars environment args module_defaults loop_control action local_action")
"""The keywords that take a mapping, or arguments in a text."""
_HOMES: Final = {
    "ansible.builtin": words(
        "add_host apt apt_key apt_repository assemble assert async_status blockinfile command "
        "copy cron deb822_repository debconf debug dnf dnf5 dpkg_selections expect fail fetch "
        "file find gather_facts get_url getent git group group_by hostname include_vars iptables "
        "known_hosts lineinfile meta mount_facts package package_facts pause ping pip raw reboot "
        "replace rpm_key script service service_facts set_fact set_stats setup shell slurp stat "
        "subversion systemd systemd_service sysvinit tempfile template unarchive uri user "
        "validate_argument_spec wait_for wait_for_connection yum yum_repository"
    ),
    "ansible.windows": words(
        "win_acl win_acl_inheritance win_audit_policy_system win_audit_rule win_auto_logon "
        "win_certificate_info win_certificate_store win_command win_computer_description win_copy "
        "win_credential win_dhcp_lease win_dns_client win_dns_record win_dns_zone win_domain "
        "win_domain_controller win_domain_membership win_dsc win_environment win_eventlog "
        "win_feature win_feature_info win_file win_file_compression win_find win_firewall "
        "win_get_url win_group win_group_membership win_hostname win_hosts win_hotfix "
        "win_http_proxy win_inet_proxy win_listen_ports_facts win_mapped_drive "
        "win_optional_feature win_owner win_package win_path win_ping win_powershell "
        "win_product_facts win_reboot win_reg_stat win_regedit win_region win_route win_service "
        "win_service_info win_share win_shell win_stat win_tempfile win_template win_timezone "
        "win_updates win_uri win_user win_user_profile win_user_right win_wait_for win_whoami"
    ),
    "community.windows": words(
        "psexec win_data_deduplication win_defrag win_disk_facts win_disk_image "
        "win_domain_computer win_domain_group win_domain_group_membership win_domain_object_info "
        "win_domain_ou win_domain_user win_dotnet_ngen win_eventlog_entry win_file_version "
        "win_firewall_rule win_format win_iis_virtualdirectory win_iis_webapplication "
        "win_iis_webapppool win_iis_webbinding win_iis_website win_initialize_disk win_lineinfile "
        "win_msg win_net_adapter_feature win_netbios win_nssm win_pagefile win_partition "
        "win_pester win_power_plan win_psexec win_psmodule win_psmodule_info win_psrepository "
        "win_psrepository_copy win_psrepository_info win_psscript win_psscript_info "
        "win_pssession_configuration win_rabbitmq_plugin win_rds_cap win_rds_rap win_rds_settings "
        "win_regmerge win_robocopy win_say win_scheduled_task win_scheduled_task_stat win_scoop "
        "win_scoop_bucket win_security_policy win_shortcut win_snmp win_toast win_unzip "
        "win_wait_for_process win_wakeonlan win_webpicmd win_xml win_zip"
    ),
    "microsoft.ad": words(
        "microsoft.ad.computer microsoft.ad.domain microsoft.ad.domain_child "
        "microsoft.ad.domain_controller microsoft.ad.group microsoft.ad.membership "
        "microsoft.ad.object microsoft.ad.object_info microsoft.ad.offline_join microsoft.ad.ou "
        "microsoft.ad.user"
    ),
    "microsoft.iis": words(
        "microsoft.iis.virtual_directory microsoft.iis.virtual_directory_info "
        "microsoft.iis.web_app_pool microsoft.iis.web_app_pool_info "
        "microsoft.iis.web_application microsoft.iis.web_application_info "
        "microsoft.iis.website microsoft.iis.website_info"
    ),
    "Ansible up to 2.7": words("win_msi"),
    "chocolatey.chocolatey": words(
        "win_chocolatey win_chocolatey_config win_chocolatey_facts win_chocolatey_feature "
        "win_chocolatey_source"
    ),
}


def may_be_module(key: str, value: Value, keywords: Collection[str]) -> bool:
    """Whether a key that is neither keyword nor known module is the name of one.

    It is when it is qualified (``a.b.c``), when Ansible has a module of that name, and when it is
    not like any of the ``keywords`` that take such a ``value``.
    """
    if _QUALIFIED.fullmatch(key) or _home(key) is not None:
        return True
    if not key.isidentifier():
        return False
    arguments = value.is_mapping or (value.is_scalar and "=" in str(value.node.value))
    similar = _MAPPINGS.intersection(keywords) if arguments else keywords
    return key.startswith(_WINDOWS) or nearest(key, similar, cutoff=_ALIKE) is None


def unknown_module(name: str, place: Value, modules: Collection[str]) -> UnknownModule:
    """An error for a module that is not here, with what to do about it."""
    return UnknownModule(name, source=place.source, hint=_hint(name, modules))


def _hint(key: str, modules: Collection[str]) -> str:
    here = "those that are here: runner modules"
    home = _home(key)
    if home is not None:
        advice = ADVICE.get(short_name(key))
        return f"{home} has it, but it is not here; {f'use {advice}' if advice else here}"
    short = key.rpartition(".")[2]
    near = nearest(short, modules, cutoff=_ALIKE)
    if near is not None:
        return f"did you mean '{near}'?"
    elsewhere = {name for names in _HOMES.values() for name in names}
    near = nearest(short, elsewhere, cutoff=_ALIKE)
    return f"did you mean '{near}'? It is not here either; {here}" if near else here


def _home(key: str) -> str | None:
    short = short_name(key)
    return next((home for home, names in _HOMES.items() if short in names), None)

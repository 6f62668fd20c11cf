"""What to use instead of a module that people know from Ansible and that is not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_POWERSHELL: Final = "win_powershell with {}, and 'check' (so that a dry run can tell) and 'undo'"
_COMMAND: Final = "win_command with {}, and 'check' and 'undo'"


def _script(what: str) -> str:
    return _POWERSHELL.format(what)


def _line(what: str) -> str:
    return _COMMAND.format(what)


ADVICE: Final[Mapping[str, str]] = {
    # Windows: settings that are values of the registry
    "win_auto_logon": r"win_regedit on HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon",
    "win_computer_description": "win_regedit on HKLM:\\SYSTEM\\CurrentControlSet\\Services\\"
    "LanmanServer\\Parameters, value srvcomment",
    "win_pagefile": "win_regedit on HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\"
    "Memory Management, value PagingFiles (multistring), then win_reboot",
    "win_inet_proxy": "win_regedit on HKCU:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\"
    "Internet Settings, values ProxyEnable, ProxyServer and ProxyOverride",
    "win_regmerge": "win_regedit for each value, or win_command with reg import and 'undo'",
    "win_region": "win_regedit on HKCU:\\Control Panel\\International, or win_powershell",
    "win_snmp": r"win_regedit on HKLM:\SYSTEM\CurrentControlSet\Services\SNMP\Parameters",
    # Windows: a tool of its own
    "win_http_proxy": _line("netsh winhttp set proxy"),
    "win_certificate_info": "win_command with certutil -store, and register",
    "win_power_plan": _line("powercfg /setactive"),
    "win_route": _line("route -p add or route delete"),
    "win_mapped_drive": _line("net use"),
    "win_credential": _line("cmdkey /add or /delete"),
    "win_eventlog": _line("wevtutil set-log or clear-log"),
    "win_eventlog_entry": "win_command with eventcreate",
    "win_defrag": "win_command with defrag",
    "win_robocopy": "win_copy with remote_src, or win_command with robocopy (failed_when: rc >= 8)",
    "win_msg": "win_command with msg",
    "win_msi": "win_package",
    "win_nssm": "win_service with 'path' where the program is a service itself, else win_command "
    "with nssm",
    "win_user_profile": _line("wmic path Win32_UserProfile"),
    "win_disk_image": _script("Mount-DiskImage"),
    "win_format": _script("Format-Volume"),
    "win_partition": _script("New-Partition"),
    "win_initialize_disk": _script("Initialize-Disk"),
    "win_data_deduplication": _script("Enable-DedupVolume"),
    "win_file_compression": _line("compact"),
    "win_zip": _script("Compress-Archive"),
    "win_xml": "win_template for the whole file, win_lineinfile for a line, or win_powershell",
    "win_uri": "win_get_url for a file, or win_powershell with Invoke-WebRequest, and register",
    "win_audit_rule": _script("Set-Acl"),
    "win_dotnet_ngen": "win_command with ngen.exe",
    "win_psexec": "a task on the host itself, with become",
    "psexec": "a task on the host itself, with become",
    "win_wakeonlan": "command with wakeonlan and delegate_to: localhost",
    "win_wait_for_process": "win_process with state, or until/retries around win_command with "
    "tasklist",
    "win_say": "debug",
    "win_toast": "win_command with msg",
    "win_pester": "win_powershell with Invoke-Pester, and register",
    "win_webpicmd": "win_package or win_chocolatey",
    "win_rabbitmq_plugin": _line("rabbitmq-plugins.bat"),
    # Windows: facts
    "win_product_facts": "setup: ansible_facts has the system; win_reg_stat reads licences",
    "win_listen_ports_facts": "win_command with netstat -ano, and register",
    "win_disk_facts": "win_command with wmic logicaldisk, or win_powershell with Get-Disk",
    "win_feature_info": "win_feature in a dry run, or win_powershell with Get-WindowsFeature",
    "win_file_version": "win_command with wmic datafile, and register",
    "win_scheduled_task_stat": "win_scheduled_task in a dry run, or win_command with schtasks "
    "/query, and register",
    "win_whoami": "win_command with whoami /all, and register",
    "win_chocolatey_facts": "win_command with choco list --limit-output, and register",
    # Windows: IIS, domains, PowerShell's own
    **dict.fromkeys(
        (
            "win_iis_website",
            "win_iis_webapppool",
            "win_iis_webapplication",
            "win_iis_virtualdirectory",
            "win_iis_webbinding",
            "microsoft.iis.virtual_directory",
            "microsoft.iis.virtual_directory_info",
            "microsoft.iis.web_app_pool",
            "microsoft.iis.web_app_pool_info",
            "microsoft.iis.web_application",
            "microsoft.iis.web_application_info",
            "microsoft.iis.website",
            "microsoft.iis.website_info",
        ),
        _line(r"%windir%\System32\inetsrv\appcmd.exe"),
    ),
    **dict.fromkeys(
        (
            "win_domain",
            "win_domain_controller",
            "microsoft.ad.domain",
            "microsoft.ad.domain_child",
            "microsoft.ad.domain_controller",
        ),
        _script("Install-ADDSForest, Install-ADDSDomain or Install-ADDSDomainController"),
    ),
    **dict.fromkeys(
        ("win_domain_membership", "microsoft.ad.membership", "microsoft.ad.offline_join"),
        "win_command with netdom join, and win_reboot",
    ),
    **dict.fromkeys(
        (
            "win_domain_user",
            "win_domain_group",
            "win_domain_group_membership",
            "win_domain_ou",
            "win_domain_computer",
            "win_domain_object_info",
            "microsoft.ad.computer",
            "microsoft.ad.group",
            "microsoft.ad.object",
            "microsoft.ad.object_info",
            "microsoft.ad.ou",
            "microsoft.ad.user",
        ),
        _script("the module ActiveDirectory, on a domain controller (delegate_to)"),
    ),
    "win_psmodule": _script("Install-Module"),
    "win_psmodule_info": "win_powershell with Get-Module -ListAvailable",
    **dict.fromkeys(
        ("win_psrepository", "win_psrepository_copy", "win_psrepository_info"),
        _script("Register-PSRepository"),
    ),
    **dict.fromkeys(("win_psscript", "win_psscript_info"), _script("Install-Script")),
    "win_pssession_configuration": _script("Register-PSSessionConfiguration"),
    **dict.fromkeys(("win_rds_cap", "win_rds_rap", "win_rds_settings"), _script("the drive RDS:")),
    **dict.fromkeys(("win_scoop", "win_scoop_bucket"), _line("scoop")),
    "win_chocolatey_config": _line("choco config set"),
    "win_chocolatey_feature": _line("choco feature enable or disable"),
    "win_chocolatey_source": _line("choco source add or remove"),
    "win_dhcp_lease": _script("Add-DhcpServerv4Reservation"),
    # POSIX
    "apt_key": "get_url into /etc/apt/keyrings",
    **dict.fromkeys(
        ("apt_repository", "deb822_repository"), "copy with a file in /etc/apt/sources.list.d"
    ),
    "assemble": "template, which can put parts together with include",
    "cron": "copy with a file in /etc/cron.d",
    "debconf": "command with debconf-set-selections, and 'check' and 'undo'",
    "dnf5": "dnf",
    "dpkg_selections": "command with apt-mark, and 'check' and 'undo'",
    "expect": "shell with 'stdin'",
    "fetch": "slurp with register, and copy with delegate_to: localhost",
    "find": "command with find, and register",
    "gather_facts": "setup",
    "getent": "command with getent, and register",
    "git": "command with git, and 'creates'",
    "hostname": "command with hostnamectl set-hostname, and 'check' and 'undo'",
    "iptables": "command with iptables, and 'check' and 'undo'",
    "known_hosts": "lineinfile on the file known_hosts",
    "mount_facts": "command with findmnt, and register",
    "package_facts": "command with dpkg-query or rpm -qa, and register",
    "pip": "command with pip, and 'check' and 'undo'",
    "rpm_key": "command with rpm --import, and 'check' and 'undo'",
    "service_facts": "command with systemctl list-units, and register",
    "set_stats": "set_fact",
    "subversion": "command with svn, and 'creates'",
    "sysvinit": "service",
    "tempfile": "command with mktemp, and register",
    "unarchive": "command with tar or unzip, and 'creates'",
    "uri": "get_url for a file, or command with curl, and register",
    "yum_repository": "copy with a file in /etc/yum.repos.d",
}
"""The short name of a module -> what does its work here."""

"""The audit policy of Vista and later: its categories, subcategories and their identifiers.

Source: [MS-GPAC] 2.2.1.2, "Subcategory and SubcategoryGUID" and [MS-GPAC]'s category table.
"""

from __future__ import annotations

__all__ = ["CATEGORIES", "SUBCATEGORIES"]

CATEGORIES = {
    "69979848": "System",
    "69979849": "Logon/Logoff",
    "6997984A": "Object Access",
    "6997984B": "Privilege Use",
    "6997984C": "Detailed Tracking",
    "6997984D": "Policy Change",
    "6997984E": "Account Management",
    "6997984F": "DS Access",
    "69979850": "Account Logon",
}
"""First eight digits of the identifier -> name. The rest is -797A-11D9-BED3-505054503030."""

_TABLE = """
69979848 9210 Security State Change;9211 Security System Extension;9212 System Integrity;\
9213 IPsec Driver;9214 Other System Events
69979849 9215 Logon;9216 Logoff;9217 Account Lockout;9218 IPsec Main Mode;9219 IPsec Quick Mode;\
921A IPsec Extended Mode;921B Special Logon;921C Other Logon/Logoff Events;\
9243 Network Policy Server
6997984A 921D File System;921E Registry;921F Kernel Object;9220 SAM;9221 Certification Services;\
9222 Application Generated;9223 Handle Manipulation;9224 File Share;\
9225 Filtering Platform Packet Drop;9226 Filtering Platform Connection;\
9227 Other Object Access Events;9244 Detailed File Share
6997984B 9228 Sensitive Privilege Use;9229 Non Sensitive Privilege Use;\
922A Other Privilege Use Events
6997984C 922B Process Creation;922C Process Termination;922D DPAPI Activity;922E RPC Events
6997984D 922F Audit Policy Change;9230 Authentication Policy Change;\
9231 Authorization Policy Change;9232 MPSSVC Rule-Level Policy Change;\
9233 Filtering Platform Policy Change;9234 Other Policy Change Events
6997984E 9235 User Account Management;9236 Computer Account Management;\
9237 Security Group Management;9238 Distribution Group Management;\
9239 Application Group Management;923A Other Account Management Events
6997984F 923B Directory Service Access;923C Directory Service Changes;\
923D Directory Service Replication;923E Detailed Directory Service Replication
69979850 923F Credential Validation;9240 Kerberos Service Ticket Operations;\
9241 Other Account Logon Events;9242 Kerberos Authentication Service
"""

SUBCATEGORIES = {
    f"{{0CCE{number}-69AE-11D9-BED3-505054503030}}": (category, name)
    for line in _TABLE.strip().splitlines()
    for category, _, rest in [line.partition(" ")]
    for number, _, name in [entry.partition(" ") for entry in rest.split(";")]
}
"""Identifier -> first digits of its category's, and its English name."""

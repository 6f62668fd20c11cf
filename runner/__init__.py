"""runner: remediation playbooks for Windows fleets."""

__version__ = "0.1.0"
